"""The bench as a client sees it: its process, its control port, the verbs of docs/bench.md.

Promise: nothing of it outlives stop(), stopped (SIGSTOP) children included; it ends when this
process does. Times are seconds of the bench's clock. Boundary: words to the bench; what they
mean is its business.
"""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from tools.sim_process import birth, descendants, end_with_parent

ROOT = Path(__file__).resolve().parent.parent
START_S = 20
ANSWER_S = 90  # of the wall: a bench that takes longer is broken, not slow


class Refused(Exception):
    """The bench answered "ok": false. `.answer` is the whole line."""

    def __init__(self, request, answer):
        words = {name: value for name, value in request.items() if name != "cmd"}
        last = " -- the last state: %s" % answer["connectors"] if "connectors" in answer else ""
        super().__init__(
            "%s %s: %s%s" % (request.get("cmd"), words or "", answer.get("error"), last)
        )
        self.request = request
        self.answer = answer
        self.error = answer.get("error")


class Broken(Exception):
    """The bench did not start, or is gone."""


class Wire:
    """One connection to the control port. Requests of several threads do not mix."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_S)
        self._file = self._socket.makefile("rwb")
        self._lock = threading.Lock()
        self._id = 0

    def ask(self, *requests):
        """All requests in one packet: the bench takes them in within the same moment. Their
        answers in order."""
        with self._lock:
            wanted = {}
            for request in requests:
                self._id += 1
                wanted[self._id] = request
            lines = [json.dumps(dict(request, id=number)) for number, request in wanted.items()]
            try:
                answers = self._exchange(lines, len(wanted))
            except (OSError, ValueError) as e:
                raise Broken("the bench does not answer: %s" % e) from None
        for number, request in wanted.items():
            if not answers[number]["ok"]:
                raise Refused(request, answers[number])
        return [answers[number] for number in wanted]

    def _exchange(self, lines, count):
        self._file.write(("\n".join(lines) + "\n").encode())
        self._file.flush()
        answers = {}
        while len(answers) < count:
            line = self._file.readline()
            if not line:
                raise Broken("the bench closed its control port")
            answer = json.loads(line)
            answers[answer["id"]] = answer
        return answers

    def close(self):
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it is closed at the other end already
        finally:
            self._socket.close()


class Bench:
    def __init__(self, config, folder, speed, code=None):
        """`config` is the bench's configuration; `code` the folder of firmware/ and hal/ to
        run."""
        self.folder = Path(folder)
        self.speed = speed
        self._config = self.folder / "bench.json"
        self._config.write_text(json.dumps(config))
        self.state_dir = self.folder / "state"
        self._log = self.folder / "bench.log"
        self._environment = dict(os.environ)
        if code is not None:
            self._environment["EVSE_CODE"] = str(code)
        self.process = None
        self.wire = self.watch = None
        self.alive = False

    # --- life -------------------------------------------------------------------------------

    def start(self):
        with self._log.open("ab") as log:
            begin = log.tell()
            command = [
                str(ROOT / "tools/bench"),
                "--config",
                str(self._config),
                "--state",
                str(self.state_dir),
                "--control",
                "127.0.0.1:0",
                "--speed",
                str(self.speed),
            ]
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._environment,
                start_new_session=True,
                preexec_fn=end_with_parent,
            )
        port = self._port(begin)
        self.wire = Wire(port)
        self.watch = Wire(port)  # for other threads, beside a waiting `until`
        self.alive = True
        return self

    def _port(self, begin):
        end = time.monotonic() + START_S
        while time.monotonic() < end:
            text = self._log.read_text()[begin:]
            found = re.search(r"listening on 127\.0\.0\.1:(\d+)", text)
            if found:
                return int(found[1])
            if self.process.poll() is not None:
                raise Broken("the bench did not start: " + text.strip())
            time.sleep(0.02)
        raise Broken("the bench does not listen: " + self.log.strip())

    def stop(self):
        """Everything is gone when this returns."""
        if self.process is None:
            return
        self.alive = False
        children = descendants(self.process.pid)
        for wire in (self.wire, self.watch):
            if wire is not None:
                wire.close()
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(5)
        for pid, born in children:
            if birth(pid) == born:
                os.kill(pid, signal.SIGKILL)
        self.process = None

    @property
    def console(self):
        path = self.state_dir / "console.log"
        return path.read_text(errors="replace") if path.exists() else ""

    @property
    def log(self):
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    def firmware_pid(self):
        """The process that runs the firmware, among the bench's children."""
        for pid, _ in descendants(self.process.pid):
            try:
                command = Path("/proc/%d/cmdline" % pid).read_bytes()
            except OSError:
                continue
            if b"import firmware." in command:
                return pid
        raise Broken("the bench has no firmware process")

    # --- verbs ------------------------------------------------------------------------------

    def ask(self, cmd, **fields):
        return self.wire.ask(dict(fields, cmd=cmd))[0]

    def plug(self, connector=1, **how):
        how.setdefault("auto", True)
        return self.ask("plug", connector=connector, **how)

    def unplug(self, connector=1, force=False):
        return self.ask("unplug", connector=connector, force=force)

    def ev(self, state, connector=1):
        return self.ask("ev", connector=connector, state=state)

    def swipe(self, token, connector=1):
        return self.ask("swipe", connector=connector, token=token)

    def button(self, connector=1):
        return self.ask("stop", connector=connector)

    def fault(self, kind, on=True, connector=1):
        return self.ask("fault", connector=connector, kind=kind, on=on)

    def power(self, on):
        return self.ask("power", on=on)

    def link(self, up, how="drop"):
        return self.ask("link", up=up, how=how)

    def meter(self, wh, connector=1):
        return self.ask("meter", connector=connector, wh=wh)

    def state(self):
        return self.watch.ask({"cmd": "state"})[0]

    def connector(self, number=1):
        return self.state()["connectors"][number - 1]

    def until(self, connector=1, timeout=30, **where):
        return self.ask("until", connector=connector, timeout=timeout, where=where)

    def run(self, seconds):
        """Lets so many seconds of the bench's clock pass."""
        try:
            self.ask("until", where={"powered": "never"}, timeout=seconds)
        except Refused as e:
            if e.error != "timeout":
                raise
