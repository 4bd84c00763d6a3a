"""Registration with the CSMS: BootNotification, its answers, Heartbeat, the clock (4.2, 4.6)."""

from micropython import const

from firmware.ocpp.timestamp import parse_time

_RETRY_MS = const(60000)  # where the backend names no interval (0) or does not answer
_DAY_S = const(86400)


class Registration:
    """`state`: None until the first answer, then Accepted, Pending or Rejected."""

    def __init__(self, station, identity: dict):
        self._station = station
        self._identity = identity
        self.state: "str | None" = None
        self._next = 0  # when to ask again
        self._asked = False
        self._heartbeat_at = 0
        self._clock_at = 0  # when the clock must be asked for again

    @property
    def accepted(self) -> bool:
        return self.state == "Accepted"

    def online(self, now: int):
        """The link is up.  A registered station does not register again (OCPP-J 5.4); one that was
        told to wait waits on, over however many links (4.2)."""
        self._asked = False
        if self.state is None:
            self._next = now
        self._heartbeat_at = now + self._interval_ms()

    def tick(self, now: int):
        """What time alone causes: the next BootNotification or Heartbeat."""
        if not self.accepted:
            if not self._asked and now >= self._next:
                self.send()
        elif now >= self._heartbeat_at or now >= self._clock_at:
            self.heard(now)
            self._clock_at = now + _DAY_S * 1000  # until it is answered: no flood
            self._station.outbox.put("Heartbeat", {}, "Heartbeat")

    def send(self):
        """BootNotification."""
        self._asked = True
        self._station.outbox.put(
            "BootNotification", self._identity, "BootNotification", early=True
        )

    def heard(self, now: int):
        """Traffic of ours proves we live: the heartbeat may wait a full interval (4.6)."""
        self._heartbeat_at = now + self._interval_ms()

    def answered(self, payload: dict, now: int):
        """BootNotification.conf."""
        self._asked = False
        self.learn(payload["currentTime"], now)
        interval_s = int(payload["interval"])  # 300.0 is an integer to some backends
        self.state = payload["status"]
        if self.accepted:
            if interval_s > 0:
                text = str(min(interval_s, _DAY_S))
                self._station.settings.change("HeartbeatInterval", text)
            self.heard(now)
            self._station.registered(now)
        else:
            self._next = now + (interval_s * 1000 if interval_s > 0 else _RETRY_MS)

    def unanswered(self, now: int):
        """A CALLERROR, a timeout or a broken answer: again in our own time, or in the CSMS's."""
        self._asked = False
        self._next = max(self._next, now + _RETRY_MS)

    def learn(self, text: str, now: int):
        """currentTime of BootNotification.conf and Heartbeat.conf sets the clock, at least once a
        day whatever else is said (4.6)."""
        self._clock_at = now + _DAY_S * 1000
        self._station.clock.learn(parse_time(text), now)

    def _interval_ms(self) -> int:
        return self._station.settings.number("HeartbeatInterval") * 1000
