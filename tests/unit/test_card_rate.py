# heap: chip + 16k, hours of frames kept
"""Guessing cards is slow: refused ones in a row make their reader deaf, never its own driver."""

from firmware.evse.session import Transaction
from firmware.ocpp.v16.card_guard import CardGuard
from tests.unit.id_rig import RamFiles
from tests.unit.station_rig import ready

S = 1000
INVALID = {"status": "Invalid"}


class Events:
    """The history, as a list."""

    def __init__(self):
        self.kept = []

    def add(self, kind, text, now):
        self.kept.append((kind, text))

    def flush(self):
        return


class Reader:
    """A charger whose backend knows one card, GOOD; cards are held to one reader."""

    def __init__(self, connectors=1, shared=False, **how):
        self.charger = charger = ready(connectors=connectors, **how)
        charger.backend.override["Authorize"] = self.answer
        self.station = station = charger.station
        self.events = station.events = Events()
        room = station.shared_reader if shared else station.authorization
        mine = charger.connectors if shared else charger.connectors[:1]
        self.guard = CardGuard(station, room, mine, 1)
        self.number = 0

    def answer(self, payload):
        good = payload["idTag"].lower() == "good"
        return {"idTagInfo": {"status": "Accepted", "parentIdTag": "US"} if good else INVALID}

    def show(self, id_tag, seconds=0.1):
        """Was the backend asked about it?"""
        before = len(self.charger.calls("Authorize"))
        self.guard.presented(self.charger.connectors[0], id_tag, self.charger.now)
        self.charger.run(seconds)
        return len(self.charger.calls("Authorize")) > before

    def guess(self):
        self.number += 1
        return self.show("GUESS%d" % self.number)

    def deaf_s(self):
        """For how long guesses are not heard; the first that is heard ends it."""
        began = self.charger.now
        while not self.guess():
            self.charger.skip(1)
        return (self.charger.now - began) // S

    def wait(self, seconds):
        self.charger.skip(seconds)


def test_five_are_free():
    reader = Reader()
    assert [reader.guess() for _ in range(6)] == [True] * 6
    assert not reader.guess()


def test_deaf_twice_as_long_each_time():
    """10 s, 20 s, ... and never more than five minutes: a bounded nuisance to the next driver."""
    reader = Reader()
    for _ in range(6):
        assert reader.guess()
    heard = [reader.deaf_s() for _ in range(8)]
    for told, wanted in zip(heard, (10, 20, 40, 80, 160, 300, 300, 300)):
        assert wanted - 1 <= told <= wanted + 1, heard


