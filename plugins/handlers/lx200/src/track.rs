//! What the mount follows.

use slewgate_sdk::mount::{Track, TrackingSet};
use slewgate_sdk::{Failure, Host, json};

use crate::mount::Mount;

pub(crate) fn track(host: &dyn Host, params: &Track) -> Result<String, Failure> {
    let mount = Mount::awake(host)?;
    mount.dialect().track(&mount, params.mode)?;
    json(&TrackingSet {
        tracking: params.mode,
    })
}
