# needs: ffi
"""The journal on the bench's own flash, an image file: what was kept is there again."""

import os
import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("hal/unix_flash.py needs MicroPython's ffi")

from firmware.store.journal import Journal
from hal import unix_flash


def test_on_the_flash_of_the_unix_port():
    path = (os.getenv("TMPDIR") or "/tmp") + "/evse-journal.img"
    with open(path, "wb") as file:
        for _ in range(8):
            file.write(b"\x5a" * 4096)
    counters = [0, 0, 0]
    journal = Journal(unix_flash.Flash(path, counters, 0))
    live = []
    for k in range(600):
        live.append((journal.append(["record", k, "x" * (k % 120)]), k))
        if len(live) > 9:
            journal.discard(live.pop(k % 3)[0])
    journal = Journal(unix_flash.Flash(path, counters, 0).part(0, 8))
    os.remove(path)
    for number, k in live:
        assert journal.read(number) == ["record", k, "x" * (k % 120)]
    assert counters[0] <= 8 + 600 * 90 // 4000 + 8 and counters[1] >= 600, counters
