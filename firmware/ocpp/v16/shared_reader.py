"""One card reader for several connectors: for which of them is this card?

In this order: the one it started, offered itself to or left a cable in; the one plugged in last
that waits for a card; the next one somebody plugs in (an offer to all that are free, which lapses
with ConnectionTimeOut); when none is free, a transaction of its group, to stop it.
"""

from firmware.ocpp.v16.authorization import same


class SharedReader:
    """`presented` stands where Authorization's stands for a reader of its own."""

    def __init__(self, station):
        self._station = station
        self._plugged = []  # connectors with a car, the latest last
        self._id_tag = None  # of a card for whichever connector is plugged in next
        self._first = None  # the connector the question about it runs under

    def presented(self, _, id_tag: str, now: int):
        authorization = self._station.authorization
        connector = self._own(id_tag)
        if connector is not None and self._id_tag is not None and same(id_tag, self._id_tag):
            self._withdraw(None)  # 4.9 B1: second presentation of the idTag
            return
        if connector is None:
            connector = self._waiting()
        if connector is None and not self._asked():
            connector = self._first = self._next()
            self._id_tag = None if connector is None else id_tag
        if connector is not None:
            authorization.presented(connector, id_tag, now)
        elif self._next() is None:
            self._groups(id_tag, now)

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

    def _waiting(self):
        """The car that came last and has nobody's card yet."""
        for k in range(len(self._plugged) - 1, -1, -1):
            if self._station.authorization.free(self._plugged[k]):
                return self._plugged[k]
        return None

    def _next(self):
        """A connector somebody may plug in yet."""
        for connector in self._station.connectors:
            if self._station.authorization.free(connector) and not connector.reserved:
                return connector
        return None

    def _asked(self) -> bool:
        return self._id_tag is not None and self._station.authorization.asked(self._first)

    def _offered(self) -> list:
        return [c for c in self._station.connectors if same(c.session.id_tag, self._id_tag)]

    def _spread(self, session, now: int):
        for connector in self._station.connectors:
            if self._station.authorization.free(connector) and not connector.reserved:
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
