import asyncio
import websockets
import json

async def connect_telescope():
    uri = "ws://your-server-ip:4000"
    
    async with websockets.connect(uri) as websocket:
        # Send authentication
        auth_msg = {
            "token": "your-api-token-here",
            "client_id": "my-telescope-client"
        }
        await websocket.send(json.dumps(auth_msg))
        
        # Continue with normal WebSocket communication
        # ...
