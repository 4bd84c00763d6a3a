"""The secret number of each ECDSA signature, made of the key and the message (RFC 6979, SHA-256).

No entropy is needed for it: a weak source cannot give the key away. For orders of 256 bits.
"""

import hashlib


def nonces(private: int, digest: bytes, order: int):
    """One after the other (RFC 6979 3.2): the first will do but where its signature is 0."""
    about = private.to_bytes(32, "big")
    about += (int.from_bytes(digest, "big") % order).to_bytes(32, "big")
    key = bytes(32)
    value = b"\x01" * 32
    for mark in (b"\x00", b"\x01"):
        key = _hmac(key, value + mark + about)
        value = _hmac(key, value)
    while True:
        value = _hmac(key, value)
        number = int.from_bytes(value, "big")
        if 0 < number < order:
            yield number
        key = _hmac(key, value + b"\x00")
        value = _hmac(key, value)


def _hmac(key: bytes, message: bytes) -> bytes:
    """HMAC-SHA-256 (RFC 2104) of a key of 32 bytes."""
    inner = bytes([octet ^ 0x36 for octet in key]) + b"\x36" * 32
    outer = bytes([octet ^ 0x5C for octet in key]) + b"\x5c" * 32
    inner = hashlib.sha256(inner + message).digest()
    return hashlib.sha256(outer + inner).digest()
