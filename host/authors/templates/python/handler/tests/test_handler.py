"""The handler against a script: what it sends, in which order, and what it makes of the answers."""

import json
import unittest

from script import Err, script, serial

from handler import Handler
from wit_world.exports.handler import Failure_Hardware, Failure_InvalidParams, Failure_Line, Failure_Refused
from wit_world.imports.types import Client, Request

CLIENT = Client(session="1", id="test", client_type="telescope", name="Test")


def call(verb, params="{}", settings="{}"):
    handler = Handler()
    handler.configure(settings)
    return json.loads(handler.handle(CLIENT, Request(verb, params)))


class TheHandler(unittest.TestCase):
    def assert_fails(self, failure, act):
        with self.assertRaises(Err) as raised:
            act()
        self.assertEqual(raised.exception.value, failure)

    def test_the_power_is_sent_as_it_was_asked_for(self):
        for percent in ["40", "40.0"]:
            with script((b"P40\n", b"OK\n")):
                self.assertEqual(call("set", f'{{"percent": {percent}}}'), {"percent": 40})

    def test_the_status_is_what_the_heater_says(self):
        with script((b"P?\n", b"P15\n")):
            self.assertEqual(call("status"), {"percent": 15})

    def test_more_than_the_settings_allow_is_refused_and_not_sent(self):
        refused = Failure_InvalidParams("percent: 61 is not within 0 to 60")
        with script():
            self.assert_fails(refused, lambda: call("set", '{"percent": 61}', '{"max_percent": 60}'))

    def test_a_heater_without_power_refuses(self):
        refused = Failure_Refused("the supply of the heater is too weak")
        with script((b"P40\n", b"LOW\n")):
            self.assert_fails(refused, lambda: call("set", '{"percent": 40}'))

    def test_an_answer_that_is_none_is_told_as_it_came(self):
        for said in [b"P\n", b"P101\n", b"P4O\n", b"OK\n", b"\0\n"]:
            with self.subTest(said), script((b"P?\n", said)):
                self.assert_fails(Failure_Hardware(f"the heater said {said!r}"), Handler().sample)

    def test_silence_is_passed_on(self):
        timeout = serial.ErrorCode_Timeout(b"")
        with script((b"P?\n", timeout)):
            self.assert_fails(Failure_Line(timeout), Handler().attach)

    def test_settings_that_make_no_sense_are_refused(self):
        for settings in ['{"max": 60}', '{"max_percent": 101}', '{"max_percent": "all"}', '{"max_percent": true}']:
            with self.subTest(settings), self.assertRaises(Err):
                Handler().configure(settings)


if __name__ == "__main__":
    unittest.main()
