//! Following the chain from the first line to the last.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::chain::{Link, Place};
use super::files::{self, FullFile, LONGEST_LINE};
use super::head::Head;
use crate::platform;

/// What following the chain showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Lines that were looked at.
    pub lines: u64,
    /// Files that they are in.
    pub files: usize,
    /// The sequence of the first one: more than 1 where older files were dropped because they are too many.
    pub first: u64,
    /// The last one.
    pub last: Link,
    /// What `log.head` says.
    pub head: Option<Head>,
}

/// The first thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{}:{line}: {fault}", .file.display())]
pub struct Finding {
    /// The file.
    pub file: PathBuf,
    /// The line in it, from 1.
    pub line: u64,
    /// What is wrong there.
    pub fault: Fault,
}

/// What can be wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Fault {
    /// It is none that this log wrote.
    #[error("this is no line of the log: it was changed, or added")]
    Foreign,
    /// It is not what the next one refers to.
    #[error("this line was changed: the next one refers to another text")]
    Changed,
    /// The next one refers to another text, and was changed itself perhaps: nothing refers to that either.
    #[error("this line was changed, or the next one, which refers to another text")]
    ChangedOrNext,
    /// It is the first of a log, and refers to one before.
    #[error("this line was changed: it is the first of the log, and refers to one before")]
    NotFirst,
    /// Lines are missing before it.
    #[error("lines {first} to {last} of the log are missing before this one")]
    Missing {
        /// The sequence of the first.
        first: u64,
        /// The sequence of the last.
        last: u64,
    },
    /// A line that should be here is elsewhere.
    #[error("line {sequence} of the log should be here, and is at {}:{line}", .file.display())]
    Moved {
        /// The sequence of the line.
        sequence: u64,
        /// Where it is.
        file: PathBuf,
        /// The line there.
        line: u64,
    },
    /// Its place in the log is one that was there before.
    #[error(
        "this is line {sequence} of the log, which belongs before this place: it was moved here, or copied"
    )]
    Again {
        /// Its sequence.
        sequence: u64,
    },
    /// Lines are missing after it.
    #[error(
        "the log went up to line {last}, as log.head or you say, and ends here: the lines after this one were removed"
    )]
    CutOff {
        /// The sequence of the last.
        last: u64,
    },
    /// The whole log was written anew.
    #[error(
        "log.head, or you, say that line {sequence} of the log was another one: this and what leads to it was written anew"
    )]
    Rewritten {
        /// Its sequence.
        sequence: u64,
    },
}

