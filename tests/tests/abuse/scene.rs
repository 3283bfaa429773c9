//! A case: a host with a victim, an attack that goes elsewhere first and then comes here, and what is left of it.

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use serde_json::Value;
use slewgate_simulator::Dialect;
use slewgate_tests::{Holdings, Observatory, PATIENCE, Setup, make_room_for_sockets};
use tempfile::TempDir;
use tokio::time::timeout;

use crate::row::Row;
use crate::sink::Sink;
use crate::target::Target;
use crate::victim::Victim;

/// Each address of this machine is a stranger.
const STRICT: &str = "[admission]\nexempt = []\n";

/// Nobody may take his time.
const IMPATIENT: &str =
    "tls_ms = 2_000\nupgrade_ms = 2_000\nauthentication_ms = 2_000\ntotal_ms = 6_000\n";

/// What a heap may keep of what it had: this, and a tenth of what there was.
const KEPT_KIB: u64 = 24 * 1024;

/// An attack that ends by itself has ended by then.
const AT_LAST: Duration = Duration::from_secs(600);

/// A case before it is played.
pub(crate) struct Scene {
    number: u8,
    name: &'static str,
    config: String,
    setup: Setup,
    /// The simulated mount is the test's own.
    has_mount: bool,
    transports: &'static [Transport],
    /// The attack has an end of its own.
    ends: bool,
    /// Descriptors that the host has more of afterwards, and should.
    keeps: usize,
    /// What is looked at once the host has ended.
    afterwards: fn(&Observatory),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Transport {
    Plain,
    Tls,
}

/// A host with its victim.
pub(crate) struct Stage {
    pub(crate) observatory: Observatory,
    /// The way in for those who attack.
    pub(crate) target: Target,
    pub(crate) victim: Victim,
    certificate: Option<PathBuf>,
    /// Where the certificate is.
    _place: TempDir,
}

impl Scene {
    /// The case with this number, plain and over TLS.
    pub(crate) fn of(number: u8, name: &'static str) -> Scene {
        Scene {
            number,
            name,
            config: STRICT.to_owned(),
            setup: Setup::default().variable("SLEWGATE_LOG", "info"),
            has_mount: false,
            transports: &[Transport::Plain, Transport::Tls],
            ends: false,
            keeps: 0,
            afterwards: |_| {},
        }
    }

    /// What the attack does is the same over TLS.
    pub(crate) fn plain(mut self) -> Scene {
        self.transports = &[Transport::Plain];
        self
    }

    /// The attack is one on TLS.
    pub(crate) fn over_tls(mut self) -> Scene {
        self.transports = &[Transport::Tls];
        self
    }

    /// More lines of the configuration: first keys of `[admission]`, then other tables.
    pub(crate) fn config(mut self, lines: &str) -> Scene {
        self.config.push_str(lines);
        self.config.push('\n');
        self
    }

    /// The host waits for nobody: the attack is one on its patience.
    pub(crate) fn impatient(self) -> Scene {
        self.config(IMPATIENT)
    }

    /// What else the host is started with.
    pub(crate) fn setup(mut self, more: impl FnOnce(Setup) -> Setup) -> Scene {
        self.setup = more(self.setup);
        self
    }

    /// The mount is simulated by the test, which sees its wire, and is there before anybody comes.
    pub(crate) fn with_mount(mut self, dialect: Dialect) -> Scene {
        self.has_mount = true;
        self.setup(|setup| setup.own_mount_that_speaks(dialect))
    }

    /// The attack ends by itself: it has a count.
    pub(crate) fn ends_by_itself(mut self) -> Scene {
        self.ends = true;
        self
    }

    /// The host has so many descriptors more afterwards, and should.
    pub(crate) fn keeps(mut self, descriptors: usize) -> Scene {
        self.keeps = descriptors;
        self
    }

    /// This is looked at too once the host has ended: by then its log has all that was counted.
    pub(crate) fn afterwards(mut self, look: fn(&Observatory)) -> Scene {
        self.afterwards = look;
        self
    }

