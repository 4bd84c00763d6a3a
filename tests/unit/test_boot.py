# heap: chip + 16k, hours of frames kept
from tests.unit.station_rig import Charger, ready


def booted(charger):
    return len(charger.calls("BootNotification"))


def test_accepted_tells_the_state_of_all():
    """Erratum 3.22: after Accepted a StatusNotification for connector 0 and all connectors."""
    charger = ready(connectors=2)
    assert charger.actions()[0] == "BootNotification"
    told = [(s["connectorId"], s["status"]) for s in charger.calls("StatusNotification")]
    assert told == [(0, "Available"), (1, "Available"), (2, "Available")]


def test_nothing_else_before_an_answer():
    """§4.2: until Accepted or Pending the charge point SHALL NOT send any other request."""
    charger = Charger()
    charger.backend.silent = True
    charger.plug()
    charger.run(25)
    charger.swipe()
    charger.run(200, 100)
    assert set(charger.actions()) == {"BootNotification"}


def test_pending_speaks_only_when_asked():
    """§4.2: Pending: no requests but what a TriggerMessage asks for; calls are answered."""
    charger = Charger()
    charger.backend.status = "Pending"
    charger.backend.interval = 600
    charger.run(5)
    charger.plug()
    charger.swipe()
    charger.run(60, 100)
    assert charger.actions() == ["BootNotification"]
    assert charger.configure("HeartbeatInterval", "77") == "Accepted"
    for wanted in ("Heartbeat", "StatusNotification", "MeterValues"):
        mark = charger.mark()
        assert charger.status_of("TriggerMessage", {"requestedMessage": wanted}) == "Accepted"
        charger.run(1)
        assert set(charger.actions(mark)) == {wanted}
    mark = charger.mark()
    asked = charger.status_of("TriggerMessage", {"requestedMessage": "BootNotification"})
    charger.run(1)
    assert (asked, charger.actions(mark)) == ("Accepted", ["BootNotification"])


def test_no_remote_start_and_stop_while_pending():
    """§4.2: while Pending RemoteStartTransaction and RemoteStopTransaction are not allowed."""
    charger = Charger()
    charger.backend.status = "Pending"
    charger.run(1)
    assert charger.status_of("RemoteStartTransaction", {"idTag": "A"}) == "Rejected"
    assert charger.status_of("RemoteStopTransaction", {"transactionId": 1}) == "Rejected"


def test_the_interval_is_waited_for():
    """§4.2: interval is the minimum wait before the next BootNotification."""
    for status in ("Pending", "Rejected"):
        charger = Charger()
        charger.backend.status = status
        charger.backend.interval = 100
        charger.run(99, 100)
        assert booted(charger) == 1
        charger.run(3, 100)
        assert booted(charger) == 2
        charger.backend.status = "Accepted"
        charger.run(102, 100)
        assert booted(charger) == 3
        assert charger.statuses() == ["Available"]
        charger.skip(1000)
        assert booted(charger) == 3


def test_the_interval_outlives_a_link():
    """§4.2: the interval is of the registration, not of the link."""
    for status in ("Pending", "Rejected"):
        charger = Charger()
        charger.backend.status = status
        charger.backend.interval = 500
        charger.run(5)
        for _ in range(5):
            charger.link(False)
            charger.run(5, 100)
            charger.link(True)
            charger.run(5, 100)
        assert booted(charger) == 1


def test_a_failed_trigger_does_not_shorten_the_interval():
    """§4.2: SHOULD NOT send earlier, unless requested to do so with a TriggerMessage."""
    charger = Charger()
    charger.backend.status = "Pending"
    charger.backend.interval = 600
    charger.run(2)
    charger.backend.override["BootNotification"] = "InternalError"
    charger.status_of("TriggerMessage", {"requestedMessage": "BootNotification"})
    charger.run(500, 100)
    assert booted(charger) == 2
    charger.run(110, 100)
    assert booted(charger) == 3


def test_interval_zero_is_our_own_choice():
    """§4.2: zero: an interval of our own that avoids flooding the Central System."""
    charger = Charger()
    charger.backend.status = "Pending"
    charger.backend.interval = 0
    charger.run(180, 100)
    assert booted(charger) in (3, 4)


