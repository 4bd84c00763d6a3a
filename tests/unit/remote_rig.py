"""A charge point and its satellite in one process: two UARTs, a car, a meter and a clock.

The satellite is firmware/satellite.py itself, on the plain metal of evse_rig; the charge point is
a connector with its session. What the wire does to a frame is set by the test.
"""

import sys

from firmware.evse.connector import Connector
from firmware.evse.limit import Limit
from firmware.evse.remote import RemoteKernel
from hal.meter.reading import Reading
from hal.remote import Line
from hal.remote_frame import Order, Report
from tests.unit.evse_rig import Hardware


class Board:
    PORT = "rig"
    max_ma = 32000
    socket = True
    ventilation = False
    limits: dict = {}


sys.modules.setdefault("board", Board)  # type: ignore[arg-type]  # the second root names it

from firmware.satellite import Satellite, release  # noqa: E402, F401


class Uart:
    """One end. `channel(data)`: what arrives of it, as a list of pieces; None: all of it."""

    def __init__(self):
        self.inbox = b""
        self.peer = None
        self.channel = None
        self.frames = []  # written here, the newest last
        self.broken = False

    def read(self, count):
        data, self.inbox = self.inbox[:count], self.inbox[count:]
        return data or None

    def write(self, data):
        if self.broken:
            raise OSError(5)
        data = bytes(data)
        self.frames = self.frames[-63:] + [data]
        for piece in [data] if self.channel is None else self.channel(data):
            self.peer.inbox = (self.peer.inbox + piece)[:1024]  # a buffer that is full loses


def uarts():
    a, b = Uart(), Uart()
    a.peer, b.peer = b, a
    return a, b


class Reset(Exception):
    pass


class Port:
    """The satellite's."""

    def __init__(self, hardware, uart, boot, beats, retained):
        self.connectors = [hardware]
        self.link_uart = uart
        self.retained = retained
        self.fed = 0
        self.armed_ms = 0
        self.tick = None
        self._boot = boot
        self.beat = self._beat if beats else None

    def _beat(self, tick):
        self.tick = tick

    def entropy(self, count):
        return self._boot.to_bytes(count, "little")

    def arm_watchdog(self, timeout_ms):
        self.armed_ms = timeout_ms

    def feed_watchdog(self):
        self.fed += 1

    def reset(self):
        raise Reset


class World:
    def __init__(self, beats=True, socket=True, rating_ma=32000, master_ma=32000, **limits):
        self.board = Board()
        self.board.socket = socket
        self.board.max_ma = rating_ma
        self.board.limits = limits
        self.beats = beats
        self.hw = Hardware(beats)
        self.car = self.hw.car
        self.down, self.up = uarts()  # the charge point's end, the satellite's end
        self.now = 0
        self.boots = 100
        self.port = None
        self.energy_wms = 0  # watt milliseconds through the contact
        self.awake = True  # the charge point's loop runs
        self.master_ma = master_ma
        self.events = []
        self.boot_satellite()
        self.boot_master()

    def boot_satellite(self):
        """Power on, or what a watchdog does: every output at rest."""
        self.boots += 1
        self.up.inbox = b""
        self.hw.contactor.drive(False)
        self.hw.pilot.drive(10000)
        retained = self.port.retained if self.port else 0
        self.port = Port(self.hw, self.up, self.boots, self.beats, retained)
        self.satellite = Satellite(self.port, self.board)
        self.alive = True
        self.satellite.start()

    def boot_master(self):
        self.boots += 1
        self.down.inbox = b""
        self.line = Line(self.down, Order(), Report(), self.boots)
        limit = Limit(max_ma=self.master_ma, socket=self.board.socket)
        self.kernel = RemoteKernel(self.line, limit)
        self.connector = Connector(1, self.kernel)
        self.session = self.connector.session

    @property
    def facts(self):
        return self.kernel.facts

    def tick(self):
        """A millisecond."""
        hw = self.hw
        self.now += 1
        hw.contactor.tick(1)
        hw.residual_current.tick(1)
        self.car.tick(hw.pilot.duty, hw.contactor.contact, 1)
        self.energy_wms += self.car.current_ma * 230 // 1000
        if self.alive:
            try:
                self._satellite()
            except Reset:
                self.boot_satellite()
        if self.awake:
            self._master()

    def _satellite(self):
        if self.beats:
            self.hw.eye.beat(self.port.tick)
        if self.now % 5 == 0:
            self.satellite.turn(5)

    def _master(self):
        if self.now % 10 == 0:
            self.kernel.tick(10)
        if self.now % 1000 == 0:
            self._meter()
        if self.now % 20 == 0:
            event = self.connector.tick(self.now)
            if event is not None:
                self.events.append(event)

    def _meter(self):
        reading = Reading()
        reading.energy_wh = 1000 + self.energy_wms // 3600000
        reading.current_ma = [self.car.current_ma, None, None]
        reading.voltage_dv = [2300, None, None]
        self.connector.metered(reading, self.now)

    def sleep(self, ms):
        """The charge point's loop stands still (TLS, flash); its UART goes on receiving."""
        self.awake = False
        self.run(ms)
        self.awake = True
        self.kernel.tick(ms)

    def run(self, ms):
        for _ in range(ms):
            self.tick()

    def until(self, done, bound_ms):
        start = self.now
        while not done():
            assert self.now - start < bound_ms, "not within %d ms" % bound_ms
            self.tick()
        return self.now - start

    @property
    def coil(self):
        return self.hw.contactor.coil

    def plug(self, letter="B"):
        self.hw.proximity.ohm = 220
        self.car.letter = letter

    def unplug(self):
        self.hw.proximity.ohm = 1_000_000
        self.car.letter = "A"

    def cut(self, both=True):
        """The wire is loose."""
        self.down.channel = lambda data: ()
        if both:
            self.up.channel = self.down.channel

    def mend(self):
        self.down.channel = self.up.channel = None

    def charge(self):
        """A whole beginning: plug, authorise, lock, test, offer, C, closed."""
        self.car.auto = True
        self.run(1500)
        self.plug()
        self.run(500)
        self.session.authorise("TAG", None, self.now, 60000)
        self.until(lambda: self.hw.contactor.contact and self.facts.closed, 12000)
        return self
