"""A server that may be killed at any time: it writes each message to a file and says how many it has.

Usage: restarted.py PORT FILE. Port 0 is any; the address is the first line it prints. It says the number when a
connection opens, too, so that its client knows what need not be sent again.
"""

import asyncio
import os
import sys

import websockets


async def main() -> None:
    port, path = int(sys.argv[1]), sys.argv[2]
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND)
    count = len(os.read(file, 1 << 24).split())

    async def serve(socket) -> None:
        nonlocal count
        await socket.send(str(count))
        async for message in socket:
            os.write(file, f"{message}\n".encode())
            count += 1
            await socket.send(str(count))

    async with websockets.serve(serve, "127.0.0.1", port, compression=None) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/", flush=True)
        await asyncio.Future()


asyncio.run(main())
