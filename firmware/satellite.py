"""The composition root of a satellite: board to port, port to kernel, kernel to the line.

The second root beside main.py, for the chip that does nothing else: no OCPP, no network, no flash.
The kernel is complete here; the charge point at the other end of the line only grants. However it
ends, the contactor is left open.
"""

import gc
import time

import micropython

import board
from firmware.evse.kernel import Kernel
from firmware.evse.lease import Lease
from firmware.evse.limit import Limit
from firmware.evse.remote import fill
from firmware.version import VERSION
from hal.remote import Line
from hal.remote_frame import Order, Report

_WATCHDOG_MS = 2000
_TURN_MS = 5
_SETTLE_MS = 1000  # letter C, cable and lock need half of it: until then nothing is told
_TRIES = 8


def release(version: str) -> int:
    """The version 1.2.3 in one number."""
    number, plain = 0, version.partition("-")[0] + ".0.0"
    for part in plain.split(".")[:3]:
        number = number << 8 | int(part)
    return number


class Satellite:
    """`start()` once, `turn()` for ever. `faulted`: the exception that stopped the kernel."""

    def __init__(self, port, facts):
        self._port = port
        limit = Limit(
            max_ma=facts.max_ma, socket=facts.socket, ventilation=facts.ventilation, **facts.limits
        )
        self.kernel = Kernel(port.connectors[0], limit, bool(port.retained & 1))
        boot = int.from_bytes(port.entropy(2), "little") or 1
        self.line = Line(port.link_uart, Report(), Order(), boot)
        self.lease = Lease(self.kernel, self.line.bound_ms)
        self.faulted = None
        self._release = release(VERSION)
        self._beats = 0
        self._seen = 0  # beats, when last looked
        self._age_ms = 0

    def start(self):
        self._port.arm_watchdog(_WATCHDOG_MS)
        if self._port.beat is not None:
            self._port.beat(self._beat)

    def _beat(self, ms: int, news: bool):
        """In a hard interrupt, see `Kernel.beat`. Allocates nothing but what it dies of."""
        try:
            if self.kernel.beat(ms, news):  # once a round it has nothing to do itself
                self.lease.tick(self.kernel.round_ms)
        except Exception as error:
            self.kernel.fail()
            self.faulted = error
        self._beats = (self._beats + 1) & 0xFFFF

    def turn(self, dt_ms: int):
        """The line, and all that may take its time."""
        if self._port.beat is None:
            self._tick(dt_ms)
        self._age_ms = min(self._age_ms + dt_ms, _SETTLE_MS)
        line = self.line
        if line.poll(dt_ms):
            self.lease.take(self._order(), line.age_ms)
        if line.due and self._age_ms >= _SETTLE_MS and self._fill():
            line.send()
        self._keep()

    def _tick(self, dt_ms: int):
        """The heart of a port without interrupts."""
        try:
            self.lease.tick(dt_ms)
            self.kernel.tick(dt_ms)
        except Exception as error:
            self.kernel.fail()
            self.faulted = error
        self._beats = (self._beats + 1) & 0xFFFF

    def _order(self):
        """What is granted; nothing to who asks for another boot."""
        order, kernel = self.line.heard, self.kernel
        if order.restart == self.line.boot:
            order.permit_ma = 0
            if not kernel.facts.closed and not kernel.wishes.close:
                self._port.reset()
        return order

    def _fill(self) -> bool:
        """All facts of one beat: an interrupt between two of them makes another try."""
        for _ in range(_TRIES):
            beats = self._beats
            fill(self.line.said, self.kernel, self._release)
            if beats == self._beats:
                return True
        return False

    def _keep(self):
        """A weld outlives a reset; the watchdog is fed while the kernel's heart beats."""
        if self.kernel.welded and not self._port.retained & 1:
            self._port.retained = self._port.retained | 1
        if self.faulted is None and self._beats != self._seen:
            self._port.feed_watchdog()
        self._seen = self._beats

    def run(self):
        self.start()
        ticks_ms = self._port.ticks_ms
        last = ticks_ms()
        while True:
            now = ticks_ms()
            self.turn(time.ticks_diff(now, last))
            last = now
            time.sleep_ms(_TURN_MS)


def _port():
    """The port this board names."""
    if board.PORT == "rp2":
        from hal.rp2 import Port

        return Port(board)
    raise ValueError("no port file for " + board.PORT)


def run():
    """Boot. An exception ends the program with an open contactor; the watchdog then reboots it."""
    if hasattr(micropython, "alloc_emergency_exception_buf"):  # no interrupts on unix
        micropython.alloc_emergency_exception_buf(100)
    gc.collect()
    satellite = Satellite(_port(), board)
    try:
        satellite.run()
    finally:
        satellite.kernel.fail()