def test_rejected_is_silent():
    """§4.2: while Rejected the charge point SHALL NOT respond to any message."""
    charger = Charger()
    charger.backend.status = "Rejected"
    charger.backend.interval = 1000
    charger.run(1)
    assert charger.ask("GetConfiguration") is None
    charger.plug()
    charger.swipe()
    charger.run(100, 100)
    assert charger.actions() == ["BootNotification"]


def test_a_boot_notification_that_fails_is_repeated_without_a_flood():
    """§4.2: in a way that avoids flooding."""
    for answer in ("InternalError", None):
        charger = Charger()
        charger.backend.override["BootNotification"] = answer
        charger.run(300, 100)
        assert 4 <= booted(charger) <= 12
        del charger.backend.override["BootNotification"]
        charger.run(100, 100)
        assert charger.station.registration.accepted


def test_no_boot_notification_on_mere_reconnect():
    """OCPP-J §5.4: a reconnect is no reboot."""
    charger = ready()
    mark = charger.mark()
    charger.link(False)
    charger.run(10)
    charger.link(True)
    charger.run(10)
    assert charger.actions(mark) == []


def test_the_heartbeat_interval_is_the_backends():
    """§4.2: the heartbeat interval is adjusted to the interval of Accepted."""
    charger = ready()
    assert charger.settings.number("HeartbeatInterval") == 300
    charger.skip(1210)
    assert len(charger.calls("Heartbeat")) == 4


def test_odd_intervals():
    """J errata 2.5: 300.0 is an integer to some; a day is the most; 0 leaves ours."""
    for interval, kept in ((300.0, 300), (10000000, 86400), (0, 3600), (-5, 3600)):
        charger = Charger()
        charger.backend.interval = interval
        charger.run(1)
        assert charger.station.registration.accepted
        assert charger.settings.number("HeartbeatInterval") == kept


def test_a_changed_heartbeat_interval_acts_at_once():
    charger = ready()
    assert charger.configure("HeartbeatInterval", "10") == "Accepted"
    mark = charger.mark()
    charger.run(31, 100)
    assert charger.actions(mark) == ["Heartbeat"] * 3


def test_traffic_postpones_the_heartbeat():
    """§4.6: MAY skip a Heartbeat when another PDU was sent within the interval."""
    charger = ready(keys={"ClockAlignedDataInterval": "60"})
    mark = charger.mark()
    charger.skip(3600)
    assert set(charger.actions(mark)) == {"MeterValues"}


def test_the_clock_is_asked_for_once_a_day_all_the_same():
    """§4.6: for time synchronisation at least one Heartbeat per 24 hours."""
    charger = ready(keys={"ClockAlignedDataInterval": "240"})
    heartbeats = 0
    for _ in range(72):
        charger.run(3600, 30000)
        heartbeats += len(charger.calls("Heartbeat"))
        charger.frames = []  # memory
    assert heartbeats == 2  # the third is due a little later


def test_the_heartbeat_sets_the_clock():
    """§4.6: currentTime is recommended to synchronise the clock."""
    charger = ready()
    charger.backend.at += 500
    charger.skip(301)
    at = charger.backend.at + charger.now // 1000
    assert abs(charger.station.clock.at(charger.now) - at) <= 1


def test_a_broken_time_breaks_nothing():
    for time in ("0001-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59", "0000-01-01T00:00:00+10:00"):
        charger = Charger()
        charger.backend.override["BootNotification"] = {
            "status": "Accepted",
            "currentTime": time,
            "interval": 300,
        }
        charger.charge()
        charger.run(3)
        assert charger.connectors[0].session.transaction.csms_id is not None


def test_a_trigger_before_the_first_answer_is_refused():
    """§4.2: no other request before the BootNotification was answered, whoever asks for it."""
    charger = Charger()
    charger.backend.silent = True
    charger.run(1)
    for wanted in ("Heartbeat", "StatusNotification", "MeterValues"):
        assert charger.status_of("TriggerMessage", {"requestedMessage": wanted}) == "Rejected"
    charger.run(5)
    assert charger.actions() == ["BootNotification"]
