"""A producer that waits for its consumer: there is room for two between them."""

import asyncio

ROOM = 2
THINGS = 6


class Progress:
    made = 0


async def produce(queue, progress):
    for number in range(1, THINGS + 1):
        await queue.put(number)
        progress.made = number
    print("the producer is done")
    await queue.put(None)  # so that the consumer ends, too


async def consume(queue, progress):
    while (number := await queue.get()) is not None:
        # It takes its time; meanwhile the producer fills what room there is.
        await asyncio.sleep(0.01)
        print(f"consumed {number}, made {progress.made}")
    print("the consumer is done")


async def main():
    queue, progress = asyncio.Queue(ROOM), Progress()
    await asyncio.gather(produce(queue, progress), consume(queue, progress))


asyncio.run(main())
