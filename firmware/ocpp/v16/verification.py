"""Between the last byte and the installation: is what the slot holds what it must be?

Of an UpdateFirmware its digest; of a SignedUpdateFirmware first the certificate and the signature
(proof.py). Only what has passed here, in this boot, can be put on trial.

The cryptography is imported when something signed has come: it is RAM, and rarely wanted.
"""

from firmware.ocpp.v16.slices import Slices
from firmware.store.log import note

CERTIFICATE = "InvalidFirmwareSigningCertificate"


class Refused(Exception):
    """`kinds`: the security events that say so; `why`: a short text."""

    def __init__(self, kinds: tuple, why: str):
        super().__init__(why)
        self.kinds = kinds
        self.why = why


class Verification:
    def __init__(self, station, progress):
        self._station = station
        self._progress = progress
        self._plan = None
        self._slices: "Slices" = None
        self._proof = None  # see proof.py

    def begin(self, plan):
        self._plan = plan
        self._slices = self._proof = None

    def tick(self, now: int) -> "tuple | None":
        """A slice; once it is over (status, why, whether another attempt may help), the status ""
        for what is good."""
        signed = self._plan.signed
        if self._slices is None:
            if signed and not self._station.clock.known:
                return None  # after a reboot: whether a certificate has expired is not guessed
            ticks_us = self._station.ticks_us if signed else None
            self._slices = Slices(self._prove(now), ticks_us)
        try:
            if not self._slices.step()[0]:
                return None
            ended = "", "", False
            if not signed:
                self._progress.tell("Downloaded")
        except Refused as error:
            ended = self._refuse(error, now)
        except (OSError, ValueError) as error:
            # What its maker signed comes no better a second time; flash may be read better.
            again = not signed or isinstance(error, OSError)
            status = "InstallVerificationFailed" if signed else "DownloadFailed"
            ended = status, str(error), again
        self._slices = None
        return ended

    def holds(self, now: int) -> bool:
        """What proved it may be gone while it waited: a root deleted, a certificate expired."""
        return not self._plan.signed or self._proof.holds(self._station, now)

    def _prove(self, now: int):
        """A generator; Refused, ValueError, OSError. Without its last step, the digest, the slot
        is not put on trial."""
        if self._plan.signed:
            from firmware.ocpp.v16 import proof

            self._progress.tell("Downloaded")
            self._proof = yield from proof.check(self._station, self._plan.signed, now)
            self._progress.tell("SignatureVerified")
        yield from self._station.slots.verify()

    def _refuse(self, error, now: int) -> tuple:
        """L01.FR.02, 03: events first; a cut behind them has it all happen again."""
        for kind in error.kinds:
            self._station.security(kind, error.why, now)
        try:
            self._station.slots.sink().restart()
        except OSError as failure:
            note("update: not voided:", failure)  # and as little proven as before
        return "InvalidSignature", error.why, False
