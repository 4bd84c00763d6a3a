"""The virtual car: what it wants, what it lets the pilot show, what it draws.

Promise: behaves in time like a car (IEC 61851-1 table A.6, SAE J1772 table 8): asks for energy
about a second after a valid duty, stops drawing and opens S2 within half a second when the duty
goes, follows a new duty in about half a second, ramps.
Boundary: sees the pilot's duty and whether mains is there; knows no firmware.
"""

from .circuit import LOAD_OHM, offered_ma

ASK_MS = 1000  # valid duty -> S2
LEAVE_MS = 500  # duty gone -> S2 opens
FOLLOW_MS = 500  # a new duty is obeyed after this (the standard allows 5 s)
RAMP_UP_MA_PER_S = 20000
RAMP_DOWN_MA_PER_S = 64000


class Car:
    def __init__(self, auto=False, cable_a=32, max_a=32, phases=3, fail=None, fail_after_s=0.0):
        self.auto = auto
        self.cable_ma = round(cable_a * 1000)
        self.max_ma = round(max_a * 1000)
        self.phases = phases
        self.fail = fail
        self.fail_after_ms = fail_after_s * 1000
        self.wants = "C" if auto else "B"
        self.state = "B"
        self.diode = True
        self.overcurrent = False
        self.current_ma = 0
        self.charged_ms = 0
        self._valid_ms = 0
        self._invalid_ms = 0
        self._obeyed_ma = 0
        self._change_ms = 0

    def ev(self, state):
        """What the car wants now. With auto, C and D still wait for a valid duty."""
        self.wants = state
        if not self.auto or state == "B":
            self.state = state
        elif self.state != "B":
            self.state = state  # C <-> D while charging

    @property
    def load_ohm(self):
        return LOAD_OHM[self.state]

    def step(self, duty, mains, dt_ms):
        """`mains`: the contactor is really closed. Sets .current_ma per phase. True once: the
        fault is due.
        """
        offered = offered_ma(duty)
        if self.auto:
            self._follow_duty(offered, dt_ms)
        self._obey(offered, dt_ms)
        self._draw(mains, dt_ms)
        if self.current_ma <= 0:
            return False
        self.charged_ms += dt_ms
        if self.fail is None or self.charged_ms < self.fail_after_ms:
            return False
        return True

    def _follow_duty(self, offered, dt_ms):
        if offered:
            self._invalid_ms = 0
            self._valid_ms += dt_ms
            if self._valid_ms >= ASK_MS and self.state == "B":
                self.state = self.wants
        else:
            self._valid_ms = 0
            self._invalid_ms += dt_ms
            if self._invalid_ms >= LEAVE_MS:
                self.state = "B"

    def _obey(self, offered, dt_ms):
        """A lost pilot is obeyed at once, a new current after FOLLOW_MS."""
        if offered == self._obeyed_ma or not offered:
            self._obeyed_ma, self._change_ms = offered, 0
            return
        self._change_ms += dt_ms
        if self._change_ms >= FOLLOW_MS:
            self._obeyed_ma, self._change_ms = offered, 0

    def _draw(self, mains, dt_ms):
        if not mains or self.state == "B":
            self.current_ma = 0  # no mains, or S2 open
            return
        target = min(self.cable_ma, self.max_ma, self._obeyed_ma)
        if self.overcurrent and self._obeyed_ma:
            target = self._obeyed_ma * 11 // 10 + 3500
        if self.current_ma < target:
            self.current_ma = min(target, self.current_ma + RAMP_UP_MA_PER_S * dt_ms // 1000)
        else:
            self.current_ma = max(target, self.current_ma - RAMP_DOWN_MA_PER_S * dt_ms // 1000)
