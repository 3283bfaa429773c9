//! TLS from the other side: whom this program trusts where it connects.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// What shakes hands with whom `certificate` names, or with whom the machine trusts.
///
/// # Errors
/// The file cannot be used.
pub(crate) fn connector(certificate: Option<&Path>) -> anyhow::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    match certificate {
        Some(file) => {
            let failed = || format!("cannot use {}", file.display());
            let trusted = CertificateDer::pem_file_iter(file).with_context(failed)?;
            for certificate in trusted {
                roots
                    .add(certificate.with_context(failed)?)
                    .with_context(failed)?;
            }
            if roots.is_empty() {
                bail!("{} holds no certificate in PEM", file.display());
            }
        }
        // One of them that cannot be read is no obstacle to the others.
        None => _ = roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs),
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("no TLS here")?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
