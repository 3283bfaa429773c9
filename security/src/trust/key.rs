//! Keys of Ed25519 (RFC 8032): as text the Base64 of their 32 bytes.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use ed25519_compact::{KeyPair, Seed};
use rand::TryRng as _;
use rand::rngs::SysRng;

use super::KeyError;
use crate::platform;

/// A file with a key is not longer, in bytes.
const MAX_FILE: u64 = 1024;

/// Says which component was signed by its owner.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(ed25519_compact::PublicKey);

/// Signs. Never shown by `Debug`.
pub struct SecretKey(KeyPair);

impl PublicKey {
    pub(super) fn verifies(&self, message: &str, signature: [u8; 64]) -> bool {
        let signature = ed25519_compact::Signature::new(signature);
        self.0.verify(message, &signature).is_ok()
    }
}

impl FromStr for PublicKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let key = ed25519_compact::PublicKey::new(bytes(text).ok_or(KeyError::NotPublic)?);
        // One of the few points that any signature fits would trust everything.
        key.validate().map_err(|_| KeyError::NotPublic)?;
        Ok(Self(key))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        text.write_str(&BASE64.encode(*self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "PublicKey({self})")
    }
}

impl SecretKey {
    /// A new one, in a new file that its owner alone may read.
    ///
    /// # Errors
    /// The file is there already or cannot be written, or the system has no randomness to give.
    pub fn create(path: &Path) -> Result<Self, KeyError> {
        let mut seed = [0; 32];
        SysRng
            .try_fill_bytes(&mut seed)
            .map_err(|error| KeyError::Randomness(error.to_string()))?;
        let write = |mut file: File| {
            let text = BASE64.encode(seed) + "\n";
            file.write_all(text.as_bytes())?;
            file.sync_all()
        };
        let written = platform::create_new_private(path).and_then(write);
        written.map_err(|why| {
            let path = path.to_owned();
            match why.kind() {
                io::ErrorKind::AlreadyExists => KeyError::There(path),
                _ => KeyError::Write { path, why },
            }
        })?;
        Ok(Self::of(seed))
    }

    /// Reads one that only its owner may read.
    ///
    /// # Errors
    /// Others may read it, or it is no key.
    pub fn read(path: &Path) -> Result<Self, KeyError> {
        let unreadable = |why: io::Error| KeyError::Read {
            path: path.to_owned(),
            why,
        };
        let file = File::open(path).map_err(unreadable)?;
        let found = file.metadata().map_err(unreadable)?;
        if let Some(mode) = platform::others_read(&found) {
            let path = path.to_owned();
            return Err(KeyError::Shared { path, mode });
        }
        let mut text = String::new();
        file.take(MAX_FILE)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        let seed = bytes(&text).ok_or_else(|| KeyError::NotSecret(path.to_owned()))?;
        Ok(Self::of(seed))
    }

    pub(super) fn of(seed: [u8; 32]) -> Self {
        Self(KeyPair::from_seed(Seed::new(seed)))
    }

    /// Its other half, which is no secret.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.pk)
    }

    pub(super) fn sign(&self, message: &str) -> [u8; 64] {
        *self.0.sk.sign(message, None)
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, text: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(text, "SecretKey(of {})", self.public())
    }
}

/// So many bytes in Base64.
pub(super) fn bytes<const LENGTH: usize>(text: &str) -> Option<[u8; LENGTH]> {
    let bytes = BASE64.decode(text.trim()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex<const LENGTH: usize>(text: &str) -> [u8; LENGTH] {
        let byte = |at: usize| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap();
        std::array::from_fn(byte)
    }

    /// RFC 8032, 7.1: secret key, public key, message, signature.
    const VECTORS: [[&str; 4]; 2] = [
        [
            "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
            "",
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
        ],
        [
            "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
            "r",
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
        ],
    ];

    #[test]
    fn keys_and_signatures_are_those_of_the_standard() {
        for [secret, public, message, signature] in VECTORS {
            let key = SecretKey::of(hex(secret));
            assert_eq!(*key.public().0, hex(public));
            assert_eq!(key.sign(message), hex(signature));
            assert!(key.public().verifies(message, hex(signature)));
            assert!(!key.public().verifies("another", hex(signature)));
        }
    }

    #[test]
    fn a_signature_has_one_form_and_what_is_near_it_is_none() {
        let key = SecretKey::of(hex(VECTORS[0][0]));
        let signature = key.sign("r");
        for bit in 0..signature.len() * 8 {
            let mut changed = signature;
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!key.public().verifies("r", changed), "bit {bit}");
        }
        // S and the order of the group added to it are the same modulo that order: a second form of the same signature.
        let order: [u8; 32] =
            hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010");
        let (mut changed, mut carry) = (signature, 0);
        for (byte, more) in changed[32..].iter_mut().zip(order) {
            let sum = u16::from(*byte) + u16::from(more) + carry;
            (*byte, carry) = (sum.to_le_bytes()[0], sum >> 8);
        }
        assert!(!key.public().verifies("r", changed));
    }

    #[test]
    fn a_key_that_any_signature_fits_is_none() {
        let identity = {
            let mut point = [0; 32];
            point[0] = 1;
            BASE64.encode(point)
        };
        for weak in [identity, BASE64.encode([0; 32])] {
            assert!(weak.parse::<PublicKey>().is_err());
        }
    }

    #[test]
    fn a_secret_key_is_never_shown() {
        let key = SecretKey::of(hex(VECTORS[0][0]));
        let shown = format!("{key:?}");
        assert!(shown.contains(&key.public().to_string()));
        assert!(!shown.contains(&BASE64.encode(hex::<32>(VECTORS[0][0]))));
    }
}
