"""An answer that is late, a task that is cancelled and tidies up, and one that nobody disturbs."""

import asyncio


async def answer(seconds, value):
    await asyncio.sleep(seconds)
    return value


async def tick(ticks):
    try:
        for number in range(1, 1_000):
            await ticks.put(number)
            await asyncio.sleep(0.01)
    finally:
        print("the ticker has tidied up")


async def main():
    quick = asyncio.create_task(answer(0.02, 42))

    try:
        await asyncio.wait_for(answer(60, "never"), 0.03)
    except asyncio.TimeoutError:
        print("the slow answer is late")

    ticks = asyncio.Queue(1)
    ticker = asyncio.create_task(tick(ticks))
    print("tick", await ticks.get())
    print("tick", await ticks.get())
    ticker.cancel()
    try:
        await ticker
    except asyncio.CancelledError:
        print("the ticker was cancelled")

    print("the quick answer is", await quick)


asyncio.run(main())
