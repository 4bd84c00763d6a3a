"""make sim: a charge point on this screen. A car is plugged in, a card is swiped, the wire is
told, the bill is checked.

    python tools/sim.py [--speed N] [--wh N]

Promise: one complete session against the local backend and the bench, told as it happens; a
picture of it; exit status 0 only when the bill equals what the meter itself counted. With a
terminal it stays up to be played with. It ends by itself, and takes everything it started with
it. Boundary: composition; the firmware is the real one, the session is sim_session.py.
"""

import argparse
import os
import shutil
import signal
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tools import compile as bytecode  # noqa: E402
from tools import sim_picture  # noqa: E402
from tools.csms_backend import Backend  # noqa: E402
from tools.csms_server import NoAnswer  # noqa: E402
from tools.sim_bench import Bench, Broken, Refused  # noqa: E402
from tools.sim_play import Play  # noqa: E402
from tools.sim_session import Failed, Session  # noqa: E402
from tools.sim_story import Story  # noqa: E402
from tools.sim_watch import Watch  # noqa: E402

FOLDER = Path(os.environ.get("EVSE_SIM") or ROOT / "build/sim")  # tests have theirs
PICTURE = FOLDER / "session.png"
SPEED = 40
WANTED_WH = 2000
LOOK_S, PLAY_LOOK_S = 0.03, 0.2
OVERALL_S = 100
KEYS = {"MeterValueSampleInterval": "60", "WebSocketPingInterval": "0", "MessageTimeout": "120"}
IDENTITY = {"vendor": "MicroPython EVSE", "model": "BENCH", "serial": "SIM-0001"}


class Sim:
    """Backend, bench, watch and story: brought up, and taken down again."""

    def __init__(self, speed):
        self.speed = speed
        self.story = Story()
        self.backend = self.bench = self.watch = None
        self._up = threading.Event()
        self.epoch = datetime.now(timezone.utc).replace(microsecond=0)

    def up(self):
        with self.working("compiling the firmware"):
            bytecode.compile_tree()
        with self.working("starting the backend"):
            self.backend = Backend(clock=self.utc)
            self.backend.start()
        self.story.note("backend     %s  (OCPP 1.6J)" % self.backend.url)
        shutil.rmtree(FOLDER / "state", ignore_errors=True)
        FOLDER.mkdir(parents=True, exist_ok=True)
        self.power_up(self.speed)
        threading.Thread(target=sim_picture.prepare, name="fonts", daemon=True).start()

    def power_up(self, speed, look_s=LOOK_S, keep=True):
        config = {"url": self.backend.url, "cpid": "SIM", "identity": IDENTITY, "keys": KEYS}
        with self.working("starting the bench"):
            self.bench = Bench(config, FOLDER, speed).start()
            self.watch = Watch(self.bench, self.story, look_s, keep)
            self.story.now = lambda: self.watch.now_ms
            self._up.set()
        self.story.note(
            "bench       %s  (MicroPython, %g times real time)" % (os.path.relpath(FOLDER), speed)
        )
        self.story.note("")
        if self.story.frame not in self.backend.record.listeners:
            self.backend.record.listeners.append(self.story.frame)
        self.watch.start()

    def power_down(self):
        self._up.clear()
        if self.watch is not None and self.watch.is_alive():
            self.watch.end()
        if self.bench is not None:
            self.bench.stop()

    def down(self):
        self.story.close()
        self.power_down()
        if self.backend is not None:
            self.backend.stop()

    def working(self, words):
        """A spinner while it lasts, a line without a terminal."""
        if self.story.rich:
            return self.story.console.status(words + " …")
        self.story.note(words)
        return threading.Lock()

    def utc(self):
        """The backend's clock runs with the bench's."""
        ms = self.bench.state()["clock_ms"] if self._up.wait(5) else 0
        return self.epoch + timedelta(milliseconds=ms)


def _arguments(arguments):
    parser = argparse.ArgumentParser(
        prog="sim", description="A charging session, told as it happens"
    )
    parser.add_argument("--speed", type=float, default=SPEED, help="times real time (%g)" % SPEED)
    parser.add_argument(
        "--wh", type=int, default=WANTED_WH, help="energy to charge (%d)" % WANTED_WH
    )
    return parser.parse_args(arguments)


def _out_of_time(signum, stack):
    raise Failed("not done within %d s: given up" % OVERALL_S)


def _told_to_end(signum, stack):
    raise Failed("ended by signal %d" % signum)


def _play(sim):
    """The charge point in the hands of whoever sits at the terminal."""
    sim.power_down()
    sim.story.note(
        "\nThe same charge point once more, power-cycled, now in real time. It is yours.", "bold"
    )
    sim.power_up(1, PLAY_LOOK_S, False)
    Play(sim).loop()


def _complain(sim, error):
    """What went wrong, and where to look."""
    sim.story.close()
    print("sim: %s" % error, file=sys.stderr)
    if sim.bench is not None:
        logs = [os.path.relpath(FOLDER / name) for name in ("bench.log", "state/console.log")]
        print("sim: see %s and %s" % tuple(logs), file=sys.stderr)


def main(arguments=None):
    options = _arguments(arguments)
    signal.signal(signal.SIGTERM, _told_to_end)
    signal.signal(signal.SIGALRM, _out_of_time)
    signal.alarm(OVERALL_S)
    sim = Sim(options.speed)
    began = time.monotonic()
    try:
        sim.up()
        session = Session(sim, options.wh, PICTURE)
        session.judge(*session.run())
        signal.alarm(0)
        sim.story.note("%.0f s" % (time.monotonic() - began))
        if sys.stdin.isatty():
            _play(sim)
    except (Failed, Broken, Refused, NoAnswer, OSError, bytecode.Refused) as e:
        _complain(sim, e)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        signal.alarm(0)
        sim.down()
    return 0


if __name__ == "__main__":
    sys.exit(main())
