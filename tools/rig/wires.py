"""The wires: 4096 bytes in /dev/shm, int32 slots, shared by the bench and the firmware process.

Promise: names for the slots, a file that no other bench can collide with, gone at exit; files
left by a killed bench are cleared by the next one (an flock says who is alive).
Boundary: memory only, no meaning.
"""

import fcntl
import glob
import mmap
import os
import secrets
import struct

BYTES = 4096
MAGIC = 0x45565345
VERSION = 1
FOLDER = "/dev/shm"
PREFIX = "evse-wires-"

# global slots
CONNECTORS, WATCHDOG_FED, WATCHDOG_TIMEOUT, RETAINED, RESET_CAUSE = 2, 12, 13, 14, 15
FLASH_ERASES, FLASH_PROGRAMS, FLASH_BYTES, TTY_BYTES = 17, 18, 19, 20
# erases, programs and bytes again, of the file system's part, of the journal's and of the others
FILES_ERASES, JOURNAL_ERASES, OTHER_ERASES = 21, 24, 27
CLOCK_OFFSET, IDLE_OFFSET = 8 * 4, 10 * 4
# of the emulated board: the watchdog's eight scratch words, and a processor that stands still
SCRATCH, SCRATCHES, FREEZE = 960, 8, 968

# slots of a connector, from BASE + STRIDE * index
BASE, STRIDE = 32, 32
(
    PILOT_HIGH,
    PILOT_LOW,
    DUTY,
    COIL,
    FEEDBACK,
    TRIP,
    TEST,
    GROUND_OK,
    LOCK_DRIVE,
    LOCK_FEEDBACK,
    PROXIMITY_OHM,
    TEMPERATURE_DC,
    BUTTON,
    INTERLOCK,
    INJECT_SEQ,
    INJECT_LEN,
    INJECT_TOKEN,
) = range(17)

# reset causes
POWER_ON, WATCHDOG, REQUESTED, CRASH = 1, 2, 3, 4


def _clear_stale():
    """Removes wires whose bench is dead: nobody holds their lock."""
    for path in glob.glob(os.path.join(FOLDER, PREFIX + "*")):
        try:
            fd = os.open(path, os.O_RDWR)
        except OSError:
            continue  # gone meanwhile, or another user's
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(fd).st_size == BYTES:
                os.unlink(path)
        except (BlockingIOError, FileNotFoundError):
            pass  # alive, or cleared by a neighbour
        finally:
            os.close(fd)


class Wires:
    """All slots as a memoryview of int32; the two 64-bit ones by name."""

    def __init__(self, connectors):
        _clear_stale()
        self.path = os.path.join(FOLDER, PREFIX + "%d-%s" % (os.getpid(), secrets.token_hex(4)))
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX)  # before the size: a size of 0 is never cleared
        os.ftruncate(self._fd, BYTES)
        self._map = mmap.mmap(self._fd, BYTES)
        self.slot = memoryview(self._map).cast("i")
        self.slot[0], self.slot[1], self.slot[CONNECTORS] = MAGIC, VERSION, connectors

    def close(self):
        self.slot.release()
        self._map.close()
        os.unlink(self.path)
        os.close(self._fd)

    def set_clock(self, ms):
        struct.pack_into("<q", self._map, CLOCK_OFFSET, ms)

    def idle_at(self):
        return struct.unpack_from("<q", self._map, IDLE_OFFSET)[0]

    def set_idle_at(self, ms):
        struct.pack_into("<q", self._map, IDLE_OFFSET, ms)

    def forget(self):
        """What only survives a reset, at a power cut."""
        for slot in (RETAINED, FREEZE, *range(SCRATCH, SCRATCH + SCRATCHES)):
            self.slot[slot] = 0

    def connector(self, index):
        """The slots of one connector, as a view of its own."""
        start = BASE + STRIDE * index
        return self.slot[start : start + STRIDE]

    def inject(self, index, token):
        """Puts an idTag behind the reader's driver."""
        view = self.connector(index)
        raw = token.encode("ascii").ljust(20, b"\0")
        for i in range(5):
            view[INJECT_TOKEN + i] = struct.unpack_from("<i", raw, 4 * i)[0]
        view[INJECT_LEN] = len(token)
        view[INJECT_SEQ] = (view[INJECT_SEQ] + 1) & 0x7FFFFFFF
