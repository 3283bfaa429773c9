//! What administrators may do: over the wire, where the policy of their type allows it, and over the local socket, whose owner may do it all.
//! Each deed is on record with who did it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};
use slewgate_engine::{NotReleased, PluginKind, PluginReport, Plugins};
use slewgate_rpc::Refusal;
use slewgate_security::admission::Admission;
use slewgate_security::log::{EventKind, SecurityEvent, SecurityLog};
use slewgate_security::tokens::{TokenFile, TokenFileError, TokenSet, TokenStore, TokenUses};
use slewgate_sky::SharedClock;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::json as result;
use crate::authenticate::timestamp;
use crate::net::close::Close;
use crate::records;
use crate::sessions::{Purpose, Session, Sessions};

/// How long both tokens are good where nobody says how long.
const OVERLAP_S: u32 = 24 * 60 * 60;

/// How long who asks waits for what lies in the directories to be taken up.
const RELOAD_PATIENCE: Duration = Duration::from_secs(10);

/// How long a change of the tokens' file may take to be in force.
const IN_FORCE_PATIENCE: Duration = Duration::from_secs(5);

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Clients,
    Disconnect,
    Tokens,
    RevokeToken,
    RotateToken,
    RollBack,
    Resume,
    Penalties,
    Forgive,
    Reload,
}

