"""A dew heater on a pseudo-terminal, to try the handler with: python3 try/heater.py /tmp/heater

Give the path to the handler's line as its device. It needs Python 3 on Linux or macOS. Ctrl-C ends it.
"""

import os
import sys
import tty


def answer(order: bytes, heater: dict) -> bytes:
    """What the heater says to one line."""
    if order == b"P?":
        return b"P%d\n" % heater["percent"]
    if order[:1] == b"P" and order[1:].isdigit() and int(order[1:]) <= 100:
        heater["percent"] = int(order[1:])
        return b"OK\n"
    return b"?\n"


def main(link: str) -> None:
    ours, theirs = os.openpty()
    tty.setraw(theirs)
    if os.path.islink(link):
        os.unlink(link)
    os.symlink(os.ttyname(theirs), link)
    print(f"a dew heater listens at {link}", flush=True)
    heater, heard = {"percent": 0}, b""
    while True:
        heard += os.read(ours, 256)
        *orders, heard = heard.split(b"\n")
        for order in orders:
            os.write(ours, answer(order, heater))
            print(order.decode(errors="replace"), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except KeyboardInterrupt:
        pass
