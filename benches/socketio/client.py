"""python-socketio's AsyncClient. It does what the others do, and prints its figures.

python3 client.py ADDRESS EVENTS LONG_EVENTS ASKS ASKS_AT_ONCE
"""

import asyncio
import json
import sys
import time

import socketio

SHORT, LONG, AT_ONCE, WARM_UP = 32, 1016, 64, 10
PATIENCE = 60
report = {}


async def measured(name, count, act):
    """Does it once in small, and then measured."""
    await act(count // WARM_UP)
    begun, processor = time.perf_counter(), time.process_time()
    more = await act(count)
    processor = time.process_time() - processor
    seconds = time.perf_counter() - begun
    report[name] = {"count": count, "seconds": seconds, "processor": processor, **(more or {})}


def expect(came, expected):
    if came != expected:
        raise SystemExit(f"expected {expected}, came {came}")


async def main():
    url, *numbers = sys.argv[1:]
    events, long_events, asks, asks_at_once = map(int, numbers)
    client = socketio.AsyncClient(reconnection=False)
    ticks = {}

    @client.on("tick")
    def tick(number, text):
        expect((number, len(text)), (ticks["came"], ticks["letters"]))
        ticks["came"] += 1
        if ticks["came"] == ticks["expected"]:
            ticks["all_here"].set()

    async def put(count, letters):
        """Events to the server, and then the question how many have come."""
        text = "x" * letters
        for number in range(count):
            await client.emit("put", (number, text))
        came = await client.call("count", timeout=PATIENCE)
        expect(tuple(came), (count, count * (count - 1) // 2))

    async def get(count, letters):
        """Events from the server, which is asked for them."""
        ticks.update(came=0, letters=letters, expected=count, all_here=asyncio.Event())
        await client.emit("get", (count, letters))
        await asyncio.wait_for(ticks["all_here"].wait(), PATIENCE)

    question = "x" * SHORT

    async def echo(number):
        expect(await client.call("echo", (number, question), timeout=PATIENCE), number)

    async def ask(count):
        """One after the other, and how long each took."""
        took = []
        for number in range(count):
            begun = time.perf_counter()
            await echo(number)
            took.append((time.perf_counter() - begun) * 1e6)
        took.sort()
        return {
            "median_us": took[round((count - 1) * 0.5)],
            "p99_us": took[round((count - 1) * 0.99)],
        }

    async def some(first, count):
        for number in range(first, count, AT_ONCE):
            await echo(number)

    async def ask_at_once(count):
        """By several, each of which asks one after the other."""
        await asyncio.gather(*(some(first, count) for first in range(AT_ONCE)))

    await client.connect(url, transports=["websocket"])
    await measured("put", events, lambda count: put(count, SHORT))
    await measured("put-1k", long_events, lambda count: put(count, LONG))
    await measured("get", events, lambda count: get(count, SHORT))
    await measured("get-1k", long_events, lambda count: get(count, LONG))
    await measured("ask", asks, ask)
    await measured("ask-64", asks_at_once, ask_at_once)
    await client.disconnect()
    print(json.dumps(report))


asyncio.run(main())
