//! How far a candidate is, is told step by step.

use super::*;

const OBSERVER: &str = "policies/observer.wasm";

#[tokio::test]
async fn each_step_of_a_swap_is_told_before_what_came_of_it() {
    let world = World::with(&[(OBSERVER, "good: 0")]).await;
    let mut events = world.reload.events();
    world.write(OBSERVER, "good: 1");
    let mut steps = Vec::new();
    let published = loop {
        let event = timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
        if event.what != What::Step {
            break event;
        }
        assert_eq!(event.plugin.generation, Some(1), "the old one serves");
        steps.push(event.plugin.attempt.unwrap());
    };
    assert_eq!(published.what, What::Published);
    assert_eq!(published.plugin.attempt, None);
    let stages: Vec<_> = steps.iter().map(|step| step.stage).collect();
    assert_eq!(stages, [Stage::Detected, Stage::Trust, Stage::Parse]);
    assert_eq!((&steps[0].digest, steps[0].generation), (&None, None));
    assert_eq!(steps[1].digest, published.plugin.digest);
    assert_eq!(steps[2].generation, published.plugin.generation);
}

#[tokio::test]
async fn while_a_candidate_is_loaded_the_report_says_how_far_it_is() {
    let loader = Text::gated(1);
    let home = home(&[(OBSERVER, "good: 0")]);
    let world = World::start(home, loader, Configuration::default(), NEVER).await;
    world.write(OBSERVER, "bad");
    let is_parsed = |plugin: &PluginReport| {
        let attempt = plugin.attempt.as_ref();
        attempt.is_some_and(|attempt| attempt.stage == Stage::Parse)
    };
    let report = world.reported("observer", is_parsed).await;
    assert_eq!(report.state, PluginState::Serving);
    assert_eq!(report.candidate, None, "nothing failed yet");
    world.loader.gate.add_permits(1);
    let failed = |plugin: &PluginReport| plugin.candidate.is_some();
    let report = world.reported("observer", failed).await;
    assert_eq!(report.attempt, None);
}

#[tokio::test]
async fn a_file_that_is_written_again_as_it_was_is_no_step_on_the_way() {
    let world = World::with(&[(OBSERVER, "good: 0")]).await;
    let mut events = world.reload.events();
    world.write(OBSERVER, "good: 0");
    let detected = timeout(DEADLINE, events.recv()).await.unwrap().unwrap();
    let attempt = detected.plugin.attempt.unwrap();
    assert_eq!(attempt.stage, Stage::Detected);
    let over = |plugin: &PluginReport| plugin.attempt.is_none();
    world.reported("observer", over).await;
    assert!(events.is_empty(), "it is what serves");
}
