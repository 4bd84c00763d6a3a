"""The guards: contactor, current, voltage, temperature. Facts over time in, one verdict out.

One `tick` per kernel tick, milliseconds in, a bool or a current out.  No hardware, no allocation.
"""

NO_READING = -32768  # what a lost temperature sensor reads


class ContactorGuard:
    """Does the contact do what the coil says?  Needs feedback; a board without it passes None."""

    def __init__(self, limit):
        self._limit = limit
        self.welded = False  # for good: only a power cycle clears it
        self.no_close = False  # now
        self._wrong_ms = 0

    def tick(self, coil: bool, closed, dt_ms: int):
        self.no_close = False
        if self.welded or closed is None or closed == coil:
            self._wrong_ms = 0
            return
        self._wrong_ms += dt_ms
        if coil:
            self.no_close = self._wrong_ms >= self._limit.no_close_ms
        elif self._wrong_ms >= self._limit.weld_ms:
            self.welded = True


class CurrentGuard:
    """True while the car has drawn more than offered + 10 % + 0.5 A for 7 s."""

    def __init__(self, limit):
        self._limit = limit
        self._over_ms = 0

    def tick(self, drawn_ma: int, offered_ma: int, dt_ms: int) -> bool:
        limit = self._limit
        if drawn_ma <= offered_ma * limit.over_permille // 1000 + limit.over_ma:
            self._over_ms = 0
            return False
        self._over_ms += dt_ms
        return self._over_ms >= limit.over_ms


class VoltageGuard:
    """True from 3 s below 0.85 of nominal until 60 s above 0.90."""

    def __init__(self, limit):
        self._limit = limit
        self.low = False
        self._ms = 0  # how long the other side of the verdict has lasted

    def tick(self, voltage_dv: int, dt_ms: int) -> bool:
        """`voltage_dv`: the lowest phase in tenths of a volt; 0 or less: the meter has none."""
        limit = self._limit
        if voltage_dv <= 0:
            self._ms = 0
            return self.low
        turns = voltage_dv >= limit.under_back_dv if self.low else voltage_dv < limit.under_dv
        if not turns:
            self._ms = 0
            return self.low
        self._ms += dt_ms
        if self._ms >= (limit.under_back_ms if self.low else limit.under_ms):
            self.low = not self.low
            self._ms = 0
        return self.low


class ThermalGuard:
    """A ceiling that falls from 60 to 70 degrees, and a stop at 75 that lasts until 70."""

    def __init__(self, limit):
        self._limit = limit
        self.stop = False
        self.hot = False  # derating
        self.lost = False  # the sensor gives nothing

    def ceiling_ma(self, celsius_dc: int) -> int:
        """The most to offer at this temperature; 0 when it must stop."""
        limit = self._limit
        self.lost = celsius_dc == NO_READING
        if self.lost:
            # What we cannot measure counts as hot: the least current there is, until it is back.
            celsius_dc = limit.derate_to_dc
        if celsius_dc >= limit.stop_dc:
            self.stop = True
        elif celsius_dc <= limit.resume_dc and not self.lost:
            self.stop = False  # a sensor that died of the heat does not end the stop
        self.hot = celsius_dc > limit.derate_from_dc
        if self.stop:
            return 0
        if not self.hot:
            return limit.max_ma
        if celsius_dc >= limit.derate_to_dc:
            return limit.min_ma
        span = limit.derate_to_dc - limit.derate_from_dc
        room = (limit.max_ma - limit.min_ma) * (limit.derate_to_dc - celsius_dc)
        return limit.min_ma + room // span
