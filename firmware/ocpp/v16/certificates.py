"""Certificate management (security whitepaper, M03 to M05, A02, A03): which roots are trusted,
and the charge point's own certificate.

Roots are in store/certificates.py, what makes one acceptable in root_certificate.py, the own
certificate in signing.py. Signatures are verified between other work, so their answers come
later.
"""

from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import root_certificate
from firmware.ocpp.v16.signing import Signing
from firmware.ocpp.v16.slices import Queue
from firmware.store import log
from firmware.store.certificates import CENTRAL_SYSTEM, MOST, Full
from firmware.store.certificates import Certificates as Store

_PATH = "/flash/certificate"
_LONGEST_NAME = 64  # ub-organization-name (RFC 5280 appendix A.1): it becomes an O


def _cpo_name(text: str):
    if len(text) > _LONGEST_NAME or any([ord(c) < 0x20 or ord(c) == 0x7F for c in text]):
        raise ValueError("CpoName: not a name of at most 64 characters")


ROWS = (
    ("CertificateSignedMaxChainSize", "int", "R", "10000", 500, 10000),
    # Two at least: a new root and, until it has worked, the one before (M05.FR.11).
    ("CertificateStoreMaxLength", "int", "R", "8", 2, MOST),
    # One text, checked; its commas make no list.
    ("CpoName", "list", "RW", "", _cpo_name, _LONGEST_NAME + 1),
)
PROFILE = None


def build(station):
    """None where there is nothing to keep a certificate in."""
    return None if station.files is None else Certificates(station)


