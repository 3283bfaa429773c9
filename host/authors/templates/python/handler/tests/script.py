"""A line that answers from a list: what it expects, in which order, and what it answers.

It takes the place of the host's line in the contract's bindings, which `slewgate plugin build` writes.
"""

import sys
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

PROJECT = Path(__file__).parent.parent
BINDINGS = PROJECT / "build/bindings"
if not BINDINGS.is_dir():
    raise ImportError("the tests need the contract's bindings: run `slewgate plugin build` first")
sys.path[:0] = [str(PROJECT / "src"), str(BINDINGS)]

from componentize_py_types import Err  # noqa: E402
from wit_world.imports import serial  # noqa: E402


@contextmanager
def script(*steps):
    """Steps are `(request, reply)`, where a reply is bytes, or what the line says then, such as `serial.ErrorCode_Timeout(b"")`."""
    left = list(steps)

    class Line:
        @staticmethod
        def open(role):
            assert role == "port", role
            return Line()

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def exchange(self, exchange):
            assert left, f"nothing was to be sent, and {exchange.request!r} was"
            expected, reply = left.pop(0)
            assert exchange.request == expected, f"{exchange.request!r} was sent, and not {expected!r}"
            if not isinstance(reply, bytes):
                raise Err(reply)
            return reply

    with patch.object(serial, "Line", Line):
        yield
    assert not left, f"the handler did not come to {left}"
