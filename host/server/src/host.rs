//! The running host: everything is made here, started in order, and ended in the opposite order.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use serde_json::json;
use slewgate_engine::{
    Compiler, Engine, EngineSettings, Plugins, StoppedBy, Stopping, Surroundings,
};
use slewgate_security::admission::{Admission, RequestLimiter};
use slewgate_security::log::{EventKind, Kept, LogSettings, SecurityEvent, SecurityLog};
use slewgate_security::tokens::{TokenFile, TokenSet, TokenStore, TokenUses};
use slewgate_serial::{Address, Line, LineOptions, LineSettings};
use slewgate_simulator::{
    Family, Lx200Settings, Moonlite, MoonliteSettings, NexstarSettings, Simulator,
    SkywatcherSettings, Telescope,
};
use slewgate_sky::{ScaledClock, SharedClock, Sky, SystemClock};
use tokio::runtime::{Builder, Handle};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::alarms;
use crate::authenticate::timestamp;
use crate::cameras::Cameras;
use crate::config::{Config, Device, Site};
use crate::connection::{Door, Service};
use crate::liveview::{LiveView, Streams};
use crate::local::{self, Local};
use crate::methods::{Administration, HostInfo, HostMethods, questions};
use crate::net::close::Close;
use crate::net::listener::{BindError, Bound, Configured};
use crate::net::origins::Origins;
use crate::pipeline::{CommandPipeline, Commands};
use crate::platform;
use crate::recorder::{record_notices, record_swaps};
use crate::safeguards;
use crate::sessions::Sessions;
use crate::supervised::{self, Word};
use crate::tables;
use crate::timekeeping;
use crate::tls::{Tls, TlsNews};
use crate::topics::Topics;
use crate::transcript;
use crate::unattended;
use crate::web::{Page, Port, Web};

/// Threads that serve sockets. Guests run elsewhere (`slewgate-engine`).
const SOCKET_THREADS: usize = 2;

/// How long the motion may take to be stopped at the end, and how long sessions may take to close.
const STOP_PATIENCE: Duration = Duration::from_secs(3);
const CLOSE_PATIENCE: Duration = Duration::from_secs(5);
const LOG_PATIENCE: Duration = Duration::from_secs(1);

/// How often it is written down when tokens were used last.
const USES_EVERY: Duration = Duration::from_secs(60);

/// What a host is started with.
pub struct ServeOptions {
    /// The checked configuration.
    pub config: Config,
    /// The data directory.
    pub data: PathBuf,
    /// Gets the bound addresses once all are bound.
    pub ready_file: Option<PathBuf>,
    /// Compiles plugins in a process of its own; none: the host itself does.
    pub compiler: Option<Compiler>,
}

/// Runs the host until it is told to end.
///
/// # Errors
/// What it cannot be without: its port, its threads, its data directory.
pub fn serve(options: ServeOptions) -> Result<()> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(SOCKET_THREADS)
        .thread_name("sockets")
        .enable_all()
        .build()?;
    let served = runtime.block_on(run(options));
    runtime.shutdown_background();
    served
}

/// What hardware the host has, real or simulated.
struct Hardware {
    lines: BTreeMap<String, Line>,
    simulators: Simulators,
}

/// Kept for as long as their lines are.
#[derive(Default)]
struct Simulators {
    /// By their lines.
    mounts: BTreeMap<String, Arc<dyn Telescope>>,
    focusers: Vec<Simulator<Moonlite>>,
}

