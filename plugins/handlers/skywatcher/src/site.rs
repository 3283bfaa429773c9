//! Where the mount stands and what time it is. Its motors know neither: both are kept here, and the time is the host's.

use slewgate_sdk::mount::{SetSite, SetTime, SiteTold, TimeSet};
use slewgate_sdk::{Failure, Host, Site, json, time};

use crate::mount::Mount;
use crate::settings::Settings;

pub(crate) fn set_site(
    host: &dyn Host,
    settings: Settings,
    params: &SetSite,
) -> Result<String, Failure> {
    let mount = Mount::open(host, settings)?;
    let before = mount.site().and_then(|site| site.elevation);
    mount.keep_site(Site {
        latitude: params.latitude,
        longitude: params.longitude,
        elevation: params.elevation.or(before).unwrap_or_default(),
    })?;
    let none = || Failure::Internal("what was kept is not there".into());
    let told: SiteTold = mount.site().ok_or_else(none)?;
    json(&told)
}

pub(crate) fn set_time(
    host: &dyn Host,
    settings: Settings,
    params: &SetTime,
) -> Result<String, Failure> {
    let ahead = params.ahead(host.now())?;
    let mount = Mount::open(host, settings)?;
    mount.keep_ahead(ahead)?;
    json(&TimeSet {
        time: time::text(mount.now()),
    })
}