def test_hours_of_guessing():
    """Twelve an hour and the first few: some 290 a day."""
    reader = Reader()
    asked = 0
    for _ in range(6 * 3600 // 20):
        asked += reader.guess()
        reader.wait(20)
    assert 72 <= asked <= 84, asked
    assert len(reader.events.kept) == 1


def test_an_accepted_card_forgets():
    reader = Reader()
    for _ in range(6):
        reader.guess()
    reader.wait(11)
    assert reader.show("GOOD") and reader.charger.connectors[0].session.id_tag == "GOOD"
    reader.show("good")  # not for this car after all
    assert reader.charger.connectors[0].session.id_tag is None
    assert [reader.guess() for _ in range(6)] == [True] * 6


def test_a_quarter_of_an_hour_forgets():
    """Not sooner: what is forgotten too early is another five free."""
    reader = Reader()
    for _ in range(5):
        reader.guess()
    reader.wait(890)
    assert reader.guess() and not reader.guess()
    reader.wait(901)
    assert [reader.guess() for _ in range(6)] == [True] * 6


def test_the_same_card_is_impatience():
    """A driver whose card is refused shows it again and again: nobody guesses so."""
    reader = Reader()
    assert [reader.show("EXPIRED") for _ in range(20)] == [True] * 20
    assert reader.events.kept == []


def test_the_driver_can_always_stop():
    """While a transaction runs a thief makes the reader deaf; its own card ends it at once, and
    another one of the same backend is not heard."""
    reader = Reader()
    charger = reader.charger
    charger.plug()
    charger.run(1)
    reader.show("GOOD")
    charger.until(lambda: charger.words() == ["Charging"] and not charger.outbox.pending)
    for _ in range(6):
        assert reader.guess(), "cards of a group are asked about"
    assert not reader.guess() and not reader.show("OTHER")
    assert reader.show("gOOd", 1) is False
    assert charger.calls("StopTransaction")[-1]["reason"] == "Local"
    assert charger.calls("StopTransaction")[-1]["idTag"].lower() == "good"


def test_the_offer_can_always_be_taken_back():
    reader = Reader()
    reader.show("GOOD")
    reader.guard._refused("X", reader.charger.now)
    for k in range(6):
        reader.guard._refused("X%d" % k, reader.charger.now)
    reader.show("GOOD")
    assert reader.charger.connectors[0].session.id_tag is None


def test_the_owner_gets_the_cable_back():
    """A cable that stayed locked when its car left waits for its owner's card."""
    reader = Reader()
    for _ in range(6):
        reader.guess()
    session = reader.charger.connectors[0].session
    session.held = Transaction("GOOD", 0, 0)
    assert not reader.show("OTHER", 0) and session.held is not None
    reader.show("GOOD", 0)
    assert session.held is None


def test_offline_as_well():
    """Nobody can be asked: what is not known here is refused here."""
    reader = Reader()
    reader.charger.link(False)
    for _ in range(6):
        reader.guess()
    told = reader.events.kept
    assert told == [("security", "reader 1: 6 cards refused in a row")]
    reader.charger.link(True)
    reader.charger.run(3)
    assert not reader.show("GOOD"), "deaf is deaf, whoever comes"
    reader.wait(10)
    assert reader.show("GOOD")


def test_a_silent_backend():
    """The question ends without an answer: refused here, counted once."""
    reader = Reader(keys={"MessageTimeout": "2"})
    reader.charger.backend.override["Authorize"] = None
    for k in range(6):
        assert reader.show("CARD%d" % k, 3), k
    assert not reader.show("CARD9", 3)


def test_a_list_that_refuses():
    """Blocked in the local list, offline: counted as well, and so is an accepted one."""
    reader = Reader(files=RamFiles(), keys={"LocalPreAuthorize": "true"})
    entries = [{"idTag": "HOME", "idTagInfo": {"status": "Accepted"}}]
    for k in range(8):
        entries.append({"idTag": "LOST%d" % k, "idTagInfo": {"status": "Blocked"}})
    request = {"listVersion": 1, "updateType": "Full", "localAuthorizationList": entries}
    assert reader.charger.status_of("SendLocalList", request, 1) == "Accepted"
    reader.charger.link(False)
    for k in range(5):
        reader.show("LOST%d" % k)
    reader.show("HOME")
    reader.show("HOME")
    for k in range(5):
        reader.show("LOST%d" % k)
    assert reader.events.kept == []
    reader.show("LOST5")
    assert len(reader.events.kept) == 1


def test_told_once():
    """A day of guesses is one line of the history; after peace, a new row is a new line."""
    reader = Reader()
    for _ in range(3):
        for _ in range(20):
            reader.guess()
            reader.wait(30)
        reader.wait(901)
    assert [text for _, text in reader.events.kept] == ["reader 1: 6 cards refused in a row"] * 3


def test_a_remote_start_is_no_guess():
    """Its card is refused; nobody stands at the reader."""
    reader = Reader(keys={"AuthorizeRemoteTxRequests": "true"})
    for k in range(20):
        request = {"connectorId": 1, "idTag": "REMOTE%d" % k}
        assert reader.charger.status_of("RemoteStartTransaction", request, 1) == "Accepted"
    assert len(reader.charger.calls("Authorize")) == 20
    assert [reader.guess() for _ in range(6)] == [True] * 6


def test_one_reader_for_two_connectors():
    """It is the reader that goes deaf; the driver of either connector can stop."""
    reader = Reader(connectors=2, shared=True)
    charger = reader.charger
    charger.plug(2)
    charger.run(1)
    reader.show("GOOD")
    charger.until(lambda: charger.words()[1] == "Charging" and not charger.outbox.pending)
    while reader.guess():
        pass
    assert len(reader.events.kept) == 1
    reader.show("GOOD", 1)
    assert charger.calls("StopTransaction")[-1]["reason"] == "Local"


def test_two_readers():
    """A thief at one is none of the other's business."""
    reader = Reader(connectors=2)
    charger = reader.charger
    other = CardGuard(reader.station, reader.station.authorization, charger.connectors[1:], 2)
    while reader.guess():
        pass
    other.presented(charger.connectors[1], "GOOD", charger.now)
    charger.run(0.1)
    assert charger.connectors[1].session.id_tag == "GOOD"
