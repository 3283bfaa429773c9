//! `:Sr…#` `:Sd…#` `:CM#`: what the mount points at is this.

use slewgate_sdk::mount::{Sync, Synced};
use slewgate_sdk::{Failure, Host, angle, json};

use crate::mount::Mount;
use crate::port::HOLD;
use crate::{goto, status};

pub(crate) fn sync(host: &dyn Host, params: &Sync) -> Result<String, Failure> {
    let meant = params.target()?;
    let mount = Mount::awake(host)?;
    let dialect = mount.dialect();
    let target = meant.jnow(host, mount.found.site())?;
    if dialect.under_way(&mount)? {
        return Err(Failure::Refused(
            "the mount is on its way: sync when it is there".into(),
        ));
    }
    let reading = status::position(&mount.port)?;
    let distance = params.distance(host, reading.at, target)?;
    let held = mount.port.hold(HOLD)?;
    goto::set_target(&mount, &held, target)?;
    let answer = held.ask(":CM#")?;
    drop(held);
    if let Some(reason) = dialect.unsynced(&answer) {
        return Err(Failure::Refused(reason));
    }
    dialect.jumps(host)?;
    json(&Synced {
        distance: angle::rounded(distance, 4),
    })
}