async fn run(options: ServeOptions) -> Result<()> {
    let ServeOptions {
        config,
        data,
        ready_file,
        compiler,
    } = options;
    let socket = local::bind(&data)?;
    let command = bind("command", config.command.address).await?;
    let liveview = bind("liveview", config.liveview.address).await?;
    let web = bind("web", config.web).await?;
    let clock = clock(&config);
    let log = security_log(&data, config.security_log, &clock)?;
    alarms::start(config.alarms.clone(), &log, Handle::current())?;
    let tls = tls(&config, &log, &clock)?;
    let surroundings = surroundings(&config, &clock);
    let (journal, left) = safeguards::journal(&config, &data, &log)?;
    let hardware = Hardware::start(&config, &data, &surroundings)?;
    let left = unattended::stop(left, &hardware.lines, &journal, &log);
    let engine = Engine::new(&EngineSettings {
        cache: Some(data.join("cache/components")),
        compiler,
        threads: None,
        started: seconds(clock.now()),
        stack: Some(config.engine.stack),
        ..EngineSettings::default()
    })?;
    let plugins = Plugins::start(
        engine,
        surroundings.clone(),
        tables::plugin_settings(
            &config,
            &data,
            &hardware.lines,
            &surroundings,
            &journal,
            &left,
            questions()?,
        ),
    )
    .await?;
    for table in plugins.tables().values() {
        table.note_rest();
    }
    unattended::attend(left, &journal, &log);
    let plugins = Arc::new(plugins);
    safeguards::stop_at_a_panic(&plugins, &log)?;

    let told = log.clone();
    let token_file = TokenFile::new(data.join("api_tokens.json"));
    let tokens = TokenStore::start(token_file.path(), move |news| {
        if let Some(trouble) = news.trouble() {
            tracing::warn!("{trouble}");
        }
        news.events()
            .into_iter()
            .for_each(|event| told.record(event));
    })?;
    let tokens = Arc::new(tokens);
    log.hide_tokens(tokens.tokens());
    let sessions = Arc::new(Sessions::default());
    let info = HostInfo {
        clock: Arc::clone(&clock),
        started: Instant::now(),
        site: surroundings.site,
    };
    let topics = Topics::new(Arc::clone(&plugins));
    let uses = Arc::new(TokenUses::open(TokenUses::beside(token_file.path())));
    let admission = Admission::new(config.admission.slots.clone());
    let administration = Arc::new(Administration {
        plugins: Arc::clone(&plugins),
        sessions: Arc::clone(&sessions),
        admission: admission.clone(),
        tokens: Arc::clone(&tokens),
        token_file,
        uses: Arc::clone(&uses),
        log: log.clone(),
        clock: Arc::clone(&clock),
    });
    let methods = Arc::new(HostMethods::new(
        Arc::clone(&plugins),
        Arc::clone(&sessions),
        topics,
        info,
        administration,
    )?);
    let commands = Commands {
        plugins: Arc::clone(&plugins),
        limiter: RequestLimiter::new(config.admission.requests_per_minute, config.admission.key),
        log: log.clone(),
        methods: Arc::clone(&methods),
        queue: config.command.queue,
        runtime: Handle::current(),
    };
    let (ending, stopping) = (CancellationToken::new(), CancellationToken::new());
    let origins = Origins::new(config.public_urls.iter().map(String::as_str))
        .named(&config.names)
        .named(platform::names())
        .page(web.address().port())
        .tls(tls.is_some());
    let door = Door {
        limits: config.command.limits.clone(),
        origins,
        admission,
        tokens: tokens.tokens(),
        sessions: Arc::clone(&sessions),
        service: Service::Commands(Arc::new(CommandPipeline(Arc::new(commands)))),
        uses: Arc::clone(&uses),
        tls,
        log: log.clone(),
        clock: Arc::clone(&clock),
        stopping: stopping.clone(),
    };
    let streams = Streams::new(config.liveview.streams);
    let cameras = Cameras::start(
        &config,
        &hardware.simulators.mounts,
        &surroundings,
        &streams,
    )?;
    let pictures = Arc::new(LiveView {
        streams,
        plugins: Arc::clone(&plugins),
        log: log.clone(),
    });
    let gallery = Door {
        limits: config.liveview.limits.clone(),
        service: Service::LiveView(Arc::clone(&pictures)),
        ..door.clone()
    };

    let addresses = Addresses {
        command: command.address(),
        liveview: liveview.address(),
        web: web.address(),
    };
    let (door, gallery) = (Arc::new(door), Arc::new(gallery));
    let port = Port::new(Web {
        command: Arc::clone(&door),
        liveview: Arc::clone(&gallery),
        pictures,
        page: Page::default(),
        ending: ending.clone(),
        viewers: AtomicU64::new(0),
    });
    let mut tasks = JoinSet::new();
    let mut listening = JoinSet::new();
    listening.spawn(listen(command, door, stopping.clone()));
    listening.spawn(listen(liveview, gallery, stopping.clone()));
    listening.spawn(web.run(
        move |stream, peer| port.welcome(stream, peer),
        stopping.clone(),
    ));
    tasks.spawn(Arc::clone(&sessions).keep_checking(tokens.tokens(), Arc::clone(&clock)));
    let state_copy = data.join(tables::STATE_COPY);
    local::sweep(&state_copy);
    let local = Local {
        methods,
        log: log.clone(),
        state_copy,
        copies: AtomicU64::new(0),
    };
    tasks.spawn(local::run(socket, Arc::new(local), stopping.clone()));
    tasks.spawn(keep_uses(Arc::clone(&uses), tokens.tokens()));
    tasks.spawn(record_swaps(Arc::clone(&plugins), log.clone()));
    tasks.spawn(record_notices(Arc::clone(&plugins), log.clone()));
    // A clock that is pretended is never right, and simulators have no Sun to fear.
    if config.clock.is_none() && !is_simulated(&config) {
        let look = Arc::new(timekeeping::ask_systemd);
        tasks.spawn(timekeeping::watch(look, log.clone()));
    }
    tasks.spawn(supervised::stay_alive());
    announce(ready_file.as_deref(), &addresses, config.tls.is_some())?;
    supervised::tell(Word::Ready);

    let signal = platform::end().await?;
    supervised::tell(Word::Ending);
    tracing::info!(signal, "shutting down");
    ending.cancel();
    stop_motion(&plugins).await;
    sessions.close_all(&Close::SHUTDOWN);
    stopping.cancel();
    let _ = timeout(CLOSE_PATIENCE, listening.join_all()).await;
    // What a client began before it was told.
    stop_motion(&plugins).await;
    tasks.shutdown().await;
    save_uses(&uses, &tokens.current()).await;
    safeguards::rest(&plugins, &hardware.lines, &journal).await;
    cameras.close();
    hardware.close();
    if !log.flush(LOG_PATIENCE) {
        tracing::warn!("the security log may lack its last lines");
    }
    Ok(())
}

