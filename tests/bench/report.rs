//! The figures as a table for people, and whole, as JSON in `target/bench`.

use std::fs;
use std::path::Path;

use serde_json::{Map, Value, json};
use slewgate_sky::{Clock, SystemClock};

use crate::blocks::{Blocks, quantile};
use crate::component::Call;
use crate::echo;
use crate::gap::Gap;
use crate::isolation::Isolation;
use crate::machine;
use crate::path::{Figures, JUDGED, LOADS, Subject};
use crate::reload::Reload;
use crate::stop::Delays;

/// The first goal: the median round trip is at most this many times that of the echo of messages, or adds at most so many
/// microseconds to it.
const GOAL: (f64, f64) = (1.25, 10.0);

/// Of a stop under load: milliseconds from its sending to the wire, of 99 in 100.
const STOP_GOAL: f64 = 5.0;

/// Of a line: milliseconds from an exchange's reply to the next request that waits, of the middle one.
const GAP_GOAL: f64 = 0.5;

/// From a written file to the version that serves, in milliseconds.
const RELOAD_GOAL: f64 = 500.0;

/// Of requests while a large component is compiled: 99 in 100 take at most so many times what they take while all is quiet, and so
/// many milliseconds.
const COMPILING_GOAL: (f64, f64) = (2.0, 5.0);

/// What eight plugins whose compiled code is kept add to a start, in milliseconds.
const START_GOAL: f64 = 500.0;

/// Of a loop without an end: milliseconds of its computing budget, and until its client has the error, in 99 of 100.
const ENDING_GOAL: (f64, f64) = (50.0, 20.0);

/// Of others' calls meanwhile: 99 in 100 take at most so many times what they take while all is quiet, or so many milliseconds.
const OTHERS_GOAL: (f64, f64) = (2.0, 5.0);

/// Figures of one run.
pub(crate) struct Report(Value);

impl Report {
    pub(crate) fn begin() -> Report {
        let mut report = machine::describe();
        report["load"] = json!({ "before": machine::load() });
        Report(report)
    }

    /// Says whether the goal is met, if that is to be judged.
    pub(crate) fn path(&mut self, subjects: &[Subject], judged: bool) {
        for subject in subjects {
            println!("{:<10} {}", subject.name, subject.what);
        }
        let Some(echo) = subjects
            .iter()
            .find(|subject| subject.name == echo::WEBSOCKET)
        else {
            return;
        };
        for (number, load) in LOADS.iter().enumerate() {
            println!(
                "\n{:<15} {:>8} {:>8} {:>24} {:>24} {:>11} {:>10}",
                load.name,
                "p50 µs",
                "p99 µs",
                "x websocket",
                "more than it, µs",
                "cpu µs/msg",
                "msg/s"
            );
            let base = &echo.loads[number];
            for subject in subjects {
                println!("{:<15} {}", subject.name, row(&subject.loads[number], base));
            }
        }
        if judged {
            println!();
            for subject in subjects
                .iter()
                .filter(|subject| subject.name != echo::TCP && subject.name != echo::WEBSOCKET)
            {
                for load in JUDGED {
                    let verdict = verdict(subject.name, &subject.loads[load], &echo.loads[load]);
                    println!("{}: {verdict}", LOADS[load].name);
                }
            }
        }
        let paths = subjects
            .iter()
            .map(|subject| (subject.name.to_owned(), loads(subject)));
        self.0["path"] = paths.collect::<Map<_, _>>().into();
    }

    pub(crate) fn component(&mut self, calls: &[Call]) {
        println!(
            "\n{:<25} {:>8} {:>8}",
            "call of a plugin", "p50 µs", "p99 µs"
        );
        for call in calls {
            println!(
                "{:<25} {:>8.1} {:>8.1}",
                call.name,
                call.p50.median(),
                call.p99.median()
            );
        }
        let calls = calls.iter().map(|call| {
            let figures = json!({ "p50_us": call.p50.json(), "p99_us": call.p99.json() });
            (call.name.clone(), figures)
        });
        self.0["component"] = calls.collect::<Map<_, _>>().into();
    }

