//! The identity in force, kept in step with its files. What cannot be used leaves the one before in force.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_rustls::server::TlsStream;

use super::handshake::{Unencrypted, shake};
use super::identity::{Identity, IdentityError, Texts, TlsFiles};

/// How often the files are looked at. Watches are lost, and links to them are changed elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// So long before a certificate ends, somebody should have seen to the next one.
pub(crate) const NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What became of the files.
#[derive(Debug)]
pub(crate) enum TlsNews {
    /// Another certificate is in force, with this fingerprint, until then.
    Changed {
        fingerprint: String,
        until: Timestamp,
    },
    /// What lies there cannot be used; the one before stays in force.
    Failed(IdentityError),
    /// The one in force ends soon, or has ended.
    Ends(Timestamp),
}

/// Has the identity in force; clones share it.
#[derive(Clone, Debug)]
pub struct Tls {
    identity: watch::Receiver<Arc<ServerConfig>>,
}

/// What lay there when it was looked at last.
struct Keeper<H> {
    files: TlsFiles,
    identity: watch::Sender<Arc<ServerConfig>>,
    expires: Timestamp,
    /// Whether it was said that the certificate ends.
    warned: bool,
    seen: Option<Texts>,
    /// What was wrong, and whether it was said: two files are not replaced at one moment.
    wrong: Option<(String, bool)>,
    hook: H,
}

impl Tls {
    /// Takes what lies there, and looks after it from then on, on the runtime of the caller. `hook` hears what becomes of it.
    ///
    /// # Errors
    /// What lies there cannot be used.
    pub(crate) fn start(
        files: TlsFiles,
        now: impl Fn() -> Timestamp + Send + 'static,
        hook: impl Fn(TlsNews) + Send + 'static,
    ) -> Result<Tls, IdentityError> {
        let texts = files.read()?;
        let Identity {
            config, expires, ..
        } = files.understand(&texts)?;
        let (sender, identity) = watch::channel(config);
        let mut keeper = Keeper {
            files,
            identity: sender,
            expires,
            warned: false,
            seen: Some(texts),
            wrong: None,
            hook,
        };
        keeper.remind(now());
        tokio::spawn(async move {
            while !keeper.identity.is_closed() {
                tokio::time::sleep(LOOK).await;
                keeper.look().await;
                keeper.remind(now());
            }
        });
        Ok(Tls { identity })
    }

    /// A connection that nobody else reads.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Unencrypted> {
        let config = Arc::clone(&self.identity.borrow());
        shake(stream, config).await
    }
}

impl<H: Fn(TlsNews)> Keeper<H> {
    async fn look(&mut self) {
        let files = self.files.clone();
        let Ok(read) = spawn_blocking(move || files.read()).await else {
            return;
        };
        let understood = match read {
            Ok(texts) if self.seen.as_ref() == Some(&texts) => {
                self.wrong = None;
                return;
            }
            Ok(texts) => self
                .files
                .understand(&texts)
                .map(|identity| (texts, identity)),
            Err(error) => Err(error),
        };
        match understood {
            Ok((texts, identity)) => {
                (self.seen, self.wrong, self.warned) = (Some(texts), None, false);
                self.expires = identity.expires;
                self.identity.send_replace(identity.config);
                (self.hook)(TlsNews::Changed {
                    fingerprint: identity.fingerprint,
                    until: identity.expires,
                });
            }
            Err(error) => self.complain(error),
        }
    }

    /// Says what is wrong once it has been so for two looks.
    fn complain(&mut self, error: IdentityError) {
        let text = error.to_string();
        match &mut self.wrong {
            Some((wrong, told)) if *wrong == text => {
                if !std::mem::replace(told, true) {
                    (self.hook)(TlsNews::Failed(error));
                }
            }
            wrong => *wrong = Some((text, false)),
        }
    }

    fn remind(&mut self, now: Timestamp) {
        if !self.warned && self.expires.duration_since(now) < NOTICE {
            self.warned = true;
            (self.hook)(TlsNews::Ends(self.expires));
        }
    }
}
