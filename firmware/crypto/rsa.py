"""RSA signatures with SHA-256 looked at, never made (RFC 8017): PKCS#1 v1.5 and PSS.

A key is its modulus n of 2048 to 4096 bits and its exponent e. Each function gives a generator
(see __init__.py) of True or False: False too for what is no key and no signature at all. Nothing
here is a secret. The message that e gives back is not read: the only right one is built and
compared (v1.5), or all that it must be is looked at (PSS).
"""

import binascii
import hashlib

from micropython import const

from firmware.crypto.number import bits

_BITS_LEAST = const(2048)
_BITS_MOST = const(4096)
_EXPONENT_BITS_MOST = const(64)  # all that is in use is shorter; each bit costs a multiplication
_HASH_BYTES = const(32)
# DigestInfo of SHA-256 with NULL parameters up to the digest (RFC 8017 9.2, note 1).
_DIGEST_INFO = binascii.unhexlify("3031300d060960864801650304020105000420")


def verify_pkcs1(n: int, e: int, digest: bytes, signature: bytes):
    """RSASSA-PKCS1-v1_5 (RFC 8017 8.2.2)."""
    _check_digest(digest)
    size = _size(n, e, signature)
    if not size:
        return False
    message = yield from _open(n, e, signature)
    filling = b"\xff" * (size - 3 - len(_DIGEST_INFO) - _HASH_BYTES)
    right = b"\x00\x01" + filling + b"\x00" + _DIGEST_INFO + digest
    return message.to_bytes(size, "big") == right


def verify_pss(n: int, e: int, digest: bytes, signature: bytes, salt_len: int = _HASH_BYTES):
    """RSASSA-PSS (RFC 8017 8.1.2) with MGF1 of SHA-256 and a salt of just `salt_len` bytes."""
    _check_digest(digest)
    if not _size(n, e, signature):
        return False
    most = bits(n) - 1  # bits of the encoded message: a byte less than n has where n has 8k + 1
    size = (most + 7) // 8
    zeros = size - 2 - _HASH_BYTES - salt_len
    if salt_len < 0 or zeros < 0:
        return False
    message = yield from _open(n, e, signature)
    if message >> most:
        return False
    message = message.to_bytes(size, "big")
    mask = yield from _mask(message[-1 - _HASH_BYTES : -1], size - 1 - _HASH_BYTES)
    block = int.from_bytes(message[: -1 - _HASH_BYTES], "big") ^ mask
    block &= (1 << most - 8 * (1 + _HASH_BYTES)) - 1
    block = block.to_bytes(size - 1 - _HASH_BYTES, "big")
    again = hashlib.sha256(bytes(8) + digest + block[zeros + 1 :]).digest()
    return (
        message[-1] == 0xBC
        and block[: zeros + 1] == bytes(zeros) + b"\x01"
        and message[-1 - _HASH_BYTES : -1] == again
    )


def _check_digest(digest: bytes):
    if len(digest) != _HASH_BYTES:
        raise ValueError("rsa: not a SHA-256")


def _size(n: int, e: int, signature: bytes) -> int:
    """Bytes of n; 0 where this is no key, or no signature by it."""
    if not (n >> _BITS_LEAST - 1 and n & 1 and e & 1) or n >> _BITS_MOST:
        return 0
    size = (bits(n) + 7) // 8
    fits = len(signature) == size and int.from_bytes(signature, "big") < n
    return size if fits and e >= 3 and not e >> _EXPONENT_BITS_MOST else 0


def _open(n: int, e: int, signature: bytes):
    """A generator of signature ** e % n (RFC 8017 5.2.2)."""
    base = int.from_bytes(signature, "big")
    result = base
    for at in range(bits(e) - 2, -1, -1):
        result = yield from _times(result, result, n)
        if e >> at & 1:
            result = yield from _times(result, base, n)
    return result


def _times(one: int, other: int, n: int):
    """A generator of one * other % n, in three pieces of about the same length: a chip takes many
    milliseconds for all of it."""
    half = bits(n) // 2
    product = one * other
    yield
    high = (product >> half) % n
    yield
    product = (high << half | product & (1 << half) - 1) % n
    yield
    return product


def _mask(seed: bytes, size: int):
    """A generator of MGF1 (RFC 8017 B.2.1) as a number of `size` bytes."""
    mask = b""
    for count in range((size + _HASH_BYTES - 1) // _HASH_BYTES):
        mask += hashlib.sha256(seed + count.to_bytes(4, "big")).digest()
        yield
    return int.from_bytes(mask[:size], "big")
