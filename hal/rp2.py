"""The RP2040 port: what the composition root takes from this chip.

The kernel runs in a hard interrupt, which looks every millisecond (`beat`), whatever Python, the
garbage collector or TLS are doing. What may not wait for the CPU at all is done without it: the
interlock of the contactor in PIO, the pilot's oscillator in PWM, its samples by DMA. Erasing flash
masks every interrupt (hal/rp2_flash.py): longer than 100 ms of that, and the contactor falls.
Boundary: pins become drivers here; nothing here knows what a car, a card or a backend is.
"""

import errno
import json
import os
import time
import vfs
from array import array

import machine
from machine import Pin
from micropython import const

from hal.button import Button
from hal.contactor import Contactor
from hal.ground import Ground
from hal.lock import Lock
from hal.pilot import Pilot
from hal.proximity import Proximity
from hal.residual_current import ResidualCurrent
from hal.rp2_adc import Scanner
from hal.rp2_base import PAGE, PROVISIONING, Base
from hal.rp2_beat import Beat
from hal.rp2_interlock import Coil, Detector, start_watch
from hal.rp2_pwm import Generator
from hal.rp2_sampler import Sampler, Slow
from hal.rp2_stop import stop
from hal.rp2_uart import PioUart, Uart
from hal.thermometer import MCP9700A, Thermometer

_FILES = const(3)  # whose wear is counted
_RX_BUFFER = const(512)
_LINK_RX_BUFFER = const(1024)  # of a line to a satellite: two seconds of it
# Of a peer, or of a router on the way to it: the network is alive.
_ANSWERS = (errno.ECONNREFUSED, errno.ECONNRESET)
# A broken wire must read as the safe answer: a trip, a contact that is closed.
_PULLED_ACTIVE = ("residual_trip", "feedback")


def _pull(role, active):
    return Pin.PULL_UP if (role in _PULLED_ACTIVE) == bool(active) else Pin.PULL_DOWN


