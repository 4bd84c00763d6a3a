"""What the unix port needs before it needs anything else: flash, watchdog, reset.

The boot guard takes no more than this, so that it opens no UART and loads no driver;
`hal.unix.Port` stands on it. What the bench started is described in the JSON file that EVSE_RIG
names.
Boundary: nothing of a connector, nothing of the network.
"""

import json
import os

import ffi
from micropython import const

from hal.unix_flash import Flash, map_file
from hal.unix_wires import map_wires

# slots of the wires
_CLOCK_LOW = const(8)
_WATCHDOG_FED = const(12)
_WATCHDOG_TIMEOUT = const(13)
_RETAINED = const(14)
_RESET_CAUSE = const(15)
_FLASH_COUNT = const(17)
_REGION_COUNT = const(24)
_OTHER_COUNT = const(27)
_EXIT_RESET = const(3)

_libc = ffi.open(None)


def _read_rig():
    """What the bench has started."""
    with open(os.getenv("EVSE_RIG")) as file:
        return json.load(file)


class Base:
    """`board` is the bench's own, as `rig` says it too."""

    beat = None  # no interrupt here: the safety task is the kernel's heart
    stalls_ms = 0  # nothing keeps it waiting: TLS is fast, and the clock stands still meanwhile

    def __init__(self, board):
        self.rig = rig = _read_rig()
        self._slot = map_wires(rig["wires"])
        self.flash = Flash(rig["flash"], self._slot, _FLASH_COUNT)
        self.reset_cause = self._slot[_RESET_CAUSE]
        self._exit = _libc.func("v", "_exit", "i")

    def region(self, first, count, counted=True):
        """A block device over blocks that no file system has. `counted`: as the journal's, else
        among all others.
        """
        return self.flash.part(first, count, _REGION_COUNT if counted else _OTHER_COUNT)

    def mapped(self, first, count):
        """The bytes of these blocks where they lie, as a board maps its flash. Only to be read."""
        return self.flash.part(first, count).mapped()

    def factory_image(self):
        """The ROMFS image of what a board has frozen; None: it is in a folder of sys.path."""
        path = os.getenv("EVSE_FACTORY")
        return map_file(path) if path else None

    @property
    def retained(self):
        """One 32-bit word that survives a reset, not a power cut."""
        return self._slot[_RETAINED] & 0xFFFFFFFF

    @retained.setter
    def retained(self, word):
        self._slot[_RETAINED] = word - 0x100000000 if word & 0x80000000 else word

    def arm_watchdog(self, timeout_ms):
        self.feed_watchdog()
        self._slot[_WATCHDOG_TIMEOUT] = timeout_ms

    def feed_watchdog(self):
        """Also the interlock's heartbeat: older than 100 ms and the coil falls. Allocates
        nothing.
        """
        self._slot[_WATCHDOG_FED] = self._slot[_CLOCK_LOW] & 0x7FFFFFFF

    def reset(self):
        """At once: nothing is flushed, nothing is said to anybody, as on a board."""
        self._exit(_EXIT_RESET)
