//! The identity in force, kept in step with its files. What cannot be used leaves the one before in force.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls::ServerConfig;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::spawn_blocking;
use tokio_rustls::server::TlsStream;

use super::handshake::{Unencrypted, shake};
use super::identity::{Identity, IdentityError, Texts, TlsFiles};

/// How often the files are looked at. Watches are lost, and links to them are changed elsewhere.
const LOOK: Duration = Duration::from_secs(1);

/// So long before a certificate ends, somebody should have seen to the next one.
pub(crate) const NOTICE: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What became of the files.
#[derive(Debug)]
pub(crate) enum TlsNews {
    /// Another certificate is in force, with this fingerprint, until then.
    Changed {
        fingerprint: String,
        until: Timestamp,
    },
    /// What lies there cannot be used; the one before stays in force.
    Failed(IdentityError),
    /// The one in force ends soon, has ended, or has not begun.
    Ends {
        begins: Timestamp,
        expires: Timestamp,
    },
}

/// Has the identity in force; clones share it.
#[derive(Clone, Debug)]
pub struct Tls {
    identity: watch::Receiver<Arc<ServerConfig>>,
}

/// What lay there when it was looked at last.
struct Keeper<H> {
    files: TlsFiles,
    identity: watch::Sender<Arc<ServerConfig>>,
    in_force: Identity,
    /// Whether it was said that the certificate ends.
    warned: bool,
    seen: Option<Texts>,
    /// What lay there at the last look and is not in force: it may be in the middle of being replaced.
    coming: Option<Texts>,
    /// What was wrong, and whether it was said: two files are not replaced at one moment.
    wrong: Option<(String, bool)>,
    hook: H,
}

impl Tls {
    /// What lies there now, which nobody looks after.
    ///
    /// # Errors
    /// It cannot be used.
    pub fn fixed(files: &TlsFiles) -> Result<Tls, IdentityError> {
        let (_, identity) = watch::channel(files.understand(&files.read()?)?.config);
        Ok(Tls { identity })
    }

    /// Takes what lies there, and looks after it from then on, on the runtime of the caller. `hook` hears what becomes of it.
    ///
    /// # Errors
    /// What lies there cannot be used.
    pub(crate) fn start(
        files: TlsFiles,
        now: impl Fn() -> Timestamp + Send + 'static,
        hook: impl Fn(TlsNews) + Send + 'static,
    ) -> Result<Tls, IdentityError> {
        let texts = files.read()?;
        let in_force = files.understand(&texts)?;
        let (sender, identity) = watch::channel(Arc::clone(&in_force.config));
        let mut keeper = Keeper {
            files,
            identity: sender,
            in_force,
            warned: false,
            seen: Some(texts),
            coming: None,
            wrong: None,
            hook,
        };
        keeper.remind(now());
        tokio::spawn(async move {
            while !keeper.identity.is_closed() {
                tokio::time::sleep(LOOK).await;
                keeper.look(now()).await;
                keeper.remind(now());
            }
        });
        Ok(Tls { identity })
    }

    /// A connection that nobody else reads.
    pub(crate) async fn accept(
        &self,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, Unencrypted> {
        let config = Arc::clone(&self.identity.borrow());
        shake(stream, config).await
    }
}

impl<H: Fn(TlsNews)> Keeper<H> {
    async fn look(&mut self, now: Timestamp) {
        let files = self.files.clone();
        let Ok(read) = spawn_blocking(move || files.read()).await else {
            return;
        };
        let understood = match read {
            Ok(texts) if self.seen.as_ref() == Some(&texts) => {
                (self.wrong, self.coming) = (None, None);
                return;
            }
            Ok(texts) if self.coming.as_ref() != Some(&texts) => {
                self.coming = Some(texts);
                return;
            }
            Ok(texts) => self.judge(&texts, now).map(|identity| (texts, identity)),
            Err(error) => Err(error),
        };
        match understood {
            Ok((texts, identity)) => {
                (self.seen, self.coming) = (Some(texts), None);
                (self.wrong, self.warned) = (None, false);
                self.identity.send_replace(Arc::clone(&identity.config));
                (self.hook)(TlsNews::Changed {
                    fingerprint: identity.fingerprint.clone(),
                    until: identity.expires,
                });
                self.in_force = identity;
            }
            Err(error) => self.complain(error),
        }
    }

