"""For the tests of firmware/tasks/transfers.py: servers that misbehave as told, and MicroPython
running the firmware's task against them.
"""

import json
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress

from tests.conftest import ROOT, interpreter

DRIVER = "tests/host/transfer_driver.py"
HEAP = "512k"
WAIT_S = 60
PATTERN = bytes(range(251))


def pattern(size):
    """What the driver's source sends."""
    return (PATTERN * (size // 251 + 1))[:size]


def run(*jobs, **plan):
    """The driver's report on these jobs; `said` is all it printed."""
    plan["jobs"] = jobs
    done = subprocess.run(
        [interpreter(), "-X", "heapsize=" + HEAP, DRIVER],
        input=json.dumps(plan),
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=WAIT_S,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("@")]
    assert lines, done.stdout + done.stderr
    report = json.loads(lines[0][1:])
    report["said"] = done.stdout + done.stderr
    assert report["alive"], report["said"]
    assert report["leaked"] == 0, report
    return report


def one(**job):
    """The report on one job, and that job's own part of it."""
    plan = {key: job.pop(key) for key in ("speed", "tls", "turns") if key in job}
    report = run(job, **plan)
    return report, report["jobs"][-1]


class Request:
    """What a client said. `body`: what came with the head, and what read() has added."""

    def __init__(self, connection):
        self.connection = connection
        data = b""
        while b"\r\n\r\n" not in data:
            piece = connection.recv(4096)
            if not piece:
                break
            data += piece
        head, _, self.body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        pairs = [line.partition(": ") for line in lines[1:]]
        self.fields = {name.lower(): value for name, _, value in pairs}

    def read_body(self):
        size = int(self.fields["content-length"])
        while len(self.body) < size:
            piece = self.connection.recv(4096)
            if not piece:
                break
            self.body += piece
        return self.body


@contextmanager
def server(answer, context=None, first=b""):
    """`answer(connection, request)` for each connection, on its own thread; then it is closed.

    `first` is said before anything is heard. Gives (port, requests).
    """
    listener = socket.create_server(("127.0.0.1", 0))
    requests: list = []
    threads = []
    stop = threading.Event()

    def serve(connection):
        with suppress(OSError), connection:
            connection.settimeout(WAIT_S)
            connection.sendall(first)
            if context is not None:
                connection = context.wrap_socket(connection, server_side=True)
            request = Request(connection)
            requests.append(request)
            answer(connection, request)
            connection.close()

    def accept():
        while not stop.is_set():
            with suppress(OSError):
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(connection,), daemon=True))
                threads[-1].start()

    acceptor = threading.Thread(target=accept, daemon=True)
    acceptor.start()
    try:
        yield listener.getsockname()[1], requests
    finally:
        stop.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        acceptor.join(WAIT_S)


def reply(status, *fields, body=b""):
    """The bytes of an answer."""
    return "\r\n".join([f"HTTP/1.1 {status} X", *fields, "", ""]).encode() + body


def says(*pieces):
    """An answer that is the same for everybody."""
    return lambda connection, _: connection.sendall(b"".join(pieces))
