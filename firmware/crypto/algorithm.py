"""AlgorithmIdentifier and SubjectPublicKeyInfo (RFC 5280 §4.1.1.2, §4.1.2.7): which key, which
signature, by name.

What this room can verify comes out ready for use: ("EC", point of 65 bytes), ("RSA", n, e), and
the signatures ECDSA, RSA_PKCS1 and a PSS salt length, all with SHA-256. What it cannot comes out
as a name alone, so that a root the TLS stack may use is still installed and listed, and a chain
that needs it is refused by that name. `key_fault` and `signature_fault` say what nobody may use
(A00.FR.501 to 506). Whether a signature is right is for signature.py.
"""

from micropython import const

from firmware.crypto import der
from firmware.crypto.number import bits

ECDSA = "ecdsa-with-SHA256"
RSA_PKCS1 = "sha256WithRSA"
RSA_PSS = "RSASSA-PSS"
OURS = (ECDSA, RSA_PKCS1, RSA_PSS)

_SHORTEST_RSA_BITS = const(2048)  # A00.FR.502
_LONGEST_RSA_BITS = const(4096)
_SMALLEST_E = const(0x10001)  # BSI TR-02102-1 §2.3.1, by A00.FR.504
_MOST_E_BITS = const(33)  # more only costs time
_MOST_SALT = const(478)  # of RSA-4096 with SHA-256 (RFC 8017 §9.1.1)

_RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01"  # 1.2.840.113549.1.1
_ANSI = b"\x2a\x86\x48\xce\x3d"  # 1.2.840.10045
_SHA256 = b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"
_MGF1 = _RSA + b"\x08"
_PSS = _RSA + b"\x0a"
_RSA_KEY = _RSA + b"\x01"
EC_KEY = _ANSI + b"\x02\x01"
P256 = _ANSI + b"\x03\x01\x07"
ECDSA_SHA256 = _ANSI + b"\x04\x03\x02"

_NAMES = {
    _RSA + b"\x02": "md2WithRSA",
    _RSA + b"\x04": "md5WithRSA",
    _RSA + b"\x05": "sha1WithRSA",
    _RSA + b"\x0b": RSA_PKCS1,
    _RSA + b"\x0c": "sha384WithRSA",
    _RSA + b"\x0d": "sha512WithRSA",
    _RSA + b"\x0e": "sha224WithRSA",
    _ANSI + b"\x04\x01": "ecdsa-with-SHA1",
    _ANSI + b"\x04\x03\x01": "ecdsa-with-SHA224",
    ECDSA_SHA256: ECDSA,
    _ANSI + b"\x04\x03\x03": "ecdsa-with-SHA384",
    _ANSI + b"\x04\x03\x04": "ecdsa-with-SHA512",
    _ANSI + b"\x03\x01\x01": "P-192",
    b"\x2b\x81\x04\x00\x22": "P-384",
    b"\x2b\x81\x04\x00\x23": "P-521",
    b"\x2a\x86\x48\xce\x38\x04\x01": "DSA",
    b"\x2b\x65\x70": "Ed25519",
    b"\x2b\x65\x71": "Ed448",
    _PSS: RSA_PSS,
}
# Not ours, yet no weaker: a root signed with these, or with such a key, may be installed for TLS.
_STRONG = (
    "sha384WithRSA sha512WithRSA ecdsa-with-SHA384 ecdsa-with-SHA512 P-384 P-521 Ed25519 Ed448"
).split()


def name_of(oid: bytes) -> str:
    return _NAMES.get(oid) or der.dotted(oid)


def signature(value) -> tuple:
    """(name, PSS salt length or None) of an AlgorithmIdentifier, given whole."""
    inside = der.whole(value)
    oid = der.oid(inside.take(der.OID))
    if oid == _PSS:
        salt = _pss(inside)
        return (RSA_PSS, salt) if salt is not None else ("RSASSA-PSS without SHA-256", None)
    if oid == _RSA + b"\x0b":
        _null_or_nothing(inside)
    elif oid == ECDSA_SHA256:
        inside.end()  # RFC 5758 §3.2: no parameters
    return name_of(oid), None


