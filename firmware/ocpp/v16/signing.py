"""The charge point's own certificate: a key pair is made here, the CSMS gets it signed (A02), and
a month before the certificate expires all by itself (A03).

    idle -> making -> asking -> signing -> idle
            a key     the CSR    the CSR was accepted; waiting: for its certificate to become valid

SignCertificate.req is repeated while nobody answers it. Once it was accepted nothing is repeated:
what is missing then is a person's work (A02, error handling). The private key waits in the file
of the secrets (store/credentials.py), over reboots too, and never leaves it but for that file.
Boundary: what works as credentials, and when the link is renewed, is security_profile.py's. The
cryptography is imported when it is wanted: it is RAM, and work of once a year.
"""

from micropython import const

from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16.slices import Job
from firmware.store import log, sealed_file
from firmware.store.certificates import CENTRAL_SYSTEM
from firmware.store.id_file import remove

_LABEL = "EC PRIVATE KEY"
_KIND = const(16)  # of the sealed file; no kind of root
_AGAIN_MS = const(30000)  # after the first silence; doubled by each
_TRIES = const(7)  # the last one an hour after the first
_LOOK_MS = const(3600000)
_RENEW_S = const(30 * 86400)  # A03.FR.02: "will expire in one month"
_RENEW_AGAIN_MS = const(7 * 86400000)


