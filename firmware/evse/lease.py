"""The lease: what a charge point grants its satellite, and until when. No bytes, no UART.

take() is called by who reads the line, tick() once in each round of the kernel, in the interrupt
where the port has one: integers only, nothing allocated. A permit that is not renewed ends, and
with it the offer; the kernel opens as it always does. That the charge point is silent is no danger
(the kernel is complete without it), so nothing is torn open under load.
"""

from micropython import const

_HOLD_MS = const(60000)  # nobody has come back: the driver gets the plug
_LONG_MS = const(86400000)


class Lease:
    def __init__(self, kernel, bound_ms: int):
        self._kernel = kernel
        self._bound_ms = bound_ms
        self._armed = False
        self._held = False
        self._permit_ma = 0
        self._said: "tuple | None" = None  # armed and permit_ma of the order before
        self._current_ma = 0
        self._voltage_dv = 0
        self._reading_ms = 0
        self._read = False  # a reading waits for the tick
        self.age_ms = _LONG_MS

    def take(self, order, age_ms: int):
        """`order` is at most `age_ms` old. It takes two in a row to grant: of frames with many
        wrong bits a check of 16 lets one in 65536 pass. An interrupt may come between any two
        lines: what it sees then is half of this order and half of the one before, for one tick."""
        said = self._said if self.age_ms < self._bound_ms else None
        self._said = order.armed, order.permit_ma
        self._armed = order.armed and said is not None and said[0]
        self._held = order.held
        self._permit_ma = 0 if said is None else min(order.permit_ma, said[1])
        self._read = False
        self._current_ma = order.current_ma
        self._voltage_dv = order.voltage_dv
        self._reading_ms = order.reading_ms + age_ms
        self._read = True
        self.age_ms = age_ms  # last: until here the lease is as old as it was

    def tick(self, dt_ms: int):
        kernel = self._kernel
        facts = kernel.facts
        if self.age_ms < _LONG_MS:
            self.age_ms += dt_ms
        kept = self.age_ms < _HOLD_MS
        facts.armed = kept and self._armed
        facts.held = kept and self._held
        facts.permit_ma = self._permit_ma if self.age_ms < self._bound_ms else 0
        if self._read:
            self._read = False
            kernel.meter_read(self._current_ma, self._voltage_dv)
            kernel.meter_age_ms = self._reading_ms
