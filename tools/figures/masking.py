"""What masking a frame and checking its text cost, against the plain loop over bytes, in one run.

Run by CPython it starts build/micropython (or $MICROPYTHON) on itself: the ratio is what counts,
and it is MicroPython's. Best of several turns; the collector runs before each.
"""

import sys

ROOT = __file__.rpartition("tools/")[0] or "."
SIZES = (16, 125, 512, 4096, 16384)


def run_in_micropython():
    import os
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    return subprocess.run([binary, "-X", "heapsize=512k", __file__]).returncode


def plain_mask(payload, mask):
    out = bytearray(len(payload))
    for at in range(len(payload)):
        out[at] = payload[at] ^ mask[at & 3]
    return out


def plain_utf8(data):
    need, low, high = 0, 0x80, 0xBF
    for byte in data:
        if need:
            if not low <= byte <= high:
                return False
            need, low, high = need - 1, 0x80, 0xBF
        elif byte >= 0x80:
            if byte < 0xC2 or byte > 0xF4:
                return False
            need = 1 if byte < 0xE0 else 2 if byte < 0xF0 else 3
            low = 0xA0 if byte == 0xE0 else 0x90 if byte == 0xF0 else 0x80
            high = 0x9F if byte == 0xED else 0x8F if byte == 0xF4 else 0xBF
    return not need


def best_us(function, *arguments):
    import gc
    import time

    best = None
    for _ in range(9):
        gc.collect()
        start = time.ticks_us()
        for _ in range(8):
            function(*arguments)
        took = time.ticks_diff(time.ticks_us(), start)
        best = took if best is None else min(best, took)
    return max(best, 1) / 8


def row(name, size, ours, plain):
    print("%-24s %6d B %9.1f us %9.1f us %6.1f x" % (name, size, ours, plain, plain / ours))


def main():
    sys.path.insert(0, ROOT)
    from firmware.wire.frame import OP_BINARY, encode
    from firmware.wire.utf8 import UTF8

    mask = b"\x37\xfa\x21\x3d"
    print("%-24s %8s %12s %12s %8s" % ("", "", "ours", "plain loop", "ratio"))
    for size in SIZES:
        payload = bytes(bytearray(size))
        ours = best_us(encode, OP_BINARY, payload, mask)
        row("mask (a whole frame)", size, ours, best_us(plain_mask, payload, mask))
    for script, unit in (("ASCII", b"{}"), ("Cyrillic", "Ж".encode()), ("Thai", "ก".encode())):
        data = unit * (4096 // len(unit))
        ours = best_us(lambda text: UTF8().feed(text), data)
        row("UTF-8, " + script, len(data), ours, best_us(plain_utf8, data))


if sys.implementation.name == "micropython":
    main()
else:
    sys.exit(run_in_micropython())