    /// The attack floods a listener that discards, then the host: the victim is served, the log has an event like this from one who
    /// attacked, and nothing is left.
    pub(crate) async fn attacked<A, F>(self, attack: A, event: impl Fn(&Value) -> bool)
    where
        A: Fn(Target) -> F,
        F: Future<Output = ()>,
    {
        self.attacked_then(attack, event, async |_| {}).await;
    }

    /// The same, and then this is looked at too.
    pub(crate) async fn attacked_then<A, F>(
        self,
        attack: A,
        event: impl Fn(&Value) -> bool,
        then: impl AsyncFn(&Stage),
    ) where
        A: Fn(Target) -> F,
        F: Future<Output = ()>,
    {
        for transport in self.transports {
            let stage = self.stage(*transport).await;
            let sink = Sink::open(stage.certificate.as_deref());
            let elsewhere = Target {
                address: sink.address,
                ..stage.target.clone()
            };
            let victim = &stage.victim;
            victim.forget();
            let _ = timeout(phase(), attack(elsewhere)).await;
            let quiet = victim.p99().await;
            let before = stage.observatory.holdings();
            let answered = victim.answered();
            let most = if self.ends { AT_LAST } else { phase() };
            let ended = timeout(most, attack(stage.target.clone())).await;
            assert!(!self.ends || ended.is_ok(), "the attack did not end");
            let attacked = victim.p99().await;
            let is_evidence = |line: &Value| {
                let address = line["address"].as_str().unwrap_or_default();
                address.starts_with("127.6") && event(line)
            };
            // On a busy machine a flood of a moment may get nowhere, and the victim too.
            let until = Instant::now() + PATIENCE * 3;
            while !self.ends && Instant::now() < until {
                let is_told = stage.observatory.security_log().iter().any(is_evidence);
                if is_told && victim.answered() > answered {
                    break;
                }
                let _ = timeout(phase(), attack(stage.target.clone())).await;
            }
            victim.is_answered_after(answered).await;
            let evidence = stage.observatory.wait_for_security_event(is_evidence);
            then(&stage).await;
            self.ended(stage, *transport, [quiet, attacked], before, &evidence);
        }
    }

    /// Something else happens in the host, which is its own evidence: what it returns is told in the table.
    pub(crate) async fn suffered<A>(self, what: A)
    where
        A: AsyncFn(&mut Stage) -> Value,
    {
        for transport in self.transports {
            let mut stage = self.stage(*transport).await;
            stage.victim.forget();
            tokio::time::sleep(phase()).await;
            let quiet = stage.victim.p99().await;
            let before = stage.observatory.holdings();
            let answered = stage.victim.answered();
            let evidence = what(&mut stage).await;
            let attacked = stage.victim.p99().await;
            stage.victim.is_answered_after(answered).await;
            self.ended(stage, *transport, [quiet, attacked], before, &evidence);
        }
    }

    async fn stage(&self, transport: Transport) -> Stage {
        make_room_for_sockets();
        let place = TempDir::new().unwrap();
        let mut setup = self.setup.clone().config(&self.config);
        let certificate = (transport == Transport::Tls).then(|| generated(place.path()));
        if let Some(certificate) = &certificate {
            let key = certificate.with_file_name("key.pem");
            setup = setup.config(&format!(
                "[tls]\ncertificate = {certificate:?}\nkey = {key:?}"
            ));
        }
        let observatory = match self.has_mount {
            true => setup.start().attached(),
            false => setup.start(),
        };
        let mut address = observatory.address();
        if address.ip().is_unspecified() {
            address.set_ip(Ipv4Addr::LOCALHOST.into());
        }
        let target = |token| Target::new(address, certificate.as_deref(), token);
        let often = ["--requests-per-minute", "1000000"];
        let victim = Victim::come(target(observatory.token_with("observer", &often))).await;
        let target = target(observatory.token("telescope"));
        Stage {
            target,
            victim,
            certificate,
            _place: place,
            observatory,
        }
    }

