"""P-256 in short pieces; with a secret always the same ones, on numbers never seen twice."""

import hashlib
import os
import time

from firmware.crypto import curve, number, p256, run

LONGEST_US = 5000  # of a slice, on this machine
DIGEST = hashlib.sha256(b"sample").digest()
PRIVATES = (
    1,
    2,
    3,
    1 << 255,
    (1 << 256) // 3,
    curve.ORDER // 2,
    curve.ORDER - 2,
    curve.ORDER - 1,
    0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721,
)


class Spy:
    """What is done to points while it watches: "a" is a sum, "d" a doubling, " " a yield."""

    def __init__(self):
        self.done = ""
        self.points = []

    def watch(self, work):
        was = curve.add, curve.double
        curve.add = lambda one, other: self.note("a", (one, other), was[0](one, other))
        curve.double = lambda one: self.note("d", (one,), was[1](one))
        try:
            while True:
                next(work)
                self.done += " "
        except StopIteration as end:
            return end.value
        finally:
            curve.add, curve.double = was

    def note(self, letter, points, result):
        self.done += letter
        if len(self.done) % 9 == 0:  # some sums, some doublings; all of them are too many
            self.points.append(points)
        return result


def shape(work):
    spy = Spy()
    spy.watch(work)
    return spy.done


def test_one_shape_for_every_private_key():
    """320 doublings and 320 sums for any key, one in each slice; nothing is skipped."""
    first = shape(p256.public_key(PRIVATES[0], os.urandom))
    assert first[: 4 * 320] == "d a " * 320
    assert "a" not in first[4 * 320 :] and "d" not in first[4 * 320 :]
    for private in PRIVATES:
        assert shape(p256.public_key(private, os.urandom)) == first, private


def test_one_shape_for_every_signature():
    first = shape(p256.sign(PRIVATES[0], DIGEST, os.urandom))
    for private in PRIVATES:
        assert shape(p256.sign(private, DIGEST, os.urandom)) == first, private


def test_no_run_repeats_a_number():
    """The same key twice: other coordinates (Z), and other points (a multiple of the order)."""
    runs = []
    for _ in range(2):
        spy = Spy()
        spy.watch(p256.public_key(PRIVATES[-1], os.urandom))
        runs.append(spy.points)
    others = of = 0
    for one, two in zip(*runs):
        for first, second in zip(one, two):
            assert all(a != b for a, b in zip(first, second))
            x = (first[0] * second[2] - second[0] * first[2]) % curve.PRIME
            others += x != 0
            of += 1
    assert of > 100 and others > of // 2  # the summand is always the base point or its mirror


def test_blinding_comes_of_entropy():
    """What is drawn for one public key: two blinds of the multiplier, two of coordinates."""
    for make, calls in (
        (lambda source: p256.generate(source), 5),
        (lambda source: p256.public_key(2, source), 4),
        (lambda source: p256.sign(2, DIGEST, source), 5),
    ):
        drawn = []
        run(make(lambda count, to=drawn: to.append(count) or os.urandom(count)))
        assert drawn == [48] * calls, drawn


def test_check_does_one_point_a_slice():
    private = PRIVATES[-1]
    public = run(p256.public_key(private, os.urandom))
    r, s = run(p256.sign(private, DIGEST, os.urandom))
    spy = Spy()
    assert spy.watch(p256.verify(public, DIGEST, r, s)) is True
    assert spy.done.count("d") == 256 and spy.done.count("a") < 257
    # Before the first slice of the points only the sum of both is made.
    assert "".join(spy.done.split()).startswith("ad")
    assert max(len(part) for part in spy.done.replace("ad", "d", 1).split(" ")) == 1


def test_inverse():
    """By Fermat; at most nine multiplications in a slice."""
    for prime, multiplications in ((curve.PRIME, 255 + 127), (curve.ORDER, 255 + 168)):
        ones = sum(prime - 2 >> at & 1 for at in range(256))
        assert 255 + ones - 1 == multiplications
        for value in (1, 2, prime - 1, 0xC9AFA9D8 << 200 | 1):
            work = number.inverse(value, prime)
            count = 1
            try:
                while True:
                    next(work)
                    count += 1
            except StopIteration as end:
                assert end.value * value % prime == 1
            assert multiplications / 9 <= count <= multiplications / 8 + 1


def test_power_and_bits():
    for bits in (0, 1, 2, 3, 31, 32, 33, 255, 256, 257, 2048, 4095, 4096):
        assert number.bits((1 << bits) - 1) == bits and number.bits(1 << bits) == bits + 1
    assert number.bits(1 << 8191) == number.bits(1 << 9000) == 8192
    for exponent in (1, 2, 3, 17, 255, 256, 65537):
        for base in (0, 1, 2, 12345, 10**30):
            assert run(number.power(base, exponent, 10**9 + 7, 1)) == pow(
                base, exponent, 10**9 + 7
            )


def test_no_slice_is_long():
    """The least of several runs of each slice: what another process takes is not ours."""
    private = PRIVATES[-1]
    public = run(p256.public_key(private, os.urandom))
    r, s = run(p256.sign(private, DIGEST, os.urandom))
    for make in (
        lambda: p256.generate(os.urandom),
        lambda: p256.sign(private, DIGEST, os.urandom),
        lambda: p256.verify(public, DIGEST, r, s),
    ):
        longest = max(least_us(make))
        assert longest < LONGEST_US, longest


def least_us(make, rounds=4):
    least = slices_us(make())
    for _ in range(rounds - 1):
        again = slices_us(make())
        assert len(again) == len(least)
        least = [min(pair) for pair in zip(least, again)]
    return least


def slices_us(work):
    taken = []
    going = True
    while going:
        begun = now_us()
        try:
            next(work)
        except StopIteration:
            going = False
        taken.append(now_us() - begun)
    return taken


def now_us():
    return time.time_ns() // 1000
