"""What clients of type `plugin-name` may do: look, stop, and move a mount that is not on its way."""

from wit_world import exports
from wit_world.exports.policy import Action, Decision, Decision_Allow, Decision_Deny
from wit_world.imports import situation
from wit_world.imports.types import Client, Effect, Moving


class Policy(exports.Policy):
    """The contract's functions. The reason of a denial is what the client reads."""

    def configure(self, settings: str) -> None:
        """It has no settings."""

    def authorize(self, client: Client, action: Action) -> Decision:
        match action.effect:
            case Effect.OBSERVE | Effect.STOP:
                return Decision_Allow()
            case Effect.MOVE:
                return authorize_move()
            case _:
                return Decision_Deny("a visitor may look and move")


def authorize_move() -> Decision:
    reading = situation.observed()
    match reading and reading.observation.moving:
        case Moving.STILL | Moving.TRACKING:
            return Decision_Allow()
        case Moving.MOVING:
            return Decision_Deny("the mount is on its way; wait until it stands")
        case _:
            # What nobody has seen may be on its way.
            return Decision_Deny("it is not known whether the mount stands")
