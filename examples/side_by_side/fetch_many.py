"""Eight pages, at most three of them at once."""

import asyncio

PAGES = 8
AT_ONCE = 3
busy = most = 0


async def serve(reader, writer):
    head = await reader.readuntil(b"\r\n\r\n")
    await asyncio.sleep(0.02)
    body = b"this is " + head.split()[1]
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    writer.close()


async def fetch(port, page, limit):
    global busy, most
    async with limit:
        busy += 1
        most = max(most, busy)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            ask = f"GET /page/{page} HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"
            writer.write(ask.encode())
            answer = await reader.read()
            writer.close()
        finally:
            busy -= 1
    head, body = answer.decode().split("\r\n\r\n")
    return f"{head.split()[1]} {body}"


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    limit = asyncio.Semaphore(AT_ONCE)
    pages = (fetch(port, page, limit) for page in range(1, PAGES + 1))
    for answer in await asyncio.gather(*pages):
        print(answer)
    print(f"at most {most} at once")
    server.close()


asyncio.run(main())
