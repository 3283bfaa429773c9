//! `S`, `s`: what the mount points at is this.

use slewgate_sdk::mount::{Sync, Synced, Verb};
use slewgate_sdk::{Failure, Host, angle, json};

use crate::drift;
use crate::mount::Mount;

pub(crate) fn sync(host: &dyn Host, params: &Sync) -> Result<String, Failure> {
    let meant = params.target()?;
    let mount = Mount::aligned(host, Sync::NAME)?;
    let target = meant.jnow(host, mount.found.site())?;
    if mount.under_way()? {
        return Err(Failure::Refused(
            "the mount is on its way: sync when it is there".into(),
        ));
    }
    let distance = params.distance(host, mount.position()?, target)?;
    let order = mount.found.precision().command(b'S', target);
    mount.port.order(&order)?;
    drift::forget(host)?;
    json(&Synced {
        distance: angle::rounded(distance, 4),
    })
}
