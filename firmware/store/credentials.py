"""What this charge point connects with, in two slots of one secret file: what worked last, and
what was asked for since and has not worked yet.

A candidate is tried first. After a bound of failures, or of time, it takes turns with what worked
until one of them is accepted; the other one is forgotten then. So no change that a backend asks
for can leave the charger alone, and no outage makes it give up on either.
Boundary: nothing is read back but by the connection; repr, exceptions and logs never hold a
secret. The file is sealed and replaced by rename: the old one or the new one, never a mix.
"""

from micropython import const

from firmware.store import access
from firmware.store.access import Access

TRIES = const(5)  # failures of a candidate until what worked takes turns with it
TRIAL_MS = const(300000)  # and the time, from its first failure

_ENOENT = const(2)


class Credentials:
    """`files`: see id_file; None keeps nothing. `factory`: the set of provisioning. What of it is
    not what it was when this file was made was provisioned anew, and counts from now on."""

    def __init__(self, path: str, files, factory: Access):
        self._path = path
        self._files = files
        self.corrupt = False  # the file was not readable and is set aside
        self.proven = factory
        self.candidate: "Access" = None
        self._tries = 0  # of the candidate
        self._since: "int | None" = None  # when it first failed in this boot
        self._turn = False  # whose turn it is, once they take turns: what worked
        self._trying = False  # the connection of now is the candidate's
        self._fresh = False  # no connection has begun since it was asked for
        self._waiting = b""  # the private key whose certificate was asked for
        self._given = access.digests(factory)
        if files is not None:
            self._load(factory)

    @property
    def latest(self) -> Access:
        """What was asked for last: changes are made to this."""
        return self.candidate or self.proven

    def attempt(self, now: int) -> Access:
        """The set of the next connection."""
        self._fresh = False
        self._trying = self.candidate is not None and not (self._bound(now) and self._turn)
        return self.candidate if self._trying else self.proven

    @property
    def trying(self) -> bool:
        """The connection of now is a candidate's."""
        return self._trying

    def proved(self) -> str:
        """The connection of now was accepted. What became of a candidate: "proven", "dropped", or
        "" when there was none."""
        if self.candidate is None or self._fresh:
            return ""
        worked = self._trying
        kept = self.candidate if worked else self.proven
        # What the flash does not take is still true until the next boot, which tries again.
        self.proven, self.candidate, self._trying = kept, None, False
        self._save()
        return "proven" if worked else "dropped"

    def failed(self, now: int, blameless: bool = False):
        """The connection of now came to nothing. `blameless`: so would have the other one, the
        network did not get as far as where they differ."""
        if self.candidate is None or self._fresh:
            return
        if not self._trying:
            self._turn = False
            return
        self._turn = True
        if blameless:
            return
        if self._since is None:
            self._since = now
        if self._tries < TRIES:
            # On flash: a set that brings the charger down must not have its tries back each time.
            self._tries += 1
            self._save()

    def offer(self, **changes) -> bool:
        """A candidate with these changes; OSError when it cannot be kept: nothing has changed.
        False: no connection would be another one, so this is in force already."""
        kept = self.proven, self.candidate, self._tries, self._waiting
        latest = self.latest.altered(**changes)
        if latest.private == self._waiting:
            self._waiting = b""
        other = latest.used() != self.latest.used()
        if other:
            self._tries = 0
        if other or self.candidate is not None:
            self.candidate = latest
        else:
            self.proven = latest
        try:
            self._write()
        except Exception:  # no room on the flash, or in the heap
            self.proven, self.candidate, self._tries, self._waiting = kept
            raise
        if other:
            self._since, self._turn, self._fresh = None, False, True
        return other

    def pending(self, private: "bytes | None"):
        """Keep this private key (PEM) until its certificate comes; None: it is not waited for any
        more. OSError: not kept."""
        before, self._waiting = self._waiting, private or b""
        try:
            self._write()
        except OSError:
            self._waiting = before
            raise

    def take_pending(self) -> "bytes | None":
        """The private key that waits for its certificate; it goes on waiting."""
        return self._waiting or None

    def _bound(self, now: int) -> bool:
        if self._tries >= TRIES:
            return True
        return self._since is not None and now - self._since >= TRIAL_MS

    # --- the file ---------------------------------------------------------------------------

    def _load(self, factory: Access):
        try:
            # What a power cut has left of a change: half a secret in a file nobody reads.
            self._files.remove(self._path + ".new")
        except OSError:
            pass
        try:
            with self._files.open(self._path, "rb") as file:
                stored = file.read()
            given, self._waiting, self.proven, self.candidate, self._tries = access.unpack(stored)
        except OSError as error:
            if error.errno == _ENOENT:
                self._save()
            else:
                self.corrupt = True
            return
        except ValueError:
            self._set_aside()
            return
        if given != self._given:
            self._provisioned(given, factory)

    def _provisioned(self, given: bytes, factory: Access):
        """Somebody stood in front of it: what was changed there is not a candidate."""
        changes = {}
        for i, name in enumerate(access.GIVEN):
            at, end = i * access.DIGEST, (i + 1) * access.DIGEST
            if given[at:end] != self._given[at:end]:
                changes[name] = getattr(factory, name)
        self.proven, self.candidate = self.proven.altered(**changes), None
        self._save()

    def _set_aside(self):
        self.corrupt = True
        try:
            self._files.rename(self._path, self._path + ".bad")
        except OSError:
            pass  # the next save replaces it
        self._save()

    def _save(self):
        try:
            self._write()
        except OSError:
            pass  # it is in force; the next boot begins with what the flash has

    def _write(self):
        if self._files is None:
            return
        sets = (self.proven,) if self.candidate is None else (self.proven, self.candidate)
        stored = access.pack(self._given, self._waiting, sets, self._tries)
        with self._files.open(self._path + ".new", "wb") as file:
            file.write(stored)
        self._files.rename(self._path + ".new", self._path)