    /// Says whether the goal is met, if that is to be judged.
    pub(crate) fn stop(&mut self, delays: &Delays, judged: bool) {
        println!(
            "\n{:<25} {:>8} {:>8} {:>10}",
            "a stop, to the wire", "p50 µs", "p99 µs", "longest µs"
        );
        let parts = [("quiet", &delays.quiet), ("under load", &delays.crowded)];
        for (name, delay) in parts {
            println!("{name:<25} {}", columns(|part| delay.of_all(part), 1));
        }
        let times = |part| delays.crowded.of_all(part) / delays.quiet.of_all(part);
        println!("{:<25} {}", "under load / quiet", columns(times, 2));
        let p50 = delays
            .crowded
            .p50
            .with(&delays.quiet.p50, |crowded, quiet| crowded / quiet);
        println!("{:<25} {}", "p50, block by block", spread(&p50, 2));
        if judged {
            let p99 = delays.crowded.of_all(0.99) / 1e3;
            println!(
                "p99 of a stop under load: {p99:.2} ms; the goal, {STOP_GOAL} ms, is {}",
                met(p99 <= STOP_GOAL)
            );
        }
        let parts = parts.map(|(name, delay)| (name.to_owned(), delay.json()));
        self.0["stop"] = parts.into_iter().collect::<Map<_, _>>().into();
    }

    /// Says whether the goal is met, if that is to be judged.
    pub(crate) fn gap(&mut self, gap: &Gap, judged: bool) {
        println!("\n{:<25} {:>24} {:>24}", "a busy line", "p50 µs", "p99 µs");
        println!(
            "{:<25} {:>24} {:>24}",
            "request to next request",
            spread(&gap.p50, 1),
            spread(&gap.p99, 1)
        );
        if judged {
            let median = gap.p50.median() / 1e3;
            println!(
                "median gap, the mount's answer included: {median:.3} ms; the goal, {GAP_GOAL} ms, is {}",
                met(median <= GAP_GOAL)
            );
        }
        self.0["gap"] = json!({ "p50_us": gap.p50.json(), "p99_us": gap.p99.json() });
    }

    /// Says whether the goals are met, if that is to be judged.
    pub(crate) fn reload(&mut self, reload: &Reload, judged: bool) {
        println!("\n{:<25} {:>24}", "a new version, a start", "ms");
        let more = reload
            .loaded
            .with(&reload.bare, |loaded, bare| loaded - bare);
        let rows = [
            ("written to serving", &reload.serves),
            ("start, no plugin", &reload.bare),
            ("start, 8 plugins more", &more),
        ];
        for (name, blocks) in rows {
            println!("{name:<25} {:>24}", spread(blocks, 0));
        }
        let is_large = reload.compiling.median().is_finite();
        if is_large {
            let rows = [
                ("13 MB written to serving", &reload.compiled),
                ("p99 of requests, quiet", &reload.quiet),
                ("p99 meanwhile", &reload.compiling),
            ];
            for (name, blocks) in rows {
                println!("{name:<25} {:>24}", spread(blocks, 1));
            }
        }
        if judged && is_large {
            let (quiet, meanwhile) = (reload.quiet.median(), reload.compiling.median());
            let (times, more) = COMPILING_GOAL;
            println!(
                "p99 while 13 MB are compiled: {meanwhile:.1} ms; the goal, {times} times quiet and {more} ms, is {}",
                met(meanwhile <= times * quiet + more)
            );
        }
        if judged {
            let (serves, more) = (reload.serves.median(), more.median());
            println!(
                "a new version serves after {serves:.0} ms; the goal, {RELOAD_GOAL} ms, is {}",
                met(serves <= RELOAD_GOAL)
            );
            println!(
                "a start with 8 plugins takes {more:.0} ms more; the goal, {START_GOAL} ms, is {}",
                met(more <= START_GOAL)
            );
        }
        self.0["reload"] = json!({
            "serves_ms": reload.serves.json(),
            "large_serves_ms": reload.compiled.json(),
            "quiet_p99_ms": reload.quiet.json(),
            "compiling_p99_ms": reload.compiling.json(),
            "start_ms": reload.bare.json(),
            "start_with_plugins_ms": reload.loaded.json(),
        });
    }

