"""What an UpdateFirmware asked for and how far it has come: one small file, the old or the new.

Its location may hold a password: the file is never shown, and forgets it as soon as it can.
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
_FORMAT = const(1)
_ENOENT = const(2)


class Plan:
    """`at`: UTC seconds before which nothing is retrieved.  `cuts`: how often the power went, or
    worse, while it was retrieved.  `slot`: the one that was put on trial."""

    def __init__(self, files, location: str, at: int, retries: int, interval_s: int):
        self._files = files
        self.step = WANTED
        self.location = location
        self.at = at
        self.retries = retries
        self.interval_s = interval_s
        self.cuts = 0
        self.slot = ""

    def keep(self, step: str):
        """Durable when it returns; OSError: what was kept before still is."""
        row = [_FORMAT, step, self.location, self.at, self.retries, self.interval_s]
        row += [self.cuts, self.slot]
        with self._files.open(_PATH + ".new", "w") as file:
            json.dump(row, file)
        self._files.rename(_PATH + ".new", _PATH)
        self.step = step

    def end(self, status: str):
        """The CSMS is to hear this, and after the next boot too if it has not by then."""
        self.location = ""
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
        form, step, location, at, retries, interval_s, cuts, slot = row
        if form != _FORMAT or not isinstance(step, str) or not isinstance(location, str):
            raise ValueError("of another kind")
        plan = Plan(files, location, int(at), int(retries), int(interval_s))
        plan.step, plan.cuts, plan.slot = step, int(cuts), str(slot)
        return plan
    except OSError as error:
        if error.errno != _ENOENT:
            note("update: its file is not readable:", error)
    except (ValueError, TypeError) as error:
        note("update: its file is not understood:", error)
    return None