/// What it takes.
pub(crate) struct Administration {
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) admission: Admission,
    pub(crate) tokens: Arc<TokenStore>,
    pub(crate) token_file: TokenFile,
    pub(crate) uses: Arc<TokenUses>,
    pub(crate) log: SecurityLog,
    pub(crate) clock: SharedClock,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Disconnect {
    session: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revoke {
    id: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rotate {
    id: String,
    #[serde(default = "overlap")]
    overlap_s: u32,
}

fn overlap() -> u32 {
    OVERLAP_S
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RollBack {
    name: String,
    /// Needed where a handler and a policy have the name.
    kind: Option<PluginKind>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Resume {
    name: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Forgive {
    /// All of them, where there is none.
    address: Option<IpAddr>,
}

type Outcome = Result<Box<RawValue>, Refusal>;

impl Administration {
    /// Does it, and puts it on record under the whole name of the method, though who asked leaves meanwhile. `by`: none for the owner of the local socket.
    pub(crate) async fn carry_out(
        self: &Arc<Self>,
        (deed, method): (Deed, &str),
        params: &Map<String, Value>,
        by: Option<&Session>,
    ) -> Outcome {
        let (administration, method) = (Arc::clone(self), method.to_owned());
        let (params, by) = (params.clone(), by.cloned());
        let done = tokio::spawn(async move {
            let outcome = administration.act(deed, &params).await;
            administration.record(&method, &params, by.as_ref(), outcome.as_ref().err());
            outcome
        });
        done.await
            .unwrap_or_else(|fault| Err(Refusal::internal("", fault)))
    }

    fn record(
        &self,
        method: &str,
        params: &Map<String, Value>,
        by: Option<&Session>,
        failed: Option<&Refusal>,
    ) {
        let how = match failed {
            None => about(params),
            Some(refusal) => format!("{}: {}", about(params), refusal.sentence),
        };
        let kind = EventKind::Administration;
        match by {
            Some(session) => records::record(&self.log, session, kind, method, &how),
            None => {
                let event = SecurityEvent::new(kind).subject(method);
                let how = format!("{how}: the owner of the data directory");
                self.log.record(event.reason(how));
            }
        }
    }

    async fn act(&self, deed: Deed, params: &Map<String, Value>) -> Outcome {
        match deed {
            Deed::Clients => self.clients(),
            Deed::Disconnect => self.disconnect(&read(params)?),
            Deed::Tokens => self.tokens(),
            Deed::RevokeToken => self.revoke(read(params)?).await,
            Deed::RotateToken => self.rotate(read(params)?).await,
            Deed::RollBack => self.roll_back(read(params)?).await,
            Deed::Resume => self.resume(&read(params)?),
            Deed::Penalties => self.penalties(),
            Deed::Forgive => self.forgive(&read(params)?),
            Deed::Reload => self.reload().await,
        }
    }

    fn clients(&self) -> Outcome {
        let sessions = self.sessions.list();
        let told = sessions.iter().map(|session| {
            let client = session.client();
            let purpose = match client.purpose {
                Purpose::Commands => "commands",
                Purpose::LiveView => "liveview",
            };
            json!({
                "session": client.session, "client_id": client.client_id, "client_type": client.token.client_type,
                "name": client.token.name, "token_id": client.token.id, "address": client.address.to_string(),
                "purpose": purpose, "silent_ms": whole_millis(session.silence()),
            })
        });
        result(&told.collect::<Vec<_>>())
    }

    fn disconnect(&self, asked: &Disconnect) -> Outcome {
        let session = self.sessions.get(asked.session);
        let session = session.ok_or_else(|| Refusal::refused("there is no such session"))?;
        session.close(Close::DISCONNECTED);
        result(&json!({ "disconnected": asked.session }))
    }

    /// Never a token: only what is known of each.
    fn tokens(&self) -> Outcome {
        let tokens = self.tokens.current();
        let told = tokens.list().iter().map(|record| {
            let mut told = json!(record);
            if let Some(last) = self.uses.last(&record.id) {
                told["last_used"] = second(last);
            }
            told
        });
        result(&told.collect::<Vec<_>>())
    }

    async fn revoke(&self, Revoke { id }: Revoke) -> Outcome {
        let record = self.change(move |file| file.revoke(&id)).await?;
        let tokens = self
            .in_force(|tokens| tokens.get(&record.id).is_none())
            .await;
        self.sessions.recheck(&tokens, timestamp(&*self.clock));
        result(&json!({ "id": record.id, "name": record.name }))
    }

    /// The one answer that has a token in it, once.
    async fn rotate(&self, Rotate { id, overlap_s }: Rotate) -> Outcome {
        let overlap = Duration::from_secs(overlap_s.into());
        let rotated = self.change(move |file| file.rotate(&id, overlap));
        let (token, record) = rotated.await?;
        self.in_force(|tokens| tokens.get(&record.id).is_some())
            .await;
        let mut told = json!(record);
        told["token"] = token.expose().into();
        result(&told)
    }

    /// The tokens in force once they are so, which is what the answer says.
    async fn in_force(&self, is_so: impl Fn(&TokenSet) -> bool) -> Arc<TokenSet> {
        let mut tokens = self.tokens.tokens();
        let waited = tokens.wait_for(|tokens| is_so(tokens));
        // The file may be changed once more before it is read; and the store ends with the host.
        let _ = timeout(IN_FORCE_PATIENCE, waited).await;
        self.tokens.current()
    }

    /// Changes the file of tokens, and has it taken up at once.
    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&TokenFile) -> Result<T, TokenFileError> + Send + 'static,
    ) -> Result<T, Refusal> {
        let file = self.token_file.clone();
        let changed = spawn_blocking(move || change(&file)).await;
        let changed = changed.map_err(|error| Refusal::internal("", error))?;
        let changed = changed.map_err(|error| Refusal::refused(&error.to_string()))?;
        self.tokens.reload();
        Ok(changed)
    }

    /// The version of a plugin before this one serves again.
    async fn roll_back(&self, asked: RollBack) -> Outcome {
        let reports = self.plugins.reports();
        let fits = |report: &&PluginReport| {
            report.name == asked.name && asked.kind.is_none_or(|kind| kind == report.kind)
        };
        let mut found = reports.iter().filter(fits).map(|report| report.kind);
        let kind = match (found.next(), found.next()) {
            (Some(kind), None) => kind,
            (None, _) => return Err(Refusal::refused("there is no plugin of that name")),
            (Some(_), Some(_)) => {
                return Err(Refusal::refused(
                    "there is a handler and a policy of that name; say which, with --kind handler or --kind policy",
                ));
            }
        };
        let rolled = self.plugins.roll_back(kind, &asked.name).await;
        rolled.map_err(|error| Refusal::refused(&error.to_string()))?;
        result(&json!({ "rolled_back": asked.name, "kind": kind }))
    }

    /// Plugins of a name are called again, which kept failing.
    fn resume(&self, asked: &Resume) -> Outcome {
        match self.plugins.release(&asked.name) {
            Ok(released) => result(&json!({ "resumed": released })),
            Err(why @ NotReleased::Unknown(_)) => Err(Refusal::invalid_params("name", why)),
            Err(why @ NotReleased::Free(_)) => Err(Refusal::refused(&why.to_string())),
        }
    }

    /// Who waits outside, and for how long.
    fn penalties(&self) -> Outcome {
        let penalties = self.admission.penalties().into_iter();
        let penalties: Vec<_> = penalties
            .map(
                |(source, left)| json!({ "source": source.to_string(), "seconds": left.as_secs() }),
            )
            .collect();
        result(&penalties)
    }

    /// Nobody waits outside any more, or one source.
    fn forgive(&self, asked: &Forgive) -> Outcome {
        let cleared = self.admission.forgive(asked.address);
        let mut event = SecurityEvent::new(EventKind::PenaltiesCleared).count(cleared as u64);
        event.address = asked.address;
        self.log.record(event.reason("asked by the administrator"));
        result(&json!({ "cleared": cleared }))
    }

    /// What lies in the directories is taken up now, in place of after half a minute, though nothing was heard of it.
    async fn reload(&self) -> Outcome {
        self.tokens.reload();
        let done = timeout(RELOAD_PATIENCE, self.plugins.compare())
            .await
            .is_ok();
        result(&json!({ "done": done }))
    }
}

fn read<T: DeserializeOwned>(params: &Map<String, Value>) -> Result<T, Refusal> {
    serde_json::from_value(Value::Object(params.clone()))
        .map_err(|error| Refusal::invalid_params("params", error))
}

/// Params for the log, which takes whole tokens out of what it is given; what is shorter fits no schema but that of an id.
fn about(params: &Map<String, Value>) -> String {
    match params.is_empty() {
        true => "asked".to_owned(),
        false => format!("asked with {}", Value::Object(params.clone())),
    }
}

fn second(time: Timestamp) -> Value {
    format!("{time:.0}").into()
}

fn whole_millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
