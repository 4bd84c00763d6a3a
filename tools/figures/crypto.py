"""What keys and signatures cost: milliseconds in all (the collector's included), the longest slice
(without it), the memory gone through.

Run by CPython it starts build/micropython (or $MICROPYTHON) on itself: 256 KiB of heap, objects
of a 64-bit machine, large integers of 32-bit digits. A chip's have 16 bits, so the work is also
counted in those: one step is a product of two digits, in a multiplication or a division. Then
CPython runs the same code with integers that count. What a step takes on a chip was not measured:
20 cycles are assumed (two loads, a product, two sums, a store, the loop), which leaves out
MicroPython's interpreter and its allocations.
"""

import binascii
import hashlib
import json
import os
import sys

ROOT = __file__.rpartition("tools/")[0] or "."
PRIVATE = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721  # RFC 6979 A.2.5
MESSAGE = b"sample"
ROUNDS = 15
CYCLES = 20
CHIPS = (("RP2040", 125), ("ESP32", 240))  # MHz


def works(keys):
    """[(name, makes a generator of a good answer)]; `keys`: as in rsa_keys()."""
    from firmware.crypto import p256, rsa, run

    digest = hashlib.sha256(MESSAGE).digest()
    public = run(p256.public_key(PRIVATE, os.urandom))
    r, s = run(p256.sign(PRIVATE, digest, os.urandom))
    some = [
        ("P-256 key pair", lambda: p256.generate(os.urandom)),
        ("P-256 sign", lambda: p256.sign(PRIVATE, digest, os.urandom)),
        ("P-256 verify", lambda: p256.verify(public, digest, r, s)),
    ]
    for bits, n, pkcs1, pss in keys:
        n, pkcs1, pss = int(n, 16), binascii.unhexlify(pkcs1), binascii.unhexlify(pss)
        checks = (("PKCS#1 v1.5", rsa.verify_pkcs1, pkcs1), ("PSS", rsa.verify_pss, pss))
        for name, verify, signature in checks:
            work = lambda n=n, s=signature, v=verify: v(n, 65537, digest, s)  # noqa: E731
            assert run(work())
            some.append(("RSA-%d %s" % (bits, name), work))
    return some


def rsa_keys():
    """[(bits, n, a PKCS#1 v1.5 signature of MESSAGE, a PSS one)], in hex."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    sha256 = hashes.SHA256()
    for bits in (2048, 3072, 4096):
        key = rsa.generate_private_key(65537, bits)
        pads = (padding.PKCS1v15(), padding.PSS(padding.MGF1(sha256), 32))
        signatures = tuple(key.sign(MESSAGE, pad, sha256).hex() for pad in pads)
        yield (bits, "%x" % key.public_key().public_numbers().n) + signatures


def slices(generator):
    """Microseconds of each."""
    import time

    found = []
    going = True
    while going:
        begun = time.ticks_us()
        try:
            next(generator)
        except StopIteration:
            going = False
        found.append(time.ticks_diff(time.ticks_us(), begun))
    return found


def times(make):
    """Microseconds of the best run, and of the longest slice, each at its best: without what
    other processes take, and without the collector, which runs between any two of them."""
    least = slices(make())
    total = sum(least)
    for _ in range(ROUNDS - 1):
        again = slices(make())
        total = min(total, sum(again))
        for at, took in enumerate(again):
            least[at] = min(least[at], took)
    return total, max(least), len(least)


def garbage(make):
    """Bytes gone through, if there is room for all of them."""
    import gc

    from firmware.crypto import run

    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    run(make())
    after = gc.mem_alloc()
    gc.enable()
    return after - before


def measure(heap):
    """In MicroPython: the table; or only the garbage, for which it wants a large heap."""
    sys.path.insert(0, ROOT)
    for name, make in works(json.loads(sys.stdin.readline())):
        if heap == "large":
            print(garbage(make))
            continue
        total, longest, count = times(make)
        row = (name, total / 1000, count, longest / 1000)
        print("%s|%.1f|%d|%.2f" % row)


def counted(keys):
    """In CPython: steps of 16-bit digits of each work."""
    from firmware.crypto import curve, number, p256, rsa, run

    counting = counting_int()
    for module in (curve, number, p256, rsa):
        module.int = counting  # what they read from bytes, and so all that comes of it
    for name in ("PRIME", "ORDER", "_B"):
        setattr(curve, name, counting(getattr(curve, name)))
    curve.BASE = tuple(counting(number) for number in curve.BASE)
    for _, make in works(keys):
        counting.steps = 0
        run(make())
        yield counting.steps


def counting_int():
    class CountingInt(int):
        """It counts the steps of what is done with it, and so do the results."""

        steps = 0

        def digits(self):
            return (self.bit_length() + 15) // 16

    def counter(name, cost):
        plain = getattr(int, name)

        def operation(self, other):
            other = CountingInt(other)
            CountingInt.steps += cost(self.digits(), other.digits())
            return CountingInt(plain(self, other))

        return operation

    for name in "add radd sub rsub and or lshift rshift".split():
        name = "__%s__" % name
        setattr(CountingInt, name, counter(name, lambda one, other: 0))
    for name in ("__mul__", "__rmul__"):
        setattr(CountingInt, name, counter(name, lambda one, other: one * other))
    for name, left in (("__mod__", 0), ("__rmod__", 1)):
        setattr(
            CountingInt,
            name,
            counter(name, lambda *two, k=left: max(0, two[k] - two[1 - k] + 1) * two[1 - k]),
        )
    return CountingInt


def in_micropython(heap, keys):
    import subprocess

    binary = os.environ.get("MICROPYTHON") or ROOT + "/build/micropython/bin/micropython"
    size = "256k" if heap == "small" else "64m"
    command = [binary, "-X", "heapsize=" + size, __file__, heap]
    pipe = {"input": json.dumps(keys) + "\n", "stdout": subprocess.PIPE, "text": True}
    return subprocess.run(command, check=True, **pipe).stdout.splitlines()


def main():
    sys.path[:0] = [os.path.abspath(ROOT), os.path.abspath(ROOT + "/tests/shim")]
    head = ("best of %d" % ROUNDS, "ms", "slices", "longest", "KiB gone", "16-bit", CYCLES)
    print("%-20s %7s %7s %8s %8s %9s  est. s at %d cycles a step" % head)
    chips = "  ".join("%s" % name for name, _ in CHIPS)
    print("%-20s %7s %7s %8s %8s %9s  %s" % ("", "", "", "ms", "through", "M steps", chips))
    keys = list(rsa_keys())
    columns = (in_micropython("small", keys), in_micropython("large", keys), counted(keys))
    for line, gone, steps in zip(*columns, strict=True):
        name, ms, count, longest = line.split("|")
        seconds = "  ".join(
            "%*.2f" % (len(chip), steps * CYCLES / mhz / 1e6) for chip, mhz in CHIPS
        )
        row = (name, ms, count, longest, int(gone) // 1024, steps / 1e6, seconds)
        print("%-20s %7s %7s %8s %8d %9.2f  %s" % row)


if sys.implementation.name == "micropython":
    measure(sys.argv[1])
else:
    main()
