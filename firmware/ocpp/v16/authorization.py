"""Who may charge: a card at the reader or a remote start becomes an authorised session, or not."""

from firmware.ocpp.authorize import ACCEPT, ASK


def same(a, b) -> bool:
    """idTags are CiStrings: case does not count."""
    return a is not None and b is not None and a.lower() == b.lower()


def _keeps(connector) -> bool:
    """A cable without a car waits here for its owner (UnlockConnectorOnEVSideDisconnect)."""
    return connector.session.held is not None and not connector.kernel.plugged


class _Question:
    """An Authorize that is under way."""

    def __init__(self, message_id: str, connector, id_tag: str, stops: bool, until: int):
        self.message_id = message_id
        self.connector = connector
        self.id_tag = id_tag
        self.transaction = connector.session.transaction if stops else None  # that it would stop
        self.plugged = connector.kernel.plugged
        self.until = until


class Authorization:
    """Asks the CSMS while there is one and what is known here does not do (ocpp/authorize.py)."""

    def __init__(self, station):
        self._station = station
        self._questions = []  # at most one per connector
        self.judges = []  # functions(id_tag, accepted, now): what became of a card

    def presented(self, connector, id_tag: str, now: int):
        """A card was held to the reader of `connector`."""
        session = connector.session
        transaction = session.transaction
        if session.stopping:
            return
        if transaction is not None and same(id_tag, transaction.id_tag):
            session.stop("Local", now, id_tag)  # 4.1: without asking
        elif _keeps(connector) and same(id_tag, session.held.id_tag):
            session.let_go(now)
        elif self.asked(connector):
            return  # about the card shown before this one
        elif transaction is not None:
            if transaction.parent is not None:
                self.ask(connector, id_tag, now, True)  # a card of the same group may stop it
        elif session.id_tag is not None:
            if same(id_tag, session.id_tag):
                session.deauthorise()  # 4.9 B1: second presentation of the idTag
        elif self.free(connector) and self._could_admit(connector, id_tag, now):
            self.ask(connector, id_tag, now, False)

    def free(self, connector) -> bool:
        """A new session may begin here."""
        session = connector.session
        return (
            connector.operative
            and not connector.withdrawn
            and session.transaction is None
            and session.id_tag is None
            and connector.word != "Faulted"
            and not self._station.resetting
            and not self._station.billing.full
        )

    def _could_admit(self, connector, id_tag: str, now: int) -> bool:
        room = self._station.reservation
        return room is None or room.could_admit(connector, id_tag, now)

    def asked(self, connector) -> bool:
        """The CSMS is being asked about a card at this connector."""
        for question in self._questions:
            if question.connector is connector:
                return True
        return False

    def ask(self, connector, id_tag: str, now: int, stops: bool):
        """Authorize `id_tag`, to start here or (`stops`) to stop what runs here."""
        station = self._station
        until = now + station.settings.number("MessageTimeout") * 1000
        question = _Question("", connector, id_tag, stops, until)
        if self._decide(question, station.reachable, now) == ASK:
            question.message_id = station.outbox.put("Authorize", {"idTag": id_tag})
            self._questions.append(question)

    def accept(self, connector, id_tag: str, now: int):
        """A remote start that needs no Authorize."""
        self._begin(connector, id_tag, None, now)

    def answered(self, entry, payload: dict, now: int):
        """Authorize.conf.  One that comes too late finds no question and starts nothing."""
        question = self._take(entry)
        if question is None:
            return
        info = payload["idTagInfo"]
        accepted = info["status"] == "Accepted"
        self._judged(question, accepted, now)
        if accepted:
            self._accepted(question, info.get("parentIdTag"), now)

    def unanswered(self, entry, now: int):
        """No answer, an error for one, or no link any more: the CSMS is not there (3.5)."""
        question = self._take(entry)
        if question is not None:
            self._offline(question, now)

    def tick(self, now: int):
        """A driver waits no longer than MessageTimeout, whatever else is said in that time."""
        for question in list(self._questions):
            if now >= question.until:
                self._questions.remove(question)
                self._offline(question, now)

    # --- inside -----------------------------------------------------------------------------

    def _accepted(self, question, parent, now: int):
        connector = question.connector
        if _keeps(connector) and same(parent, connector.session.held.parent):
            connector.session.let_go(now)
        elif question.transaction is not None:
            transaction = connector.session.transaction
            if transaction is question.transaction and same(parent, transaction.parent):
                connector.session.stop("Local", now, question.id_tag)
        elif connector.kernel.plugged or not question.plugged:
            self._begin(connector, question.id_tag, parent, now)
        # else the car that was there when the card was shown has left: the offer goes with it

    def _begin(self, connector, id_tag: str, parent, now: int):
        room = self._station.reservation
        if room is not None and not room.admits(connector, id_tag, parent):
            connector = self._station.shared_reader.instead(connector, id_tag, parent)
        if connector is not None and self.free(connector):
            timeout_ms = self._station.settings.number("ConnectionTimeOut") * 1000
            connector.session.authorise(id_tag, parent, now, timeout_ms)

    def _offline(self, question, now: int):
        """3.5: what is known here decides; an unknown card cannot prove its group."""
        self._decide(question, False, now)

    def _decide(self, question, online: bool, now: int) -> int:
        """Begin or stop where the local list or the cache says so."""
        utc = self._station.clock.at(now)
        verdict, parent, _ = self._station.authorizer.decide(question.id_tag, online, utc)
        if verdict != ASK:
            self._judged(question, verdict == ACCEPT, now)
        if verdict == ACCEPT:
            self._accepted(question, parent, now)
        return verdict

    def _judged(self, question, accepted: bool, now: int):
        for judge in self.judges:
            judge(question.id_tag, accepted, now)

    def _take(self, entry):
        for question in self._questions:
            if question.message_id == entry.message_id:
                self._questions.remove(question)
                return question
        return None