class Connector:
    """One connector's drivers; None for what the board has not."""

    def __init__(self, board):
        pins = board.pins
        self._pins = pins
        sense = [pins[role][0] for role in pins if pins[role][2] == "analog"]
        scanner = Scanner(sense, board.supply_mv)
        self.contactor = self._contactor()  # opens it
        self.residual_current = self._residual_current()
        self._start_pilot(board, scanner)
        self.ground = self._driver(Ground, "ground")
        self.button = self._driver(Button, "button")
        self.thermometer = self.lock = self.proximity = None
        if board.temperature == "MCP9700A":
            seen = Slow(scanner, pins["temperature_sense"][0])
            self.thermometer = Thermometer(seen, MCP9700A)
        if board.socket:
            self.lock = Lock(self._output("lock_a"), self._output("lock_b"),
                             self._input("lock_feedback"), rest=pins["lock_a"][3],
                             locked_level=self._level("lock_feedback"))
            plug = Slow(scanner, pins["proximity_sense"][0])
            self.proximity = Proximity(plug, board.proximity_pull_up_ohm, board.supply_mv)

    def _contactor(self):
        pins = self._pins
        self._detector = None
        if "residual_trip" in pins:
            gpio, _, _, active = pins["residual_trip"]
            self._detector = Detector(gpio, active, _pull("residual_trip", active))
        roles = [role for role in ("contactor", "contactor_2") if role in pins]
        self.feeds = array("I", [0] * (2 * len(roles) + 1))
        self.coils = [Coil(i, pins[role][0], pins[role][3], self._detector, self.feeds)
                      for i, role in enumerate(roles)]
        if self._detector is not None:
            start_watch(self._detector, [pins[role][0] for role in roles])
        feedback = self._input("feedback")
        closed = self._level("feedback")
        if feedback is None:
            # No mirror contact: at least a coil that PIO let go of is seen.
            feedback, closed = self.coils[0], 1
        second = self.coils[1] if len(roles) > 1 else None
        return Contactor(self.coils[0], feedback, second, feedback_closed=closed)

    def _residual_current(self):
        if self._detector is None:
            return None
        test = self._output("residual_test")
        return ResidualCurrent(self._detector, test, 1, 1 - self._level("residual_test"))

    def _start_pilot(self, board, scanner):
        gpio, _, _, rest = self._pins["pilot"]
        self.generator = Generator(gpio, rest)
        zero_mv, ppm = board.pilot_zero_mv, board.pilot_gain_ppm
        trips = None if self._detector is None else self._detector.registers
        self.eye = Sampler(scanner, self._pins["pilot_sense"][0], (zero_mv, ppm), trips)
        # Not of a million, so that the driver's products stay small integers.
        self.pilot = Pilot(self.generator, self.eye, (100000, (ppm + 5) // 10), zero_mv)
        if "pilot_cut" in self._pins:
            self._output("pilot_cut").value(1 - self._level("pilot_cut"))

    def _driver(self, kind, role):
        return kind(self._input(role), self._level(role)) if role in self._pins else None

    def _input(self, role):
        if role not in self._pins:
            return None
        gpio, _, _, active = self._pins[role]
        return Pin(gpio, Pin.IN, _pull(role, active))

    def _output(self, role):
        if role not in self._pins:
            return None
        return Pin(self._pins[role][0], Pin.OUT, value=self._level(role))

    def _level(self, role):
        """An input's active one, an output's at rest."""
        return self._pins[role][3] if role in self._pins else 0


class Port(Base):
    """Everything the composition root takes from this port."""

    def __init__(self, board):
        super().__init__(board)
        stop()
        if board.connectors != 1:
            raise ValueError("connectors: this port drives one")
        self.connectors = [Connector(board)]
        self.meter_uart = self._uart(board.meter_uart, "meter")
        self._reader = self._uart(board.reader_uart, "reader")
        self.link_uart = self._uart(getattr(board, "link_uart", None), "link", _LINK_RX_BUFFER)
        one = self.connectors[0]
        # Every millisecond, in a hard interrupt, once it is called.
        self.beat = Beat(one.generator, one.eye, one.feeds, self.meter_uart).start
        self.unique_id = machine.unique_id()
        self.ticks_ms = time.ticks_ms
        self.files = None
        self._at = None
        self._given = None
        self._network = self._link = None
        if board.network is not None:
            self._import_network()

    def _import_network(self):
        """Here, because a satellite's image has neither; now, because in a task the stack is deep
        already."""
        from hal import link
        from hal.rp2_net import Network

        self._link, self._new_network = link, Network

    def _uart(self, what, name, rxbuf=_RX_BUFFER):
        if what is None:
            return None
        pins, (number, baud) = self._board.pins, what
        tx, rx = pins[name + "_tx"][0], pins[name + "_rx"][0]
        if number == "pio":
            return PioUart(baud, tx, rx)
        direction = pins.get(name + "_direction")
        return Uart(number, baud, tx, rx, direction[0] if direction else None, rxbuf)

    def reader_uart(self, index):
        if self._reader is None:
            raise ValueError("this board has no UART for a reader")
        return self._reader

    def reader_inbox(self, index):
        """A board has no other way in for a card."""

    @property
    def provisioning(self):
        """The manufacturer's file. Asking for it mounts the file system."""
        if self._given is None:
            self.mount(self._board.file_blocks)
            path = self._at + PROVISIONING
            try:
                with open(path) as file:
                    self._given = json.load(file)
            except OSError:
                raise ValueError("no %s: this board is not provisioned" % path)
        return self._given

    async def connect(self, host, port, tls_context=None, server_hostname=None):
        """A Link: TCP to host:port, with TLS over it when a context is given. OSError while
        there is no network."""
        if self._link is None:
            raise OSError(errno.EHOSTUNREACH, "this board has no network")
        given = self.provisioning
        if self._network is None:
            from asyncio import create_task

            self._network = self._new_network(self._board, given)
            create_task(self._network.run())
        await self._network.waited()
        somebody, proxy = False, given.get("net")
        try:
            opened = await self._link.connect(host, port, tls_context, server_hostname,
                                              tuple(proxy) if proxy else None)
            somebody = True
        except OSError as error:
            somebody = error.errno in _ANSWERS
            raise
        finally:  # also when a time-out cancels us
            self._network.answered(somebody)
        return opened

    def tls(self, files):
        """The TLS context of a wss link; `files`: paths of ca, cert, key."""
        return self._link.tls(files)

    def mount(self, count, at="/flash"):
        """Mounts LittleFS on the first blocks; formats only where no file system ever was. The
        clock then shows no less than the newest file: certificates are judged by it."""
        if self.files is not None:
            return
        part = self.flash.part(0, count, _FILES)
        if not part.has_littlefs():
            vfs.VfsLfs2.mkfs(part, progsize=PAGE)
        vfs.mount(vfs.VfsLfs2(part, progsize=PAGE), at)  # type: ignore[abstract]
        self.files, self._at = part, at
        known = max([os.stat(at + "/" + name)[8] for name in os.listdir(at)] or [0])
        if known > time.time():
            self.set_clock(known)

    def set_clock(self, unix_s):
        """The chip's own clock, by which TLS judges a certificate's dates. It starts in 2021."""
        year, month, day, hour, minute, second, weekday, _ = time.gmtime(unix_s)[:8]
        machine.RTC().datetime((year, month, day, weekday, hour, minute, second, 0))

    def entropy(self, n):
        return os.urandom(n)
