"""What each connector may draw now: the profiles that are installed, written to limit_ma.

Worked out only when something has changed (a profile, a transaction, the clock) or when the
present limits end; any other beat compares a few references and allocates nothing.  Works offline.
"""

from micropython import const

from firmware.ocpp import schedule
from firmware.ocpp.timestamp import parse_time
from firmware.ocpp.v16.authorization import same

_HOUR_S = const(3600)  # looked at again then in any case: a deadline in ms stays a small integer


class _Place:
    """One connector, as last looked at."""

    def __init__(self, connector):
        self.connector = connector
        self.transaction = None
        self.begun = None  # of one that an earlier boot began: UTC text, or ms below 0
        self.begun_at = None  # the same in UTC seconds
        self.remote = None  # idTag of the RemoteStart whose TxProfile waits for its transaction


class Allowance:
    """`installed`: see profile_set.py. TxProfiles in it carry the number of their transaction, 0
    while the RemoteStart that brought them has not begun one."""

    def __init__(self, station, installed):
        self.supply = schedule.Supply(station.nominal_v, station.phases)
        self._station = station
        self._set = installed
        self._places = [_Place(connector) for connector in station.connectors]
        self._stale = True
        self._offset_ms = None  # of the clock, when last looked at
        self._due = 0  # when the present limits may end

    def changed(self) -> None:
        """Other profiles are installed: look again on the next beat."""
        self._stale = True

    def tick(self, now: int) -> None:
        if self._stale or now >= self._due or self._moved():
            self._look(now)

    def _moved(self) -> bool:
        if self._station.clock.offset_ms is not self._offset_ms:
            return True
        for place in self._places:
            if place.connector.session.transaction is not place.transaction:
                return True
            if place.remote is not None and self._given_up(place):
                return True
        return False

    def _given_up(self, place) -> bool:
        """No transaction comes of the RemoteStart any more."""
        session = place.connector.session
        if session.transaction is not None or session.id_tag is not None:
            return False
        return not self._station.authorization.asked(place.connector)

    # --- transactions and their TxProfiles --------------------------------------------------

    def expect(self, connector, id_tag: str) -> None:
        """A RemoteStart with a TxProfile: it is for the transaction of `id_tag` here."""
        self._places[connector.number - 1].remote = id_tag
        self._stale = True

    def note(self, connector) -> list:
        """What the transaction of `connector` needs after a power cut, as JSON can hold it: when
        it began, and its profiles."""
        transaction = connector.session.transaction
        place = self._places[connector.number - 1]
        begun = place.begun if place.transaction is transaction else None
        if begun is None:
            begun = self._station.clock.stamp(transaction.started)
        return [begun] + self._set.note(transaction.number)

    def resumed(self, connector, boot: int, kept: list) -> None:
        """The transaction of `connector` is back, with the note() that boot `boot` made of it."""
        place = self._places[connector.number - 1]
        place.transaction = connector.session.transaction
        place.begun = self._station.clock.carried(boot, kept[0])
        if isinstance(place.begun, str):
            place.begun_at = parse_time(place.begun)
        self._set.recall(kept[1:])
        self._stale = True

    def elapsed_s(self, connector, at, now: int) -> int:
        """Since its transaction began; 0 without one."""
        place = self._places[connector.number - 1]
        if connector.session.transaction is None:
            return 0
        if place.begun_at is not None and at is not None:
            return max(0, at - place.begun_at)
        return max(0, (now - self._begun_ms(place)) // 1000)

    def _begun_ms(self, place) -> int:
        """Of one that began nobody knows when: when it was found after the boot."""
        return place.begun if isinstance(place.begun, int) else place.transaction.started

    def _follow(self, place) -> None:
        """TxProfiles live and die with their transaction (3.13.1)."""
        connector = place.connector
        transaction = connector.session.transaction
        if transaction is not place.transaction:
            place.transaction = transaction
            place.begun = place.begun_at = None
        bound = False
        number = None
        if transaction is not None:
            number = transaction.number
            if place.remote is not None and same(place.remote, transaction.id_tag):
                bound = self._set.bind(connector.number, number)
            place.remote = None
        elif place.remote is not None and not self._given_up(place):
            number = 0
        else:
            place.remote = None
        self._set.keep_only(connector.number, number)
        if bound:
            self._station.billing.keep(connector)

    # --- the limits -------------------------------------------------------------------------

    def _look(self, now: int) -> None:
        clock = self._station.clock
        at = clock.at(now)
        self._stale = False
        self._offset_ms = clock.offset_ms
        for place in self._places:
            self._follow(place)
        total_ma, left_s = schedule.whole_ma(self._set.profiles, at, self.supply)
        late_ms = 0 if at is None else (clock.offset_ms + now) % 1000
        running, idle = [], []
        for place in self._places:
            most_ma, least_ma, until_s = self._own(place, at, now)
            left_s = min(left_s, until_s)
            if place.transaction is None:
                idle.append((place, most_ma))
            else:
                # Seconds since the beginning end at another moment than those of the day.
                late_ms = max(late_ms, (now - self._begun_ms(place)) % 1000)
                running.append((place.transaction.number, most_ma, least_ma, place))
        self._share(total_ma, running, idle)
        self._due = now + min(left_s, _HOUR_S) * 1000 - late_ms

    def _own(self, place, at, now: int) -> tuple:
        """(most_ma, least_ma, left_s) of one connector by itself."""
        connector = place.connector
        most_ma = connector.kernel.limit.max_ma
        elapsed_s = self.elapsed_s(connector, at, now)
        profile, offset, left_s = schedule.own(self._set.profiles, connector.number, at, elapsed_s)
        if profile is None:
            return most_ma, 0, left_s
        most_ma = min(most_ma, schedule.current_ma(profile, offset, self.supply))
        return most_ma, schedule.least_ma(profile, offset, self.supply), left_s

    def _share(self, total_ma, running: list, idle: list) -> None:
        """An idle connector may have what the others leave: a transaction that begins there is
        within the sum from its first beat, before it gets its share."""
        running.sort(key=lambda row: row[0])
        shares = schedule.share_ma(total_ma, [row[1:3] for row in running])
        for row, ma in zip(running, shares):
            _limit(row[3], ma)
        for place, most_ma in idle:
            _limit(place, most_ma if total_ma is None else min(most_ma, total_ma - sum(shares)))

    def legs(self, number: int, at: int, now: int) -> list:
        """(number, elapsed_s, most_ma) of connector `number`, 0: of all, for composite.py."""
        connectors = [place.connector for place in self._places]
        if number:
            connectors = connectors[number - 1 : number]
        return [
            (connector.number, self.elapsed_s(connector, at, now), connector.kernel.limit.max_ma)
            for connector in connectors
        ]


def _limit(place, ma: int) -> None:
    kernel = place.connector.kernel
    place.connector.session.limit_ma = ma if ma >= kernel.limit.min_ma else 0
