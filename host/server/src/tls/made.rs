//! A certificate that the host signs itself. Clients cannot know it from one that somebody else made, so they are given it, or its pin, by hand.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair,
    KeyUsagePurpose, PublicKeyData as _,
};
use time::{Duration, OffsetDateTime};

use super::identity::{fingerprint, pin};

/// How long it holds. Nothing renews it by itself, and who pins it does not ask how old it is.
const DAYS: i64 = 10 * 365;

/// A certificate and its key, as files in PEM have them.
pub(crate) struct Made {
    pub(crate) certificate: String,
    pub(crate) key: String,
    /// See [`fingerprint`].
    pub(crate) fingerprint: String,
    /// See [`pin`].
    pub(crate) pin: String,
}

/// Makes one for these names and addresses, with a key on the curve P-256, which every client takes.
///
/// # Errors
/// Where a name is none, or the system gives no random numbers.
pub(crate) fn make(names: Vec<String>, now: Timestamp) -> Result<Made, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name = DistinguishedName::new();
    params
        .distinguished_name
        .push(DnType::CommonName, "Slewgate");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    // A clock beside the mount that is a little behind sees it as good already.
    let now =
        OffsetDateTime::from_unix_timestamp(now.as_second()).map_err(|_| rcgen::Error::Time)?;
    params.not_before = now - Duration::days(1);
    params.not_after = now + Duration::days(DAYS);
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok(Made {
        fingerprint: fingerprint(certificate.der()),
        pin: pin(&key.subject_public_key_info()),
        certificate: pem("CERTIFICATE", certificate.der()),
        key: pem("PRIVATE KEY", key.serialized_der()),
    })
}

/// RFC 7468, 3: base64 in lines of 64 characters.
fn pem(label: &str, der: &[u8]) -> String {
    let text = BASE64_STANDARD.encode(der);
    let mut lines = vec![format!("-----BEGIN {label}-----")];
    lines.extend(
        text.as_bytes()
            .chunks(64)
            .map(|line| String::from_utf8_lossy(line).into_owned()),
    );
    lines.push(format!("-----END {label}-----\n"));
    lines.join("\n")
}
