//! A certificate with its key, read from files in PEM (RFC 7468).

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::NoServerSessionStorage;
use rustls::{InconsistentKeys, ServerConfig};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};
use x509_parser::time::ASN1Time;

/// Most bytes of either file.
const MOST: u64 = 256 * 1024;

/// What clients ask for above TLS, where they ask: browsers would speak HTTP/2 otherwise.
const HTTP: &[u8] = b"http/1.1";

/// Where a certificate and its key lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, and behind it those of whoever signed it: PEM.
    pub certificate: PathBuf,
    /// Its private key: PEM, for nobody else to read.
    pub key: PathBuf,
}

/// Why a certificate and its key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        cause: io::Error,
    },
    /// Others than its owner and group can read the key.
    #[error("everybody can read the key {0}: chmod 600 it")]
    Exposed(PathBuf),
    /// The file has something else.
    #[error("{path} holds no {wanted}: it begins with -----BEGIN {wanted}-----")]
    Missing {
        /// The file.
        path: PathBuf,
        /// What it should have.
        wanted: &'static str,
    },
    /// The key belongs to another certificate.
    #[error("the key {key} is not that of {certificate}")]
    Mismatch {
        /// The key's file.
        key: PathBuf,
        /// The certificate's file.
        certificate: PathBuf,
    },
    /// Clients would refuse it, and take the one that is in force.
    #[error("the certificate {path} holds from {begins:.0} to {expires:.0} alone")]
    NotNow {
        /// The certificate's file.
        path: PathBuf,
        /// When it begins.
        begins: Timestamp,
        /// When it ends.
        expires: Timestamp,
    },
    /// The library does not take them.
    #[error("{path} cannot be used: {cause}")]
    Unusable {
        /// The certificate's file.
        path: PathBuf,
        /// The library's words.
        cause: String,
    },
}

/// A certificate with its key.
#[derive(Clone, Debug)]
pub(crate) struct Identity {
    pub(crate) config: Arc<ServerConfig>,
    pub(crate) fingerprint: String,
    /// Before that clients refuse it.
    pub(crate) begins: Timestamp,
    /// From then on clients refuse it.
    pub(crate) expires: Timestamp,
    /// It is that of an authority, which some clients take for nobody else's.
    pub(crate) is_authority: bool,
}

impl Identity {
    /// Whether clients take it now.
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.begins <= now && now < self.expires
    }
}

/// Both files as they were read, so that the same is not judged twice.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Texts {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl TlsFiles {
    /// What lies there now. Blocks.
    pub(crate) fn read(&self) -> Result<Texts, IdentityError> {
        Ok(Texts {
            certificate: read(&self.certificate, |_| true)?,
            key: read(&self.key, is_kept)?,
        })
    }

    /// What lies there now, as it is used.
    pub(crate) fn identity(&self) -> Result<Identity, IdentityError> {
        self.understand(&self.read()?)
    }

    pub(crate) fn understand(&self, texts: &Texts) -> Result<Identity, IdentityError> {
        let missing = |path: &Path, wanted| IdentityError::Missing {
            path: path.to_owned(),
            wanted,
        };
        let chain: Vec<_> = CertificateDer::pem_slice_iter(&texts.certificate)
            .collect::<Result<_, _>>()
            .map_err(|_| missing(&self.certificate, "CERTIFICATE"))?;
        let first = chain
            .first()
            .ok_or_else(|| missing(&self.certificate, "CERTIFICATE"))?;
        let key = PrivateKeyDer::from_pem_slice(&texts.key)
            .map_err(|_| missing(&self.key, "PRIVATE KEY"))?;
        let unusable = |cause: String| IdentityError::Unusable {
            path: self.certificate.clone(),
            cause,
        };
        let (begins, expires, is_authority) =
            read_certificate(first).ok_or_else(|| unusable("it is no certificate".to_owned()))?;
        let fingerprint = fingerprint(first);
        let config = config(chain, key).map_err(|cause| match cause {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
                IdentityError::Mismatch {
                    key: self.key.clone(),
                    certificate: self.certificate.clone(),
                }
            }
            other => unusable(other.to_string()),
        })?;
        Ok(Identity {
            config: Arc::new(config),
            fingerprint,
            begins,
            expires,
            is_authority,
        })
    }
}

fn read(path: &Path, is_kept: fn(&Metadata) -> bool) -> Result<Vec<u8>, IdentityError> {
    let at = |cause| IdentityError::Read {
        path: path.to_owned(),
        cause,
    };
    let found = fs::metadata(path).map_err(at)?;
    if !found.is_file() || found.len() > MOST {
        return Err(at(io::Error::other("it is no file of a few kilobytes")));
    }
    if !is_kept(&found) {
        return Err(IdentityError::Exposed(path.to_owned()));
    }
    fs::read(path).map_err(at)
}

/// Whether not everybody can read it. A group may: some systems have one for keys.
#[cfg(unix)]
fn is_kept(file: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    file.permissions().mode() & 0o007 == 0
}

/// Here the directory hands its rights down.
#[cfg(not(unix))]
fn is_kept(_: &Metadata) -> bool {
    true
}

/// TLS 1.2 and 1.3 as the library has them. Nothing is kept of a connection that is over: a client that comes again shakes hands again.
fn config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<ServerConfig, rustls::Error> {
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    config.alpn_protocols = vec![HTTP.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(config)
}

/// SHA-256 of a certificate as it is sent: 64 hexadecimal digits, which browsers show in pairs.
pub(crate) fn fingerprint(certificate: &[u8]) -> String {
    let digest = Sha256::digest(certificate);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What pins a key (RFC 7469, 2.4): SHA-256 of its public half, in base64. It stays the same as long as the key does.
pub(crate) fn pin(public_key: &[u8]) -> String {
    format!(
        "sha256/{}",
        BASE64_STANDARD.encode(Sha256::digest(public_key))
    )
}

/// When it begins and ends, and whether it is an authority's.
fn read_certificate(certificate: &[u8]) -> Option<(Timestamp, Timestamp, bool)> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let validity = certificate.validity();
    let time = |time: ASN1Time| Timestamp::from_second(time.timestamp()).ok();
    Some((
        time(validity.not_before)?,
        time(validity.not_after)?,
        certificate.is_ca(),
    ))
}
