//! Does it find its hardware, and does it say how that is stopped?

use std::time::Duration;

use anyhow::Result;
use futures_util::StreamExt;
use futures_util::stream;
use slewgate_engine::{Attached, Attachment, Effect};

use super::Finding;
use super::bench::Bench;
use super::remedies::{LESS, ran_out};
use super::rig::Rig;
use super::trouble::{TROUBLES, Trouble};

/// Time for a few attempts, where nothing keeps the first from going well.
const ON_A_LINE_THAT_WORKS: Duration = Duration::from_secs(5);

const ATTACH: &str = "attach";
const STOPS: &str = "stops";

/// What it found where nothing is wrong; none: nothing, so that there is nothing more to ask it.
pub(super) async fn on_a_line_that_works(
    bench: &Bench,
    rig: &Rig,
) -> Result<(Option<Attachment>, Vec<Finding>)> {
    let found = match rig.found_within(ON_A_LINE_THAT_WORKS).await {
        Attached::To(found) => found,
        Attached::Failed(why) => return Ok((None, vec![no_hardware(bench, rig, &why)])),
        Attached::NotYet | Attached::Unloaded | Attached::Silent => {
            let why = "it does not answer".to_owned();
            return Ok((None, vec![no_hardware(bench, rig, &why)]));
        }
    };
    let mut findings = vec![Finding::passed(
        ATTACH,
        "",
        format!("it found {:?}", found.model),
    )];
    let handler = rig.handler()?;
    let unknown = found
        .lacks
        .iter()
        .filter(|lacks| !handler.commands().any(|command| command.verb == **lacks));
    findings.extend(unknown.map(|lacks| {
        Finding::noted(
            ATTACH,
            lacks,
            "`lacks` names a command that `describe` does not",
            "name commands as `describe` has them",
        )
    }));
    findings.extend(stops(bench, rig, &found)?);
    Ok((Some(found), findings))
}

fn no_hardware(bench: &Bench, rig: &Rig, why: &str) -> Finding {
    let unknown = rig.unknown();
    let (asked, given) = (rig.unknown_role(), bench.roles());
    let seen = format!(
        "it does not find its hardware: {why}{unknown}{}",
        asked_for(asked.as_deref(), &given)
    );
    Finding::failed(ATTACH, "", seen, to_find_it(why, asked.as_deref(), &given))
        .having_printed(rig.printed.take())
}

/// For which line, where it was not given that.
fn asked_for(asked: Option<&str>, given: &[&str]) -> String {
    match asked {
        None => String::new(),
        Some(asked) if given.is_empty() => format!("; it asks for {asked:?}, and no line is given"),
        Some(asked) => format!("; it asks for {asked:?}, and given is {}", given.join(", ")),
    }
}

fn to_find_it(why: &str, asked: Option<&str>, given: &[&str]) -> String {
    match asked {
        _ if ran_out(why) => format!("end `attach` within its budget: {LESS}"),
        Some(asked) if given.is_empty() => {
            format!("give its line: --line {asked}=simulator:lx200, or --line {asked}=script:FILE")
        }
        Some(asked) => format!("open a role that is given, or give this one: --line {asked}=script:FILE"),
        None if given.is_empty() => {
            "let `attach` succeed without a line, or give one: --line ROLE=simulator:lx200, or --line ROLE=script:FILE".to_owned()
        }
        None => "let `attach` succeed on the line that you gave, or give the one that it is for".to_owned(),
    }
}

/// What moves hardware says how the host stops it.
fn stops(bench: &Bench, rig: &Rig, found: &Attachment) -> Result<Vec<Finding>> {
    let handler = rig.handler()?;
    let moves = handler
        .commands()
        .find(|command| command.effect == Effect::Move);
    let said = found
        .stops
        .iter()
        .filter(|(_, stop)| !stop.exchanges.is_empty())
        .count();
    Ok(match moves {
        None => Vec::new(),
        Some(_) if said > 0 => {
            let seen = "`attach` says how the host stops what moves, with or without the plugin";
            vec![Finding::passed(STOPS, "", seen)]
        }
        Some(command) if bench.has_lines() => vec![Finding::failed(
            STOPS,
            "",
            format!("`{}` moves, and `attach` gives no stops", command.verb),
            "give `stops`: what stops everything on the line, at most 8 exchanges; the host sends it when the plugin is gone",
        )],
        Some(_) => Vec::new(),
    })
}

/// `attach` on lines that are in trouble from the beginning: once they are well it finds what it found on one that always was.
pub(super) async fn in_trouble(bench: &Bench, well: &Attachment) -> Result<Vec<Finding>> {
    let tries = TROUBLES
        .iter()
        .map(|trouble| Box::pin(one(bench, trouble, well)));
    let tried: Vec<_> = stream::iter(tries).buffered(TROUBLES.len()).collect().await;
    tried.into_iter().collect()
}

async fn one(bench: &Bench, trouble: &Trouble, well: &Attachment) -> Result<Finding> {
    let rig = bench.set_up(trouble.faults()?.first()).await?;
    let first = rig.attached().await;
    rig.recover();
    let part = trouble.name;
    Ok(match (first, rig.found().await) {
        (_, Attached::To(found)) if found == *well => {
            Finding::passed(part, ATTACH, "it finds its hardware once the line is well")
        }
        (_, Attached::To(found)) => Finding::noted(
            part,
            ATTACH,
            format!(
                "it took {:?} for the hardware, which is {:?}, or its `lacks` or `stops` for others",
                found.model, well.model
            ),
            "let `attach` fail with Failure::Hardware where an answer is none; it is tried again",
        ),
        (_, other) => Finding::failed(
            part,
            ATTACH,
            format!(
                "once the line is well it still does not find its hardware: {}",
                why(&other)
            ),
            "keep nothing of an `attach` that failed: it is called again and has to begin anew",
        ),
    })
}

fn why(attached: &Attached) -> &str {
    match attached {
        Attached::Failed(why) => why,
        Attached::NotYet | Attached::Unloaded => "`attach` did not end",
        Attached::Silent | Attached::To(_) => "it does not answer",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_it_asks_for_in_vain_is_named_with_those_that_there_are() {
        let asked = Some("prt");
        assert_eq!(
            asked_for(asked, &["port"]),
            "; it asks for \"prt\", and given is port"
        );
        assert!(to_find_it("", asked, &["port"]).contains("open a role that is given"));
        assert!(to_find_it("", asked, &[]).contains("--line prt=simulator:lx200"));
        assert_eq!(asked_for(None, &["port"]), "");
    }

    #[test]
    fn an_attach_that_loops_is_told_to_end() {
        let remedy = to_find_it("computed for more than 50 ms", None, &["port"]);
        assert!(remedy.starts_with("end `attach`"), "{remedy}");
    }
}
