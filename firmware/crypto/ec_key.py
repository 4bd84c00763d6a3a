"""The private key as the TLS stack reads it and the vault keeps it: ECPrivateKey (RFC 5915).

DER in, numbers out, and back; P-256 only, always with its public key. ValueError says that it is
none, and nothing of what was in it.
"""

from micropython import const

from firmware.crypto import algorithm, der

_BYTES = const(32)


def encode(private: int, public: bytes) -> bytes:
    return der.encode(
        der.SEQUENCE,
        der.encode_integer(1),
        der.encode(der.OCTET_STRING, private.to_bytes(_BYTES, "big")),
        der.encode(der.CONSTRUCTED, der.encode(der.OID, algorithm.P256)),
        der.encode(der.CONSTRUCTED | 1, der.encode_bits(public)),
    )


def decode(data) -> tuple:
    """(private, public of 65 bytes)."""
    inside = der.whole(data)
    version = der.small(inside.take(der.INTEGER))
    private = inside.take(der.OCTET_STRING)
    curve = inside.enter(der.CONSTRUCTED)
    oid = der.oid(curve.take(der.OID))
    curve.end()
    wrapped = inside.enter(der.CONSTRUCTED | 1)
    public = bytes(der.octets(wrapped.take(der.BIT_STRING)))
    wrapped.end()
    inside.end()
    if version != 1 or len(private) != _BYTES or oid != algorithm.P256 or len(public) != 65:
        raise ValueError("no P-256 private key")
    return int.from_bytes(private, "big"), public
