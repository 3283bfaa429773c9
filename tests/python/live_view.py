"""Publishes pictures and watches them, with nothing but the library: prints what the viewer got, as JSON lines."""

import asyncio
import json
import sys

import websockets

ADDRESS, TOKEN = sys.argv[1:]
# The library takes 1 MiB unless it is told otherwise.
LARGEST = 2 * 1024 * 1024


def picture(data):
    return b"\xff\xd8\xff\xc0\x00\x02\xff\xda\x00\x02" + data + b"\xff\xd9"


async def connect(client_id):
    websocket = await websockets.connect(f"ws://{ADDRESS}", max_size=LARGEST)
    await websocket.send(json.dumps({"token": TOKEN, "client_id": client_id}))
    assert json.loads(await websocket.recv())["type"] == "auth_ok"
    return websocket


async def main():
    camera, viewer = await connect("camera"), await connect("viewer")
    await camera.send(json.dumps({"publish": "main"}))
    print(await camera.recv())
    await viewer.send(json.dumps({"watch": "main"}))
    print(await viewer.recv())
    for length in (10, 70_000, LARGEST - 12):
        sent = picture(b"x" * length)
        await camera.send(sent)
        # A ping is answered while pictures come.
        await (await viewer.ping())
        print(json.dumps({"bytes": length, "same": await viewer.recv() == sent}))
    try:
        await camera.send(picture(b"x" * 5_000_000))
        await camera.recv()
    except websockets.ConnectionClosed as closed:
        print(json.dumps({"closed": closed.rcvd.code}))
    await viewer.close()


asyncio.run(main())
