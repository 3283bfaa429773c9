//! Numbers that know their range while they are read.

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU32;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, SeqAccess, Unexpected, Visitor};

/// A whole number in its range, so that the message can say the range and the parser can say where.
pub(super) fn whole<'de, D, T, const LEAST: i64, const MOST: i64>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: FromWhole,
{
    from.deserialize_any(Whole::<T, LEAST, MOST>(PhantomData))
}

struct Whole<T, const LEAST: i64, const MOST: i64>(PhantomData<T>);

impl<T: FromWhole, const LEAST: i64, const MOST: i64> Visitor<'_> for Whole<T, LEAST, MOST> {
    type Value = T;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "a whole number from {LEAST} to {MOST}")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        let fits = (LEAST..=MOST).contains(&value).then_some(value);
        fits.and_then(T::from_whole)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
    }
}

/// The integers that keys have, present or optional.
pub(super) trait FromWhole: Sized {
    fn from_whole(value: i64) -> Option<Self>;
}

impl FromWhole for u8 {
    fn from_whole(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl FromWhole for u16 {
    fn from_whole(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl FromWhole for u32 {
    fn from_whole(value: i64) -> Option<Self> {
        Self::try_from(value).ok()
    }
}

impl FromWhole for NonZeroU32 {
    fn from_whole(value: i64) -> Option<Self> {
        Self::new(u32::from_whole(value)?)
    }
}

impl FromWhole for Option<u32> {
    fn from_whole(value: i64) -> Option<Self> {
        u32::from_whole(value).map(Some)
    }
}

/// A number in its range, written with or without a fraction.
pub(super) fn number<'de, D, T, const LEAST: i32, const MOST: i32>(from: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: From<f64>,
{
    from.deserialize_any(Number::<LEAST, MOST>).map(T::from)
}

struct Number<const LEAST: i32, const MOST: i32>;

impl<const LEAST: i32, const MOST: i32> Visitor<'_> for Number<LEAST, MOST> {
    type Value = f64;

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "a number from {LEAST} to {MOST}")
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<f64, E> {
        let fits = (f64::from(LEAST)..=f64::from(MOST)).contains(&value);
        if fits {
            Ok(value)
        } else {
            Err(E::invalid_value(Unexpected::Float(value), &self))
        }
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<f64, E> {
        let fits = i32::try_from(value)
            .ok()
            .filter(|value| (LEAST..=MOST).contains(value));
        fits.map(f64::from)
            .ok_or_else(|| E::invalid_value(Unexpected::Signed(value), &self))
    }
}

/// The least and the greatest of something, or nothing: a list of two numbers in their range.
pub(super) fn span<'de, D, const LEAST: i32, const MOST: i32>(
    from: D,
) -> Result<Option<[f64; 2]>, D::Error>
where
    D: Deserializer<'de>,
{
    from.deserialize_any(Span::<LEAST, MOST>).map(Some)
}

struct Span<const LEAST: i32, const MOST: i32>;

impl<'de, const LEAST: i32, const MOST: i32> Visitor<'de> for Span<LEAST, MOST> {
    type Value = [f64; 2];

    fn expecting(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            text,
            "a list of two numbers from {LEAST} to {MOST}, the lower one first"
        )
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut numbers: A) -> Result<[f64; 2], A::Error> {
        let mut next = || numbers.next_element_seed(Seed::<LEAST, MOST>);
        let pair = (next()?, next()?, next()?);
        match pair {
            (Some(least), Some(most), None) if least < most => Ok([least, most]),
            _ => Err(A::Error::invalid_value(Unexpected::Seq, &self)),
        }
    }
}

struct Seed<const LEAST: i32, const MOST: i32>;

impl<'de, const LEAST: i32, const MOST: i32> DeserializeSeed<'de> for Seed<LEAST, MOST> {
    type Value = f64;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<f64, D::Error> {
        number::<D, f64, LEAST, MOST>(from)
    }
}