    /// Nothing is left, nobody waited, nothing is told, and here is the row.
    fn ended(
        &self,
        stage: Stage,
        transport: Transport,
        [quiet, attacked]: [Duration; 2],
        before: Holdings,
        evidence: &Value,
    ) {
        let Stage {
            mut observatory,
            victim,
            ..
        } = stage;
        let after = settled(&observatory, &before, self.keeps);
        victim.leave();
        observatory.terminate();
        assert_eq!(observatory.exit_code(), Some(0), "{}", observatory.log());
        has_no_secret(&observatory);
        (self.afterwards)(&observatory);
        let verified = observatory.run(&["log", "verify"]);
        assert!(verified.status.success(), "{verified:?}");
        let text = |key: &str| evidence[key].as_str().map(str::to_owned);
        let told = [text("event"), text("reason")];
        let row = Row {
            number: self.number,
            name: self.name,
            transport: match transport {
                Transport::Plain => "plain",
                Transport::Tls => "tls",
            },
            quiet,
            attacked,
            before,
            after,
            evidence: told.into_iter().flatten().collect::<Vec<_>>().join(": "),
        };
        row.tell();
    }
}

/// Each of so many simulated clients does this again and again, from a new address each time.
pub(crate) async fn again_and_again<F>(clients: usize, once: impl Fn(usize) -> F)
where
    F: Future,
{
    let once = &once;
    let client = |number: usize| async move {
        for round in 0.. {
            once(number + round * clients).await;
            // What fails at once leaves the others their turn.
            tokio::task::yield_now().await;
        }
    };
    join_all((0..clients).map(client)).await;
}

/// Each of so many simulated clients does this once, so many at a time.
pub(crate) async fn each<F>(clients: usize, at_a_time: usize, once: impl Fn(usize) -> F)
where
    F: Future,
{
    let once = &once;
    let client = |first: usize| async move {
        for number in (first..clients).step_by(at_a_time) {
            once(number).await;
        }
    };
    join_all((0..at_a_time.min(clients)).map(client)).await;
}

/// What the log says of one who was sent away.
pub(crate) fn says(event: &'static str, reason: &'static str) -> impl Fn(&Value) -> bool {
    move |line| {
        let told = line["reason"].as_str().unwrap_or_default();
        line["event"] == event && told.contains(reason)
    }
}

/// How long a flood lasts: long enough for a figure under `cargo xtask abuse`.
fn phase() -> Duration {
    match std::env::var_os("SLEWGATE_LONG") {
        Some(_) => Duration::from_secs(10),
        None => Duration::from_millis(600),
    }
}

/// As slewgate makes it.
fn generated(place: &Path) -> PathBuf {
    let made = Setup::default().verb(place, &["tls", "generate"]).output();
    let made = made.unwrap();
    assert!(made.status.success(), "{made:?}");
    place.join("tls/certificate.pem")
}

/// Neither log has a token that was made, nor a good part of one.
fn has_no_secret(observatory: &Observatory) {
    let logs = observatory
        .security_log_files()
        .into_iter()
        .map(|file| std::fs::read_to_string(file).unwrap())
        .chain([observatory.log()]);
    let secrets = observatory.secrets();
    for log in logs {
        for token in &secrets {
            // After `slg_` and the id, which a log may tell; what people write by hand is a secret as a whole.
            let secret = token.splitn(3, '_').nth(2).unwrap_or(token);
            let most = &secret[..secret.len() / 2];
            assert!(!log.contains(most), "the log has {most}, of {token}");
        }
    }
}

/// What the host holds once those who attacked are forgotten.
fn settled(observatory: &Observatory, before: &Holdings, keeps: usize) -> Holdings {
    let until = Instant::now() + PATIENCE * 3;
    let most = before.memory_kib / 10 + KEPT_KIB;
    loop {
        let after = observatory.holdings();
        let is_back = after.descriptors <= before.descriptors + keeps
            && after.children <= before.children
            && after.memory_kib <= before.memory_kib + most;
        if is_back {
            return after;
        }
        assert!(Instant::now() < until, "{before:?} became {after:?}");
        std::thread::park_timeout(Duration::from_millis(50));
    }
}
