"""Reset (5.14): transactions end, what is billed gets its chance to leave, the port reboots."""

from micropython import const

_LEAST_MS = const(500)  # for the answer to the Reset to be on its way: a reboot flushes nothing
_MOST_MS = const(60000)  # a welded contact and a mute meter take 30 s, the rest is for the bill
_RETRY_MS = const(10000)


class Reset:
    """`reboot()` is the port's and does not return; one that does has failed (ResetRetries)."""

    def __init__(self, station, reboot):
        self._station = station
        self._reboot = reboot
        self._since = 0
        self._again_at = 0
        self._tries = 0
        self.pending = False  # no new session begins

    def begin(self, reason: str, now: int):
        """Asked twice, it happens once, and not later for that."""
        if self.pending:
            return
        self.pending = True
        self._since = self._again_at = now
        self._tries = 0
        self._station.notification.failed = ""
        for connector in self._station.connectors:
            connector.session.deauthorise()
            connector.session.stop(reason, now)

    def tick(self, now: int):
        if not self.pending or now < self._again_at or now - self._since < _LEAST_MS:
            return
        if now - self._since < _MOST_MS and not self._settled():
            return
        if self._tries > self._station.settings.number("ResetRetries"):
            self.pending = False
            self._station.notification.failed = "ResetFailure"
            return
        self._tries += 1
        self._again_at = now + _RETRY_MS
        self._reboot()

    def _settled(self) -> bool:
        """Offline a bill waits in the outbox, for however long: the reset does not."""
        for connector in self._station.connectors:
            if connector.session.transaction is not None:
                return False
        return not self._station.reachable or not self._station.outbox.pending