/// Writes down from time to time when tokens were used last.
async fn keep_uses(uses: Arc<TokenUses>, tokens: watch::Receiver<Arc<TokenSet>>) {
    loop {
        tokio::time::sleep(USES_EVERY).await;
        let known = Arc::clone(&tokens.borrow());
        save_uses(&uses, &known).await;
    }
}

async fn save_uses(uses: &Arc<TokenUses>, tokens: &Arc<TokenSet>) {
    let (uses, tokens) = (Arc::clone(uses), Arc::clone(tokens));
    let saved = tokio::task::spawn_blocking(move || uses.save(&tokens)).await;
    if let Ok(Err(error)) = saved {
        tracing::warn!(%error, "cannot write down when tokens were used last");
    }
}

async fn bind(name: &'static str, address: SocketAddr) -> Result<Bound, BindError> {
    let configured = Configured {
        name,
        address: address.ip(),
        port: address.port(),
    };
    configured.bind().await
}

async fn listen(bound: Bound, door: Arc<Door>, stopping: CancellationToken) {
    bound
        .run(move |stream, peer| door.welcome(stream, peer), stopping)
        .await;
}

impl Hardware {
    /// A line whose device is missing starts all the same and keeps trying.
    fn start(config: &Config, data: &Path, surroundings: &Surroundings) -> Result<Hardware> {
        let (mut lines, mut simulators) = (BTreeMap::new(), Simulators::default());
        for (name, line) in &config.lines {
            let device = match &line.device {
                Device::Hardware(address) => address.clone(),
                Device::Simulator(family) => {
                    let path = simulators.start(name, *family, config, &surroundings.clock)?;
                    tracing::info!(line = name, path, %family, "simulating");
                    Address::Serial(path)
                }
            };
            let settings = LineSettings {
                name: name.clone(),
                device,
                baud: line.baud,
                quiet: line.quiet,
            };
            let options = LineOptions {
                tap: transcript::of_line(name, line, data, &surroundings.clock)?,
                ..LineOptions::default()
            };
            lines.insert(
                name.clone(),
                Line::start_with(settings, options)
                    .with_context(|| format!("cannot start the line {name}"))?,
            );
        }
        Ok(Hardware { lines, simulators })
    }

    fn close(self) {
        for line in self.lines.values() {
            line.close();
        }
        drop(self.simulators);
    }
}

impl Simulators {
    /// Starts what a line leads to; returns the path of its device.
    fn start(
        &mut self,
        line: &str,
        family: Family,
        config: &Config,
        clock: &SharedClock,
    ) -> Result<String> {
        let site = config.site.unwrap_or(Site::SIMULATED);
        let path = match family {
            Family::Lx200(dialect) => {
                let simulator = Simulator::start_lx200(Lx200Settings {
                    dialect,
                    dut1: site.dut1,
                    ..Lx200Settings::new(site.position(), Arc::clone(clock))
                })?;
                let path = simulator.path();
                self.mounts.insert(line.to_owned(), Arc::new(simulator));
                path
            }
            Family::Nexstar => {
                let site = config.site.unwrap_or(Site::SIMULATED);
                let simulator = Simulator::start_nexstar(NexstarSettings {
                    dut1: site.dut1,
                    ..NexstarSettings::new(site.position(), Arc::clone(clock))
                })?;
                let path = simulator.path();
                self.mounts.insert(line.to_owned(), Arc::new(simulator));
                path
            }
            Family::Skywatcher(model) => {
                let simulator = Simulator::start_skywatcher(SkywatcherSettings {
                    model,
                    dut1: site.dut1,
                    ..SkywatcherSettings::new(site.position(), Arc::clone(clock))
                })?;
                let path = simulator.path();
                self.mounts.insert(line.to_owned(), Arc::new(simulator));
                path
            }
            Family::Moonlite => {
                let simulator =
                    Simulator::start_moonlite(MoonliteSettings::new(Arc::clone(clock)))?;
                let path = simulator.path();
                self.focusers.push(simulator);
                path
            }
        };
        Ok(path.display().to_string())
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a cast of a float saturates"
)]
fn seconds(milliseconds: f64) -> u64 {
    (milliseconds / 1000.0) as u64
}

