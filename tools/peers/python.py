"""Python's `websockets` as a peer. Usage: python3 python.py ADDRESS

The same conversation as echo.mjs: 100 messages, text and binary in turn, each compared with its
echo; then a clean close.
"""

import sys

from websockets.sync.client import connect

COUNT = 100
SIZE_MAX = 65536
# Where a frame's length changes its form, and the ends.
EDGES = [0, 1, 125, 126, 127, 65534, 65535, 65536]


def size_of(i: int) -> int:
    pair = i // 2
    return EDGES[pair] if pair < len(EDGES) else (i * i * 7919) % (SIZE_MAX + 1)


def message(i: int) -> str | bytes:
    size = size_of(i)
    if i % 2:
        return bytes((at * 31 + i) & 255 for at in range(size))
    return "x" * (size % 2) + "\u00e9" * (size // 2)


def main(address: str) -> int:
    with connect(address) as socket:
        for i in range(COUNT):
            sent = message(i)
            socket.send(sent)
            if socket.recv(timeout=20) != sent:
                print(f"message {i} ({size_of(i)} bytes) came back changed")
                return 1
    if socket.close_code != 1000:
        print(f"closed with {socket.close_code}")
        return 1
    print(f"{COUNT} messages, {sum(map(size_of, range(COUNT)))} bytes")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1]))
    except Exception as error:  # Whatever it is, it is the outcome, in one line.
        print(f"{type(error).__name__}: {error}")
        sys.exit(1)
