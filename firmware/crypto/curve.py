"""The points of NIST P-256 (FIPS 186-4 D.1.2.3): their sum, and multiples of the base point.

A point is (X, Y, Z), standing for x = X / Z and y = Y / Z; (0, 1, 0) is the one at infinity. The
sum is complete (Renes, Costello, Batina, "Complete addition formulas for prime order elliptic
curves", 2016, algorithms 4 and 6): the same multiplications for any two points of the curve, with
no case apart. Who hands in what is no point of the curve gets nonsense: decode() looks.
"""

from micropython import const

from firmware.crypto.number import inverse, random

PRIME = 0xFFFFFFFF00000001000000000000000000000000FFFFFFFFFFFFFFFFFFFFFFFF
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
BASE = (
    0x6B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296,
    0x4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5,
    1,
)

_POINT_BYTES = const(65)  # 4, x, y: the uncompressed form of SEC 1, 2.3.3
_BLIND_BITS = const(64)  # that a secret multiplier is longer than the order


def add(one: tuple, other: tuple) -> tuple:
    """RCB 2016, algorithm 4 (a = -3), with one reduction for each sum of products."""
    prime = PRIME
    x1, y1, z1 = one
    x2, y2, z2 = other
    xx = x1 * x2
    yy = y1 * y2
    zz = z1 * z2
    xy = ((x1 + y1) * (x2 + y2) - xx - yy) % prime
    yz = ((y1 + z1) * (y2 + z2) - yy - zz) % prime
    xz = ((x1 + z1) * (x2 + z2) - xx - zz) % prime
    zz = 3 * zz % prime
    yy %= prime
    side = (3 * xz - _B * zz) % prime
    low = yy + prime - side
    high = yy + side
    rest = 3 * (_B * xz - zz - xx) % prime
    xx = (3 * xx - zz) % prime
    return (
        (xy * high - yz * rest) % prime,
        (high * low + xx * rest) % prime,
        (yz * low + xy * xx) % prime,
    )


def double(point: tuple) -> tuple:
    """RCB 2016, algorithm 6 (a = -3)."""
    prime = PRIME
    x, y, z = point
    xx = x * x
    yy = y * y % prime
    zz = 3 * z * z % prime
    xy = 2 * x * y
    yz = 2 * y * z % prime
    xz = 2 * x * z % prime
    side = (_B * zz - 3 * xz) % prime
    low = yy + prime - side
    rest = 3 * (_B * xz - zz - xx) % prime
    return (
        (xy % prime * low - yz * rest) % prime,
        (low * (yy + side) + (3 * xx - zz) * rest) % prime,
        4 * yz * yy % prime,
    )


def affine(point: tuple):
    """A generator of (x, y) of a point that is not at infinity."""
    over = yield from inverse(point[2], PRIME)
    return point[0] * over % PRIME, point[1] * over % PRIME


def encode(x: int, y: int) -> bytes:
    return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")


def decode(public: bytes) -> "tuple | None":
    """The point of a public key, None where it is none (SP 800-56A 5.6.2.3.3). The curve has no
    small subgroups, so that each of its points but infinity, which has no such form, is good."""
    if len(public) != _POINT_BYTES or public[0] != 4:
        return None
    x = int.from_bytes(public[1:33], "big")
    y = int.from_bytes(public[33:], "big")
    if x >= PRIME or y >= PRIME or (y * y - (x * x - 3) * x - _B) % PRIME:
        return None
    return x, y, 1


def times_base(scalar: int, entropy):
    """A generator of (x, y) = scalar * base, for a secret scalar of 1..ORDER - 1.

    Each scalar takes the same 320 doublings and 320 additions. A multiple of the order is added to
    it that makes it odd, so that all its digits are 1 or -1: nothing is left out, nothing looked
    up. A digit is multiplied into the y that is added. That multiple and the Z of both points are
    random, so that no two runs compute the same numbers."""
    prime = PRIME
    multiple = random(entropy, 1 << _BLIND_BITS) & -2 | (scalar & 1 ^ 1)
    scalar += ((1 << _BLIND_BITS) + multiple) * ORDER
    zero = random(entropy, 1 << 64) * prime - 3  # 3 below what is 0: 2 and 4 make it -1 and 1
    z = random(entropy, prime)
    x, y = BASE[0] * z % prime, BASE[1] * z % prime
    scale = random(entropy, prime)
    point = (x * scale % prime, y * scale % prime, z * scale % prime)
    # Odd and below 1 << 321, it is a sum of 1 << at or -1 << at for each of 320..0: of the
    # first it is 1, after that bit at + 1 says which.
    for at in range(255 + _BLIND_BITS, -1, -1):
        point = double(point)
        yield
        sign = (scalar >> at & 2) + 2
        point = add(point, (x, (zero + sign) * y % prime, z))
        yield
    return (yield from affine(point))


def times_both(base_scalar: int, point: tuple, scalar: int):
    """A generator of base_scalar * base + scalar * point, nothing of it secret; both at once
    (Shamir's trick), skipping what adds nothing."""
    both = add(BASE, point)
    total = (0, 1, 0)
    for at in range(255, -1, -1):
        total = double(total)
        yield
        which = (base_scalar >> at & 1) + (scalar >> at & 1) * 2
        if which:
            total = add(total, BASE if which == 1 else point if which == 2 else both)
            yield
    return total
