"""What the ESP32 port needs before it needs anything else: outputs at rest, flash, watchdog,
and whether it was provisioned.

The boot guard takes no more than this; `hal.esp32.Port` stands on it.

The retained word lies in RTC memory, which machine.reset and the watchdog leave as it is and a
power cut does not. MicroPython says the same of a reset that was asked for and of a panic, so
who asks leaves a mark beside the word.
Boundary: nothing of a connector, nothing of the network.
"""

import errno
import struct
import time
import vfs

import machine
from micropython import const

from hal.button import Button
from hal.esp32_flash import storage
from hal.esp32_sampler import check_analog, check_output, has_pulls

PROVISIONING = "/provision.json"  # of the file system

_POWER_ON = const(1)
_WATCHDOG = const(2)
_ASKED = const(3)
_CRASH = const(4)

_MAGIC = const(0x45565345)
_MARK = const(0x41534B44)  # "the reset that comes was asked for"
_LAYOUT = "<IIII"  # magic, word, the word's complement, mark
_BYTES = const(16)
_ALL = 0xFFFFFFFF

_UNIX_OF_2000 = 946684800

# Pulled to the answer that lets nothing close, should a wire break: tripped, welded. All other
# inputs are pulled to their inactive level.
_FAIL_ACTIVE = ("residual_trip", "feedback")

_boots = {}  # how this boot began, asked once: the mark is gone then


def rest(board):
    """Every output at its rest level, before anything else is done."""
    for role in board.pins:
        gpio, net, kind, level = board.pins[role]
        if kind == "out":
            check_output(board.CHIP, net, gpio)
            machine.Pin(gpio, machine.Pin.OUT, value=level)


def output(board, role):
    """The pin of an output, at rest; None for what the board has not."""
    if role not in board.pins:
        return None
    gpio, _, _, level = board.pins[role]
    return machine.Pin(gpio, machine.Pin.OUT, value=level)


def input_pin(board, role):
    """The pin of an input, pulled to what a broken wire should read as."""
    if role not in board.pins:
        return None
    gpio, _, _, active = board.pins[role]
    if not has_pulls(board.CHIP, gpio):
        return machine.Pin(gpio, machine.Pin.IN)  # the board has the resistor
    level = active if role in _FAIL_ACTIVE else 1 - active
    pull = machine.Pin.PULL_UP if level else machine.Pin.PULL_DOWN
    return machine.Pin(gpio, machine.Pin.IN, pull)


def analog(board, role):
    """The ADC of an analogue pin, up to 3.1 V (attenuation of 11 dB)."""
    if role not in board.pins:
        return None
    gpio, net, _, _ = board.pins[role]
    check_analog(board.CHIP, net, gpio)
    return machine.ADC(machine.Pin(gpio), atten=machine.ADC.ATTN_11DB)


class Base:
    """`board`: the facts of the board, as an object. Constructing it puts every output at rest."""

    def __init__(self, board):
        rest(board)
        if board.slot_blocks:
            # A slot runs where it lies in memory, and only a whole partition can be mapped here.
            raise ValueError("slot_blocks: this port has no second tree")
        self._board = board
        self._buffer = bytearray(_BYTES)
        self._rtc = machine.RTC()
        self.reset_cause, self._word = self._begin()
        self._wdt = None
        self.flash = storage(board)
        self._counters = {True: [0, 0, 0], False: [0, 0, 0]}

    def region(self, first, count, counted=True):
        """A block device over blocks that no file system has. `counted`: as the journal's, else
        among all others.
        """
        return self.flash.part(first, count, self._counters[bool(counted)])

    def mapped(self, first, count):
        raise OSError("flash: block %d is not mapped on this port" % first)

    @property
    def provisioned(self):
        """Whether the manufacturer's file is there, or may be, in a file system that cannot be
        read. One of another size is somebody else's. Mounts nothing."""
        part = self.flash.part(0, self._board.file_blocks)
        if part.littlefs_blocks() is None:
            return False
        try:
            files = vfs.VfsLfs2(part)  # type: ignore[abstract]
            files.stat(PROVISIONING)
        except OSError as error:
            return error.errno not in (errno.ENOENT, errno.EINVAL)
        return True

    @property
    def unlock(self):
        """The input inside the enclosure, as a button; None: the board has none."""
        pin = input_pin(self._board, "unlock")
        return pin and Button(pin, self._board.pins["unlock"][3])

    def factory_image(self):
        """None: what this board runs is frozen in its image."""

    @property
    def retained(self):
        """One 32-bit word that survives a reset, not a power cut."""
        return self._word

    @retained.setter
    def retained(self, word):
        self._keep(word, 0)

    def arm_watchdog(self, timeout_ms):
        """Again with another time-out is allowed here (machine_wdt.c: it reconfigures)."""
        self._wdt = machine.WDT(timeout=timeout_ms)
        self._wdt.feed()

    def feed_watchdog(self):
        """The kernel's alone: no timer and no other task calls it. Allocates nothing."""
        self._wdt.feed()

    def reset(self):
        """At once: nothing is flushed, nothing is said to anybody."""
        self._keep(self._word, _MARK)
        machine.reset()

    def clock(self):
        """Unix seconds of the clock by which Mbed TLS judges certificates. It runs on over a
        reset, not over a power cut: then it begins in 2000."""
        return time.time() + _epoch()

    def set_clock(self, unix_s):
        """How the time is learned is not the port's."""
        year, month, day, hour, minute, second, weekday = time.gmtime(unix_s - _epoch())[:7]
        self._rtc.datetime((year, month, day, weekday, hour, minute, second, 0))

    # --- the retained word ------------------------------------------------------------------

    def _begin(self):
        """(cause of the reset, the word). The mark counts once; the boot guard and the port ask
        both."""
        magic, word, complement, mark = self._read()
        cause = _boots.get("cause")
        if cause is None:
            cause = _boots["cause"] = _cause(machine.reset_cause(), mark == _MARK)
            if cause == _POWER_ON or magic != _MAGIC or word ^ _ALL != complement:
                word = 0
        self._keep(word, 0)
        return cause, word

    def _read(self):
        data = self._rtc.memory()
        if len(data) != _BYTES:
            return 0, 0, 0, 0
        return struct.unpack(_LAYOUT, data)

    def _keep(self, word, mark):
        struct.pack_into(_LAYOUT, self._buffer, 0, _MAGIC, word, word ^ _ALL, mark)
        self._rtc.memory(self._buffer)
        self._word = word


def _epoch():
    """Unix seconds of what time.time counts from: 2000 on the ESP32 so far."""
    return _UNIX_OF_2000 if time.gmtime(0)[0] == 2000 else 0


def _cause(chip_says, asked):
    """MicroPython 1.29, ports/esp32/modmachine.c: brown-out is told as power on, esp_restart
    and panic both as a hard reset."""
    if chip_says == machine.PWRON_RESET:
        return _POWER_ON
    if chip_says == machine.WDT_RESET:
        return _WATCHDOG
    if chip_says == machine.HARD_RESET and not asked:
        return _CRASH
    return _ASKED  # ours; somebody's at the console (soft); by USB or JTAG (unknown)
