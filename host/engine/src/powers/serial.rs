//! `serial.wit`: a plugin's view of the lines that it was granted. The bytes are moved by the line's owner.

use std::sync::atomic::Ordering;
use std::time::Duration;

use slewgate_serial::{Guard, Held, Line, LineError, MAX_REQUEST, Outcome};
use wasmtime::Error;
use wasmtime::component::Resource;

use super::{Guest, HandlerPowers};
use crate::bindings::serial::{ErrorCode, Exchange, Framing, Host, HostHeldLine, HostLine};
use crate::table::{is_lost, opening};

/// A line as a guest holds it.
#[expect(unreachable_pub, reason = "the generated bindings name it")]
pub struct GuestLine {
    line: Line,
    role: String,
    /// Which opening of its device it is for. What a call writes never goes on with another: half of an order means nothing to it.
    opened: Option<u64>,
}

/// A line that a guest keeps others off.
#[expect(unreachable_pub, reason = "the generated bindings name it")]
pub struct GuestHold(Option<Held>);

impl Guest<HandlerPowers> {
    /// Whether what this call writes on the line of `role` may still reach the wire.
    fn guard(&self, line: &GuestLine) -> Result<Guard, ErrorCode> {
        let duty = self.powers.duty.as_ref().ok_or(ErrorCode::NotGranted)?;
        let counts = duty.writes.as_ref();
        match counts.and_then(|counts| counts.of(&line.role)) {
            None => Ok(Guard::Read),
            Some(_) if is_lost(&line.line, line.opened) => Err(ErrorCode::Disconnected),
            Some(count) => Ok(Guard::Warranted(count, duty.warrant.clone())),
        }
    }

    /// What the plugin is told, and for the outcome that the client is told, whether bytes went out.
    fn answer<T>(&self, answer: Result<T, LineError>) -> Result<T, ErrorCode> {
        let nothing_written = answer
            .as_ref()
            .is_err_and(|error| error.outcome() == Outcome::NotStarted);
        if let Some(duty) = &self.powers.duty
            && !nothing_written
        {
            duty.deeds.wrote.store(true, Ordering::Relaxed);
        }
        answer.map_err(Into::into)
    }
}

impl Host for Guest<HandlerPowers> {}

impl HostLine for Guest<HandlerPowers> {
    async fn open(
        &mut self,
        role: String,
    ) -> wasmtime::Result<Result<Resource<GuestLine>, ErrorCode>> {
        let (table, duty) = (&self.powers.table, self.powers.duty.as_ref());
        let line = table.line(&role);
        if line.is_none() {
            table.note_unknown_role(&role);
        }
        let Some((duty, line)) = duty.zip(line) else {
            return Ok(Err(ErrorCode::NotGranted));
        };
        let line = line.on_behalf_of(format!("{} {}", table.name(), duty.call));
        let opened = opening(&line.state().borrow());
        let line = GuestLine { line, role, opened };
        Ok(Ok(self.handles.push(line)?))
    }

    async fn exchange(
        &mut self,
        line: Resource<GuestLine>,
        exchange: Exchange,
    ) -> wasmtime::Result<Result<Vec<u8>, ErrorCode>> {
        let line = self.handles.get(&line)?;
        let guard = match self.guard(line) {
            Ok(guard) => guard,
            Err(error) => return Ok(Err(error)),
        };
        let line = line.line.clone();
        let reply = line.exchange(checked(exchange)?, guard).await;
        Ok(self.answer(reply))
    }

    async fn hold(
        &mut self,
        line: Resource<GuestLine>,
        at_most: u32,
    ) -> wasmtime::Result<Result<Resource<GuestHold>, ErrorCode>> {
        let line = self.handles.get(&line)?;
        let guard = match self.guard(line) {
            Ok(guard) => guard,
            Err(error) => return Ok(Err(error)),
        };
        let line = line.line.clone();
        Ok(match line.hold(millis(at_most), guard).await {
            Ok(held) => Ok(self.handles.push(GuestHold(Some(held)))?),
            Err(error) => Err(error.into()),
        })
    }

    async fn drop(&mut self, line: Resource<GuestLine>) -> wasmtime::Result<()> {
        self.handles.delete(line)?;
        Ok(())
    }
}

impl HostHeldLine for Guest<HandlerPowers> {
    async fn exchange(
        &mut self,
        held: Resource<GuestHold>,
        exchange: Exchange,
    ) -> wasmtime::Result<Result<Vec<u8>, ErrorCode>> {
        let Some(held) = &self.handles.get(&held)?.0 else {
            return Ok(Err(ErrorCode::Expired));
        };
        let reply = held.exchange(checked(exchange)?).await;
        Ok(self.answer(reply))
    }

    async fn write(
        &mut self,
        held: Resource<GuestHold>,
        bytes: Vec<u8>,
    ) -> wasmtime::Result<Result<(), ErrorCode>> {
        let Some(held) = &self.handles.get(&held)?.0 else {
            return Ok(Err(ErrorCode::Expired));
        };
        bounded(&bytes)?;
        let written = held.write(bytes).await;
        Ok(self.answer(written))
    }

    async fn read(
        &mut self,
        held: Resource<GuestHold>,
        reply: Framing,
        timeout: u32,
    ) -> wasmtime::Result<Result<Vec<u8>, ErrorCode>> {
        let Some(held) = &self.handles.get(&held)?.0 else {
            return Ok(Err(ErrorCode::Expired));
        };
        Ok(held
            .read(reply.into(), millis(timeout))
            .await
            .map_err(Into::into))
    }

    async fn release(&mut self, held: Resource<GuestHold>) -> wasmtime::Result<()> {
        self.handles.get_mut(&held)?.0.take();
        Ok(())
    }

    async fn drop(&mut self, held: Resource<GuestHold>) -> wasmtime::Result<()> {
        self.handles.delete(held)?;
        Ok(())
    }
}

/// A request over its bound is a fault of the plugin, not of the line.
fn checked(exchange: Exchange) -> wasmtime::Result<slewgate_serial::Exchange> {
    bounded(&exchange.request)?;
    Ok(exchange.into())
}

fn bounded(request: &[u8]) -> wasmtime::Result<()> {
    if request.len() > MAX_REQUEST {
        return Err(Error::msg(format!(
            "a serial request of {} bytes; at most {MAX_REQUEST}",
            request.len()
        )));
    }
    Ok(())
}

fn millis(millis: u32) -> Duration {
    Duration::from_millis(u64::from(millis))
}

impl From<Exchange> for slewgate_serial::Exchange {
    fn from(exchange: Exchange) -> Self {
        slewgate_serial::Exchange {
            request: exchange.request,
            reply: exchange.reply.into(),
            timeout: millis(exchange.timeout),
        }
    }
}

impl From<Framing> for slewgate_serial::Framing {
    fn from(framing: Framing) -> Self {
        match framing {
            Framing::None => slewgate_serial::Framing::None,
            Framing::Count(count) => slewgate_serial::Framing::Count(count),
            Framing::Until(byte) => slewgate_serial::Framing::Until(byte),
        }
    }
}

impl From<LineError> for ErrorCode {
    fn from(error: LineError) -> Self {
        match error {
            LineError::Disconnected => ErrorCode::Disconnected,
            // `checked` lets nothing pass that is too long for a line.
            LineError::Busy | LineError::TooLong(_) => ErrorCode::Busy,
            LineError::Timeout(bytes) => ErrorCode::Timeout(bytes),
            LineError::Stopped => ErrorCode::Stopped,
            LineError::Interrupted(how) => ErrorCode::Interrupted(how),
            LineError::Expired => ErrorCode::Expired,
        }
    }
}