fn clock(config: &Config) -> SharedClock {
    match config.clock {
        Some(pretended) => Arc::new(ScaledClock::new(pretended.start, pretended.rate)),
        None => Arc::new(SystemClock),
    }
}

fn is_simulated(config: &Config) -> bool {
    let mut lines = config.lines.values();
    lines.all(|line| matches!(line.device, Device::Simulator(_)))
}

/// Simulators have a site of their own; a real mount's is only where the configuration says that it is.
pub(crate) fn surroundings(config: &Config, clock: &SharedClock) -> Surroundings {
    let site = config
        .site
        .or(is_simulated(config).then_some(Site::SIMULATED));
    let sky = Arc::new(Sky::new(site.map_or(0.0, |site| site.dut1)));
    Surroundings {
        clock: Arc::clone(clock),
        sky,
        site: site.map(|site| site.position()),
        solar_filter: config.limits.solar_filter,
    }
}

fn security_log(data: &Path, kept: Kept, clock: &SharedClock) -> Result<SecurityLog> {
    let clock = Arc::clone(clock);
    let settings = LogSettings {
        now: Arc::new(move || timestamp(&*clock)),
        kept,
        ..LogSettings::below(data)
    };
    SecurityLog::start(settings).context("cannot start the security log")
}

/// The identity of the ports, where the configuration names one.
fn tls(config: &Config, log: &SecurityLog, clock: &SharedClock) -> Result<Option<Tls>> {
    let Some(files) = config.tls.clone() else {
        return Ok(None);
    };
    let (log, clock) = (log.clone(), Arc::clone(clock));
    let now = move || timestamp(&*clock);
    let tls = Tls::start(files, now, move |news| match news {
        TlsNews::Changed { fingerprint, until } => {
            tracing::info!(fingerprint, %until, "another certificate is in force");
        }
        TlsNews::Failed(error) => {
            let why = format!("the certificate stays as it was: {error}");
            tracing::warn!("{why}");
            log.record(SecurityEvent::new(EventKind::Alarm).reason(why));
        }
        TlsNews::Ends { begins, expires } => {
            let why = format!(
                "the certificate of [tls] holds from {begins:.0} to {expires:.0}: clients refuse it before and after"
            );
            tracing::warn!("{why}");
            log.record(SecurityEvent::new(EventKind::Alarm).reason(why));
        }
    });
    tls.context("cannot use [tls]").map(Some)
}

/// Where clients connect.
struct Addresses {
    command: SocketAddr,
    liveview: SocketAddr,
    web: SocketAddr,
}

/// Says so, on the terminal and in the file.
fn announce(ready_file: Option<&Path>, addresses: &Addresses, tls: bool) -> Result<()> {
    let Addresses {
        command,
        liveview,
        web,
    } = addresses;
    tracing::info!(%command, %liveview, %web, tls, "ready");
    if !tls && !command.ip().is_loopback() {
        tracing::warn!(%command, "tokens and commands cross the network in clear: use TLS (`slewgate tls generate`), a VPN, or WS_IP=127.0.0.1 for this machine alone");
    }
    let Some(file) = ready_file else {
        return Ok(());
    };
    let text = json!({ "command": command, "liveview": liveview, "web": web }).to_string();
    let unfinished = file.with_extension("part");
    fs::write(&unfinished, text)
        .and_then(|()| fs::rename(&unfinished, file))
        .with_context(|| format!("cannot write {}", file.display()))
}

/// What moves is stopped before anybody is told to leave.
async fn stop_motion(plugins: &Plugins) {
    for (table, stopping) in begin_to_stop(plugins, "the host, shutting down") {
        match timeout(STOP_PATIENCE, stopping.sent()).await {
            Ok(Ok(_)) => tracing::info!(plugin = table, "stopped the motion"),
            Ok(Err(error)) => tracing::error!(plugin = table, %error, "could not stop the motion"),
            Err(_) => tracing::error!(
                plugin = table,
                "could not stop the motion: the line takes nothing"
            ),
        }
    }
}

/// Stops the tables on which something moves: each is on its way before the first is waited for.
pub(crate) fn begin_to_stop<'a>(plugins: &'a Plugins, by: &str) -> Vec<(&'a str, Stopping)> {
    let by = StoppedBy(by.to_owned());
    let moving = plugins
        .tables()
        .values()
        .filter(|table| !table.motions().is_empty());
    moving
        .map(|table| (table.name(), plugins.stop(table, &by)))
        .collect()
}
