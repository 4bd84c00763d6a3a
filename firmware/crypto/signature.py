"""Is this signature right? By the key's kind and the algorithm's name, over a SHA-256.

Generators (see __init__.py) of True or False: what cannot be verified here is False, never an
exception, whatever the bytes are. The arithmetic is p256.py's and rsa.py's.
"""

from hashlib import sha256

from micropython import const

from firmware.crypto import der, p256, rsa
from firmware.crypto.algorithm import ECDSA, RSA_PKCS1, RSA_PSS, key_fault
from firmware.crypto.number import bits

_PIECE = const(2048)  # hashed at once
_DIGEST = const(32)


def digest(data):
    """A generator of the SHA-256 of `data`, in short pieces."""
    state = sha256()
    view = memoryview(data)
    for at in range(0, len(view), _PIECE):
        state.update(view[at : at + _PIECE])
        yield
    return state.digest()


def verify(key: tuple, name: str, salt_len, hashed: bytes, signature):
    """A generator of whether `signature`, made as `name` says, is `key`'s over `hashed`."""
    if key_fault(key):
        return False
    if key[0] == "EC" and name == ECDSA:
        return (yield from _verify_ecdsa(key[1], hashed, signature))
    if key[0] == "RSA" and name == RSA_PKCS1:
        return (yield from rsa.verify_pkcs1(key[1], key[2], hashed, bytes(signature)))
    if key[0] == "RSA" and name == RSA_PSS:
        return (yield from rsa.verify_pss(key[1], key[2], hashed, bytes(signature), salt_len))
    return False


def verify_file(key: tuple, hashed: bytes, signature):
    """As verify(), for a file whose signature does not say how it was made (L01.FR.04).

    ECDSA for a P-256 key. For RSA: PSS with a salt as long as the hash, PSS with the longest salt
    (what OpenSSL makes unasked), then PKCS #1 v1.5. All three are the same key's will to sign.
    """
    if key[0] == "EC":
        return (yield from verify(key, ECDSA, None, hashed, signature))
    if key[0] != "RSA" or key_fault(key):
        return False
    longest = (bits(key[1]) + 6) // 8 - _DIGEST - 2  # RFC 8017 §9.1.1
    for salt_len in (_DIGEST, longest):
        if (yield from verify(key, RSA_PSS, salt_len, hashed, signature)):
            return True
    return (yield from verify(key, RSA_PKCS1, None, hashed, signature))


def _verify_ecdsa(point: bytes, hashed: bytes, signature):
    try:
        pair = der.whole(signature)
        r = der.integer(pair.take(der.INTEGER))
        s = der.integer(pair.take(der.INTEGER))
        pair.end()
    except ValueError:
        return False
    return (yield from p256.verify(point, hashed, r, s))
