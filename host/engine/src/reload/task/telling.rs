//! What became of a plugin is put in force, and then told.

use super::super::loader::Loader;
use super::super::report::{AttemptReport, PluginEvent, PluginReport, PluginState, What};
use super::super::shelf::Serving;
use super::super::slot::Slot;
use super::super::steps::Step;
use super::Task;

impl<L, P> Task<L, P>
where
    L: Loader,
    P: FnMut(Serving<L::Loaded>) + Send + 'static,
{
    /// What serves is put in force before anybody hears of it.
    pub(super) fn put_in_force(&mut self, news: Vec<PluginEvent>) {
        let is_over = |slot: &Slot| !self.busy.contains_key(slot);
        if news.iter().any(PluginEvent::serves_other) || self.loading.iter().flatten().any(is_over)
        {
            self.publish();
        }
        for event in news {
            self.tell(event);
        }
    }

    pub(super) fn publish(&mut self) {
        let since_the_start = |slot: &&Slot| match &self.loading {
            Some(loading) => loading.contains(*slot),
            None => true,
        };
        let serving = self.shelf.next(self.busy.keys().filter(since_the_start));
        self.loading = Some(serving.loading.clone());
        (self.publish)(serving);
        self.drain_replaced();
        self.reports.send_replace(self.shelf.reports());
    }

    /// Log, clients and reports hear of it.
    pub(super) fn tell(&mut self, event: PluginEvent) {
        let PluginReport {
            name,
            kind,
            generation,
            digest,
            candidate,
            ..
        } = &event.plugin;
        let (generation, digest) = (generation.unwrap_or(0), digest.as_deref().unwrap_or("none"));
        match (event.what, candidate) {
            (What::Failed, Some(failed)) if event.plugin.state != PluginState::Serving => {
                tracing::error!(%kind, name, stage = %failed.stage, cause = failed.cause,
                    "the component cannot serve, and nothing else does in its place");
            }
            (What::RolledBack, Some(failed)) => {
                tracing::error!(%kind, name, cause = failed.cause, taken_back = failed.digest.as_deref(), generation, digest,
                    "the version before serves again");
            }
            (What::Failed, Some(failed)) if event.plugin.earlier => {
                tracing::error!(%kind, name, stage = %failed.stage, cause = failed.cause, generation, digest,
                    "the component cannot serve; what served well before the start does in its place");
            }
            (What::Failed, Some(failed)) => {
                tracing::warn!(%kind, name, stage = %failed.stage, cause = failed.cause, generation, digest,
                    "the new component cannot serve; what served goes on");
            }
            (What::Step, _) => {
                let attempt = event.plugin.attempt.as_ref();
                let stage = attempt.map_or("none", |attempt| attempt.stage.as_str());
                let candidate = attempt.and_then(|attempt| attempt.digest.as_deref());
                tracing::debug!(%kind, name, stage, candidate, "a step");
            }
            (what, _) => tracing::info!(%kind, name, ?what, generation, digest, "plugin"),
        }
        self.reports.send_replace(self.shelf.reports());
        // Nobody listens: then nobody misses it.
        _ = self.events.send(event);
    }

    /// An attempt, or what comes before one, is a step further.
    pub(super) fn tell_step(&mut self, step: Step) {
        let under_way = self.busy.get(&step.slot).map(|busy| busy.attempt.id());
        if step.attempt.is_some() && step.attempt != under_way {
            return;
        }
        let attempt = AttemptReport {
            digest: step.digest.map(|digest| digest.to_string()),
            generation: step.generation,
            stage: step.stage,
            at: self.clock.now(),
        };
        let news = self.shelf.step(&step.slot, attempt);
        self.tell(news);
    }

    /// What came of an attempt is told after its steps.
    pub(super) fn tell_steps(&mut self) {
        while let Ok(step) = self.steps.try_recv() {
            self.tell_step(step);
        }
    }

    pub(super) fn tell_waiting(&mut self) {
        if self.busy.is_empty() && self.settling.is_empty() {
            for done in self.waiting.drain(..) {
                // Who asked has left.
                _ = done.send(());
            }
        }
    }
}
