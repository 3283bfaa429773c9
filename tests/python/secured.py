"""Asks a host, known by its certificate, who it is: prints the reply."""

import asyncio
import json
import ssl
import sys

import websockets

PORT, TOKEN, CERTIFICATE = sys.argv[1:]


async def main():
    trusted = ssl.create_default_context(cafile=CERTIFICATE)
    # As Python 3.13 is by itself.
    trusted.verify_flags |= ssl.VERIFY_X509_STRICT
    async with websockets.connect(f"wss://localhost:{PORT}", ssl=trusted) as websocket:
        await websocket.send(json.dumps({"token": TOKEN, "client_id": "secured"}))
        assert json.loads(await websocket.recv())["type"] == "auth_ok"
        await websocket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "host.info"}))
        print(await websocket.recv())


asyncio.run(main())
