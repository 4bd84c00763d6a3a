"""The charging profiles that are installed: replaced, matched, and kept over power cycles.

ChargePointMax and TxDefault profiles stand in one small file (erratum 3.37), written as a whole
and put in place by rename, only when its content has changed: the old set or the new one, never
a mix. TxProfiles are kept with their transaction (see allowance.py), since they die with it.

While a transaction runs with a closed contactor the file waits, since it may erase: the whole
set then stands in the notes of the transactions, which only append to the journal. `version`
tells which of the two is the newer one.
"""

import struct
from binascii import crc32, hexlify, unhexlify

from micropython import const

from firmware.ocpp import profile as packed
from firmware.store import log

PATH = "/flash/profiles"

_MAGIC = b"PRO1"  # the head, the profiles, each behind its length, the CRC of them and the head
_HEAD = "<BI"  # how many, version
_HEAD_BYTES = const(5)
_LONGEST = const(1024)
_ENOENT = const(2)
_AGAIN_MS = const(900000)
_PIECE = const(128)  # bytes: hex of up to 256 characters lies as bytes in the journal


def told(profiles) -> list:
    """As JSON can hold it: pieces of hex, the last of each profile shorter than the others."""
    pieces = []
    for profile in profiles:
        for at in range(0, len(profile) + 1, _PIECE):
            pieces.append(hexlify(profile[at : at + _PIECE]).decode())
    return pieces


def heard(pieces: list) -> list:
    """The profiles of told(). ValueError when it is none."""
    profiles = []
    profile = b""
    for piece in pieces:
        part = unhexlify(piece)
        profile += part
        if len(part) < _PIECE:
            profiles.append(packed.checked(profile))
            profile = b""
    return profiles


def _belongs(profile: bytes, number) -> bool:
    return packed.purpose(profile) == packed.TX and packed.head(profile)[6] == number


