"""An OpenEVSE controller on a UART, made from the protocol's description, with a car.

It has what the tests need: states, relay, pilot, capacity, sleep, heartbeat, and its habit of
charging whoever plugs in unless it was told to sleep.
"""

from firmware.evse.limit import Limit
from firmware.evse.rapi import RapiKernel
from hal.rapi import OpenEVSE
from hal.rapi_frame import check
from tests.unit.remote_rig import uarts

STATES = {"A": 1, "B": 2, "C": 3, "D": 4}


class Controller:
    def __init__(self, uart):
        self.uart = uart
        self.letter = "A"  # what the car shows
        self.asks = True  # the car goes to C when it is offered something
        self.fault = 0
        self.asleep = False
        self.disabled = False
        self.capacity = 32  # as it boots
        self.least, self.most = 6, 32
        self.flags = 0
        self.interval = 0
        self.fallback = 0
        self.trigger = 0
        self.knows_pulse = True
        self.numbers = True  # answers carry the number of the command
        self.mute = False
        self.silent_ms = 0
        self.heard = []
        self.saved = 0  # writes to its EEPROM
        self.sensors = (312, -2560, -2560)
        self._buf = b""

    # --- the world --------------------------------------------------------------------------

    @property
    def state(self):
        if self.fault:
            return self.fault
        if self.disabled:
            return 0xFF
        return 0xFE if self.asleep else STATES[self.letter]

    @property
    def relay(self):
        return self.state == 3

    @property
    def offered_a(self):
        if self.state not in (2, 3):
            return 0
        return min(self.capacity, self.fallback) if self.trigger == 2 else self.capacity

    @property
    def vflags(self):
        seen = self.letter != "A" and not self.disabled
        return 0x0200 | (0x0100 if seen else 0) | (0x40 if self.relay else 0)

    def tick(self, ms):
        if self.letter in "BC":
            self.letter = "C" if self.offered_a and self.asks else "B"
        self.silent_ms += ms
        if self.interval and self.silent_ms >= 1000 * self.interval:
            self.trigger = 2
        self._buf += self.uart.read(999) or b""
        while b"\r" in self._buf:
            line, self._buf = self._buf.split(b"\r", 1)
            if not self.mute:
                self.line(line.decode())

    def say(self, text):
        body = ("$" + text).encode()
        self.uart.write(body + b"^%02X\r" % check(body))

    def tell(self):
        """$AT, as it does when its state has changed."""
        self.say("AT %02X %02X %d %04X" % (
            self.state, STATES[self.letter], self.capacity, self.vflags))

    def boot(self):
        self.asleep = self.disabled = False
        self.capacity = 32
        self.trigger = 0
        self.say("AB 00 8.2.3")

    # --- the protocol -----------------------------------------------------------------------

    def line(self, line):
        body, _, digits = line.partition("^")
        assert int(digits, 16) == check(body.encode()), line
        words = body[1:].split()
        number = words.pop()
        assert number[0] == ":" and number != ":00", line
        self.heard.append(" ".join(words))
        ok, answer = self.answer(words)
        words = ["OK" if ok else "NK"] + answer + ([number] if self.numbers else [])
        self.say(" ".join(words))

    def answer(self, words):
        word = words[0]
        if word == "GS":
            pilot = STATES[self.letter]
            return True, ["%02X" % self.state, "12", "%02X" % pilot, "%04X" % self.vflags]
        if word == "GC":
            return True, [str(self.least), str(self.most), str(self.capacity), str(self.most)]
        if word == "GE":
            return True, [str(self.capacity), "%04X" % self.flags]
        if word == "GP":
            return True, [str(dc) for dc in self.sensors]
        if word == "GG":
            return True, [str(self.offered_a * 1000 if self.relay else 0), "230500"]
        if word == "GU":
            return True, ["7200", "123456"]
        if word in ("FE", "FS"):
            self.asleep, self.disabled = word == "FS", False
            return True, []
        return self.set_current(words) if word == "SC" else self.pulse(words)

    def set_current(self, words):
        assert words[2:] == ["V"], "it would be saved"
        asked = int(words[1])
        self.capacity = max(self.least, min(asked, self.most))
        return self.capacity == asked, [str(self.capacity)]

    def pulse(self, words):
        if not self.knows_pulse:
            return False, []
        missed = self.trigger == 2
        if len(words) == 3:
            self.interval, self.fallback = int(words[1]), int(words[2])
            self.saved += 1
        elif words[1:] == ["165"]:
            self.trigger = 1
            missed = False
        self.silent_ms = 0
        return not missed, [str(self.interval), str(self.fallback), str(self.trigger)]


class Bench:
    """The controller, its driver and the kernel's stand-in."""

    def __init__(self, max_ma=32000):
        self.near, self.far = uarts()
        self.box = Controller(self.far)
        self.driver = OpenEVSE(self.near)
        self.kernel = RapiKernel(self.driver, Limit(max_ma=max_ma, socket=False))
        self.now = 0
        self.metered = True
        self.witness = None

    @property
    def facts(self):
        return self.kernel.facts

    def run(self, ms):
        for _ in range(ms // 10):
            self.now += 10
            self.box.tick(10)
            self.kernel.tick(10)
            if self.metered and self.now % 1000 == 0:
                self.kernel.meter_read(0, 2300)
            if self.witness is not None:
                self.witness()

    def until(self, done, bound_ms):
        start = self.now
        while not done():
            assert self.now - start < bound_ms, "not within %d ms" % bound_ms
            self.run(10)
        return self.now - start

    def grant(self, ma):
        self.facts.armed = ma > 0
        self.facts.permit_ma = ma
