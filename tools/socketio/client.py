"""python-socketio's clients against our server: `client.py PROGRAM`, the example.

A line a case; the last one is `N passed, M failed`.
"""

import asyncio
import re
import subprocess
import sys
import time

import socketio

PROGRAM = sys.argv[1]


class Server:
    """The example, on the same port each time."""

    def __init__(self):
        self.port = 0
        self.process = None

    def start(self, *options):
        command = [PROGRAM, "--port", str(self.port), *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        self.port = int(re.match(r"ws://127\.0\.0\.1:(\d+)/", line)[1])

    def stop(self):
        self.process.kill()
        self.process.wait()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"


server = Server()
clients = []


class Ears:
    """What a client hears, by the name of the event."""

    def __init__(self, client, *names, namespace="/"):
        self.queues = {name: asyncio.Queue() for name in names}
        for name, queue in self.queues.items():
            client.on(name, self.ear(queue), namespace=namespace)

    @staticmethod
    def ear(queue):
        async def hear(*values):
            await queue.put(values)

        return hear

    async def heard(self, name, seconds=5):
        return await asyncio.wait_for(self.queues[name].get(), seconds)


def fresh(**options):
    client = socketio.AsyncClient(reconnection_delay=0.1, **options)
    clients.append(client)
    return client


async def connect(client, namespaces=("/",), **options):
    await client.connect(
        server.url, transports=["websocket"], namespaces=list(namespaces), wait_timeout=5, **options
    )
    return client


async def ready(*names, **options):
    """A client that is let in, and its ears."""
    client = fresh(**options)
    ears = Ears(client, *names)
    await connect(client)
    return client, ears


def same(came, expected):
    if came != expected:
        raise AssertionError(f"expected {expected!r}, came {came!r}")


# ---- the cases ----


async def it_is_let_in_under_its_name_with_what_it_shows():
    client = fresh()
    ears = Ears(client, "welcome")
    await connect(client, auth={"name": "ada"})
    same(await ears.heard("welcome"), (client.get_sid("/"), {"name": "ada"}))


async def two_namespaces_share_a_connection():
    client = fresh()
    ears = Ears(client, "welcome", namespace="/admin")
    await connect(client, ("/", "/admin"), auth={"password": "open sesame"})
    same(await ears.heard("welcome"), (client.get_sid("/admin"), "/admin"))
    same(await client.call("anything", namespace="/admin", timeout=5), {"done": True})
    same(await client.call("sum", (1, 2), timeout=5), 3)


async def who_is_refused_is_told_why_with_data():
    client = fresh()
    ears = Ears(client, "connect_error", namespace="/admin")
    try:
        await connect(client, ("/admin",), auth={"password": "guess"}, retry=False)
        raise AssertionError("it was let in")
    except socketio.exceptions.ConnectionError:
        pass
    (said,) = await ears.heard("connect_error")
    same(said, {"message": "wrong password", "data": {"code": 401}})


async def an_unknown_namespace_is_refused():
    client = fresh()
    ears = Ears(client, "connect_error", namespace="/nowhere")
    try:
        await connect(client, ("/nowhere",), retry=False)
        raise AssertionError("it was let in")
    except socketio.exceptions.ConnectionError:
        pass
    same(await ears.heard("connect_error"), ({"message": "Invalid namespace"},))


async def events_pass_both_ways_as_they_are():
    client, ears = await ready("echo")
    value = {"a": [1, -2.5, None, True], "ü": "line\nbreak \U0001f600 \u2028"}
    await client.emit("echo", value)
    same(await ears.heard("echo"), (value,))


async def the_server_answers():
    client, _ = await ready()
    same(await client.call("sum", (1, 2, 39), timeout=5), 42)
    answers = [client.call("sum", (n, n), timeout=5) for n in (1, 2, 3)]
    same(await asyncio.gather(*answers), [2, 4, 6])


async def the_client_answers():
    client, _ = await ready()
    client.on("question", lambda words: f"{words} fine")
    same(await client.call("ask me", timeout=5), "how are you? fine")


async def bytes_pass_to_the_server_and_back():
    client, _ = await ready()
    sent = bytes(at % 251 for at in range(100_000))
    same(await client.call("reverse", sent, timeout=5), sent[::-1])


async def bytes_come_within_an_event():
    client, ears = await ready("bytes")
    await client.emit("send me bytes")
    same(await ears.heard("bytes"), ("three", b"\x01\x02\x03"))


async def a_room_hears_but_for_who_speaks():
    (a, ears_of_a), (b, ears), (c, ears_of_c) = [await ready("told") for _ in range(3)]
    same(await a.call("join", "room", timeout=5), True)
    same(await b.call("join", "room", timeout=5), True)
    same(await a.call("tell", ("room", {"words": 1}), timeout=5), 1)
    same(await ears.heard("told"), ("room", {"words": 1}, b"\x00\xff"))
    same(await b.call("leave", "room", timeout=5), True)
    same(await a.call("tell", ("room", "nobody"), timeout=5), 0)
    same([it.queues["told"].qsize() for it in (ears_of_a, ears, ears_of_c)], [0, 0, 0])


async def a_thousand_events_come_in_their_order():
    client, _ = await ready()
    came, all_came = [], asyncio.Event()

    async def number(value):
        came.append(value)
        if len(came) == 1_000:
            all_came.set()

    client.on("number", number)
    await client.emit("count", 1_000)
    await asyncio.wait_for(all_came.wait(), 10)
    # Each is a task there, which begin in their order.
    same(came, list(range(1_000)))


async def an_event_of_nearly_the_longest_length_passes():
    client, ears = await ready("echo")
    await client.emit("echo", "x" * 999_000)
    same(len((await ears.heard("echo"))[0]), 999_000)


async def one_that_is_longer_ends_the_connection():
    client, ears = await ready("disconnect", reconnection=False)
    await client.emit("echo", "x" * 1_000_001)
    (why,) = await ears.heard("disconnect")
    same(why in ("transport close", "transport error"), True)


async def the_server_shows_it_out_and_it_stays_out():
    client, ears = await ready("disconnect")
    await client.emit("show me out")
    (why,) = await ears.heard("disconnect")
    same(why, "server disconnect")
    await asyncio.sleep(0.3)
    same(client.connected, False)


async def the_client_leaves_and_the_server_knows():
    _, ears = await ready("gone")
    client, _ = await ready()
    sid = client.get_sid("/")
    await client.disconnect()
    gone = await ears.heard("gone")
    same((gone[0], gone[1] in ("io client disconnect", "transport close")), (sid, True))


async def pings_keep_it():
    server.stop()
    server.start("--ping-ms", "1000")
    client, _ = await ready()
    await asyncio.sleep(3.5)
    same(await client.call("sum", 1, timeout=5), 1)
    server.stop()
    server.start()


async def it_comes_back_when_the_server_does():
    client, ears = await ready("connect", "disconnect", "welcome")
    before = client.get_sid("/")
    await ears.heard("welcome")
    server.stop()
    await ears.heard("disconnect")
    server.start()
    same((await ears.heard("welcome", 10))[0] != before, True)
    same(await client.call("sum", (20, 22), timeout=5), 42)


async def without_the_transport_it_is_told_so_at_once():
    client, began = fresh(), time.monotonic()
    try:
        await client.connect(server.url, transports=["polling"], wait_timeout=5, retry=False)
        raise AssertionError("it was let in")
    except socketio.exceptions.ConnectionError as error:
        said = " ".join([str(error), *(str(it) for it in error.args)])
    same(("400" in said or "Transport unknown" in said, said)[0], True)
    same(time.monotonic() - began < 2, True)


async def a_client_of_threads_is_served_as_well():
    def talk():
        client = socketio.Client()
        came = []
        client.on("echo", came.append)
        client.connect(server.url, transports=["websocket"], wait_timeout=5)
        try:
            client.emit("echo", {"a": 1})
            total = client.call("sum", (1, 2), timeout=5)
            return total, client.call("reverse", b"\x01\x02", timeout=5), came
        finally:
            client.disconnect()

    same(await asyncio.to_thread(talk), (3, b"\x02\x01", [{"a": 1}]))


CASES = [
    it_is_let_in_under_its_name_with_what_it_shows,
    two_namespaces_share_a_connection,
    who_is_refused_is_told_why_with_data,
    an_unknown_namespace_is_refused,
    events_pass_both_ways_as_they_are,
    the_server_answers,
    the_client_answers,
    bytes_pass_to_the_server_and_back,
    bytes_come_within_an_event,
    a_room_hears_but_for_who_speaks,
    a_thousand_events_come_in_their_order,
    an_event_of_nearly_the_longest_length_passes,
    one_that_is_longer_ends_the_connection,
    the_server_shows_it_out_and_it_stays_out,
    the_client_leaves_and_the_server_knows,
    pings_keep_it,
    it_comes_back_when_the_server_does,
    without_the_transport_it_is_told_so_at_once,
    a_client_of_threads_is_served_as_well,
]


async def main():
    failed = 0
    server.start()
    for case in CASES:
        name = case.__name__.replace("_", " ")
        try:
            await asyncio.wait_for(case(), 30)
            print(f"passed  python: {name}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAILED  python: {name}: {error!r}", flush=True)
        while clients:
            await clients.pop().shutdown()
    server.stop()
    print(f"{len(CASES) - failed} passed, {failed} failed")
    return failed


sys.exit(1 if asyncio.run(main()) else 0)
