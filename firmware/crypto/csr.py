"""The charge point asks for its certificate: PKCS #10 (RFC 2986), as A02.FR.03 and .13 want it.

request() makes the PEM of a request for a P-256 key: subject O = CpoName, CN = serial number of
the charge point (A00.FR.511), and asks for what the certificate shall be limited to (A00.FR.512).
mismatch() says whether a certificate is the answer to it. Whom to trust with it is chain.py's.
"""

from micropython import const

from firmware.crypto import algorithm, der, extension, name, p256, pem, signature

MOST_CHARACTERS = const(5500)  # SignCertificate.req, csr

_EXTENSION_REQUEST = b"\x2a\x86\x48\x86\xf7\x0d\x01\x09\x0e"  # 1.2.840.113549.1.9.14
_DIGITAL_SIGNATURE = b"\x03\x02\x07\x80"  # BIT STRING with bit 0 alone


def request(private: int, public: bytes, serial_number: str, organization: str, entropy):
    """A generator of the PEM text. ValueError for names that no certificate may carry."""
    _check_serial_number(serial_number)
    info = der.encode(
        der.SEQUENCE,
        der.encode_integer(0),
        name.encode(organization, serial_number),
        algorithm.encode_p256(public),
        der.encode(der.CONSTRUCTED, _extension_request()),
    )
    hashed = yield from signature.digest(info)
    r, s = yield from p256.sign(private, hashed, entropy)
    signed = der.encode(der.SEQUENCE, der.encode_integer(r), der.encode_integer(s))
    whole = der.encode(
        der.SEQUENCE,
        info,
        der.encode(der.SEQUENCE, der.encode(der.OID, algorithm.ECDSA_SHA256)),
        der.encode_bits(signed),
    )
    return pem.encode(whole, pem.CERTIFICATE_REQUEST)


def mismatch(certificate, public: bytes, serial_number: str, organization: str) -> str:
    """Why this certificate is not the answer to that request (A02.FR.06); "" when it is."""
    if certificate.public_key != ("EC", public):
        return "another key"
    if certificate.subject_texts.get("CN") != serial_number:
        return "CN is not the serial number"
    if certificate.subject_texts.get("O") != organization:
        return "O is not CpoName"
    return ""


def _check_serial_number(text: str):
    """Told apart from a Central System's name (A00.FR.511): neither URL nor address."""
    parts = text.split(".")
    if "/" in text or ":" in text or (len(parts) == 4 and all([p.isdigit() for p in parts])):
        raise ValueError("serial number looks like a URL or an address")


def _extension_request() -> bytes:
    purpose = der.encode(der.SEQUENCE, der.encode(der.OID, extension.CLIENT_AUTH))
    extensions = der.encode(
        der.SEQUENCE,
        _extension(extension.KEY_USAGE, True, _DIGITAL_SIGNATURE),
        _extension(extension.EXT_KEY_USAGE, False, purpose),
    )
    oid = der.encode(der.OID, _EXTENSION_REQUEST)
    return der.encode(der.SEQUENCE, oid, der.encode(der.SET, extensions))


def _extension(oid: bytes, critical: bool, value: bytes) -> bytes:
    said = der.encode(der.BOOLEAN, b"\xff") if critical else b""
    value = der.encode(der.OCTET_STRING, value)
    return der.encode(der.SEQUENCE, der.encode(der.OID, oid), said, value)