    /// Says whether the goals are met, if that is to be judged.
    pub(crate) fn isolation(&mut self, figures: &Isolation, judged: bool) {
        println!(
            "\n{:<25} {:>8} {:>8} {:>10}",
            "a plugin that loops", "p50 ms", "p99 ms", "longest ms"
        );
        let ended = |part| quantile(&figures.ended, part);
        let crowded = |part| quantile(&figures.ended_crowded, part);
        println!("{:<25} {}", "its client has the error", columns(ended, 1));
        println!("{:<25} {}", "in a crowd", columns(crowded, 1));
        let parts = [("quiet", &figures.quiet), ("meanwhile", &figures.meanwhile)];
        for (name, p99) in parts {
            println!("p99 of others, {name:<10} {:>24}", spread(p99, 2));
        }
        if judged {
            let (budget, added) = ENDING_GOAL;
            let (ended, most) = (ended(0.99), budget + added);
            println!(
                "99 in 100 loops are answered within {ended:.1} ms; the goal, a budget of {budget} ms and {added} ms, is {}",
                met(ended <= most)
            );
            let (quiet, meanwhile) = (figures.quiet.median(), figures.meanwhile.median());
            let (times, least) = OTHERS_GOAL;
            println!(
                "others' p99 meanwhile: {meanwhile:.2} ms; the goal, {times} times quiet or {least} ms, is {}",
                met(meanwhile <= (times * quiet).max(least))
            );
        }
        self.0["isolation"] = figures.json();
    }

    /// Writes all figures of all blocks.
    pub(crate) fn keep(mut self) -> anyhow::Result<()> {
        self.0["load"]["after"] = machine::load().into();
        let milliseconds = SystemClock.now();
        let program = slewgate_tests::program();
        let target = program.ancestors().nth(2).unwrap_or(Path::new("target"));
        let folder = target.join("bench");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{milliseconds:.0}.json"));
        let report = &self.0;
        fs::write(&file, format!("{report:#}\n"))?;
        println!(
            "\n{}, commit {}, load {}\n{}",
            self.0["machine"]["processor"].as_str().unwrap_or_default(),
            self.0["commit"].as_str().unwrap_or_default(),
            self.0["load"]["before"].as_str().unwrap_or_default(),
            file.display()
        );
        Ok(())
    }
}

fn row(figures: &Figures, base: &Figures) -> String {
    let times = figures.p50.with(&base.p50, |one, base| one / base);
    let more = figures.p50.with(&base.p50, |one, base| one - base);
    format!(
        "{:>8.1} {:>8.1} {:>24} {:>24} {:>11.1} {:>10.0}",
        figures.p50.median(),
        figures.p99.median(),
        spread(&times, 2),
        spread(&more, 1),
        figures.processor.median(),
        figures.throughput.median()
    )
}

/// The middle one, that of 99 in 100, and the longest.
fn columns(figure: impl Fn(f64) -> f64, digits: usize) -> String {
    let [p50, p99, longest] = [0.5, 0.99, 1.0].map(figure);
    format!("{p50:>8.digits$} {p99:>8.digits$} {longest:>10.digits$}")
}

fn met(met: bool) -> &'static str {
    match met {
        true => "met",
        false => "missed",
    }
}

/// The median, and between what half of the blocks lie.
fn spread(blocks: &Blocks, digits: usize) -> String {
    let (low, high) = blocks.spread();
    format!(
        "{:.digits$} ({low:.digits$} to {high:.digits$})",
        blocks.median()
    )
}

/// By the middle block, and by the block that three quarters of them are no worse than.
fn verdict(name: &str, figures: &Figures, base: &Figures) -> String {
    let times = figures.p50.with(&base.p50, |one, base| one / base);
    let more = figures.p50.with(&base.p50, |one, base| one - base);
    let (most, added) = GOAL;
    let meets = |times: f64, more: f64| times <= most || more <= added;
    let met = match (
        meets(times.median(), more.median()),
        meets(times.spread().1, more.spread().1),
    ) {
        (true, true) => "met",
        (true, false) => "met by the middle block, and not by a quarter of them",
        (false, _) => "missed",
    };
    format!(
        "{name}: {:.2} times the echo's round trip, {:.1} µs more; the goal, {most} times or {added} µs more, is {met}",
        times.median(),
        more.median()
    )
}

fn loads(subject: &Subject) -> Value {
    let loads = LOADS.iter().zip(&subject.loads).map(|(load, figures)| {
        let figures = json!({
            "p50_us": figures.p50.json(),
            "p99_us": figures.p99.json(),
            "processor_us": figures.processor.json(),
            "per_second": figures.throughput.json(),
        });
        (load.name.to_owned(), figures)
    });
    Value::Object(loads.collect())
}
