"""Roots as OCPP calls and takes them: CertificateHashData, and who may be installed (M05).

A tag is the CertificateHashData of a certificate in bytes, what the store finds it by. Long work
is a generator (see slices.py). What becomes of it is for certificates.py. The cryptography is
imported when there is a certificate to look into: it is RAM, and rarely wanted.
"""

from binascii import hexlify, unhexlify
from hashlib import sha256

from micropython import const

_HASH = const(32)
_ALGORITHM = "SHA256"


def tag(hash_data: dict) -> "bytes | None":
    """None for what nothing here can be called: another algorithm (A00.FR.506), no hash."""
    if hash_data["hashAlgorithm"] != _ALGORITHM:
        return None
    parts = b""
    for field in ("issuerNameHash", "issuerKeyHash"):
        try:
            part = unhexlify(hash_data[field])
        except ValueError:
            return None
        if len(part) != _HASH:
            return None
        parts += part
    return parts + (hash_data["serialNumber"].upper().lstrip("0") or "0").encode()


def hash_data(called: bytes) -> dict:
    """The CertificateHashData (§6.1) of a tag."""
    return {
        "hashAlgorithm": _ALGORITHM,
        "issuerNameHash": _upper(called[:_HASH]),
        "issuerKeyHash": _upper(called[_HASH : 2 * _HASH]),
        "serialNumber": called[2 * _HASH :].decode(),
    }


def _upper(data: bytes) -> str:
    return hexlify(data).decode().upper()


def check(data: bytes, at: int, old: "bytes | None"):
    """A generator of (tag, "") of a certificate (DER) that may be installed at `at`, else (None,
    why not). `old`: it must be signed by this one (M05.FR.09)."""
    from firmware.crypto import chain, x509

    try:
        certificate = x509.Certificate(data)
        if old is None:
            why = yield from chain.check_root(certificate, at)
            issuer = certificate
        else:
            issuer = x509.Certificate(old)
            _, why = yield from chain.verify([certificate], [issuer], at, chain.AUTHORITY)
        if not why:
            return tag(chain.hash_data(certificate, issuer)), ""
    except ValueError as error:
        why = str(error)
    return None, why


def provisioned(data: bytes, most: int, known: bytes) -> tuple:
    """(mark, (tag, DER) of each certificate) of what the charge point came with, PEM or DER; none
    where the mark, 8 bytes, is the one that is known. ValueError for what is no root, or more
    than `most`."""
    mark = sha256(data).digest()[: len(known)]
    if mark == known:
        return mark, []
    from firmware.crypto import chain, x509

    text = data.find(b"-----BEGIN ") >= 0
    found = x509.from_pem(data, most) if text else [x509.Certificate(data)]
    return mark, [(tag(chain.hash_data(one, one)), one.der) for one in found]
