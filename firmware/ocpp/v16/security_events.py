"""Security events and logs of the OCPP 1.6 security whitepaper: SecurityEventNotification, GetLog,
LogStatusNotification, ExtendedTriggerMessage.

Events come by station.security(kind, text, now) from whoever sees them; docs/security-events.md
says where.  Kept by security_log.py, told by security_delivery.py.
"""

from firmware.ocpp.v16 import extended_trigger, log_upload, messages
from firmware.ocpp.v16.replay import Replay
from firmware.ocpp.v16.security_delivery import ACTION, Delivery
from firmware.ocpp.v16.security_watch import Watch
from firmware.store.log import note
from firmware.store.redact import without_login

PROFILE = None  # no word of SupportedFeatureProfiles
ROWS = ()
# Of the CALLERRORs those that say: this is no message of OCPP 1.6.
_INVALID = (
    "FormationViolation",
    "NotImplemented",
    "OccurenceConstraintViolation",
    "PropertyConstraintViolation",
    "TypeConstraintViolation",
)


def _known(action: str) -> str:
    """Never the peer's own words."""
    known = action.isalpha() and messages.row(action) is not None
    return action if known else "unknown action"


def build(station) -> "SecurityEvents":
    """Without a log (station.security_ring None) events are noted and not told."""
    return SecurityEvents(station, station.security_ring)


class SecurityEvents:
    """`upload.job(now)`: the log on its way, when there is one."""

    def __init__(self, station, log):
        self._station = station
        self._log = log
        self._now = 0  # of the last beat
        self._thinned = 0
        self._overwritten = False
        self.replay = Replay()
        self.upload = log_upload.LogUpload(station)
        self.watch = Watch(station, self.add)
        self.delivery: "Delivery | None" = None
        if log is not None:
            self.delivery = Delivery(station, log)
            why = log.cleared()
            if why:
                self.add("SecurityLogWasCleared", why, 0)

    # --- what happens -----------------------------------------------------------------------

    def add(self, kind: str, text: str, now: "int | None"):
        """Never raises; `now` None: at this beat."""
        now = self._now if now is None else now
        if "://" in text or "@" in text:
            text = without_login(text)
        if self._log is None:
            note("security:", kind, text)
            return
        clock = self._station.clock
        if not clock.known and clock.epochs is not None:
            clock.epochs.mark(now)  # so that its time can be told one day
        self._log.add(kind, text, now)

    def garbage(self, reason: str, now: int):
        """A text came that is no message of OCPP-J; `reason`: of rpc.py."""
        memory = "memory" in reason
        self.add("MemoryExhaustion" if memory else "InvalidMessages", reason, now)

    def refused(self, action: str, code: str, now: int):
        """A CALL was answered by a CALLERROR."""
        if code in _INVALID:
            self.add("InvalidMessages", _known(action) + " " + code, now)

    def called(self, text: str, action: str, now: int):
        """A CALL came, as `text`."""
        if self.replay.repeated(text):
            self.add("AttemptedReplayAttacks", _known(action), now)

    # --- what follows -----------------------------------------------------------------------

    def tick(self, now: int):
        self._now = now
        if not self._station.online:
            self.replay.forget()
        self.watch.tick(now)
        if self._log is not None:
            self._count(now)
            self._log.settle(now)
            self.delivery.tick(now)
        self.upload.progress.tick(now)

    def _count(self, now: int):
        """What could not be kept is an event, too."""
        log = self._log
        if log.overwritten is not self._overwritten:
            self._overwritten = log.overwritten
            if self._overwritten:
                self.add("MemoryExhaustion", "security events overwritten untold", now)
        if log.thinned != self._thinned and not log.crowded:
            text = "%d security events counted only" % (log.thinned - self._thinned)
            self._thinned = log.thinned
            self.add("MemoryExhaustion", text, now)

    def job(self, now: int):
        """Asked while no transfer runs."""
        return self.upload.job(now)

    def answered(self, entry, now: int):
        if entry.action == ACTION:
            self.delivery.answered(entry.message_id, now)
        else:
            self.upload.progress.answered(entry.message_id)

    def unanswered(self, entry, now: int):
        if entry.action == ACTION:
            self.delivery.unanswered(entry, now)
        else:
            self.upload.progress.lost(entry.message_id, now)


HANDLERS = (
    ("ExtendedTriggerMessage", extended_trigger.on_extended_trigger_message),
    ("GetLog", log_upload.on_get_log),
)
