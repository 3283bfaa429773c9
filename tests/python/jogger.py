"""Holds a button of the hand controller down: jogs north, again before each lease ends, and prints each answer on a line.

Usage: jogger.py ADDRESS TOKEN LEASE_MS [RENEWALS]. After so many renewals its program hangs; the library's own thread goes on to
answer pings.
"""

import itertools
import json
import sys
import threading
import time

from websockets.sync.client import connect

ADDRESS, TOKEN, LEASE_MS, *RENEWALS = sys.argv[1:]
EVERY = 0.25  # seconds

numbers = range(1 + int(RENEWALS[0])) if RENEWALS else itertools.count()
params = {"direction": "north", "rate": "find", "lease_ms": int(LEASE_MS)}

with connect(f"ws://{ADDRESS}") as websocket:
    websocket.send(json.dumps({"token": TOKEN, "client_id": "jogger"}))
    assert json.loads(websocket.recv())["type"] == "auth_ok"
    for number in numbers:
        request = {"jsonrpc": "2.0", "id": number, "method": "mount.jog", "params": params}
        websocket.send(json.dumps(request))
        print(websocket.recv(), flush=True)
        time.sleep(EVERY)
    threading.Event().wait()
