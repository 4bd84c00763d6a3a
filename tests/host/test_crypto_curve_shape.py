"""With a secret, P-256 does the same operations on numbers in the same order, all of them long.

The secret and what entropy gives are integers that write down what is done with them, and so are
their results. What is decided by one of them, or looked up by it, is written down as well.
"""

import hashlib
import os

import pytest

from firmware.crypto import curve, nonce, number, p256, run

DIGEST = hashlib.sha256(b"sample").digest()
PRIVATES = (
    [1, 2, 3, 255, 1 << 32, 1 << 128, (1 << 128) - 1, 1 << 255]
    + [(1 << 256) // 3, curve.ORDER >> 1, curve.ORDER - 2, curve.ORDER - 1]
    + [number.random(os.urandom, curve.ORDER) for _ in range(10)]
)
DONE: list[str] = []
SHORT: set[int] = set()  # of the products, the factors of few bits


class Traced:
    """No int, so that nothing can be done with it unseen; of what a number can it has what
    P-256 does."""

    def __init__(self, value):
        self.value = int(value)

    @classmethod
    def from_bytes(cls, data, order):
        return cls(int.from_bytes(data, order))

    def to_bytes(self, size, order):
        return self.value.to_bytes(size, order)

    def __int__(self):
        return self.value

    def __mul__(self, other):
        DONE.append("*")
        SHORT.update(int(factor) for factor in (self, other) if int(factor) >> 64 == 0)
        return Traced(self.value * int(other))

    __rmul__ = __mul__

    def __bool__(self):
        DONE.append("decides")
        return self.value != 0

    def __index__(self):
        DONE.append("indexes")
        return self.value

    __hash__ = None


def traced(name, result):
    def operation(self, *other):
        DONE.append(name)
        return result(getattr(int, name)(self.value, *map(int, other)))

    setattr(Traced, name, operation)


for word in "add radd sub rsub mod rmod and rand or ror xor rxor lshift rshift rshift neg".split():
    traced(f"__{word}__", Traced)
for word in "lt le gt ge eq ne".split():
    traced(f"__{word}__", bool)
DECISIONS = {"decides", "indexes", "__lt__", "__le__", "__gt__", "__ge__", "__eq__", "__ne__"}


@pytest.fixture(autouse=True)
def numbers_that_tell(monkeypatch):
    """What is read from bytes: entropy, and the nonce."""
    for module in (number, nonce):
        monkeypatch.setattr(module, "int", Traced, raising=False)
    DONE.clear()
    SHORT.clear()


def trace(work):
    DONE.clear()
    run(work)
    return list(DONE)


def test_trace_tells():
    """A decision, a look-up and a short factor would show."""

    def by_bits(secret):
        result = Traced(1)
        for at in range(8):
            result = result * result % 1000003
            if secret >> at & 1:
                result = result * (5, 7)[secret >> at & 1] % 1000003
            yield
        return result

    traces = [trace(by_bits(Traced(secret))) for secret in (0, 255)]
    assert traces[0] != traces[1] and traces[0].count("decides") == 8
    assert traces[1].count("indexes") == 8 and 7 in SHORT


def test_nothing_is_decided_by_a_multiplier():
    """The same trace for every scalar and all entropy; no branch, no table; and no product with
    a 0 or 1: the 2, 3 and 4 are those of the formulas. Of few bits a scalar (nobody draws one) may
    pass infinity near the end; then a 0 is multiplied."""
    first = trace(curve.times_base(Traced(PRIVATES[0]), os.urandom))
    for private in PRIVATES:
        SHORT.clear()
        assert trace(curve.times_base(Traced(private), os.urandom)) == first
        blinds = {factor for factor in SHORT if factor >> 30}  # of 64 bits: meant to be so
        few = min(private, curve.ORDER - private) >> 40 == 0
        assert few or SHORT - blinds == {2, 3, 4}, private
    assert not DECISIONS & set(first)
    assert first.count("*") > 320 * 27


def test_same_shape_for_every_signature():
    first = trace(p256.sign(Traced(PRIVATES[0]), DIGEST, os.urandom))
    for private in PRIVATES:
        assert trace(p256.sign(Traced(private), os.urandom(32), os.urandom)) == first
    # Decided: that the nonce is in range, that r and s are not 0; the key by _check_private().
    decisions = [word for word in first if word in DECISIONS]
    assert decisions == ["__gt__", "__lt__"] * 2 + ["decides"] * 2, decisions


def test_same_shape_for_every_key_pair():
    first = trace(p256.generate(os.urandom))
    for _ in range(10):
        assert trace(p256.generate(os.urandom)) == first
    assert [word for word in first if word in DECISIONS] == ["__gt__", "__lt__"]
