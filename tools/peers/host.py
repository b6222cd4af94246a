"""A visitor from outside, for the hosts of hosts/. Usage: python3 host.py ADDRESS [COMMAND...]

Sends 200 lines, one after the other, and compares what each has become. Halfway it says nothing for a
while: a host that doesn't sleep then pumps in vain. The command, if there is one, must show the last line.
Then it says "quit".
"""

import subprocess
import sys
import time

from websockets.sync.client import connect

COUNT = 200
REST_S = 0.5


def main(address: str, command: list[str]) -> int:
    with connect(address, compression=None) as socket:
        for number in range(1, COUNT + 1):
            if number == COUNT // 2:
                time.sleep(REST_S)
            line = f"line {number} of somebody outside"
            socket.send(line)
            answer = socket.recv(timeout=10)
            if answer != f"{number}: {line}":
                print(f"line {number} became {answer!r}")
                return 1
        if command and line not in subprocess.run(command, capture_output=True, text=True).stdout:
            print(f"{command[0]} does not show {line!r}")
            return 1
        socket.send("quit")
        if not any(True for _ in socket) and socket.close_code == 1000:
            return 0
    print(f"closed with {socket.close_code}")
    return 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except Exception as error:  # Whatever it is, it is the outcome, in one line.
        print(f"{type(error).__name__}: {error}")
        sys.exit(1)
