//! Whatever goes wrong between the host and a mount, and with the mount itself: noticed, told as it is, never repeated, and over
//! when its cause is.

mod exchanges;
mod obedience;
mod scene;