    /// What clients refuse now takes the place of nothing that they take.
    fn judge(&self, texts: &Texts, now: Timestamp) -> Result<Identity, IdentityError> {
        let identity = self.files.understand(texts)?;
        match identity.holds(now) || !self.in_force.holds(now) {
            true => Ok(identity),
            false => Err(IdentityError::NotNow {
                path: self.files.certificate.clone(),
                begins: identity.begins,
                expires: identity.expires,
            }),
        }
    }

    /// Says what is wrong once it has been so for two looks.
    fn complain(&mut self, error: IdentityError) {
        let text = error.to_string();
        match &mut self.wrong {
            Some((wrong, told)) if *wrong == text => {
                if !std::mem::replace(told, true) {
                    (self.hook)(TlsNews::Failed(error));
                }
            }
            wrong => *wrong = Some((text, false)),
        }
    }

    fn remind(&mut self, now: Timestamp) {
        let ends_soon = self.in_force.expires.duration_since(now) < NOTICE;
        if !self.warned && (ends_soon || now < self.in_force.begins) {
            self.warned = true;
            let Identity {
                begins, expires, ..
            } = self.in_force;
            (self.hook)(TlsNews::Ends { begins, expires });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use tokio::sync::mpsc::unbounded_channel;
    use tokio::time::timeout;

    use super::super::made::make;
    use super::*;

    const YEAR: SignedDuration = SignedDuration::from_hours(365 * 24);

    fn beside(place: &Path) -> TlsFiles {
        TlsFiles {
            certificate: place.join("certificate.pem"),
            key: place.join("key.pem"),
        }
    }

    /// Writes both files for a certificate that was made then.
    fn write(files: &TlsFiles, made: Timestamp) -> String {
        let made = make(vec!["localhost".to_owned()], made).unwrap();
        fs::write(&files.certificate, made.certificate).unwrap();
        drop(crate::platform::create_private(&files.key).unwrap());
        fs::write(&files.key, made.key).unwrap();
        made.fingerprint
    }

    #[tokio::test]
    async fn a_certificate_that_does_not_hold_now_takes_the_place_of_none_that_does() {
        let place = tempfile::tempdir().unwrap();
        let files = beside(place.path());
        let now: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
        write(&files, now);
        let (tell, mut told) = unbounded_channel();
        let tls = Tls::start(
            files.clone(),
            move || now,
            move |news| tell.send(news).unwrap(),
        );
        let tls = tls.unwrap();
        let in_force = Arc::clone(&tls.identity.borrow());
        let patience = Duration::from_secs(10);
        for made in [now - 20 * YEAR, now + 2 * YEAR] {
            write(&files, made);
            let news = timeout(patience, told.recv()).await.unwrap().unwrap();
            assert!(
                matches!(news, TlsNews::Failed(IdentityError::NotNow { .. })),
                "{news:?}"
            );
            assert!(Arc::ptr_eq(&in_force, &tls.identity.borrow()));
        }
        let next = write(&files, now);
        let news = timeout(patience, told.recv()).await.unwrap().unwrap();
        assert!(
            matches!(&news, TlsNews::Changed { fingerprint, .. } if *fingerprint == next),
            "{news:?}"
        );
    }

    #[tokio::test]
    async fn a_certificate_that_ends_soon_is_told_at_the_start() {
        let place = tempfile::tempdir().unwrap();
        let files = beside(place.path());
        let now: Timestamp = "2026-11-28T00:00:00Z".parse().unwrap();
        write(&files, now - 10 * YEAR + SignedDuration::from_hours(24));
        let (tell, mut told) = unbounded_channel();
        let _tls = Tls::start(files, move || now, move |news| tell.send(news).unwrap()).unwrap();
        let news = told.recv().await.unwrap();
        assert!(matches!(news, TlsNews::Ends { .. }), "{news:?}");
    }
}
