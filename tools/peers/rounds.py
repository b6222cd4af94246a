"""Reads what examples/ws_rounds.rs sends: a long message and a word each round, then a Close.

Usage: rounds.py ws://ADDRESS/ READERS. Prints the rounds that were right; any error is one of the protocol.
"""

import asyncio
import sys

import websockets


async def read(address: str) -> int:
    rounds = 0
    async with websockets.connect(address, max_size=2 << 20, compression=None) as socket:
        async for message in socket:
            assert message == bytes([7]) * (1 << 20), "a long message, whole"
            assert await socket.recv() == f"round {rounds}", "a word, in order"
            rounds += 1
    assert socket.close_code == 1000, socket.close_code
    assert socket.close_reason == "done", socket.close_reason
    return rounds


async def main() -> None:
    address, readers = sys.argv[1], int(sys.argv[2])
    print(sum([await read(address) for _ in range(readers)]))


asyncio.run(main())
