"""Chromium as a peer. Usage: python3 browser.py CHROMIUM ADDRESS

Serves page.html on the loopback interface, opens it in a headless browser with a profile of its own,
and waits until the page has told how its conversation went.
"""

import functools
import http.server
import json
import pathlib
import queue
import subprocess
import sys
import tempfile
import threading
import urllib.parse

SECONDS_MAX = 60
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


class Page(http.server.SimpleHTTPRequestHandler):
    """Serves this folder, and hands on the one thing that the page posts."""

    extensions_map = {".html": "text/html", ".mjs": "text/javascript", "": "application/octet-stream"}
    outcomes: queue.Queue = queue.Queue()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()
        self.outcomes.put(json.loads(body))

    def log_message(self, *_):
        pass


def main(chromium: str, address: str) -> int:
    folder = pathlib.Path(__file__).parent
    page = functools.partial(Page, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    query = urllib.parse.urlencode({"address": address})
    url = f"http://127.0.0.1:{server.server_port}/page.html?{query}"

    # The browser's children may still write there while it ends.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium, *FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", url]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            outcome = Page.outcomes.get(timeout=SECONDS_MAX)
        except queue.Empty:
            outcome = {"passed": False, "says": f"the page said nothing in {SECONDS_MAX} s"}
        finally:
            browser.terminate()
            try:
                browser.wait(10)
            except subprocess.TimeoutExpired:
                browser.kill()
                browser.wait()
    server.shutdown()
    print(outcome["says"])
    return 0 if outcome["passed"] else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
