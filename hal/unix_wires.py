"""The wires of the unix port: 4096 bytes of int32 slots shared with the bench, and pin-likes
over them.

Promise: reading and writing allocates nothing.
Boundary: slots and levels; who drives them is not known here.
"""

import ffi
import uctypes
from micropython import const

_BYTES = const(4096)
_MAGIC = const(0x45565345)
_PROT_READ_WRITE = const(3)
_MAP_SHARED = const(1)
_O_RDWR = const(2)
PULL_UP_OHM = const(1000)
SUPPLY_MV = const(3300)
_OPEN_OHM = const(1_000_000)

_libc = ffi.open(None)


def map_wires(path):
    """The wires as an array of int32. Reading and writing an element allocates nothing."""
    fd = _libc.func("i", "open", "si")(path, _O_RDWR)
    if fd < 0:
        raise OSError("no wires at " + path)
    at = _libc.func("p", "mmap", "pLiiiL")(None, _BYTES, _PROT_READ_WRITE, _MAP_SHARED, fd, 0)
    _libc.func("i", "close", "i")(fd)
    layout = {"slot": (uctypes.ARRAY | 0, _BYTES // 4 | uctypes.INT32)}
    slot = uctypes.struct(at, layout, uctypes.NATIVE).slot
    if slot[0] != _MAGIC:
        raise OSError("no wires in " + path)
    return slot


class WirePin:
    """Pin-like: one slot, or with `bit` one bit of a slot."""

    def __init__(self, slot, at, bit=None):
        self._slot = slot
        self._at = at
        self._bit = bit

    def value(self, level=None):
        slot, at, bit = self._slot, self._at, self._bit
        if level is None:
            return slot[at] if bit is None else slot[at] >> bit & 1
        if bit is None:
            slot[at] = 1 if level else 0
        elif level:
            slot[at] |= 1 << bit
        else:
            slot[at] &= ~(1 << bit)
        return None


class WirePWM:
    """PWM-like: the wire carries parts per ten thousand."""

    def __init__(self, slot, at):
        self._slot = slot
        self._at = at

    def duty_u16(self, duty):
        self._slot[self._at] = (duty * 10000 + 32767) // 65535


class WireSampler:
    """The pilot's levels, in step with the pilot as a board's ADC burst would be."""

    def __init__(self, slot, at):
        self._slot = slot
        self._at = at
        self.high_mv = 0
        self.low_mv = 0

    def sample(self):
        self.high_mv = self._slot[self._at]
        self.low_mv = self._slot[self._at + 1]


class WireDivider:
    """ADC-like: a resistor to ground under a pull-up."""

    def __init__(self, slot, at):
        self._slot = slot
        self._at = at

    def read_uv(self):
        ohm = self._slot[self._at]
        if ohm >= _OPEN_OHM:
            return SUPPLY_MV * 1000
        return SUPPLY_MV * 1000 * ohm // (PULL_UP_OHM + ohm)


class WireMCP9700A:
    """ADC-like: 500 mV at 0 C and 10 mV/K, from a wire in tenths of a degree."""

    def __init__(self, slot, at):
        self._slot = slot
        self._at = at

    def read_uv(self):
        return (500 + self._slot[self._at]) * 1000
