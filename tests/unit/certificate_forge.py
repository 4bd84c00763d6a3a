"""Makes certificates with any one field wrong, signed with our own p256 (which the host tests hold
against cryptography). Parts are DER; what is not given is a good leaf."""

import hashlib

from firmware.crypto import run
from firmware.crypto.algorithm import encode_p256
from firmware.crypto.der import (
    BIT_STRING,
    BOOLEAN,
    INTEGER,
    NULL,
    OCTET_STRING,
    OID,
    SEQUENCE,
    encode,
    encode_bits,
    encode_integer,
)
from firmware.crypto.name import encode as name
from firmware.crypto.p256 import generate, sign
from firmware.crypto.x509 import Certificate

ECDSA = encode(SEQUENCE, encode(OID, b"\x2a\x86\x48\xce\x3d\x04\x03\x02"))
SHA256 = encode(SEQUENCE, encode(OID, b"\x60\x86\x48\x01\x65\x03\x04\x02\x01"), encode(NULL))
RSA = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01"
VALID = encode(SEQUENCE, encode(0x17, b"260101000000Z"), encode(0x17, b"460101000000Z"))
NOW = 1800000000  # 2027-01-15
PURPOSE = b"\x2b\x06\x01\x05\x05\x07\x03"
SERVER_AUTH, CLIENT_AUTH, CODE_SIGNING = [PURPOSE + bytes((n,)) for n in (1, 2, 3)]
DIGITAL_SIGNATURE = encode(BIT_STRING, b"\x07\x80")
CERT_SIGN = encode(BIT_STRING, b"\x02\x04")


class Entropy:
    """Bytes that look like any and are the same in every run."""

    def __init__(self):
        self.count = 0

    def __call__(self, size):
        self.count += 1
        data = b"".join([hashlib.sha256(b"%d %d" % (self.count, n)).digest() for n in range(2)])
        return data[:size]


entropy = Entropy()
KEYS = [run(generate(entropy)) for _ in range(3)]
PUBLIC = KEYS[0][1]


def extension(last, value, critical=False, head=b"\x55\x1d"):
    said = encode(BOOLEAN, b"\xff") if critical else b""
    oid = head + bytes((last,))
    return encode(SEQUENCE, encode(OID, oid), said, encode(OCTET_STRING, value))


def ca(path_len=None, flag=b"\xff"):
    limit = b"" if path_len is None else encode_integer(path_len)
    return extension(19, encode(SEQUENCE, encode(BOOLEAN, flag), limit), True)


def usage(bits):
    return extension(15, bits, True)


def purposes(*oids):
    return extension(37, encode(SEQUENCE, *[encode(OID, oid) for oid in oids]))


AUTHORITY = (ca(), usage(CERT_SIGN))


def rsa_key(n, e):
    pair = encode(SEQUENCE, encode_integer(n), encode_integer(e))
    algorithm = encode(SEQUENCE, encode(OID, RSA + b"\x01"), encode(NULL))
    return encode(SEQUENCE, algorithm, encode_bits(pair))


def forged(**fields):
    """The DER. `signer`: a private key; `extensions`: those, or None for no field at all."""
    extensions = fields.get("extensions", ())
    if isinstance(extensions, tuple):
        extensions = encode(0xA3, encode(SEQUENCE, *extensions)) if extensions else b""
    tbs = encode(
        SEQUENCE,
        fields.get("version", b"\xa0\x03\x02\x01\x02"),
        fields.get("serial", encode(INTEGER, b"\x05")),
        fields.get("inner", ECDSA),
        fields.get("issuer", name("Org", "Root")),
        fields.get("validity", VALID),
        fields.get("subject", name("Org", "Leaf")),
        fields.get("key", encode_p256(PUBLIC)),
        extensions,
    )
    signed = fields.get("signature", b"none")
    if "signer" in fields:
        digest = hashlib.sha256(tbs).digest()
        r, s = run(sign(fields["signer"], digest, entropy))
        signed = encode(SEQUENCE, encode_integer(r), encode_integer(s))
    return encode(SEQUENCE, tbs, fields.get("outer", ECDSA), encode_bits(signed))


def parsed(**fields):
    return Certificate(forged(**fields))


def refusal(function, *arguments):
    """The ValueError's text; None when it was taken."""
    try:
        function(*arguments)
    except ValueError as error:
        return str(error)
    return None
