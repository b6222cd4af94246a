"""An echo server, and three clients at once."""

import asyncio

NAMES = ["Ada", "Ben", "Cyd"]


async def echo(reader, writer):
    while read := await reader.read(1024):
        writer.write(read)
        await writer.drain()
    writer.close()


async def ask(name, port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    question = f"{name} says hello".encode()
    writer.write(question)
    answer = await reader.readexactly(len(question))
    writer.close()
    await writer.wait_closed()
    return answer.decode()


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answers = await asyncio.gather(*(ask(name, port) for name in NAMES))
    for answer in answers:
        print("echoed:", answer)
    server.close()
    await server.wait_closed()
    print(f"{len(answers)} clients, one thread")


asyncio.run(main())
