"""The image of PICO_SATELLITE in the emulator, and a charge point at the other end of its line.

The charge point's end is the product's own: hal.remote.Line and firmware.evse.remote.RemoteKernel.
Both ends go by simulated time, 10 ms at a turn, so nothing here depends on the machine.
"""

import functools
import json
import shutil
import subprocess

import pytest

from firmware.evse.limit import Limit
from firmware.evse.remote import RemoteKernel
from hal.remote import Line
from hal.remote_frame import Order, Report
from tests.unit.evse_rig import LEVEL_MV, Car
from tools import image, image_rom
from tools.image_key import ROOT, NotHere

BOARD = "PICO_SATELLITE"
LIBRARY = ROOT / "build/emulator/node_modules/rp2040js"
COIL = 6
TURN_MS = 10
METER_MS = 1000


@functools.cache
def _made():
    """The image's folder, or the reason why there is none."""
    if shutil.which("node") is None:
        return "the emulator needs Node.js 18 or newer"
    if not LIBRARY.exists():
        return f"{LIBRARY.relative_to(ROOT)} is missing: make emulator"
    try:
        image_rom.build()
        return image.build(BOARD)[0]
    except NotHere as missing:
        return str(missing)


def folder():
    """Skips, with the reason, where the image cannot be made."""
    made = _made()
    if isinstance(made, str):
        pytest.skip(made)
    return made


def adc_mv(pilot_mv):
    return 1650 + pilot_mv // 8


class Uart:
    """The charge point's: `tape` keeps what it has said."""

    def __init__(self):
        self.inbox = self.outbox = self.tape = b""
        self.cut = False

    def read(self, count):
        data, self.inbox = self.inbox[:count], self.inbox[count:]
        return data or None

    def write(self, data):
        self.tape += data
        if not self.cut:
            self.outbox += data


class Chip:
    """The emulated satellite and the car on its pins."""

    def __init__(self):
        command = ["node", ROOT / "tools/emulator/satellite.mjs", folder() / "firmware.bin"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self.car = Car()
        self.uart = Uart()
        self.now = self.duty = self.ended = 0
        self.coil = False
        self.edges = []  # [(ms, of the coil)]
        self.said = ""

    def close(self):
        self._process.kill()
        self._process.communicate()

    def turn(self, ms=TURN_MS, **more):
        """`more`: what else satellite.mjs is told."""
        self.car.tick(self.duty, self.coil, ms)
        high_mv = LEVEL_MV[self.car.letter]
        low_mv = high_mv if self.duty == 10000 and not self.car.diode else -12000
        told = {
            "ms": ms,
            "line": self.uart.outbox.hex(),
            "pilot": [adc_mv(high_mv), adc_mv(low_mv)],
        }
        self.uart.outbox = b""
        self._process.stdin.write(json.dumps(dict(told, **more)) + "\n")
        answer = json.loads(self._process.stdout.readline())
        self.now, self.duty, self.ended = answer["now"], answer["duty"], answer["ended"]
        self.said += answer["said"]
        self.uart.inbox += bytes.fromhex(answer["line"])
        for at, pin, level in answer["edges"]:
            assert pin == COIL
            if bool(level) != self.coil:  # not that it became an output
                self.coil = bool(level)
                self.edges.append((at, self.coil))
        assert not self.ended, f"reset {self.ended}: {self.said}"

    def run(self, ms):
        for _ in range(ms // TURN_MS):
            self.turn()


class Station(Chip):
    """The same, with a charge point that has met it."""

    def __init__(self, boot=0x1234):
        super().__init__()
        self.boot(boot)

    def boot(self, number):
        self.line = Line(self.uart, Order(), Report(), number)
        self.kernel = RemoteKernel(self.line, Limit(max_ma=32000, socket=True))
        self._read_ms = 0

    @property
    def facts(self):
        return self.kernel.facts

    def turn(self, ms=TURN_MS, **more):
        super().turn(ms, **more)
        self._read_ms += ms
        if self._read_ms >= METER_MS:
            self._read_ms = 0
            self.kernel.meter_read(self.car.current_ma, 2300)
        self.kernel.tick(ms)

    def until(self, done, bound_ms):
        for _ in range(bound_ms // TURN_MS):
            if done():
                return
            self.turn()
        facts = self.facts
        told = {name: getattr(facts, name) for name in vars(facts)}
        raise AssertionError(f"not within {bound_ms} ms: {told}, duty {self.duty}; {self.said}")

    def meet(self):
        self.until(lambda: not self.kernel.lost, 4000)
        return self

    def charge(self, permit_ma=16000):
        """A car that follows the rules, and a permit: until current flows."""
        self.meet()
        self.car.auto = True
        self.car.letter = "B"
        self.facts.armed = True
        self.facts.permit_ma = permit_ma
        self.until(lambda: self.coil and self.facts.closed, 8000)
        return self
