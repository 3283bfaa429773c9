//! A client of a host with a mount, which sees both ends.

use serde_json::{Value, json};
use slewgate_simulator::Dialect;
use slewgate_tests::{Client, Observatory, PATIENCE, Setup};

/// A host with a mount, and a client that hears of its motions.
pub(crate) struct Session {
    pub(crate) observatory: Observatory,
    pub(crate) client: Client,
    /// The frames that were looked at.
    seen: u64,
}

impl Session {
    pub(crate) async fn start(dialect: Dialect) -> Session {
        let observatory = Setup::default()
            .variable("REQUEST_LIMIT_PER_MINUTE", "100000")
            .own_mount_that_speaks(dialect)
            .below_the_horizon_too()
            .start();
        let mut client = observatory.client("telescope").await;
        // Samples come all the time, so that a motion which takes long is no silence.
        let topics = json!({ "topics": ["mount.motion", "mount.status"] });
        client.call("events.subscribe", topics).await.unwrap();
        Session {
            observatory,
            client,
            seen: 0,
        }
    }

    pub(crate) async fn call(&mut self, verb: &str, params: Value) -> Result<Value, Value> {
        self.client.call(&format!("mount.{verb}"), params).await
    }

    pub(crate) async fn does(&mut self, verb: &str, params: Value) -> Value {
        let outcome = self.call(verb, params.clone()).await;
        outcome.unwrap_or_else(|error| panic!("{verb} {params}: {error}"))
    }

    /// The reason for which the mount refuses.
    pub(crate) async fn refuses(&mut self, verb: &str, params: Value) -> String {
        let error = self.call(verb, params).await.unwrap_err();
        assert_eq!(error["code"], -32004, "{error}");
        error["data"]["reason"].as_str().unwrap().to_owned()
    }

    /// Begins a motion, and waits until it has done what it was to do.
    pub(crate) async fn completes(&mut self, verb: &str, params: Value) {
        let motion = self.does(verb, params).await["motion"].clone();
        let ended = self.end_of(&motion).await;
        assert_eq!(ended["why"], "done", "{verb}: {ended}");
    }

    pub(crate) async fn end_of(&mut self, motion: &Value) -> Value {
        loop {
            let event = self.client.event("mount.motion").await;
            let data = &event["data"];
            if data["motion"] == *motion && data["happening"] == "ended" {
                let ended = data.clone();
                self.client.forget("mount.status");
                return ended;
            }
        }
    }

    /// Waits for these bytes: an ending follows its news.
    pub(crate) fn receives(&self, request: &str) {
        let wire = self.observatory.mount().wire();
        let frame = wire.wait_for(
            |frame| frame.number > self.seen && frame.request == request,
            PATIENCE,
        );
        assert!(frame.is_some(), "no {request}");
    }

    /// The next status of which this is true: a sample may be half a second old.
    pub(crate) async fn status(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let event = self.client.event("mount.status").await;
            if wanted(&event["data"]) {
                return event["data"].clone();
            }
        }
    }

    /// What came over the line since this was asked last, of these verbs.
    pub(crate) fn told(&mut self, verbs: &[&str]) -> Vec<String> {
        let frames = self.observatory.mount().wire().frames();
        let seen = std::mem::replace(
            &mut self.seen,
            frames.last().map_or(0, |frame| frame.number),
        );
        let new = frames.into_iter().filter(|frame| frame.number > seen);
        let wanted = |request: &String| verbs.iter().any(|verb| request.starts_with(verb));
        new.map(|frame| frame.request).filter(wanted).collect()
    }
}
