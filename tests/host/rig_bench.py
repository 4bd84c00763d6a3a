"""A running bench and a client of it, for the tests of the rig. The firmware is
tests/host/rig_firmware.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FIRMWARE = ROOT / "tests/host/rig_firmware"
WAIT_S = 30


class Client:
    """One connection to the control port."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), WAIT_S)
        self.file = self.socket.makefile("rwb")
        self.last_id = 0

    def raw(self, line):
        self.file.write(line + b"\n")
        self.file.flush()
        return json.loads(self.file.readline())

    def ask(self, cmd, **values):
        """The answer, whatever it is."""
        self.last_id += 1
        answer = self.raw(json.dumps(dict(values, cmd=cmd, id=self.last_id)).encode())
        assert answer["id"] == self.last_id
        return answer

    def do(self, cmd, **values):
        """The answer, which must be ok."""
        answer = self.ask(cmd, **values)
        assert answer["ok"], (cmd, values, answer)
        return answer

    def effect_ms(self, command, where):
        """Both lines in one segment: the bench begins to watch at the moment of the cause."""
        watch = {"cmd": "until", "where": where, "timeout": 20, "id": "effect"}
        command = dict(command, id="cause")
        self.file.write(b"".join(json.dumps(one).encode() + b"\n" for one in (command, watch)))
        self.file.flush()
        cause, effect = [json.loads(self.file.readline()) for _ in range(2)]
        assert cause["id"] == "cause" and cause["ok"] and effect["ok"], (cause, effect)
        return effect["clock_ms"] - cause["clock_ms"]

    def until(self, timeout=20, **where):
        return self.do("until", where=where, timeout=timeout)

    def connector(self):
        return self.do("state")["connectors"][0]


class Bench:
    """`with Bench(tmp_path) as bench:`; more than one may run at a time."""

    def __init__(
        self, folder, speed=1, board=None, url="ws://127.0.0.1:9/x", name="dir", **config
    ):
        self.folder = Path(folder)
        self.dir = self.folder / name
        self.port = free_port()
        file = self.folder / (name + ".json")
        file.write_text(json.dumps({"url": url, "cpid": "CP1", "board": board or {}, **config}))
        self.arguments = [
            "--config",
            str(file),
            "--state",
            str(self.dir),
            "--control",
            "127.0.0.1:%d" % self.port,
            "--speed",
            str(speed),
        ]
        self.process = None
        self.errors = ""

    def __enter__(self):
        self.process = launch(self.arguments)
        end = time.monotonic() + WAIT_S
        while True:
            try:
                self.client = Client(self.port)
                break
            except ConnectionRefusedError:
                assert self.process.poll() is None, self.process.communicate()[1]
                assert time.monotonic() < end
                time.sleep(0.02)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        self.errors = self.process.communicate(timeout=WAIT_S)[1]

    def booted(self):
        """A client once the firmware has told its first line."""
        self.client.until(boot="Accepted")
        return self.client


class Peer:
    """The other end of the firmware's connection: takes lines, sends commands."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.server.settimeout(WAIT_S)
        self.url = "ws://127.0.0.1:%d/x" % self.server.getsockname()[1]
        self.link = None

    def accept(self, tls=None):
        self.link = self.server.accept()[0]
        if tls is not None:
            self.link = tls.wrap_socket(self.link, server_side=True)
        self.link.settimeout(WAIT_S)
        assert self.take(6) == b"hello\n"
        return self

    def send(self, word):
        self.link.sendall(word.encode())

    def take(self, size):
        data = b""
        while len(data) < size:
            more = self.link.recv(size - len(data))
            assert more, "the firmware's end closed after %r" % data
            data += more
        return data

    def command(self, word):
        self.send(word)
        wanted = b"did " + word.encode() + b"\n"
        assert self.take(len(wanted)) == wanted


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as one:
        return one.getsockname()[1]


def launch(arguments, **more):
    env = dict(os.environ, EVSE_CODE="%s:%s" % (FIRMWARE, ROOT))
    return subprocess.Popen(
        [str(ROOT / "tools/bench"), *arguments],
        env=env,
        text=True,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        **more,
    )


def burn(seconds):
    """Another program that wants the whole machine."""
    code = "import time\nend = time.time() + %r\nwhile time.time() < end: pass" % seconds
    return [subprocess.Popen([sys.executable, "-c", code]) for _ in range(3)]
