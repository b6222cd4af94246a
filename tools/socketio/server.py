"""A server of Python `python-socketio` for tools/socketio.sh; what it does is what server.mjs does, too.

Usage: server.py PORT [RECORD GENERATION]. Port 0 is any. The address is its first line. Of each event `n` it
writes a line to the file RECORD before it answers, and its answer is GENERATION. Beside the path `/socket.io/`
there is `/quick/`, whose pings are frequent, which takes short messages only, and lets everybody in before it
looks at them.
"""

import asyncio
import os
import socket
import sys
import time

import socketio
import uvicorn

port, record, generation = (sys.argv[1:] + [None, None])[:3]
file = os.open(record, os.O_CREAT | os.O_WRONLY | os.O_APPEND) if record else None
kept: dict = {}
departures: list = []


def measured(value):
    """Bytes as what can be compared: how many, and their sum."""
    if isinstance(value, bytes):
        return {"bytes": len(value), "sum": sum(value)}
    if isinstance(value, (list, tuple)):
        return [measured(item) for item in value]
    if isinstance(value, dict):
        return {name: measured(field) for name, field in value.items()}
    return value


def serve(server, name):
    """Hears the events of one namespace."""

    def on(event):
        return server.on(event, namespace=name)

    async def emit(event, sid, *values):
        await server.emit(event, values, to=sid, namespace=name)

    def connection(sid):
        return server.manager.eio_sid_from_sid(sid, name)

    # ---- values, which come back ----

    @on("echo")
    async def _(sid, *values):
        await emit("echoed", sid, *values)

    @on("ask")
    async def _(_sid, *values):
        return values

    @on("größe 🎉")
    async def _(_sid):
        return "gehört"

    @on("measure")
    async def _(_sid, *values):
        return tuple(measured(values))

    @on("raw")
    async def _(sid, text):
        await server.eio.send(connection(sid), text)

    @on("say a number")
    async def _(sid):
        await emit(7, sid, "seven")

    @on("say half a letter")
    async def _(sid):
        await emit("half", sid, "\ud800")

    @on("say no JSON")
    async def _(sid):
        await emit("number", sid, float("nan"))

    @on("say much")
    async def _(sid, length):
        await emit("much", sid, "x" * length)

    @on("count")
    async def _(sid, end):
        for number in range(end):
            await emit("number", sid, number)

    # ---- answers; `silence` has none ----

    @on("late")
    async def _(_sid, ms):
        await asyncio.sleep(ms / 1000)
        return ms

    @on("question")
    async def _(sid, within, *values):
        answered = asyncio.get_running_loop().create_future()

        async def answer(*values):
            answered.set_result(values)

        await server.emit("question", values, to=sid, namespace=name, callback=answer)
        try:
            await emit("answer", sid, *measured(await asyncio.wait_for(answered, within / 1000)))
        except TimeoutError:
            await emit("no answer", sid)

    # ---- what is known of the client ----

    @on("connect")
    async def _(sid, _environ, auth):
        await server.save_session(sid, {"auth": auth}, namespace=name)
        if name == "/slow":
            await asyncio.sleep(0.3)
        if name == "/closed":
            return False
        if name == "/guarded" and (auth or {}).get("token") != "right":
            raise socketio.exceptions.ConnectionRefusedError("not you", {"code": 3, **(auth or {})})
        if name == "/greeting":
            await emit("welcome", sid, "one")
            await emit("welcome", sid, "two")

    @on("disconnect")
    async def _(sid, reason):
        departures.append([sid, reason])

    @on("who")
    async def _(sid):
        environ = server.get_environ(sid, namespace=name)
        query = dict(field.split("=", 1) for field in environ["QUERY_STRING"].split("&"))
        return {
            "sid": sid,
            "connection": connection(sid),
            "auth": (await server.get_session(sid, namespace=name))["auth"] or {},
            "room": query.get("room"),
            "header": environ.get("HTTP_X_CASE"),
        }

    @on("connections")
    async def _(_sid):
        return len(server.eio.sockets)

    @on("departures")
    async def _(_sid):
        return departures

    # ---- what is kept for whoever asks ----

    @on("keep")
    async def _(_sid, key, value):
        kept.setdefault(key, []).append(value)

    @on("kept")
    async def _(_sid, key):
        return kept.get(key, [])

    @on("n")
    async def _(_sid, number, is_answered):
        if file is not None:
            os.write(file, f"{name} {number} {'ack' if is_answered else '-'}\n".encode())
        return int(generation or 0)

    # ---- others ----

    @on("join")
    async def _(sid, room):
        await server.enter_room(sid, room, namespace=name)

    @on("tell the room")
    async def _(_sid, room, text):
        await server.emit("news", text, room=room, namespace=name)

    @on("tell the others")
    async def _(sid, text):
        await server.emit("news", text, skip_sid=sid, namespace=name)

    # ---- ends ----

    @on("show out")
    async def _(sid):
        await server.disconnect(sid, namespace=name)

    @on("hang up")
    async def _(sid):
        await server.eio.disconnect(connection(sid))

    @on("break")
    async def _(sid):
        # The stream below, of which only uvicorn knows.
        server.get_environ(sid, namespace=name)["asgi.send"].__self__.transport.abort()

    @on("freeze")
    async def _(_sid, ms):
        time.sleep(ms / 1000)

    @on("hang up and tell")
    async def _(sid, room, texts):
        await server.eio.disconnect(connection(sid))
        await asyncio.sleep(0.05)
        for text in texts:
            await server.emit("news", text, room=room, namespace=name)


def start(**options):
    """A server with all of its namespaces."""
    server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], **options)
    for name in ["/", "/chat", "/news", "/slow", "/guarded", "/greeting", "/closed"]:
        serve(server, name)

    @server.on("ask", namespace="*")
    async def _(_name, _sid, *values):
        return values

    return server


# A short interval is said to be 0.
quick = start(
    ping_interval=0.3, ping_timeout=1, max_http_buffer_size=10_000, always_connect=True, namespaces="*"
)
app = socketio.ASGIApp(start(), socketio.ASGIApp(quick, socketio_path="quick"))
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(port)))
listener.listen(128)
print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
uvicorn.Server(config).run(sockets=[listener])
