//! Certificates with their keys.

use std::path::PathBuf;
use std::process::Output;

use tempfile::TempDir;

use crate::Setup;

/// A certificate and its key, as `slewgate tls generate` makes them, in a directory of their own.
pub struct Identity {
    place: TempDir,
}

impl Identity {
    /// A new one.
    pub fn make() -> Identity {
        let place = TempDir::new().expect("a directory");
        let identity = Identity { place };
        let made = identity.generate(&[]);
        assert!(made.status.success(), "{made:?}");
        identity
    }

    /// `slewgate tls generate` in the same place, with these arguments.
    pub fn generate(&self, more: &[&str]) -> Output {
        let arguments = [&["tls", "generate", "--json"], more].concat();
        let mut made = Setup::default().verb(self.place.path(), &arguments);
        made.output().expect("the program starts")
    }

    /// Its file.
    pub fn certificate(&self) -> PathBuf {
        self.place.path().join("tls/certificate.pem")
    }

    /// Its file.
    pub fn key(&self) -> PathBuf {
        self.place.path().join("tls/key.pem")
    }

    /// The table of a configuration that names both.
    pub fn table(&self) -> String {
        let (certificate, key) = (self.certificate(), self.key());
        format!("[tls]\ncertificate = {certificate:?}\nkey = {key:?}\n")
    }
}
