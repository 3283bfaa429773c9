"""What the guide's client goes on with: a goto to Vega, and what the mount says on the way there."""

import asyncio
import json

PATIENCE = 10


async def go(websocket):
    """Prints the answers, then each status, one JSON text a line, until the mount was seen to slew and then to have come."""
    print(json.dumps(await receive(websocket)))
    await call(websocket, 1, "events.subscribe", {"topics": ["mount.status"]})
    await call(websocket, 2, "mount.goto", {"ra": "18:36:56.34", "dec": "+38:47:01.3"})
    slewing = False
    while True:
        message = await receive(websocket)
        if message.get("method") != "event":
            print(json.dumps(message))
            continue
        status = message["params"]["data"]
        print(json.dumps(status))
        if slewing and not status["slewing"]:
            return
        slewing = slewing or bool(status["slewing"])


async def call(websocket, request, method, params):
    await websocket.send(json.dumps({"jsonrpc": "2.0", "id": request, "method": method, "params": params}))


async def receive(websocket):
    return json.loads(await asyncio.wait_for(websocket.recv(), PATIENCE))