class ProfileSet:
    """`files`: see store/id_file.py; None: nothing is kept. `most`: so many at most. `waits()`:
    the file has to wait, the notes have it."""

    def __init__(self, files, most: int, waits):
        self.profiles = []
        self.why = ""  # the file was set aside as `.corrupt`
        self._files = files
        self._most = most
        self._waits = waits
        self._version = 0  # rises with each change
        self._retry_at = 0
        self._saved = 0  # CRC of what the file has; of nothing
        self._unsaved = False
        if files is not None:
            self._load()

    def room_for(self, profile: bytes) -> bool:
        return len(self._without(profile)) < self._most

    def put(self, profile: bytes) -> bool:
        """Install it; what has its id, or its connector, purpose and level, makes place (5.16.3).
        False: it is there already, as it is. OSError: not kept, nothing has changed."""
        if profile in self.profiles:
            return False
        self._change(self._without(profile) + [profile])
        return True

    def put_late(self, profile: bytes) -> None:
        """As put(), for one that is not in the file itself; what it replaces may be, and goes
        from there with the next tick."""
        self.profiles = self._without(profile) + [profile]
        self._version += 1
        self._unsaved = True

    def remove(self, gone: list) -> None:
        """Take these out. OSError: not kept, nothing has changed."""
        self._change([profile for profile in self.profiles if profile not in gone])

    # --- the notes of transactions ----------------------------------------------------------

    def note(self, number: int) -> list:
        """What the note of transaction `number` has of it: the version of the set that is not in
        the file, 0 when it is, and in pieces of hex the profiles."""
        held = self._version if self._unsaved else 0
        return [held] + told([p for p in self.profiles if held or _belongs(p, number)])

    def recall(self, kept: list) -> None:
        """The note of a transaction, after a boot; of several sets the newest counts."""
        profiles = heard(kept[1:])
        if kept[0] > self._version:
            self._version = kept[0]
            self._unsaved = True
            self.profiles = [p for p in self.profiles if packed.purpose(p) == packed.TX]
            self.profiles += [p for p in profiles if packed.purpose(p) != packed.TX]
        known = self.profiles
        self.profiles = known + [
            p for p in profiles if packed.purpose(p) == packed.TX and p not in known
        ]

    # --- TxProfiles -------------------------------------------------------------------------

    def bind(self, connector: int, number: int) -> bool:
        """What a RemoteStart brought for `connector` is of transaction `number` now."""
        bound = False
        profiles = list(self.profiles)
        for i, profile in enumerate(profiles):
            if packed.connector(profile) == connector and _belongs(profile, 0):
                profiles[i] = packed.with_number(profile, number)
                bound = True
        self.profiles = profiles
        return bound

    def keep_only(self, connector: int, number) -> None:
        """Of the TxProfiles of `connector` only those of transaction `number`; None: of none."""
        self.profiles = [
            profile
            for profile in self.profiles
            if packed.purpose(profile) != packed.TX
            or packed.connector(profile) != connector
            or _belongs(profile, number)
        ]

    def _without(self, profile: bytes) -> list:
        number = packed.head(profile)[5]
        return [
            other
            for other in self.profiles
            if packed.head(other)[5] != number and other[:3] != profile[:3]
        ]

    def _change(self, profiles: list) -> None:
        before, unsaved = self.profiles, self._unsaved
        self.profiles = profiles
        self._version += 1
        done = False
        try:
            self._save()
            done = True
        finally:
            if not done:
                self.profiles, self._unsaved = before, unsaved

    # --- the file ---------------------------------------------------------------------------

    def tick(self, now: int) -> None:
        """Write what has waited. A flash that fails is asked again after _AGAIN_MS."""
        if self._unsaved and now >= self._retry_at and not self._waits():
            try:
                self._save()
            except OSError as error:
                self._retry_at = now + _AGAIN_MS
                log.note("profiles: not kept:", error)

    def _save(self) -> None:
        if self._files is None:
            self._unsaved = False
            return
        kept = [profile for profile in self.profiles if packed.purpose(profile) != packed.TX]
        crc = 0
        for part in _parts(kept):
            crc = crc32(part, crc)
        self._unsaved = crc != self._saved
        if not self._unsaved or self._waits():
            return
        head = struct.pack(_HEAD, len(kept), self._version)
        with self._files.open(PATH + ".new", "wb") as file:
            file.write(_MAGIC + head)
            for part in _parts(kept):
                file.write(part)
            file.write(struct.pack("<I", crc32(head, crc)))
        self._files.rename(PATH + ".new", PATH)
        self._saved = crc
        self._unsaved = False

    def _load(self) -> None:
        """Never raises what a flash may cause: a station must boot."""
        try:
            with self._files.open(PATH, "rb") as file:
                self.profiles = self._unsealed(file)
        except OSError as error:
            self.why = "" if error.errno == _ENOENT else str(error)
        except ValueError as error:
            self.why = str(error)
        if not self.why:
            return
        log.note("profiles: set aside:", self.why)
        try:
            self._files.rename(PATH, PATH + ".corrupt")
        except OSError as error:
            log.note("profiles: it stays where it is:", error)  # the next save replaces it

    def _unsealed(self, file) -> list:
        if file.read(4) != _MAGIC:
            raise ValueError("no set of profiles")
        head = _read(file, _HEAD_BYTES)
        count, version = struct.unpack(_HEAD, head)
        crc = 0
        profiles = []
        for _ in range(count):
            part = _read(file, 2)
            crc = crc32(part, crc)
            part = _read(file, part[0] | part[1] << 8)
            crc = crc32(part, crc)
            profiles.append(packed.checked(part))
        if file.read(5) != struct.pack("<I", crc32(head, crc)):
            raise ValueError("profiles changed")
        self._version = version
        self._saved = crc
        return profiles


def _read(file, size: int) -> bytes:
    # A broken length must not ask for 64 KB of memory before the CRC has its say.
    part = file.read(size) if size <= _LONGEST else b""
    if len(part) < size:
        raise ValueError("profiles cut off")
    return part


def _parts(profiles):
    """What stands between the head and the CRC, in pieces no larger than a profile."""
    for profile in profiles:
        yield struct.pack("<H", len(profile))
        yield profile
