"""From Downloaded to the end: waits for transactions, puts the slot on trial, reboots, and in the
new firmware decides whether it stays.

The trial begins only while the CSMS is there, since reaching it is what is tried.
"""

from micropython import const

from firmware.ocpp.v16 import update_plan
from firmware.store.log import note

_NONE = const(0)
_WAIT = const(1)  # for transactions to end
_TELL = const(2)  # Installing is on its way
_REBOOT = const(3)
_TRIAL = const(4)
_GIVEN_UP = const(5)

_TELL_MS = const(10000)  # for Installing to be heard before the link is gone
_AGAIN_MS = const(10000)  # after a flash that would not take the verdict


class Installation:
    """`proven(now)`: asked last of all, once there is nothing else to wait for.  False: not, or
    not any more; whoever says so sees to it."""

    def __init__(self, station, progress, proven):
        self._proven = proven
        self._station = station
        self._slots = station.slots
        self._progress = progress
        self._plan = None
        self._stage = _NONE
        self._since = 0

    @property
    def irrevocable(self) -> bool:
        return self._stage >= _TELL

    def begin(self, plan):
        """It is in the slot and verified."""
        self._plan = plan
        self._stage = _WAIT

    def on_trial(self, plan):
        """This boot runs the new firmware."""
        self._stage = _TRIAL
        self._progress.status = "InstallRebooting" if plan.signed else "Installing"

    def stop(self):
        if self._stage != _NONE:
            self._stage = _NONE
            self._put_back()

    def tick(self, now: int) -> "tuple | None":
        """(status, why) once it has ended."""
        if self._stage == _WAIT:
            self._wait(now)
        elif self._stage == _TELL:
            return self._tell(now)
        elif self._stage == _REBOOT and not self._station.reset.pending:
            self._take_back()
            return "InstallationFailed", "no reboot"
        elif self._stage == _TRIAL:
            return self._trial(now)
        return None

    # --- in the old firmware ----------------------------------------------------------------

    def _wait(self, now: int):
        if not self._station.reachable or self._station.resetting:
            self._put_back()  # to charge offline is worth more than to be ready for an update
        elif not self._due(now):
            self._progress.tell("InstallScheduled")
        elif self._busy(now):
            if self._plan.signed:
                self._progress.tell("InstallScheduled")
        elif self._proven(now):
            self._stage = _TELL
            self._since = now
            self._progress.tell("Installing")

    def _due(self, now: int) -> bool:
        """L01.FR.16: not before installDateTime, which nobody knows without a clock."""
        if self._plan.signed is None or not self._plan.signed.install_at:
            return True
        at = self._station.clock.at(now)
        return at is not None and at >= self._plan.signed.install_at

    def _busy(self, now: int) -> bool:
        """Somebody charges or is about to; a connector not in use is out of use (5.19)."""
        stop = self._station.settings.flag("UpdateDuringTransaction")
        busy = False
        for connector in self._station.connectors:
            session = connector.session
            if stop:
                session.deauthorise()
                session.stop("Reboot", now)
            connector.withdrawn = session.transaction is None and session.id_tag is None
            busy = busy or not connector.withdrawn
        return busy

    def _put_back(self):
        for connector in self._station.connectors:
            connector.withdrawn = False

    def _tell(self, now: int):
        if self._busy(now) or not self._station.reachable:
            self._stage = _WAIT  # somebody was quicker, or there is nobody to reach
            return None
        if not self._progress.quiet and now - self._since < _TELL_MS:
            return None
        if self._plan.signed and self._progress.status == "Installing":
            self._since = now
            self._progress.tell("InstallRebooting")  # L01.FR.15: before it does
            return None
        try:
            self._plan.slot = self._slots.spare
            self._plan.keep(update_plan.TRIAL)
            self._slots.begin_trial()
        except (OSError, ValueError) as error:
            return "InstallationFailed", str(error)
        self._stage = _REBOOT
        self._station.reset.begin("Reboot", now)
        return None

    def _take_back(self):
        try:
            self._slots.reject("no reboot")
        except (OSError, ValueError) as error:
            note("update: not taken back:", error)

    # --- in the new one ---------------------------------------------------------------------

    def _trial(self, now: int):
        if now < self._since:
            return None
        timeout_s = self._station.settings.number("UpdateTrialTimeout")
        try:
            if self._station.registration.accepted:
                version = self._slots.version(self._slots.running)
                self._slots.confirm()
                return "Installed", version
            if now >= timeout_s * 1000 and not self._charging():
                self._slots.reject("not accepted in %d s" % timeout_s)
                # What ran before tells how it ended.
                self._stage = _GIVEN_UP
                self._station.reset.begin("Reboot", now)
        except (OSError, ValueError) as error:
            note("update: trial:", error)
            self._since = now + _AGAIN_MS
        return None

    def _charging(self) -> bool:
        for connector in self._station.connectors:
            if connector.session.transaction is not None:
                return True
        return False
