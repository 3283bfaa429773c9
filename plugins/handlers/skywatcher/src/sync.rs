//! What the mount points at is this: from now on the axes are taken to be so many degrees further than their motors count. The motors
//! are told nothing: they go on, and what follows the sky follows it.

use slewgate_sdk::mount::{PierSide, Sync, Synced};
use slewgate_sdk::{Failure, Host, angle, json};

use crate::geometry::Axes;
use crate::mount::Placed;
use crate::settings::Settings;

pub(crate) fn sync(host: &dyn Host, settings: Settings, params: &Sync) -> Result<String, Failure> {
    let meant = params.target()?;
    let placed = Placed::awake(host, settings)?;
    let target = meant.jnow(host, Some(placed.site))?;
    if placed.doing()?.moves() {
        return Err(Failure::Refused(
            "the mount is on its way: sync when it is there".into(),
        ));
    }
    let now = placed.mount.axes()?;
    let reading = placed.position(placed.german.place(now));
    let distance = params.distance(host, reading, target)?;
    let side = placed.german.side(now).unwrap_or(PierSide::East);
    let meant = placed.german.axes(placed.place(target), side);
    placed.mount.shift(Axes {
        first: meant.first - now.first,
        second: meant.second - now.second,
    })?;
    json(&Synced {
        distance: angle::rounded(distance, 4),
    })
}
