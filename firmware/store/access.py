"""What a charge point connects with, and how it is written: one set, and the content of the file
of credentials.py.

Bytes in, bytes out; sealed by a CRC. repr and exceptions never hold a secret.
"""

import struct
from binascii import crc32
from hashlib import sha256

from micropython import const

_MAGIC = b"EVK1"
_NAMES = ("profile", "url", "key", "cert", "private")
_TEXTS = ("url", "key", "cert", "private")  # kept with a length
_LONGEST = const(0xFFFF)
# What is provisioned at every boot; the rest are factory values, of the first boot only.
GIVEN = ("url", "cert", "private")
DIGEST = const(8)  # bytes
_NONE = const(0xFF)  # tries of no candidate


class Access:
    """One set. `profile` 0..3, `url` text, `key` bytes; `cert` (PEM chain) and `private` (PEM)
    bytes, empty without."""

    def __init__(self, profile=0, url="", key=b"", cert=b"", private=b""):
        self.profile = profile
        self.url = url
        self.key = key
        self.cert = cert
        self.private = private

    def __repr__(self):
        return "<access, profile %d>" % self.profile

    def altered(self, **changes) -> "Access":
        fields = {name: getattr(self, name) for name in _NAMES}
        fields.update(changes)
        return Access(**fields)

    def used(self) -> tuple:
        """What a connection of this profile has need of: profile 3 has no password, the others no
        certificate of ours (A00)."""
        if self.profile == 3:
            return self.profile, self.url, self.cert, self.private
        return self.profile, self.url, self.key


def digests(access: Access) -> bytes:
    """What provisioning gave, to be known again but not read."""
    parts = []
    for name in GIVEN:
        parts.append(sha256(_data(access, name)).digest()[:DIGEST])
    return b"".join(parts)


def _data(access: Access, name: str) -> bytes:
    value = getattr(access, name)
    return value.encode() if name == "url" else value


def pack(given: bytes, waiting: bytes, sets: tuple, tries: int) -> bytes:
    """The content of the file. `sets`: what worked, and the candidate if there is one; `tries` of
    that."""
    head = _MAGIC + bytes([_NONE if len(sets) == 1 else tries]) + given + _text(waiting)
    body = head + b"".join([_pack(one) for one in sets])
    return body + struct.pack("<I", crc32(body))


def _pack(access: Access) -> bytes:
    parts = [bytes([access.profile])]
    for name in _TEXTS:
        parts.append(_text(_data(access, name)))
    return b"".join(parts)


def _text(data: bytes) -> bytes:
    if len(data) > _LONGEST:
        raise ValueError("too long")
    return struct.pack("<H", len(data)) + data


def unpack(data: bytes) -> tuple:
    """(digests, waiting key, proven, candidate or None, tries). ValueError if it is broken."""
    if data[:4] != _MAGIC or data[-4:] != struct.pack("<I", crc32(data[:-4])):
        raise ValueError("no credentials")
    end = 5 + DIGEST * len(GIVEN)
    waiting, at = _field(data, end)
    proven, at = _access(data, at)
    candidate, tries = None, data[4]
    if tries != _NONE:
        candidate, at = _access(data, at)
    if at != len(data) - 4:
        raise ValueError("no credentials")
    return data[5:end], waiting, proven, candidate, 0 if tries == _NONE else tries


def _access(data: bytes, at: int) -> tuple:
    """(the set that begins at `at`, where it ends)."""
    profile = data[at]
    at += 1
    fields = []
    for _ in _TEXTS:
        field, at = _field(data, at)
        fields.append(field)
    return Access(profile, fields[0].decode(), fields[1], fields[2], fields[3]), at


def _field(data: bytes, at: int) -> tuple:
    """(the bytes with a length that begin at `at`, where they end)."""
    size, at = struct.unpack_from("<H", data, at)[0], at + 2
    return data[at : at + size], at + size
