"""Whether the prompt is for whoever reaches the console, and the way back where it is not.

Promise: it is open on a device that was never provisioned or whose whole storage has been erased,
and no firmware runs there. The way back takes a hand inside the enclosure: the board's unlock
input is held from power on for 10 s and then let go. A forgotten jumper, a short or a wet contact
is never let go, and erases nothing.
Boundary: it decides. What shuts is main.py of boards/*/frozen, pins and files are the port's.
"""

import time

from micropython import const

from firmware.store import unlock

_POWER_ON = const(1)  # cause of a reset
_LOOK_MS = const(10)
_HOLD_MS = const(10000)
_PATIENCE_MS = const(10000)  # for letting go
_LET_GO_MS = const(1000)


def is_open(port) -> bool:
    if not unlock.begun(port.flash):
        if not port.provisioned:
            print("console: open, this device is not provisioned")
            return True
        if not _asked(port):
            print("console: shut, this device is provisioned")
            return False
    print("console: everything is being erased")
    for _ in unlock.erase(port.flash):
        pass
    port.reset()  # so that what RAM holds is nobody's: the next boot finds an empty device
    return False


def _asked(port) -> bool:
    """Only the first boot after power on listens: no crash, no update and no reset over the air
    brings a device here."""
    button = port.unlock
    if button is None or port.reset_cause != _POWER_ON or not button.pressed():
        return False
    print("console: unlock is held: let go after 10 s, and everything is erased")
    for _ in range(_HOLD_MS // _LOOK_MS):
        if not button.pressed():
            return False
        time.sleep_ms(_LOOK_MS)
    print("console: let go now")
    free_ms = 0
    for _ in range(_PATIENCE_MS // _LOOK_MS):
        free_ms = 0 if button.pressed() else free_ms + _LOOK_MS
        if free_ms >= _LET_GO_MS:
            return True
        time.sleep_ms(_LOOK_MS)
    print("console: unlock was not let go: nothing is erased")
    return False
