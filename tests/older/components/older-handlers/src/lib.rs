//! Makes a handler of ours of one of the older contract, whose commands had no examples, and which did not know the client's name.
// The names of its exports are none that another linker takes.
#![cfg(target_arch = "wasm32")]

#[allow(unsafe_code, missing_docs, clippy::all)]
mod bindings {
    include!(concat!(env!("OUT_DIR"), "/bindings.rs"));
}

use bindings::exports::slewgate::plugin0_1_0::handler::{
    Attachment, Client, Command, Description, Failure, Guest, Observation, Occasion, Progress,
    Request, Step, StopSequence,
};
use bindings::slewgate::plugin0_0_9::{handler as older, types};
use bindings::slewgate::plugin0_1_0::types::{Effect, Moving};

struct Handler;

impl Guest for Handler {
    fn configure(settings: String) -> Result<(), String> {
        older::configure(&settings)
    }

    fn describe() -> Description {
        let described = older::describe();
        Description {
            commands: described.commands.into_iter().map(command).collect(),
            sample_every: described.sample_every,
        }
    }

    fn attach() -> Result<Attachment, Failure> {
        let found = older::attach().map_err(failure)?;
        let stops = found.stops.into_iter().map(|stop| StopSequence {
            role: stop.role,
            exchanges: stop.exchanges,
            patience: stop.patience,
        });
        Ok(Attachment {
            model: found.model,
            lacks: found.lacks,
            stops: stops.collect(),
        })
    }

    fn handle(client: Client, request: Request) -> Result<String, Failure> {
        let client = older::Client {
            session: client.session,
            id: client.id,
            client_type: client.client_type,
        };
        let request = older::Request {
            verb: request.verb,
            params: request.params,
        };
        older::handle(&client, &request).map_err(failure)
    }

    fn sample() -> Result<Observation, Failure> {
        let seen = older::sample().map_err(failure)?;
        Ok(Observation {
            moving: moving(seen.moving),
            position: seen.position,
            axes: seen.axes,
            data: seen.data,
        })
    }

    fn advance(motion: u32, occasion: Occasion, note: Vec<u8>) -> Result<Progress, Failure> {
        let occasion = match occasion {
            Occasion::Look => older::Occasion::Look,
            Occasion::Ended => older::Occasion::Ended,
        };
        let progress = older::advance(motion, occasion, &note).map_err(failure)?;
        Ok(match progress {
            older::Progress::Again(step) => Progress::Again(Step {
                after: step.after,
                note: step.note,
            }),
            older::Progress::Done => Progress::Done,
            older::Progress::Failed(why) => Progress::Failed(why),
        })
    }
}

fn command(older: older::Command) -> Command {
    Command {
        name: older.name,
        summary: older.summary,
        effect: effect(older.effect),
        params_schema: older.params_schema,
        result_schema: older.result_schema,
        example: "{}".into(),
    }
}

fn failure(older: older::Failure) -> Failure {
    match older {
        older::Failure::InvalidParams(why) => Failure::InvalidParams(why),
        older::Failure::Refused(why) => Failure::Refused(why),
        older::Failure::Hardware(what) => Failure::Hardware(what),
        older::Failure::Line(error) => Failure::Line(error),
        older::Failure::Internal(cause) => Failure::Internal(cause),
    }
}

fn effect(older: types::Effect) -> Effect {
    match older {
        types::Effect::Observe => Effect::Observe,
        types::Effect::Move => Effect::Move,
        types::Effect::Stop => Effect::Stop,
        types::Effect::Configure => Effect::Configure,
        types::Effect::Administer => Effect::Administer,
    }
}

fn moving(older: types::Moving) -> Moving {
    match older {
        types::Moving::Still => Moving::Still,
        types::Moving::Tracking => Moving::Tracking,
        types::Moving::Moving => Moving::Moving,
        types::Moving::Unknown => Moving::Unknown,
    }
}

#[allow(unsafe_code)]
mod export {
    use super::{Handler, bindings};
    bindings::export!(Handler with_types_in bindings);
}
