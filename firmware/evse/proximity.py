"""Proximity: the cable's resistor to the current it carries.  Ohms in, milliamps out; no ADC.

IEC 61851-1 table B.2: 13 A 1500, 20 A 680, 32 A 220, 63 A 100 ohm.  In a gap between two windows
the lower current counts; open or shorted is "no cable", never 13 A.
"""

from micropython import const

_SHORT_OHM = const(60)
_OPEN_OHM = const(4500)
_LOSS_MS = const(50)  # a contact that bounces is not a pulled plug; still within the 100 ms bound
_GAIN_MS = const(200)


def cable_ma(ohm: int) -> int:
    """What a cable with this resistor may carry, 0 for no cable or a broken one."""
    if ohm < _SHORT_OHM or ohm > _OPEN_OHM:
        return 0
    if ohm > 936:
        return 13000
    if ohm > 308:
        return 20000
    if ohm > 140:
        return 32000
    return 63000


class Proximity:
    """The debounced cable: `ma` is 0 until a cable has been seen long enough."""

    def __init__(self):
        self.ma = 0
        self._next_ma = 0
        self._ms = 0

    def feed(self, ohm: int, dt_ms: int):
        ma = cable_ma(ohm)
        if ma == self.ma:
            self._next_ma = ma
            self._ms = 0
        elif ma != self._next_ma:
            self._next_ma = ma
            self._ms = 0
        else:
            self._ms += dt_ms
            # Less than now counts soon: a lost cable, or one that carries less.
            if self._ms >= (_LOSS_MS if ma < self.ma else _GAIN_MS):
                self.ma = ma
                self._ms = 0
