"""An echo server over TLS of Python's `websockets`.

Usage: python3 tls_server.py CHAIN KEY [ROOTS]. With ROOTS it wants a certificate of its clients. Its first
line is its address.
"""

import ssl
import sys

from websockets.sync.server import serve


def echo(socket) -> None:
    for message in socket:
        socket.send(message)


def main(chain: str, key: str, roots: str | None = None) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain, key)
    if roots:
        context.load_verify_locations(roots)
        context.verify_mode = ssl.CERT_REQUIRED
    with serve(echo, "127.0.0.1", 0, ssl=context) as server:
        print(f"wss://localhost:{server.socket.getsockname()[1]}/", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
