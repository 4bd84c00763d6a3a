"""Control pilot: millivolts to a letter A..F, and milliamps to a duty and back.  No pin, no clock.

IEC 61851-1 Annex A.  Duty is in parts per ten thousand (10000 = steady +12 V, 0 = steady -12 V).
"""

from micropython import const

UNKNOWN = "?"  # before the first decision; in no set of letters
# A tuple: a letter cut out of a string may be a new object, and this runs in a hard interrupt.
_LETTERS = ("A", "B", "C", "D", "E", "F")
_B = const(1)
_C = const(2)
_D = const(3)
_UNKNOWN = const(6)
HIGH_MV = const(1000000)  # no pilot is above

X1 = const(10000)  # steady +12 V: connected, nothing offered
OFF = const(0)  # steady -12 V: state F


def duty_from_ma(ma: int) -> int:
    """Duty that offers `ma` milliamps (6000..80000); X1 below 6 A.  IEC 61851-1 table A.7.

    Above 51 and below 52.525 A there is no duty (a gap in the standard): 51 A is said instead.
    """
    if ma < 6000:
        return X1
    if ma <= 51000:
        return (ma + 3) // 6  # I = 0.6 A per percent
    if ma < 52525:
        return 8500
    if ma > 80000:
        ma = 80000
    return (ma + 12) // 25 + 6400  # I = 2.5 A per percent above 64 %


def ma_from_duty(duty: int) -> int:
    """What a car reads from `duty`: milliamps, 0 for "do not charge" (SAE J1772 table 6B)."""
    if duty < 800 or duty > 9700:
        return 0
    if duty < 1000:
        return 6000
    if duty <= 8500:
        return duty * 6
    if duty <= 9600:
        return (duty - 6400) * 25
    return 80000


class Pilot:
    """The debounced letter.  Feed it one sample per tick; it remembers, and allocates nothing.

    `floor_mv`, `roof_mv`, `low_roof_mv`: a sample with its high side from floor to below roof, and
    its low side below low_roof, is no news: it may be left out as long as only such come.
    """

    def __init__(self, limit):
        self._limit = limit
        self._edges = (limit.a_b_mv, limit.b_c_mv, limit.c_d_mv, limit.d_e_mv, limit.e_f_mv)
        # Of each letter: does it ask for power, in a way that may be answered?
        self._powers = (False, False, True, limit.ventilation, False, False, False)
        self.letter = UNKNOWN
        self.diode_bad = False  # low side not at -12 V while the oscillator runs
        self.diode_seen = False  # it was, since the oscillator started
        self._index = _UNKNOWN
        self._candidate = _UNKNOWN
        self.floor_mv = HIGH_MV
        self.roof_mv = -HIGH_MV
        self.low_roof_mv = -HIGH_MV
        self._held_ms = 0  # since the candidate was first seen, without a break
        self._lost_ms = -1  # since a letter with power was last seen, -1 while it is
        self._bad_ms = -1  # since the low side was first seen wrong, -1 while it is right

    def feed(self, high_mv: int, low_mv: int, pwm_ms: int, dt_ms: int):
        """One sample.  `pwm_ms`: how long the oscillator has been running, 0 when it is not."""
        if not self.floor_mv <= high_mv < self.roof_mv:
            self._waver(self._classify(high_mv), dt_ms)
        self._diode(low_mv, pwm_ms, dt_ms)

    def blind(self):
        """No sample: at -12 V the diode hides the car. What was half agreed does not count."""
        self._held_ms = 0
        self._steady()

    def _waver(self, index: int, dt_ms: int):
        """A sample that is news: another letter, or one on the way to another."""
        powers = self._powers
        if index != self._candidate:
            # The first sample that differs starts the clock; this tick's dt belongs to the past.
            self._candidate = index
            self._held_ms = 0
            self.floor_mv, self.roof_mv = HIGH_MV, -HIGH_MV
        elif index != self._index:
            self._held_ms += dt_ms
        if index == self._index:
            self._steady()
            return
        if powers[index] or not powers[self._index]:
            self._lost_ms = -1
        else:
            self._lost_ms = 0 if self._lost_ms < 0 else self._lost_ms + dt_ms
        limit = self._limit
        # C and D ask for power: 500 ms without a break.  All else takes power or gives none.
        slow = (index == _C or index == _D) and not powers[self._index]
        if self._held_ms >= (limit.on_ms if slow else limit.off_ms):
            self._settle(index)
        elif self._lost_ms >= limit.off_ms:
            # The samples agree only that it is C no more (a bouncing plug): the power goes, and
            # where the pilot went is still to be judged.
            self._settle(_B)

    def _settle(self, index: int):
        self._index = index
        self.letter = _LETTERS[index]
        self._held_ms = 0
        self._lost_ms = -1
        if index == self._candidate:
            self._steady()

    def _steady(self):
        """All samples agree with the letter: how far may they stray?"""
        index, edges, away = self._index, self._edges, self._limit.hysteresis_mv
        self._candidate = index
        self._lost_ms = -1
        if index == _UNKNOWN:
            return
        self.roof_mv = edges[index - 1] + away if index else HIGH_MV
        self.floor_mv = edges[index] - away if index < 5 else -HIGH_MV

    def _classify(self, mv: int) -> int:
        # Each boundary is moved away from where we are, so that noise on it decides nothing.
        index, edges, away = self._index, self._edges, self._limit.hysteresis_mv
        if index == _UNKNOWN:
            away = 0
        k = 0
        while k < 5 and mv < (edges[k] + away if index > k else edges[k] - away):
            k += 1
        return k

    def _diode(self, low_mv: int, pwm_ms: int, dt_ms: int):
        limit = self._limit
        if not pwm_ms:
            self.diode_bad = self.diode_seen = False
        if pwm_ms < limit.pwm_settle_ms or not _B <= self._candidate <= _D:
            # No car to judge; a short (E) also pulls the low side up.
            self._bad_ms = -1
            self.low_roof_mv = HIGH_MV
        elif low_mv <= limit.diode_mv:
            self._bad_ms = -1
            self.diode_bad = False
            self.diode_seen = True
            self.low_roof_mv = limit.diode_mv + 1
        else:
            self.low_roof_mv = -HIGH_MV  # counted sample by sample
            self._bad_ms = 0 if self._bad_ms < 0 else self._bad_ms + dt_ms
            if self._bad_ms >= limit.off_ms:
                self.diode_bad = True
                self.diode_seen = False
