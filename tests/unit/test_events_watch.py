"""What a station goes through is in its history, each thing once."""

from firmware.ocpp.watch import Watch
from tests.unit.station_rig import Charger


class Kept:
    """A history that only remembers."""

    def __init__(self):
        self.rows = []

    def add(self, kind, text, now):
        self.rows.append((kind, text))

    def take(self):
        rows, self.rows = self.rows, []
        return rows


def watched(**how):
    charger = Charger(**how)
    kept = Kept()
    watch = Watch(charger.station, kept, lambda: "reset by peer")

    def go(seconds):
        for _ in range(int(seconds * 5)):
            charger.run(0.2)
            watch.tick(charger.now)
        return kept.take()

    return charger, go


def test_link_and_clock():
    """Up, lost with its cause, up again; the clock learned once, and when it jumps."""
    charger, go = watched(online=False)
    assert go(1) == []
    charger.link(True)
    assert go(3) == [("link up", ""), ("clock learned", "")]
    charger.link(False)
    assert go(1) == [("link lost", "reset by peer")]
    charger.link(True)
    assert go(3) == [("link up", "")]
    for jump, expected in ((5, []), (3600, [("clock jumped", "3600 s")]),
                           (-7200, [("clock jumped", "-7200 s")])):  # fmt: skip
        charger.station.clock.learn(charger.station.clock.at(charger.now) + jump, charger.now)
        told = go(1)
        assert [row[0] for row in told] == [row[0] for row in expected]
        if told:
            assert abs(int(told[0][1].split()[0]) - jump) <= 1


class Connector:
    def __init__(self, number):
        self.number = number
        self.error = "NoError"


def test_faults_of_each_connector():
    """Set, another one, cleared."""
    charger, _ = watched()
    station, kept = charger.station, Kept()
    first, second = station.connectors = [Connector(1), Connector(2)]
    watch = Watch(station, kept, None)
    watch.tick(0)  # the link
    kept.take()
    for errors, expected in (
        (("GroundFailure", "NoError"), [("fault set", "1 GroundFailure")]),
        (
            ("HighTemperature", "OtherError"),
            [
                ("fault cleared", "1 GroundFailure"),
                ("fault set", "1 HighTemperature"),
                ("fault set", "2 OtherError"),
            ],
        ),
        (
            ("NoError", "NoError"),
            [("fault cleared", "1 HighTemperature"), ("fault cleared", "2 OtherError")],
        ),
        (("NoError", "NoError"), []),
    ):
        first.error, second.error = errors
        watch.tick(0)
        assert kept.take() == expected


def test_a_real_fault_is_told():
    charger, go = watched()
    go(2)
    charger.rigs[0].hw.ground.sound = False
    told = go(3)
    assert ("fault set", "1 GroundFailure") in told, told


def test_a_reset_is_told_before_it_happens():
    charger, go = watched()
    go(2)
    charger.send("Reset", {"type": "Soft"})
    assert go(0.4) == [("reset asked", "")] and charger.reboots == 0
    assert go(1) == [] and charger.reboots == 1
    charger.station.reset.pending = False  # it has failed
    assert go(0.4) == []


def test_what_is_parked_and_reinjected():
    """And what nobody answers."""
    charger, go = watched(keys={"TransactionMessageAttempts": "1"})
    go(2)
    charger.charge()
    charger.backend.override["StopTransaction"] = "InternalError"
    charger.swipe()
    assert go(5) == [("parked", "1 of 1 parked")]
    del charger.backend.override["StopTransaction"]
    charger.outbox.reinject(next(charger.outbox.parked_messages())[0])
    assert go(5) == [("reinjected", "1 of 1 parked")]
    charger.outbox.silences = 5
    assert go(0.4) == [("stalled", "no answer")]
    charger.outbox.silences = 0
    assert go(0.4) == []


def test_a_full_journal():
    charger, go = watched()
    go(2)
    charger.store.used_percent = lambda: 95
    assert go(0.4) == [("journal full", "")]
    charger.store.used_percent = lambda: 5
    assert go(0.4) == [("journal room", "")]
