"""The safety kernel of one connector: sense, judge, decide, apply.  Alive while all else is stuck.

Where a hard interrupt is its heart, the port's eye looks every millisecond, and calls `beat()` for
what is news to the kernel and for every second millisecond.  On news it glances at the pilot and
the detector and opens at once what they forbid; else it takes one of the steps that make a round
(round.py).  Where a task is its heart, `tick(dt_ms)` takes them all, every 1..25 ms.  It takes
hardware as objects (hal drivers), uses integers only, allocates nothing and waits for nothing.
"""

from micropython import const

from firmware.evse import fault, pilot
from firmware.evse.round import Round

_STEPS = const(12)  # of a round


class Kernel(Round):
    """`facts` and `wishes` are public to read; a session writes facts.armed and .permit_ma."""

    def __init__(self, hardware, limit, welded: bool = False):
        """`hardware`: pilot, contactor, residual_current, ground, lock, proximity, thermometer;
        None for what the board has not (but pilot and contactor); `eye` where `beat` is called.
        `welded`: kept over a reset."""
        super().__init__(hardware, limit, welded)
        # Bound once: a bound method is an object, and an interrupt makes none.
        self._round = (
            self._look,
            self._see_cable,
            self._see_contact,
            self._judge_residual,
            self._judge_pilot,
            self._feel_heat,
            self._judge_heat,
            self._judge_supply,
            self._judge_lock,
            self._conclude,
            self._apply,
            self._apply_rest,
        )
        self._next = 0  # of the round's steps
        self._ms = 0  # how long this round has taken
        self.round_ms = 2 * _STEPS  # how long the last one took; public to read
        self._glanced = False  # in the last beat

    # --- what the tasks above may tell it ---------------------------------------------------

    def meter_read(self, current_ma: int, voltage_dv: int):
        """A fresh reading: highest phase current, lowest phase voltage (0: not measured)."""
        self.facts.current_ma = current_ma
        self._voltage_dv = voltage_dv
        self.meter_age_ms = 0

    def fail(self):
        """The kernel's own software failed: open, and stay open until the next boot."""
        if not self._failed:
            self.facts.fault_ms = 0
        self._failed = True
        self.wishes.close = False
        self._hw.contactor.drive(False)
        self._hw.pilot.drive(pilot.X1)
        self.facts.faults |= fault.SOFTWARE

    # --- the rounds -------------------------------------------------------------------------

    def tick(self, dt_ms: int):
        """A whole round."""
        self._unseen_ms += dt_ms
        for step in self._round:
            step(dt_ms)

    def beat(self, ms: int, news: bool) -> bool:
        """`ms` have passed since the last. True once a round, in a beat that had no step to do."""
        self._unseen_ms += ms
        self._ms += ms
        if news and not self._glanced:
            self._glanced = True  # the next beat is the round's, whatever the eye sees
            self._look(0)
            return False
        self._glanced = False
        at = self._next
        if at == _STEPS:
            self._next = 0
            self.round_ms = self._ms
            self._ms = 0
            return True
        self._next = at + 1
        self._round[at](self.round_ms)
        return False
