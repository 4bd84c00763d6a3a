"""The root certificates of a charge point on flash, one sealed file each, `limit` at most.

An entry is (kind, number, tag, slot): `number` rises with each one put, `tag` is what its finder
calls it (bytes), `slot` its file (each kind has its own). Entries are in RAM, certificates are
read when they are wanted. At any power cut a certificate is there whole or not at all; a file that
is broken is set aside, `corrupt` says why. What is in a certificate, and who may put or remove
one, is decided elsewhere.
"""

from micropython import const

from firmware.store import sealed_file
from firmware.store.id_file import remove

CENTRAL_SYSTEM = "CentralSystemRootCertificate"
MANUFACTURER = "ManufacturerRootCertificate"
_KINDS = (CENTRAL_SYSTEM, MANUFACTURER)

MOST = const(16)  # certificates there can be
_MARK = const(8)
_NO_SEED = b"\0" * 8


class Full(Exception):
    """There are as many as there may be."""


class Certificates:
    """`path`: how the names of all its files begin; `files`: see id_file. None: kept nowhere, so
    there are none."""

    def __init__(self, path: str, files, limit: int):
        self._path = path
        self._files = files
        self._limit = min(limit, MOST)
        self._entries = []
        self._seeds = [_NO_SEED] * len(_KINDS)  # which provisioned roots were taken
        self.corrupt = []
        if files is not None:
            self._load()

    def _load(self):
        why = sealed_file.tidy(self._files, self.spare)
        if why:
            self.corrupt.append(why)
        content = self._file(self._path + "-seed")
        if content is not None:
            self._seeds = [content[3][k * _MARK : k * _MARK + _MARK] for k in range(len(_KINDS))]
        for k, kind in enumerate(_KINDS):
            lost = len(self.corrupt)
            for slot in range(k * MOST, k * MOST + MOST):
                content = self._file(self._name(slot))
                if content is not None:
                    self._entries.append((kind, content[1], content[2], slot))
            # What flash lost nobody deleted: the charge point begins again with what it came with.
            if len(self.corrupt) > lost and not self.entries(kind):
                self._seeds[k] = _NO_SEED
        self._entries.sort(key=lambda entry: entry[1])

    def _file(self, name: str):
        content, why = sealed_file.load(self._files, name)
        if why:
            self.corrupt.append("%s: %s" % (name, why))
        return content

    @property
    def spare(self) -> str:
        """The file where one is written before it counts; what is left there is removed."""
        return self._path + "-new"

    def _name(self, slot: int) -> str:
        return "%s-%d" % (self._path, slot)

    # --- what there is ----------------------------------------------------------------------

    def entries(self, kind=None) -> list:
        """Those of one kind, or all, the oldest first."""
        return [entry for entry in self._entries if kind in (None, entry[0])]

    def find(self, tag: bytes) -> list:
        """The entries that are called so: one certificate may be there as both kinds."""
        return [entry for entry in self._entries if entry[2] == tag]

    def der(self, entry: tuple) -> bytes:
        """The certificate of an entry. ValueError: flash has changed it; OSError."""
        content = sealed_file.read(self._files, self._name(entry[3]))
        if content is None or content[2] != entry[2]:
            raise ValueError("certificate lost")
        return content[3]

    def roots(self, kind: str) -> list:
        """The certificates (DER) of `kind`, the oldest first; one that flash has changed since it
        was last looked at is not trusted. OSError."""
        found = []
        for entry in self.entries(kind):
            try:
                found.append(self.der(entry))
            except ValueError as error:
                self.corrupt.append("%s: %s" % (self._name(entry[3]), error))
                self._entries.remove(entry)
        return found

    # --- changes ----------------------------------------------------------------------------

    def put(self, kind: str, tag: bytes, der: bytes):
        """Keep a certificate; one of that kind and tag makes place for it. Full; OSError: nothing
        has changed."""
        same = [entry for entry in self._entries if entry[0] == kind and entry[2] == tag]
        k = _KINDS.index(kind)
        slot = same[0][3] if same else self._free(k * MOST)
        number = self._entries[-1][1] + 1 if self._entries else 1
        content = (k, number, tag, der)
        sealed_file.write(self._files, self._name(slot), self.spare, content)
        if same:
            self._entries.remove(same[0])
        self._entries.append((kind, number, tag, slot))

    def _free(self, first: int) -> int:
        """A file without a certificate, `first` or after it."""
        if self._files is None or len(self._entries) >= self._limit:
            raise Full()
        taken = [entry[3] for entry in self._entries]
        return min([slot for slot in range(first, first + MOST) if slot not in taken])

    def remove(self, entry: tuple):
        """Forget a certificate. OSError: it is still there."""
        remove(self._files, self._name(entry[3]))
        self._entries.remove(entry)

    # --- what the charge point came with ----------------------------------------------------

    def seeded(self, kind: str) -> bool:
        """The roots it came with were taken: from then on only what is here counts, and a deleted
        one stays deleted."""
        return self._seeds[_KINDS.index(kind)] != _NO_SEED

    def seed_of(self, kind: str) -> bytes:
        """The mark of those that were taken."""
        return self._seeds[_KINDS.index(kind)]

    def unseed(self, kind: str):
        """What it came with cannot be taken; until the next boot it counts as it is."""
        self._seeds[_KINDS.index(kind)] = _NO_SEED

    def seed(self, kind: str, mark: bytes, named: list):
        """Take the roots it came with, (tag, der) each; `mark`: 8 bytes, others for others. Full:
        none of them was taken, OSError: some may be; seeded() is False then, and it can be tried
        again."""
        self.unseed(kind)
        known = [entry[2] for entry in self.entries(kind)]
        new = [(tag, der) for tag, der in named if tag not in known]
        if self._files is None or len(self._entries) + len(new) > self._limit:
            raise Full()
        for tag, der in new:
            self.put(kind, tag, der)
        seeds = list(self._seeds)
        seeds[_KINDS.index(kind)] = mark
        content = (len(_KINDS), 0, b"", b"".join(seeds))
        sealed_file.write(self._files, self._path + "-seed", self.spare, content)
        self._seeds = seeds
