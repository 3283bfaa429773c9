"""A dew heater on a serial line.

`P40\\n` sets its power in percent, and is answered by `OK\\n`, or by `LOW\\n` where its supply is too weak to heat. `P?\\n` asks for the
power, and is answered by `P40\\n`.
"""

import json

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports.handler import (
    Attachment,
    Command,
    Description,
    Failure_Internal,
    Failure_InvalidParams,
    Occasion,
    Progress,
    Progress_Done,
)
from wit_world.imports.types import Client, Effect, Moving, Observation, Request

import heater

SET = {
    "type": "object",
    "required": ["percent"],
    "additionalProperties": False,
    "properties": {"percent": {"type": "integer", "minimum": 0, "maximum": 100}},
}
NOTHING = {"type": "object", "additionalProperties": False}
POWER = {"type": "object", "required": ["percent"], "properties": {"percent": {"type": "integer"}}}

COMMANDS = [
    Command(
        name="set",
        summary="Set the power of the dew heater.",
        effect=Effect.CONFIGURE,
        params_schema=json.dumps(SET),
        result_schema=json.dumps(POWER),
        example='{"percent": 40}',
    ),
    Command(
        name="status",
        summary="The power of the dew heater.",
        effect=Effect.OBSERVE,
        params_schema=json.dumps(NOTHING),
        result_schema=json.dumps(POWER),
        example="{}",
    ),
]


class Handler(exports.Handler):
    """The contract's functions. What is raised as `Err` is their error."""

    max_percent = 100

    def configure(self, settings: str) -> None:
        given = json.loads(settings)
        most = given.pop("max_percent", 100)
        if given:
            raise Err(f"there is no setting {min(given)}; there is max_percent")
        if type(most) is not int or not 0 <= most <= 100:
            raise Err("max_percent: it takes a whole number from 0 to 100")
        # Of the class, for the instance of each call.
        Handler.max_percent = most

    def describe(self) -> Description:
        return Description(commands=COMMANDS, sample_every=5000)

    def attach(self) -> Attachment:
        heater.power()
        # Nothing of it moves, so nothing has to be stopped.
        return Attachment(model="dew heater", lacks=[], stops=[])

    def handle(self, client: Client, request: Request) -> str:
        match request.verb:
            case "set":
                return self.set(**json.loads(request.params))
            case "status":
                return self.sample().data
            case other:
                raise Err(Failure_Internal(f"describe names no {other}"))

    def set(self, percent: float) -> str:
        # JSON Schema takes 40.0 for a whole number too.
        percent = int(percent)
        if percent > self.max_percent:
            raise Err(Failure_InvalidParams(f"percent: {percent} is not within 0 to {self.max_percent}"))
        heater.set_power(percent)
        return json.dumps({"percent": percent})

    def sample(self) -> Observation:
        data = json.dumps({"percent": heater.power()})
        return Observation(moving=Moving.STILL, position=None, axes=None, data=data)

    def advance(self, motion: int, occasion: Occasion, note: bytes) -> Progress:
        return Progress_Done()
