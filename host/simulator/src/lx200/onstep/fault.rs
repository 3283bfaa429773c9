//! Why something is not done.

/// The reasons, by the numbers that `:GE#` tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Fault {
    /// It was done.
    #[default]
    None = 0,
    Unknown = 2,
    /// A value out of range.
    Range = 4,
    /// What a value reads as is none.
    Form = 5,
    Parked = 9,
    ParkFailed = 10,
    NotParked = 11,
    BelowHorizon = 15,
    AboveOverhead = 16,
    Standby = 17,
    /// A slew of a parked mount.
    InPark = 18,
    /// A goto is under way.
    InGoto = 19,
    /// It moves otherwise.
    InMotion = 22,
}

impl Fault {
    /// The digit by which `:MS#` and `:CM#` tell it: they count from the horizon.
    pub(super) fn digit(self) -> u8 {
        (self as u8).saturating_sub(Self::BelowHorizon as u8 - 1)
    }
}
