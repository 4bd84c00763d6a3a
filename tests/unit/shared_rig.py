"""A charger whose connectors share one card reader."""

from tests.unit.station_rig import ready


class Two:
    """A charger with two connectors, or more, and one reader."""

    def __init__(self, connectors=2, tags=None, **how):
        self.charger = ready(connectors=connectors, **how)
        self.charger.backend.tags = tags or {}

    def swipe(self, id_tag="TAG", seconds=1.0):
        c = self.charger
        c.station.shared_reader.presented(c.connectors[0], id_tag, c.now)
        c.run(seconds)

    def plug(self, number, seconds=1.0):
        self.charger.plug(number)
        self.charger.run(seconds)

    def tags(self):
        """Per connector the idTag of its transaction, else of its offer in brackets."""
        found = []
        for connector in self.charger.connectors:
            session = connector.session
            offer = session.id_tag and "(%s)" % session.id_tag
            found.append(session.transaction.id_tag if session.transaction else offer)
        return found
