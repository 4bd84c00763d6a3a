"""The third port: MicroPython on unix, its pins on the bench's wires, its UARTs on ptys, its
flash an image.

Not a mock: the same drivers as on a board, over pin-likes, with real protocols behind the UARTs
and a flash that can only clear bits. What a boot needs first is in hal/unix_base.py.
Boundary: nothing here knows what a car, a card or a backend is; time is time.ticks_ms (the
bench keeps the clock).
"""

import os
import select
import termios
import vfs
import time

import ffi
from micropython import const

from hal.button import Button
from hal.contactor import Contactor
from hal.ground import Ground
from hal.lock import Lock
from hal.pilot import Pilot
from hal.proximity import Proximity
from hal.residual_current import ResidualCurrent
from hal.thermometer import MCP9700A, Thermometer
from hal.unix_base import Base
from hal.link import connect, tls
from hal.unix_wires import (
    PULL_UP_OHM,
    SUPPLY_MV,
    WireDivider,
    WireMCP9700A,
    WirePin,
    WirePWM,
    WireSampler,
)

# slots of the wires: global, then of a connector from _BASE + _STRIDE * index
_FILES_COUNT = const(21)
_BASE = const(32)
_STRIDE = const(32)
_PILOT_HIGH = const(0)
_DUTY = const(2)
_COIL = const(3)
_FEEDBACK = const(4)
_TRIP = const(5)
_TEST = const(6)
_GROUND_OK = const(7)
_LOCK_DRIVE = const(8)
_LOCK_FEEDBACK = const(9)
_PROXIMITY_OHM = const(10)
_TEMPERATURE_DC = const(11)
_BUTTON = const(12)
_INJECT = const(14)
_TOKEN = const(16)

_F_GETFL = const(3)
_F_SETFL = const(4)
_O_NONBLOCK = const(0o4000)

_libc = ffi.open(None)
_fcntl = _libc.func("i", "fcntl", "iii")


class Connector:
    """One connector's drivers. lock and proximity are None on a tethered board."""

    eye = None  # of a port with an interrupt

    def __init__(self, slot, index, socket):
        at = _BASE + _STRIDE * index
        self.pilot = Pilot(WirePWM(slot, at + _DUTY), WireSampler(slot, at + _PILOT_HIGH))
        self.contactor = Contactor(WirePin(slot, at + _COIL), WirePin(slot, at + _FEEDBACK))
        self.residual_current = ResidualCurrent(WirePin(slot, at + _TRIP),
                                                WirePin(slot, at + _TEST))
        self.ground = Ground(WirePin(slot, at + _GROUND_OK))
        self.thermometer = Thermometer(WireMCP9700A(slot, at + _TEMPERATURE_DC), MCP9700A)
        self.button = Button(WirePin(slot, at + _BUTTON), active=1)
        self.lock = None
        self.proximity = None
        if socket:
            drive = at + _LOCK_DRIVE
            self.lock = Lock(WirePin(slot, drive, 0), WirePin(slot, drive, 1),
                             WirePin(slot, at + _LOCK_FEEDBACK))
            divider = WireDivider(slot, at + _PROXIMITY_OHM)
            self.proximity = Proximity(divider, PULL_UP_OHM, SUPPLY_MV)


class Uart:
    """A pty, raw and non-blocking. asyncio.StreamReader and poll take its `.stream`."""

    def __init__(self, path):
        self.stream = open(path, "r+b")
        fd = self.stream.fileno()
        termios.setraw(fd)
        _fcntl(fd, _F_SETFL, _fcntl(fd, _F_GETFL, 0) | _O_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self.stream, select.POLLIN)

    def read(self, n):
        """Up to n bytes, None when there is nothing now."""
        return self.stream.read(n) or None

    def write(self, data):
        return self.stream.write(data)

    def any(self):
        """1 when there is something to read: a pty does not say how much."""
        return 1 if self._poll.poll(0) else 0


class Inbox:
    """idTags the reader's own protocol cannot carry, injected behind its driver."""

    def __init__(self, slot, index):
        self._slot = slot
        self._at = _BASE + _STRIDE * index
        self._seen = slot[self._at + _INJECT]

    def __call__(self):
        slot, at = self._slot, self._at
        if slot[at + _INJECT] == self._seen:
            return None
        self._seen = slot[at + _INJECT]
        size = slot[at + _INJECT + 1]
        return "".join(chr(slot[at + _TOKEN + i // 4] >> 8 * (i % 4) & 0xFF) for i in range(size))


class Port(Base):
    """Everything the composition root takes from this port."""

    def __init__(self, board):
        super().__init__(board)
        rig, slot = self.rig, self._slot
        self._net = rig["net"]
        self._uart = rig["uart"]
        self._readers = {}
        self._inboxes = [Inbox(slot, i) for i in range(rig["connectors"])]
        self.connectors = [Connector(slot, i, rig["board"]["socket"])
                           for i in range(rig["connectors"])]
        self.meter_uart = Uart(self._uart["meter"])
        self.provisioning = rig["provisioning"]
        self.unique_id = bytes.fromhex(rig["unique_id"])
        self.ticks_ms = time.ticks_ms

    def reader_uart(self, index):
        if index not in self._readers:
            self._readers[index] = Uart(self._uart["readers"][index])
        return self._readers[index]

    def reader_inbox(self, index):
        """The next injected idTag of this connector, or None."""
        return self._inboxes[index]()

    async def connect(self, host, port, tls_context=None, server_hostname=None):
        """A Link: TCP to host:port, with TLS over it when a context is given."""
        return await connect(host, port, tls_context, server_hostname, self._net)

    def tls(self, files):
        """The TLS context of a wss link; `files`: paths of ca, cert, key."""
        return tls(files)

    def mount(self, count=None, at="/flash"):
        """Mounts LittleFS on the first blocks; formats only where no file system ever was."""
        part = self.flash if count is None else self.flash.part(0, count, _FILES_COUNT)
        if not part.has_littlefs():
            vfs.VfsLfs2.mkfs(part)  # type: ignore[arg-type]
        vfs.mount(vfs.VfsLfs2(part), at)  # type: ignore[abstract,arg-type]
        self.files = part

    def set_clock(self, unix_s):
        """Nothing: TLS judges by the host's clock, which is not ours to set."""

    def entropy(self, n):
        return os.urandom(n)
