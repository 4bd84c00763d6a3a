"""Key pairs and signatures of NIST P-256: ECDSA with SHA-256 (FIPS 186-5 section 6).

A private key is a number, a public key the 65 bytes of its point (4, x, y), a signature (r, s), a
message its SHA-256. Each function gives a generator (see __init__.py).

With a secret every run does the same operations in the same order: no branch and no table index
depends on a bit of it, and it is blinded with fresh entropy. But MicroPython's large integers are
not constant time: they drop leading zeros, and memory is collected when it is full. Who can
measure thousands of signatures to the microsecond, or the current of the chip, is not kept out;
who is on the network is: a charge point signs when it asks for a certificate, rarely.
"""

from firmware.crypto.curve import ORDER, PRIME, decode, encode, times_base, times_both
from firmware.crypto.nonce import nonces
from firmware.crypto.number import inverse, random


def generate(entropy):
    """A generator of a new (private, public). `entropy(n)`: n bytes nobody can foretell."""
    private = random(entropy, ORDER)
    public = yield from public_key(private, entropy)
    return private, public


def public_key(private: int, entropy):
    """A generator of the public key; `entropy` only blinds, the result is the same."""
    _check_private(private)
    x, y = yield from times_base(private, entropy)
    return encode(x, y)


def sign(private: int, digest: bytes, entropy):
    """A generator of (r, s). The nonce is that of RFC 6979: the same message, the same signature;
    `entropy` only blinds."""
    _check_private(private)
    _check_digest(digest)
    message = int.from_bytes(digest, "big")
    for nonce in nonces(private, digest, ORDER):
        x, _ = yield from times_base(nonce, entropy)
        r = x % ORDER
        # (message + r * private) / nonce, with each secret times a number nobody knows.
        blind = random(entropy, ORDER)
        total = blind * message + blind * private % ORDER * r
        over = yield from inverse(blind * nonce % ORDER, ORDER)
        s = total % ORDER * over % ORDER
        if r and s:
            return r, s


def verify(public: bytes, digest: bytes, r: int, s: int):
    """A generator of True where (r, s) is the signature of `digest` by the key `public`; False
    for any other, and for what is no key and no signature at all."""
    _check_digest(digest)
    point = decode(public)
    if point is None or not (0 < r < ORDER and 0 < s < ORDER):
        return False
    over = yield from inverse(s, ORDER)
    message = int.from_bytes(digest, "big") * over % ORDER
    x, _, z = yield from times_both(message, point, r * over % ORDER)
    # x / z is below the prime, which is above the order: two of them leave the same r.
    while r < PRIME and z:
        if (x - r * z) % PRIME == 0:
            return True
        r += ORDER
    return False


def _check_private(private: int):
    if not 0 < private < ORDER:
        raise ValueError("p256: no private key")


def _check_digest(digest: bytes):
    if len(digest) != 32:
        raise ValueError("p256: not a SHA-256")
