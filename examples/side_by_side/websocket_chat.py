"""A chat room over WebSocket, and three guests who come one after the other and speak in turn."""

import asyncio

from websockets.asyncio.client import connect
from websockets.asyncio.server import broadcast, serve

NAMES = ["Ada", "Ben", "Cyd"]
room = set()


async def member(socket):
    name = await socket.recv()
    room.add(socket)
    broadcast(room, f"{name} has come")
    try:
        async for words in socket:
            broadcast(room, f"{name}: {words}")
    finally:
        room.discard(socket)


async def main():
    async with serve(member, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        guests = []
        for name in NAMES:
            guest = await connect(f"ws://127.0.0.1:{port}")
            await guest.send(name)
            guests.append((name, guest))
            for other, there in guests:
                print(f"{other} hears: {await there.recv()}")
        for name, guest in guests:
            await guest.send("good evening")
            for other, there in guests:
                print(f"{other} hears: {await there.recv()}")
        for name, guest in guests:
            await guest.close()
            print(f"{name} leaves: {guest.close_code}")


asyncio.run(main())