def _null_or_nothing(inside):
    if inside.peek() >= 0 and len(inside.take(der.NULL)):  # RFC 4055 §5: absent is accepted
        raise ValueError("NULL with contents")
    inside.end()


def _pss(inside):
    """The salt length of RSASSA-PSS-params (RFC 4055 §3.1); None when it is not all SHA-256."""
    if inside.peek() < 0:
        return None
    params = inside.enter()
    inside.end()
    # Each of these defaults to SHA-1 when it is absent.
    if params.peek() != der.CONSTRUCTED or not _is_sha256(params.enter(der.CONSTRUCTED)):
        return None
    if params.peek() != der.CONSTRUCTED | 1 or not _is_mgf1(params.enter(der.CONSTRUCTED | 1)):
        return None
    salt, trailer = 20, 1
    if params.peek() == der.CONSTRUCTED | 2:
        salt = _number(params.enter(der.CONSTRUCTED | 2))
    if params.peek() == der.CONSTRUCTED | 3:
        trailer = _number(params.enter(der.CONSTRUCTED | 3))
    params.end()
    return salt if trailer == 1 and salt <= _MOST_SALT else None


def _number(inside) -> int:
    value = der.small(inside.take(der.INTEGER))
    inside.end()
    return value


def _is_mgf1(inside) -> bool:
    mask = inside.enter()
    inside.end()
    return der.oid(mask.take(der.OID)) == _MGF1 and _is_sha256(mask)


def _is_sha256(inside) -> bool:
    digest = inside.enter()
    inside.end()
    if der.oid(digest.take(der.OID)) != _SHA256:
        return False
    _null_or_nothing(digest)
    return True


def public_key(value) -> tuple:
    """(key, contents of its BIT STRING without the count of unused bits) of an SPKI, whole."""
    spki = der.whole(value)
    algorithm = spki.enter()
    oid = der.oid(algorithm.take(der.OID))
    contents = der.octets(spki.take(der.BIT_STRING))
    spki.end()
    if oid == _RSA_KEY:
        _null_or_nothing(algorithm)
        return _rsa(contents), contents
    if oid == EC_KEY and algorithm.peek() == der.OID:
        curve = der.oid(algorithm.take(der.OID))
        algorithm.end()
        return _point(contents) if curve == P256 else (name_of(curve),), contents
    return (name_of(oid) if oid != EC_KEY else "EC with its own parameters",), contents


def _rsa(contents) -> tuple:
    pair = der.whole(contents)
    n = der.integer(pair.take(der.INTEGER))
    e = der.integer(pair.take(der.INTEGER))
    pair.end()
    return "RSA", n, e


def _point(contents) -> tuple:
    if len(contents) != 65 or contents[0] != 4:
        return ("P-256, not as an uncompressed point",)
    return "EC", bytes(contents)


def encode_p256(public: bytes) -> bytes:
    """The SubjectPublicKeyInfo of a P-256 key (RFC 5480 §2)."""
    oids = der.encode(der.OID, EC_KEY) + der.encode(der.OID, P256)
    return der.encode(der.SEQUENCE, der.encode(der.SEQUENCE, oids), der.encode_bits(public))


def key_fault(key: tuple) -> str:
    """Why nobody may use this key; "" when it is strong enough. A key not ours may be strong."""
    if key[0] == "RSA":
        size = bits(key[1])
        if not _SHORTEST_RSA_BITS <= size <= _LONGEST_RSA_BITS:
            return "RSA key of %d bits" % size
        if not key[1] & 1 or not key[2] & 1:
            return "RSA key that is even"
        if key[2] < _SMALLEST_E or bits(key[2]) > _MOST_E_BITS:
            return "RSA exponent"
        return ""
    return "" if key[0] == "EC" or key[0] in _STRONG else "key " + key[0]


def signature_fault(name: str) -> str:
    """Why nobody may sign so; "" when it is strong enough, though perhaps not ours."""
    return "" if name in OURS or name in _STRONG else "signature " + name
