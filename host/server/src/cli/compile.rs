use std::path::PathBuf;

use clap::Args;
use slewgate_engine::Compiler;

use super::Failure;

/// What the host starts to have a component compiled; no verb for people.
#[derive(Args)]
pub(super) struct Compile {
    /// Where compiled code is kept; without, it is only tried whether compiling comes to an end
    #[arg(long, value_name = "DIR")]
    cache: Option<PathBuf>,
}

impl Compile {
    pub(super) fn run(self) -> Result<(), Failure> {
        let source = Compiler::attend()?;
        let made = slewgate_engine::compile(self.cache.as_deref(), &source)?;
        Compiler::answer(&source, &made).map_err(anyhow::Error::from)?;
        Ok(())
    }
}

/// This program, which compiles in a process of its own; none where the system does not tell what it runs.
pub(super) fn compiler() -> Option<Compiler> {
    Some(Compiler {
        program: platform::this_program()?,
    })
}

#[cfg(target_os = "linux")]
mod platform {
    use std::path::PathBuf;

    /// What runs, though another program lies in its place since an upgrade.
    #[expect(clippy::unnecessary_wraps, reason = "other systems may not know")]
    pub(super) fn this_program() -> Option<PathBuf> {
        Some(PathBuf::from("/proc/self/exe"))
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    use std::path::PathBuf;

    pub(super) fn this_program() -> Option<PathBuf> {
        std::env::current_exe().ok()
    }
}
