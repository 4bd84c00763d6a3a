"""PEM (RFC 7468) to DER and back: what every certificate in OCPP travels as (A00.FR.507).

Strict where it matters: the wanted label and no other, canonical base64, bounded counts and
sizes, ValueError for all else. Text around the blocks is passed over, as RFC 7468 §2 allows and
chain files have it; white space inside may be any. What the DER means is for others.
"""

from binascii import a2b_base64, b2a_base64

from micropython import const

CERTIFICATE = "CERTIFICATE"
CERTIFICATE_REQUEST = "CERTIFICATE REQUEST"

MOST_BYTES = const(8192)  # of one block's DER
MOST_BLOCKS = const(4)  # leaf, two intermediates, and the root that some send along
# The longest field of OCPP has 10000 characters (CertificateSigned); one largest block has 11100.
_MOST_TEXT = const(16384)
_LINE = const(48)  # bytes
_BEGIN = b"-----BEGIN "
_END = b"-----END "
_DASHES = b"-----"


def decode(text, label: str = CERTIFICATE, most: int = MOST_BLOCKS) -> list:
    """The DER of every block in `text` (str or bytes), at least one and at most `most`."""
    if len(text) > _MOST_TEXT:
        raise ValueError("PEM: too long")
    data = text.encode() if isinstance(text, str) else bytes(text)
    blocks = []
    at = data.find(_BEGIN)
    while at >= 0:
        if len(blocks) == most:
            raise ValueError("PEM: more than %d blocks" % most)
        at, der = _block(data, at, label.encode() + _DASHES)
        blocks.append(der)
        at = data.find(_BEGIN, at)
    if not blocks:
        raise ValueError("PEM: no %s in it" % label.lower())
    return blocks


def _block(data: bytes, at: int, label: bytes) -> tuple:
    """(where the block that begins at `at` ends, its DER)."""
    start = at + len(_BEGIN) + len(label)
    end = data.find(_END + label, start)
    # A private key that somebody sends along must not be passed over in silence.
    if data[at:start] != _BEGIN + label or end < 0:
        raise ValueError("PEM: another label, or no end")
    body = b"".join(data[start:end].split())
    der = _from_base64(body)
    if not der or len(der) > MOST_BYTES:
        raise ValueError("PEM: block empty or too long")
    return end + len(_END) + len(label), der


def _from_base64(body: bytes) -> bytes:
    try:
        der = a2b_base64(body)
    except ValueError:
        der = b""
    # a2b_base64 skips what it does not know; only the canonical text comes back as it was.
    if not body or b2a_base64(der).rstrip() != body:
        raise ValueError("PEM: bad base64")
    return der


def encode(der: bytes, label: str = CERTIFICATE) -> str:
    """One block, in lines of 64 characters (RFC 7468 §2)."""
    lines = [b2a_base64(der[at : at + _LINE]).decode() for at in range(0, len(der), _LINE)]
    return "-----BEGIN %s-----\n%s-----END %s-----\n" % (label, "".join(lines), label)