/// Why a log cannot be called whole.
#[derive(Debug, Error)]
pub enum Unverified {
    /// A file cannot be read.
    #[error("cannot read {}: {error}", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    /// There is nothing, and nothing says that there was.
    #[error("there is no security log at {}", .0.display())]
    NoLog(PathBuf),
    /// Something is wrong.
    #[error(transparent)]
    Found(#[from] Finding),
}

/// Follows the log whose newest file is at `path`, full files beside it included. Where somebody kept what the log's head was, in the
/// system's journal for example, that is held against it too.
///
/// # Errors
/// The first thing that is wrong.
pub fn verify(path: &Path, known: Option<Link>) -> Result<Verified, Unverified> {
    // Before the lines: there may be more of them by then, and never fewer.
    let head = Head::read(path).map_err(unreadable(&files::head(path)))?;
    let full = files::all_full(path).map_err(unreadable(path))?;
    let newest = path.exists().then(|| path.to_owned());
    let paths: Vec<_> = full
        .into_iter()
        .map(|FullFile { path, .. }| path)
        .chain(newest)
        .collect();
    let held: Vec<_> = head.iter().map(|head| head.last).chain(known).collect();
    let furthest = held.iter().map(|held| held.sequence).max();
    // One that is known to have had lines is cut off before the first of them.
    if paths.is_empty() && furthest.is_none_or(|furthest| furthest == 0) {
        return Err(Unverified::NoLog(path.to_owned()));
    }
    let files = paths.len();
    let mut lines = Lines::of(paths).peekable();
    let mut ends: Option<(Line, Line)> = None;
    let mut count = 0;
    while let Some(line) = lines.next() {
        let line = line?;
        count += 1;
        let wrong = match &ends {
            None => first(&line, head.as_ref()),
            Some((_, before)) => following(before, &line, &mut lines)?,
        };
        let wrong = match wrong {
            None => against(&held, &line, &mut lines)?,
            wrong => wrong,
        };
        if let Some(finding) = wrong {
            return Err(finding.into());
        }
        let first = ends.map_or_else(|| line.clone(), |(first, _)| first);
        ends = Some((first, line));
    }
    let last = ends.as_ref().map_or(Link::NONE, |(_, last)| last.link());
    if let Some(furthest) = furthest.filter(|&furthest| furthest > last.sequence) {
        let at = ends.map_or_else(|| Line::before_all(path), |(_, last)| last);
        return Err(at.finding(Fault::CutOff { last: furthest }).into());
    }
    Ok(Verified {
        lines: count,
        files,
        first: ends.map_or(0, |(first, _)| first.link().sequence),
        last,
        head,
    })
}

type Peekable = std::iter::Peekable<Lines>;

/// What is wrong with the first line.
fn first(line: &Line, head: Option<&Head>) -> Option<Finding> {
    let Some((link, place)) = &line.read else {
        return Some(line.finding(Fault::Foreign));
    };
    let kept = head.map_or(link.sequence, |head| head.first);
    if link.sequence > kept {
        let last = link.sequence - 1;
        return Some(line.finding(Fault::Missing { first: kept, last }));
    }
    let begins = link.sequence > 1 || place.previous == Link::NONE.digest.to_string();
    (!begins).then(|| line.finding(Fault::NotFirst))
}

/// What is wrong with a line, or with the one before, where those do not belong together.
fn following(
    before: &Line,
    line: &Line,
    rest: &mut Peekable,
) -> Result<Option<Finding>, Unverified> {
    let Some((link, place)) = &line.read else {
        return Ok(Some(line.finding(Fault::Foreign)));
    };
    let last = before.link();
    let expected = last.sequence + 1;
    if link.sequence < expected {
        let sequence = link.sequence;
        return Ok(Some(line.finding(Fault::Again { sequence })));
    }
    if link.sequence > expected {
        let (first, last) = (expected, link.sequence - 1);
        let elsewhere = rest
            .filter_map(Result::ok)
            .find(|line| line.link().sequence == expected);
        let fault = match elsewhere {
            None => Fault::Missing { first, last },
            Some(Line { file, number, .. }) => Fault::Moved {
                sequence: expected,
                file,
                line: number,
            },
        };
        return Ok(Some(line.finding(fault)));
    }
    if place.previous == last.digest.to_string() {
        return Ok(None);
    }
    // A line that the next one refers to is as it was.
    Ok(Some(before.finding(match refers(line, rest)? {
        true => Fault::Changed,
        false => Fault::ChangedOrNext,
    })))
}

/// What is wrong with a line where it is known from elsewhere what it was.
fn against(held: &[Link], line: &Line, rest: &mut Peekable) -> Result<Option<Finding>, Unverified> {
    let link = line.link();
    let mut same = held.iter().filter(|held| held.sequence == link.sequence);
    if same.all(|held| held.digest == link.digest) {
        return Ok(None);
    }
    let sequence = link.sequence;
    Ok(Some(line.finding(match refers(line, rest)? {
        true => Fault::Rewritten { sequence },
        false => Fault::Changed,
    })))
}

/// Whether the next line refers to this one.
fn refers(line: &Line, rest: &mut Peekable) -> Result<bool, Unverified> {
    if let Some(Err(error)) = rest.next_if(Result::is_err) {
        return Err(error);
    }
    let digest = line.link().digest.to_string();
    let next = rest.peek().and_then(|next| next.as_ref().ok());
    let next = next.and_then(|next| next.read.as_ref());
    Ok(next.is_some_and(|(_, place)| place.previous == digest))
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> Unverified {
    let path = path.to_owned();
    move |error| Unverified::Unreadable { path, error }
}

/// One line, and where it stands.
#[derive(Clone)]
struct Line {
    file: PathBuf,
    number: u64,
    read: Option<(Link, Place)>,
}

impl Line {
    fn before_all(path: &Path) -> Self {
        Self {
            file: path.to_owned(),
            number: 0,
            read: None,
        }
    }

    fn link(&self) -> Link {
        self.read.as_ref().map_or(Link::NONE, |(link, _)| *link)
    }

    fn finding(&self, fault: Fault) -> Finding {
        Finding {
            file: self.file.clone(),
            line: self.number,
            fault,
        }
    }
}

/// All whole lines of these files, in their order. What a file ends with while it is written is none.
struct Lines {
    rest: std::vec::IntoIter<PathBuf>,
    open: Option<(PathBuf, BufReader<File>, u64)>,
}

impl Lines {
    fn of(paths: Vec<PathBuf>) -> Self {
        Self {
            rest: paths.into_iter(),
            open: None,
        }
    }

    fn read(&mut self) -> Result<Option<Line>, Unverified> {
        loop {
            let Some((path, file, number)) = &mut self.open else {
                let Some(path) = self.rest.next() else {
                    return Ok(None);
                };
                let file = platform::open_at_once(&path).map_err(unreadable(&path))?;
                self.open = Some((path, BufReader::new(file), 0));
                continue;
            };
            let mut text = Vec::new();
            file.by_ref()
                .take(LONGEST_LINE)
                .read_until(b'\n', &mut text)
                .map_err(unreadable(path))?;
            *number += 1;
            let cut_short = text.len() as u64 == LONGEST_LINE;
            match text.strip_suffix(b"\n") {
                None if !cut_short => self.open = None,
                line => {
                    return Ok(Some(Line {
                        file: path.clone(),
                        number: *number,
                        read: line.and_then(Link::of),
                    }));
                }
            }
        }
    }
}

impl Iterator for Lines {
    type Item = Result<Line, Unverified>;

    fn next(&mut self) -> Option<Self::Item> {
        self.read().transpose()
    }
}
