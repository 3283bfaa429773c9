//! Policies are asked that are written as text: they allow what they are told to, or do not answer.

use std::collections::{BTreeMap, BTreeSet};

use slewgate_sky::{Sky, SystemClock};
use wasmtime::component::{Component, Linker};

use super::*;
use crate::bindings::policy::PermissionPolicyPre;
use crate::engine::{Engine, EngineSettings};
use crate::limits::{Limits, QuarantineSettings};
use crate::policy::{Policy, PolicyWorld};
use crate::surroundings::Surroundings;

/// What the policies are asked about, the longest last.
const METHODS: [&str; 3] = ["look", "watch", "observe"];

/// Their answers, as the body of `authorize`: the method's length is its tenth parameter, and at 8 lies a denial.
const DENIES: &str = "i32.const 8";
const ALLOWS: &str = "i32.const 0";
const ALLOWS_LOOK: &str =
    "(select (i32.const 0) (i32.const 8) (i32.eq (local.get 9) (i32.const 4)))";
const ANSWERS_LOOK: &str =
    "(if (i32.ne (local.get 9) (i32.const 4)) (then unreachable)) i32.const 0";
const TRAPS: &str = "unreachable";

/// Policies of one engine, for visitors.
struct House {
    engine: Engine,
    surroundings: Surroundings,
    matrix: Matrix,
}

impl House {
    /// Whose host knows what this file has of before.
    async fn keeping(kept: Option<PathBuf>) -> House {
        let clock: SharedClock = Arc::new(SystemClock);
        let own = METHODS.map(|method| Question {
            method: method.to_owned(),
            effect: Effect::Observe,
            params: Map::new(),
        });
        House {
            engine: Engine::new(&EngineSettings::default()).unwrap(),
            surroundings: Surroundings {
                clock: Arc::clone(&clock),
                sky: Arc::new(Sky::new(0.0)),
                site: None,
                solar_filter: false,
            },
            matrix: Matrix::open(own.to_vec(), clock, kept).await,
        }
    }

    /// A version of the visitors' policy with this answer serves: what it allows that was not allowed before.
    async fn serves(&mut self, version: u64, answer: &str) -> Vec<String> {
        let policy = self.policy(version, answer).await;
        let policies = BTreeMap::from([("visitor".to_owned(), policy)]);
        self.renew(policies).await
    }

    async fn renew(&mut self, policies: BTreeMap<String, Arc<Policy>>) -> Vec<String> {
        let handlers = BTreeMap::new();
        let snapshot = Snapshot::new(
            1,
            handlers,
            policies,
            BTreeSet::new(),
            self.surroundings.clone(),
        );
        let widened = self.matrix.renew(&snapshot).await;
        let kept = self.matrix.ledger.allowed();
        self.matrix.kept.keep(kept).await;
        widened.into_iter().flat_map(|(_, widens)| widens).collect()
    }

    async fn policy(&self, version: u64, answer: &str) -> Arc<Policy> {
        let wasm = self.engine.wasm();
        let component = Component::from_binary(wasm, &component(answer)).unwrap();
        let linked = Linker::new(wasm).instantiate_pre(&component).unwrap();
        let world = PolicyWorld {
            component: PermissionPolicyPre::new(linked).unwrap(),
            client_type: "visitor".to_owned(),
            surroundings: self.surroundings.clone(),
            settings: "{}".to_owned(),
        };
        let limits = Limits {
            quarantine: QuarantineSettings {
                failures: 2,
                apart: std::time::Duration::ZERO,
                ..QuarantineSettings::default()
            },
            ..Limits::policy()
        };
        let policy = Policy::probe(self.engine.clone(), version, limits, false, world);
        Arc::new(policy.await.unwrap())
    }
}

/// The policy of the check, which allows everything, with another answer.
fn component(answer: &str) -> Vec<u8> {
    let text = include_str!("../../../server/src/check/allow.wat");
    let (before, after) = text.rsplit_once("i32.const 0))").unwrap();
    let text = format!("{before}{answer}) (data (i32.const 8) \"\\01\"))\n{after}");
    wat::parse_str(text.replace("i32.const 16)", "i32.const 64)")).unwrap()
}

#[tokio::test]
async fn what_a_version_allows_beyond_the_one_before_is_told_once() {
    let mut house = House::keeping(None).await;
    assert!(house.serves(1, ALLOWS_LOOK).await.is_empty());
    let widens = house.serves(2, ALLOWS).await;
    assert_eq!(widens, [POINT_AT_THE_SUN, "observe", "watch"]);
    assert!(house.serves(3, ALLOWS).await.is_empty());
    assert!(house.serves(4, DENIES).await.is_empty());
}

#[tokio::test]
async fn a_policy_that_was_widened_while_the_host_was_down_is_told_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    let kept = Some(home.path().join("allowed.json"));
    let mut before = House::keeping(kept.clone()).await;
    assert!(before.serves(1, ALLOWS_LOOK).await.is_empty());
    let mut house = House::keeping(kept.clone()).await;
    let widens = house.serves(1, ALLOWS).await;
    assert_eq!(widens, [POINT_AT_THE_SUN, "observe", "watch"]);
    let mut after = House::keeping(kept).await;
    assert!(after.serves(1, ALLOWS).await.is_empty());
}

#[tokio::test]
async fn a_policy_that_fails_is_not_taken_for_one_that_denies() {
    let mut house = House::keeping(None).await;
    house.serves(1, ALLOWS).await;
    house.serves(2, TRAPS).await;
    assert!(house.serves(3, ALLOWS).await.is_empty(), "nothing widened");
    house.serves(4, DENIES).await;
    house.serves(5, TRAPS).await;
    assert_eq!(house.serves(6, ALLOWS).await.len(), METHODS.len() + 1);
}

#[tokio::test]
async fn a_policy_that_answers_something_is_believed_in_that_and_asked_again_for_the_rest() {
    let mut house = House::keeping(None).await;
    house.serves(1, DENIES).await;
    assert_eq!(house.matrix.ledger.next(), None);
    assert_eq!(house.serves(2, ANSWERS_LOOK).await, ["look"]);
    assert!(house.matrix.ledger.next().is_some());
    let said = house.matrix.ledger.again("visitor");
    assert_eq!(said, house.matrix.ledger.next());
}

#[tokio::test]
async fn a_quarantined_policy_is_asked_once_it_is_released() {
    let mut house = House::keeping(None).await;
    house.serves(1, DENIES).await;
    // It allows everything, and is quarantined for what somebody else asked it.
    let policy = house.policy(2, ANSWERS_LOOK).await;
    let client = crate::client::Client::new(1, "", "id", "visitor", "a visitor");
    let action = crate::snapshot::Action {
        method: "watch".to_owned(),
        effect: Effect::Move,
        params: Map::new(),
        counts: crate::table::StopCounts::default(),
        lease: None,
    };
    while policy.called().quarantined().is_none() {
        let asked = policy.authorize(&client, &action, "{}", Default::default());
        asked.await.unwrap_err();
    }
    let policies = || BTreeMap::from([("visitor".to_owned(), Arc::clone(&policy))]);
    assert!(house.renew(policies()).await.is_empty());
    assert!(policy.called().release());
    assert!(house.renew(policies()).await.is_empty(), "not yet");
    house.matrix.ledger.released("visitor", Instant::now());
    assert_eq!(house.renew(policies()).await, ["look"]);
}
