"""What an update was asked to be and how far it has come: one small file, the old or the new.

Its location may hold a password: the file is never shown, and forgets it as soon as it can.  That
something was verified is not in it: whoever reads it verifies again.
"""

import json

from micropython import const

from firmware.store import id_file
from firmware.store.log import note

# Steps; any other text is the status that ended it, not told yet.
WANTED = ""  # the slot may hold something else
FETCHING = "fetching"
FETCHED = "fetched"
TRIAL = "trial"

_PATH = "/flash/update.json"
_FORMAT = const(1)  # what the firmware before this one reads too: a trial may end in it
_SIGNED = const(2)
_FIELDS = const(8)  # of the first; the second has four more
_ENOENT = const(2)


class Signed:
    """What a SignedUpdateFirmware has beside: `install_at`: UTC seconds, 0 for as soon as it can
    be; `certificate`: PEM, `signature`: base64, both as they came."""

    def __init__(self, request_id: int, install_at: int, certificate: str, signature: str):
        self.request_id = request_id
        self.install_at = install_at
        self.certificate = certificate
        self.signature = signature


class Plan:
    """`at`: UTC seconds before which nothing is retrieved.  `signed`: None for an UpdateFirmware.
    `cuts`: how often the power went, or worse, while it was retrieved.  `slot`: the one that was
    put on trial."""

    def __init__(
        self,
        files,
        location: str,
        at: int,
        retries: int,
        interval_s: int,
        signed: "Signed | None" = None,
    ):
        self._files = files
        self.step = WANTED
        self.location = location
        self.at = at
        self.retries = retries
        self.interval_s = interval_s
        self.signed = signed
        self.cuts = 0
        self.slot = ""

    @property
    def request_id(self) -> "int | None":
        return None if self.signed is None else self.signed.request_id

    def keep(self, step: str):
        """Durable when it returns; OSError: what was kept before still is."""
        signed = self.signed
        row = [_SIGNED if signed else _FORMAT, step, self.location, self.at, self.retries]
        row += [self.interval_s, self.cuts, self.slot]
        if signed:
            row += [signed.request_id, signed.install_at, signed.certificate, signed.signature]
        with self._files.open(_PATH + ".new", "w") as file:
            json.dump(row, file)
        self._files.rename(_PATH + ".new", _PATH)
        self.step = step

    def end(self, status: str):
        """The CSMS is to hear this, and after the next boot too if it has not by then."""
        self.location = ""
        if self.signed:
            self.signed.certificate = self.signed.signature = ""
        try:
            self.keep(status)
        except OSError as error:
            self.step = status
            note("update: not kept:", error)

    def remove(self):
        try:
            id_file.remove(self._files, _PATH)
        except OSError as error:
            note("update: its file stays:", error)


def recall(files) -> "Plan | None":
    """The plan that a reboot found unfinished."""
    try:
        with files.open(_PATH) as file:
            text = file.read()
        # MicroPython's json lets a cut-off text pass.
        row = json.loads(text) if text.strip()[-1:] == "]" else None
        form, step, location, at, retries, interval_s, cuts, slot = row[:_FIELDS]
        if not isinstance(step, str) or not isinstance(location, str):
            raise ValueError("of another kind")
        signed = _signed(form, row[_FIELDS:])
        plan = Plan(files, location, int(at), int(retries), int(interval_s), signed)
        plan.step, plan.cuts, plan.slot = step, int(cuts), str(slot)
        return plan
    except OSError as error:
        if error.errno != _ENOENT:
            note("update: its file is not readable:", error)
    except (ValueError, TypeError) as error:
        note("update: its file is not understood:", error)
    return None


def _signed(form: int, fields: list) -> "Signed | None":
    """ValueError, TypeError: of another kind."""
    if form == _FORMAT and not fields:
        return None
    request_id, install_at, certificate, signature = fields
    if form != _SIGNED or not isinstance(certificate, str) or not isinstance(signature, str):
        raise ValueError("of another kind")
    return Signed(int(request_id), int(install_at), certificate, signature)
