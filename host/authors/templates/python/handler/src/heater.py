"""What the heater understands: bytes out and bytes in."""

import re

from componentize_py_types import Err
from wit_world.exports.handler import Failure_Hardware, Failure_Line, Failure_Refused
from wit_world.imports import serial


def set_power(percent: int) -> None:
    """Sets the power in percent."""
    reply = ask(b"P%d\n" % percent)
    if reply == b"LOW\n":
        raise Err(Failure_Refused("the supply of the heater is too weak"))
    if reply != b"OK\n":
        raise nonsense(reply)


def power() -> int:
    """Asks for the power in percent."""
    reply = ask(b"P?\n")
    found = re.fullmatch(rb"P(\d{1,3})\n", reply)
    if found is None or int(found[1]) > 100:
        raise nonsense(reply)
    return int(found[1])


def ask(request: bytes) -> bytes:
    """One exchange on the line that the configuration gives to the role `port`. What the line says goes on as it is."""
    exchange = serial.Exchange(request=request, reply=serial.Framing_Until(ord("\n")), timeout=1000)
    try:
        with serial.Line.open("port") as line:
            return line.exchange(exchange)
    except Err as error:
        raise Err(Failure_Line(error.value)) from error


def nonsense(reply: bytes) -> Err:
    return Err(Failure_Hardware(f"the heater said {reply!r}"))