class Certificates:
    """The certificates of one station. `store`: the roots."""

    def __init__(self, station):
        self._station = station
        limit = station.settings.number("CertificateStoreMaxLength")
        self.store = Store(_PATH, station.files, limit)
        self._queue = Queue(station.ticks_us)
        self._signing = Signing(station, self.store, self._queue, self.later, _PATH + "-own")
        self._in_use: "bytes | None" = None  # the tag of the root that verified the link of now
        for why in self.store.corrupt:
            log.note("certificates:", why)

    def tick(self, now: int):
        self._queue.step()
        self._signing.tick(now)

    def later(self, work, finish):
        """The function that answers a call: `finish(result, now)` once the generator `work` has
        returned it."""
        job = self._queue.put(work)
        if job is None:
            raise CallError("GenericError", "too many certificates wait")
        return lambda at: finish(job.result(), at) if job.done else None

    # --- the own certificate ----------------------------------------------------------------

    def sign(self, now: int) -> bool:
        """A02: ask for a new certificate; False: it cannot be asked for now."""
        return self._signing.sign(now)

    def signed(self, text: str, now: int):
        """CertificateSigned: the answer, or the function that gives it."""
        return self._signing.signed(text, now)

    def answered(self, payload: dict, now: int):
        """SignCertificate.conf."""
        self._signing.answered(payload, now)

    def unanswered(self, now: int):
        """SignCertificate.req got a CALLERROR, no answer, or the link broke."""
        self._signing.unanswered(now)

    @property
    def state(self) -> str:
        """Of the own certificate: idle, making, asking, signing or waiting."""
        return self._signing.state

    # --- the roots --------------------------------------------------------------------------

    def seed(self, kind: str, read) -> bool:
        """Take the roots this charge point came with: from then on they are listed, deleted and
        replaced like others. Again only when somebody has put others there. `read()`: their file.
        False: they are not taken, so that file counts beside what is installed."""
        try:
            mark, named = root_certificate.provisioned(read(), MOST, self.store.seed_of(kind))
            if named:
                self.store.seed(kind, mark, named)
        except OSError as error:
            log.note("certificates:", kind, "not taken:", error)
        except (ValueError, Full) as error:
            log.note("certificates:", kind, "not taken:", str(error) or "too many")
            self.store.unseed(kind)
        return self.store.seeded(kind)

    def connected(self, root: "bytes | None", now: int):
        """A link stands; `root`: what verified it (DER), None without TLS."""
        self._in_use = None
        entries = self.store.entries(CENTRAL_SYSTEM)
        for entry in entries:
            try:
                if root is not None and self.store.der(entry) == root:
                    self._in_use = entry[2]
                    self._proven(entry, entries)
                    return
            except (ValueError, OSError) as error:
                log.note("certificates:", error)

    def _proven(self, entry: tuple, entries: list):
        """M05.FR.12: the one it replaces goes once the new one has led to a connection."""
        if self._one_at_a_time() and entry == entries[-1]:
            for old in entries[:-1]:
                self.store.remove(old)

    def _one_at_a_time(self) -> bool:
        return self._station.settings.flag("AdditionalRootCertificateCheck")

    def install(self, kind: str, text: str, now: int):
        """M05, to the function that answers it."""
        return self.later(self._install(kind, text, now), lambda status, at: {"status": status})

    def _install(self, kind: str, text: str, now: int):
        """A generator of the status."""
        try:
            status, why = yield from self._try(kind, text, now)
        except OSError as error:
            status, why = "Failed", str(error)
        if why:
            log.note("certificates:", kind, "not installed:", why)
        return status

    def _try(self, kind: str, text: str, now: int):
        """A generator of (status, why). OSError."""
        at = self._station.clock.at(now)
        if at is None:
            return "Failed", "time unknown"
        from firmware.crypto import pem

        try:
            certificate = pem.decode(text, pem.CERTIFICATE, 1)[0]
        except ValueError as error:
            return "Rejected", str(error)
        roots = self.store.roots(kind)
        if certificate in roots:
            return "Accepted", ""
        old = None
        if roots and kind == CENTRAL_SYSTEM and self._one_at_a_time():
            if len(roots) > 1:
                # M05.FR.08: one, and one to fall back to until the newer has worked.
                return "Rejected", "the last one has not led to a connection yet"
            old = roots[0]
        called, why = yield from root_certificate.check(certificate, at, old)
        if why:
            return "Rejected", why
        if old is not None and self.store.roots(kind) != roots:
            return "Failed", "the one it replaces was deleted meanwhile"
        try:
            self.store.put(kind, called, certificate)
        except Full:
            return "Rejected", "no room"  # M05.FR.03
        self._changed(kind + " installed", now)
        return "Accepted", ""

    def delete(self, called: "bytes | None", now: int) -> str:
        """M04: the status."""
        found = [] if called is None else self.store.find(called)
        if not found:
            return "NotFound"
        if called == self._in_use and self._station.online:
            return "Failed"  # M04.FR.06
        for entry in found:
            try:
                self.store.remove(entry)
            except OSError as error:
                log.note("certificates: not deleted:", error)
                return "Failed"
            self._changed(entry[0] + " deleted", now)
        return "Accepted"

    def _changed(self, what: str, now: int):
        self._station.security("ReconfigurationOfSecurityParameters", what, now)


def on_install_certificate(station, request: dict, now: int):
    """M05."""
    kind = request["certificateType"]
    return station.certificates.install(kind, request["certificate"], now)


def on_delete_certificate(station, request: dict, now: int) -> dict:
    """M04."""
    called = root_certificate.tag(request["certificateHashData"])
    return {"status": station.certificates.delete(called, now)}


def on_get_installed_certificate_ids(station, request: dict, now: int) -> dict:
    """M03."""
    found = station.certificates.store.entries(request["certificateType"])
    if not found:
        return {"status": "NotFound"}
    data = [root_certificate.hash_data(entry[2]) for entry in found]
    return {"status": "Accepted", "certificateHashData": data}


def on_certificate_signed(station, request: dict, now: int):
    """A02, A03."""
    return station.certificates.signed(request["certificateChain"], now)


HANDLERS = (
    ("CertificateSigned", on_certificate_signed),
    ("DeleteCertificate", on_delete_certificate),
    ("GetInstalledCertificateIds", on_get_installed_certificate_ids),
    ("InstallCertificate", on_install_certificate),
)
