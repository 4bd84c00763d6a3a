"""What is known of one idTag, in 46 bytes.

    20  idTag, case folded, filled up with zeros: the key, and the order of a sorted file
    20  parentIdTag as it was spelled, all zeros for none
     1  status, an index into WORDS
     5  expiry in UTC seconds, 0 for none

The spelling of the idTag itself is not kept: idTags are compared without case (OCPP 1.6 §7.28),
and what goes on the wire is the spelling of the card. The expiry has five bytes because
9999-12-31 is a common way to say never. Boundary: values and bytes; no file, no clock.
"""

from micropython import const

SIZE = const(46)
KEY = const(20)
_STATUS = const(40)
_EXPIRY = const(41)

ACCEPTED = "Accepted"
EXPIRED = "Expired"
WORDS = (ACCEPTED, "Blocked", EXPIRED, "Invalid", "ConcurrentTx")


def key(id_tag: str) -> bytes:
    """The 20 bytes an idTag is found by; ValueError for what is no idTag."""
    return _field(id_tag).lower()


def fits(text: str) -> bool:
    """Whether `text` can be kept as an idTag or a parentIdTag (§2.2: printable ASCII)."""
    try:
        _field(text)
    except ValueError:
        return False
    return True


def _field(text: str) -> bytes:
    data = text.encode()
    if len(data) > KEY:
        raise ValueError("idTag: longer than 20")
    for byte in data:
        # A zero inside would make one key of two texts.
        if not 32 <= byte <= 126:
            raise ValueError("idTag: not printable ASCII")
    return data + bytes(KEY - len(data))


def pack(id_tag: str, status: str, parent=None, expires_at=None) -> bytes:
    """A record. ValueError for a text that is no idTag and a status nobody knows."""
    group = bytes(KEY) if parent is None else _field(parent)
    if status not in WORDS:
        raise ValueError("idTag status: " + status)
    # Some backends write the year 1 for "long ago"; whatever is before 1970 has passed.
    expiry = 0 if expires_at is None else max(1, expires_at)
    return key(id_tag) + group + bytes((WORDS.index(status),)) + expiry.to_bytes(5, "big")


def unpack(data, at: int = 0) -> tuple:
    """The entry at `at`: (status, parent or None, expiry in UTC seconds or None)."""
    group = bytes(data[at + KEY : at + _STATUS]).rstrip(b"\x00")
    expiry = int.from_bytes(data[at + _EXPIRY : at + SIZE], "big")
    return WORDS[data[at + _STATUS]], group.decode() or None, expiry or None


def set_status(data, at: int, status: str):
    """Change the status of the record at `at` in place."""
    data[at + _STATUS] = WORDS.index(status)


def standing(entry: tuple, utc) -> str:
    """The status of an entry at the UTC second `utc`, None while the clock is unknown.

    Without a clock nothing is *apparently* expired (§3.5.4): the entry keeps its word.
    """
    status, _, expires_at = entry
    if status == ACCEPTED and expires_at is not None and utc is not None and expires_at <= utc:
        return EXPIRED
    return status