class Signing:
    """`store`: the roots; `queue`: see slices.Queue; `later`: see certificates.Certificates;
    `path`: a file for a certificate that is not valid yet."""

    def __init__(self, station, store, queue, later, path: str):
        self._station = station
        self._store = store
        self._queue = queue
        self._later = later
        self._path = path
        self._job: "Job" = None  # makes a key
        self._request: "str | None" = None  # the CSR, until it is answered
        self._asked = False  # it is said, or about to be
        self._next = 0  # when to say it
        self._tries = 0
        self._accepted = False  # CertificateSigned is due
        self._look = 0  # when to look at the certificate there is
        # A request that survived a reboot gets its time before it is replaced.
        self._renew = _RENEW_AGAIN_MS if self._pending() is not None else 0
        self._known = (b"", 0)  # a certificate and when it expires
        self._waiting, why = sealed_file.load(station.files, path)
        if why:
            log.note("certificates:", why)

    @property
    def state(self) -> str:
        if self._job is not None:
            return "making"
        if self._request is not None:
            return "asking"
        if self._waiting is not None:
            return "waiting"
        return "signing" if self._accepted else "idle"

    def _pending(self) -> "bytes | None":
        credentials = self._station.credentials
        return None if credentials is None else credentials.take_pending()

    def tick(self, now: int):
        if self._job is not None and self._job.done:
            self._made(now)
        if self._request is not None and not self._asked and now >= self._next:
            self._ask()
        if self._waiting is not None:
            self._ripen(now)
        if now >= self._look and self._station.reachable:
            self._look = now + _LOOK_MS
            self._renewal(now)

    # --- a key and its request --------------------------------------------------------------

    def sign(self, now: int) -> bool:
        """Begin; False where no certificate can be asked for. What is under way goes on."""
        if self._job is not None or self._request is not None:
            return True
        station = self._station
        name = station.settings.text("CpoName")
        # A02, prerequisite: CpoName is set; A00.FR.511: the serial number is in the certificate.
        if not name or not station.serial_number or station.security_profile is None:
            log.note("certificates: no CpoName, no serial number, or no place for a key")
            return False
        self._job = self._queue.put(self._make(station.serial_number, name))
        return self._job is not None

    def _make(self, serial_number: str, name: str):
        """A generator of (private key in PEM, CSR)."""
        from firmware.crypto import csr, ec_key, p256, pem

        entropy = self._station.entropy
        private, public = yield from p256.generate(entropy)
        request = yield from csr.request(private, public, serial_number, name, entropy)
        return pem.encode(ec_key.encode(private, public), _LABEL).encode(), request

    def _made(self, now: int):
        job, self._job = self._job, None
        try:
            private, request = job.result()
            self._station.credentials.pending(private)
            self._drop_waiting()
        except (ValueError, OSError, MemoryError) as error:
            log.note("certificates: no request:", error)
            return
        self._request, self._next, self._tries = request, now, 0
        self._accepted = False

    def _ask(self):
        if self._station.reachable:
            self._asked = True
            payload = {"csr": self._request}
            self._station.outbox.put("SignCertificate", payload, "SignCertificate")

    def answered(self, payload: dict, now: int):
        """SignCertificate.conf."""
        self._asked = False
        self._request = None
        self._accepted = payload["status"] == "Accepted"
        if not self._accepted:
            log.note("certificates: the request was rejected")
            self._forget()

    def unanswered(self, now: int):
        """Nobody answered. While there is no link that says nothing about the CSMS."""
        self._asked = False
        self._next = now + (_AGAIN_MS << self._tries)
        if self._station.online:
            self._tries += 1
        if self._tries >= _TRIES:
            log.note("certificates: nobody answers the request")
            # The key stays: the answer may have been lost, and the certificate on its way.
            self._request = None

    def _forget(self):
        try:
            self._station.credentials.pending(None)
        except OSError as error:
            log.note("certificates: the key of the request stays:", error)

    # --- its certificate --------------------------------------------------------------------

    def signed(self, text: str, now: int):
        """CertificateSigned: the function that answers it."""
        station = self._station
        private, at = self._pending(), station.clock.at(now)
        size = station.settings.number("CertificateSignedMaxChainSize")
        if private is None or at is None or len(text) > size:
            why = "too long" if len(text) > size else "no request waits" if at else "time unknown"
            return self._refused(why, now)
        names = station.serial_number, station.settings.text("CpoName")
        try:
            roots = self._store.roots(CENTRAL_SYSTEM)
        except OSError as error:
            log.note("certificates:", error)
            raise CallError("InternalError", "flash")

        def finish(result: tuple, then: int) -> dict:
            chain, not_before, why = result
            if not why and self._pending() != private:
                why = "another key was made meanwhile"
            if why:
                return self._refused(why, then)
            return {"status": "Accepted" if self._take(chain, not_before, then) else "Rejected"}

        from firmware.ocpp.v16 import own_certificate

        return self._later(own_certificate.check(text, private, names, roots, at), finish)

    def _refused(self, why: str, now: int) -> dict:
        log.note("certificates: CertificateSigned refused:", why)
        self._station.security("InvalidChargePointCertificate", why, now)  # A02.FR.07
        return {"status": "Rejected"}

    def _take(self, chain: bytes, not_before: int, now: int) -> bool:
        """False: the flash does not keep it."""
        if self._station.clock.at(now) >= not_before:
            return self._offer(chain, now)
        content = (_KIND, not_before, b"", chain)
        try:
            sealed_file.write(self._station.files, self._path, self._store.spare, content)
        except OSError as error:
            log.note("certificates: not kept:", error)
            return False
        self._waiting = content
        return True

    def _offer(self, chain: bytes, now: int) -> bool:
        private = self._pending()
        profile = self._station.security_profile
        if not profile.offer("charge point certificate", now, cert=chain, private=private):
            return False
        self._accepted = False
        self._renew = 0
        return True

    def _ripen(self, now: int):
        """A02.FR.08: a certificate counts as soon as it is valid."""
        at = self._station.clock.at(now)
        if self._pending() is None:
            self._drop_waiting()
        elif at is not None and at >= self._waiting[1] and self._offer(self._waiting[3], now):
            self._drop_waiting()

    def _drop_waiting(self):
        self._waiting = None
        try:
            remove(self._station.files, self._path)
        except OSError as error:
            log.note("certificates: not removed:", error)

    # --- before it expires ------------------------------------------------------------------

    def _renewal(self, now: int):
        """A03.FR.02."""
        at = self._station.clock.at(now)
        credentials = self._station.credentials
        if credentials is None or at is None or now < self._renew or self.state == "waiting":
            return
        expires = self._expiry(credentials.latest.cert)
        if expires and expires - at <= _RENEW_S and self.sign(now):
            self._renew = now + _RENEW_AGAIN_MS

    def _expiry(self, cert: bytes) -> int:
        """UTC s of the end of the certificate in use; 0 without one."""
        if self._known[0] is not cert:
            expires = 0
            if cert:
                try:
                    from firmware.crypto import pem, x509

                    expires = x509.Certificate(pem.decode(cert)[0]).not_after
                except (ValueError, MemoryError) as error:
                    log.note("certificates: the own one is not readable:", error)
            self._known = (cert, expires)
        return self._known[1]
