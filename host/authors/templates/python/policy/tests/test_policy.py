"""The policy in moments of which the test decides what is known.

The test takes the place of the host in the contract's bindings, which `slewgate plugin build` writes.
"""

import sys
import unittest
from pathlib import Path
from unittest.mock import patch

PROJECT = Path(__file__).parent.parent
BINDINGS = PROJECT / "build/bindings"
if not BINDINGS.is_dir():
    raise ImportError("the tests need the contract's bindings: run `slewgate plugin build` first")
sys.path[:0] = [str(PROJECT / "src"), str(BINDINGS)]

from policy import Policy  # noqa: E402
from wit_world.exports.policy import Action, Decision_Allow  # noqa: E402
from wit_world.imports import situation  # noqa: E402
from wit_world.imports.types import Client, Effect, Moving, Observation  # noqa: E402

CLIENT = Client(session="1", id="test", client_type="plugin-name", name="Test")


def allowed(moving, effect):
    """Whether something is allowed while the mount is seen so; None: nobody looked."""
    seen = moving and situation.Reading(Observation(moving, None, None, "{}"), age=0)
    with patch.object(situation, "observed", lambda: seen):
        decision = Policy().authorize(CLIENT, Action("mount.test", effect, "{}"))
    assert isinstance(decision, Decision_Allow) or decision.value, "a denial has a reason"
    return isinstance(decision, Decision_Allow)


class ThePolicy(unittest.TestCase):
    def test_a_mount_is_moved_only_where_it_is_known_to_stand_or_to_track(self):
        for moving in [*Moving, None]:
            with self.subTest(moving):
                may = moving in (Moving.STILL, Moving.TRACKING)
                self.assertEqual(allowed(moving, Effect.MOVE), may)

    def test_looking_and_stopping_are_always_allowed_and_settings_never(self):
        for moving in [None, Moving.MOVING, Moving.STILL]:
            with self.subTest(moving):
                self.assertTrue(allowed(moving, Effect.OBSERVE) and allowed(moving, Effect.STOP))
                self.assertFalse(allowed(moving, Effect.CONFIGURE) or allowed(moving, Effect.ADMINISTER))


if __name__ == "__main__":
    unittest.main()
