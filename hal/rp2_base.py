"""What the RP2040 needs before it needs anything else: outputs at rest, flash, watchdog, reset,
and whether it was provisioned.

The boot guard takes no more than this, so that it opens no UART and loads no driver;
`hal.rp2.Port` stands on it. The first thing it does is to bring every output to rest.
Boundary: nothing of a connector, nothing of the network.
"""

import errno
import vfs

import machine
from machine import Pin, mem32
from micropython import const

from hal.button import Button
from hal.rp2_flash import Flash

PROVISIONING = "/provision.json"  # of the file system
PAGE = const(256)

# RP2040 datasheet 4.7.6. Of the eight scratch words the boot ROM and the SDK use 4 to 7
# (watchdog_reboot, watchdog_enable) and, on the way to the USB loader, 0 and 1.
_REASON = 0x40058008
_REASON_TIMER = const(1)
_REASON_FORCE = const(2)
_SCRATCH_WORD = 0x40058014
_SCRATCH_PROOF = 0x40058018
_MAGIC = 0x5AFE0EE5  # XOR the word: a power-up's zeros prove nothing

_POWER_ON = const(1)
_WATCHDOG = const(2)
_RESET = const(3)

_COUNTED = const(1)
_OTHER = const(2)


def at_rest(pins):
    """Every output to its level of rest."""
    for role in pins:
        gpio, _, kind, level = pins[role]
        if kind == "out":
            Pin(gpio, Pin.OUT, value=level)


class Base:
    """`board`: the module of that name."""

    stalls_ms = 0  # the kernel has an interrupt of its own

    def __init__(self, board):
        at_rest(board.pins)
        self._board = board
        self.flash = Flash()
        self.reset_cause = _cause(mem32[_REASON])
        self._watchdog = None

    def region(self, first, count, counted=True):
        """A block device over blocks that no file system has. `counted`: as the journal's, else
        among all others. Wear is known since boot only: nothing on this chip keeps it.
        """
        return self.flash.part(first, count, _COUNTED if counted else _OTHER)

    def mapped(self, first, count):
        """The bytes of these blocks where they lie. Only to be read."""
        return self.flash.part(first, count).mapped()

    @property
    def provisioned(self):
        """Whether the manufacturer's file is there, or may be, in a file system that cannot be
        read. One of another size is somebody else's. Mounts nothing."""
        part = self.flash.part(0, self._board.file_blocks)
        if not part.has_littlefs():
            return False
        try:
            files = vfs.VfsLfs2(part, progsize=PAGE)  # type: ignore[abstract]
            files.stat(PROVISIONING)
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.EINVAL)
        return True

    @property
    def unlock(self):
        """The input inside the enclosure, as a button; None: the board has none."""
        if "unlock" not in self._board.pins:
            return None
        gpio, _, _, active = self._board.pins["unlock"]
        return Button(Pin(gpio, Pin.IN, Pin.PULL_DOWN if active else Pin.PULL_UP), active)

    def factory_image(self):
        """None: what the image came with is frozen into it."""

    @property
    def retained(self):
        """One 32-bit word that survives a reset, not a power cut."""
        word = mem32[_SCRATCH_WORD] & 0xFFFFFFFF
        return word if mem32[_SCRATCH_PROOF] & 0xFFFFFFFF == word ^ _MAGIC else 0

    @retained.setter
    def retained(self, word):
        # Proof first: between the two writes the pair says 0, which is what a power cut says.
        mem32[_SCRATCH_PROOF] = word ^ _MAGIC
        mem32[_SCRATCH_WORD] = word

    def arm_watchdog(self, timeout_ms):
        self._watchdog = machine.WDT(timeout=timeout_ms)

    def feed_watchdog(self):
        """Allocates nothing."""
        if self._watchdog is not None:
            self._watchdog.feed()

    def reset(self):
        """At once: nothing is flushed, nothing is said to anybody."""
        machine.reset()


def _cause(reason):
    """Never 4: an exception that ends the program leaves the watchdog to fire, which is 2."""
    if reason & _REASON_TIMER:
        return _WATCHDOG
    return _RESET if reason & _REASON_FORCE else _POWER_ON
