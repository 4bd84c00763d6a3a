"""One card reader for several connectors: for which of them is this card?

In this order: the one it started, offered itself to or left a cable in; the one reserved for it;
the one plugged in last that waits for a card; the next one somebody plugs in (an offer to all that
are free, which lapses with ConnectionTimeOut); when none is free, a transaction of its group, to
stop it. What is reserved for others is passed over; where the group decides, it is tried, and the
CSMS's answer may send the card on (`instead`).
"""

from firmware.ocpp.v16.authorization import same


class SharedReader:
    """`presented` stands where Authorization's stands for a reader of its own."""

    def __init__(self, station):
        self._station = station
        self._plugged = []  # connectors with a car, the latest last
        self._id_tag = None  # of a card for whichever connector is plugged in next
        self._first = None  # the connector the question about it runs under
        self._shown: "tuple" = (None, None)  # the connector and the card of the last question

    def presented(self, _, id_tag: str, now: int):
        authorization = self._station.authorization
        connector = self._own(id_tag)
        if connector is not None and self._id_tag is not None and same(id_tag, self._id_tag):
            self._withdraw(None)  # 4.9 B1: second presentation of the idTag
            return
        if connector is None:
            connector = self._kept_for(id_tag) or self._waiting(id_tag, now)
        if connector is None and not self._asked():
            connector = self._first = self._next(id_tag, now)
            self._id_tag = None if connector is None else id_tag
        if connector is not None:
            self._shown = (connector, id_tag)
            authorization.presented(connector, id_tag, now)
        elif self._next(id_tag, now) is None:
            self._groups(id_tag, now)

    def instead(self, connector, id_tag: str, parent):
        """`connector` is reserved for another group than `parent`: where else its card may go.
        None: nowhere, or it was not shown here."""
        if self._shown[0] is not connector or not same(self._shown[1], id_tag):
            return None
        admits, free = self._station.reservation.admits, self._station.authorization.free
        found = [
            other
            for other in self._plugged[::-1] + self._station.connectors
            if free(other) and admits(other, id_tag, parent)
        ]
        if not found:
            return None
        if not found[0].kernel.plugged:
            self._first, self._id_tag = found[0], id_tag
        return found[0]

    def tick(self, now: int):
        """The offer goes to every free connector, and with the first plug to that one alone."""
        for connector in self._station.connectors:
            if connector.kernel.plugged != (connector in self._plugged):
                if connector.kernel.plugged:
                    self._plugged.append(connector)
                else:
                    self._plugged.remove(connector)
        if self._id_tag is None:
            return
        session = self._first.session
        if session.transaction is None and same(session.id_tag, self._id_tag):
            self._spread(session, now)
        elif not self._asked() and not self._offered():
            self._id_tag = None  # refused, or lapsed
        for connector in self._plugged:
            if self._id_tag is not None and same(connector.session.id_tag, self._id_tag):
                self._withdraw(connector)

    # --- inside -----------------------------------------------------------------------------

    def _own(self, id_tag: str):
        for connector in self._station.connectors:
            session = connector.session
            for whose in (session.transaction, session.held):
                if whose is not None and not session.stopping and same(id_tag, whose.id_tag):
                    return connector
            if same(id_tag, session.id_tag):
                return connector
        return None

    def _kept_for(self, id_tag: str):
        """The connector that is reserved for this card."""
        room, authorization = self._station.reservation, self._station.authorization
        connector = None if room is None else room.own(id_tag)
        return connector if connector is not None and authorization.free(connector) else None

    def _waiting(self, id_tag: str, now: int):
        """The car that came last and has nobody's card yet."""
        for k in range(len(self._plugged) - 1, -1, -1):
            if self._may_take(self._plugged[k], id_tag, now):
                return self._plugged[k]
        return None

    def _next(self, id_tag: str, now: int):
        """A connector somebody may plug in yet."""
        for connector in self._station.connectors:
            if self._may_take(connector, id_tag, now):
                return connector
        return None

    def _may_take(self, connector, id_tag: str, now: int) -> bool:
        room = self._station.reservation
        return self._station.authorization.free(connector) and (
            room is None or room.could_admit(connector, id_tag, now)
        )

    def _asked(self) -> bool:
        return self._id_tag is not None and self._station.authorization.asked(self._first)

    def _offered(self) -> list:
        return [c for c in self._station.connectors if same(c.session.id_tag, self._id_tag)]

    def _spread(self, session, now: int):
        room = self._station.reservation
        for connector in self._station.connectors:
            if self._station.authorization.free(connector) and (
                room is None or room.admits(connector, session.id_tag, session.parent)
            ):
                connector.session.join(session)

    def _withdraw(self, keep):
        """The offer is over, but at the connector `keep`."""
        for connector in self._offered():
            if connector is not keep:
                connector.session.deauthorise()
        self._id_tag = None

    def _groups(self, id_tag: str, now: int):
        """One transaction of each group: the CSMS says whose group it is."""
        seen = []
        for connector in self._station.connectors:
            transaction = connector.session.transaction
            if transaction is None or transaction.parent is None:
                continue
            if not [parent for parent in seen if same(parent, transaction.parent)]:
                seen.append(transaction.parent)
                self._station.authorization.presented(connector, id_tag, now)
