"""Crashes counted over resets, so that a firmware that dies at once is not started for ever.

Promise: a boot that a crash or the watchdog ended within its first minute is counted in the high
byte of the port's retained word, whose other bits stay as they are; ten minutes of running clear
the count, a power cut does too. It says how long the boot guard is to wait; it waits for nothing
itself. The byte is for life: the guard that reads it is the factory's, who clears it another tree.
"""

from micropython import const

_WATCHDOG = const(2)  # causes of a reset
_CRASH = const(4)

# Bits 24 to 28 the count, 29 "this boot is young". Below bit 30 the word stays a small integer on
# every port as long as nobody uses the rest of the byte. Bits 0 to 7 are the welds'.
_SHIFT = const(24)
_FULL = const(31)
_COUNT = const(31 << 24)
_YOUNG = const(1 << 29)

_YOUNG_MS = const(60000)
_PROVEN_MS = const(600000)

MOST = const(5)  # so many are tried again at once
_PAUSES_S = (60, 120, 300, 600)  # before the next try: each crash more, one further


def ended(port) -> int:
    """What the last boot came to, asked once, early in a boot. Crashes so far when this boot
    follows one, else 0: after a power cut, or a reset that was asked for, nobody has to wait."""
    word = port.retained
    crashed = port.reset_cause in (_WATCHDOG, _CRASH)
    count = (word & _COUNT) >> _SHIFT
    if crashed and word & _YOUNG and count < _FULL:
        count += 1
    _keep(port, word, count << _SHIFT)
    return count if crashed else 0


def begun(port) -> None:
    """From now on a crash counts."""
    word = port.retained
    _keep(port, word, word & _COUNT | _YOUNG)


def lived(port, ms: int) -> bool:
    """This boot has run for so long. False: it is proven, and need not be told of again."""
    word = port.retained
    if ms >= _PROVEN_MS:
        _keep(port, word, 0)
        return False
    if ms >= _YOUNG_MS:
        _keep(port, word, word & _COUNT)
    return True


def forget(port) -> None:
    """Another tree is to run: what it has not done is not held against it."""
    _keep(port, port.retained, 0)


def pause_s(crashes: int) -> int:
    """Before the next try."""
    if crashes < MOST:
        return 0
    return _PAUSES_S[min(crashes - MOST, len(_PAUSES_S) - 1)]


def _keep(port, word: int, ours: int) -> None:
    """A word that is the same is not written: some ports keep it in slow memory."""
    new = word & ~(_COUNT | _YOUNG) | ours
    if new != word:
        port.retained = new
