from firmware.ocpp.timestamp import parse_time
from tests.unit.station_rig import Charger, ready


def test_the_words_of_a_session():
    """§4.9: each change is told, in order."""
    charger = ready()
    charger.charge()
    charger.swipe()
    charger.run(15)
    charger.unplug()
    charger.run(1)
    assert charger.statuses() == [
        "Available",
        "Preparing",
        "Charging",
        "Finishing",
        "Available",
    ]


def test_a_status_carries_the_time_of_its_change():
    """§6.47 timestamp: the time for which the status is reported."""
    charger = ready(keys={"MinimumStatusDuration": "10"})
    charger.run(20)
    charger.plug()
    changed = charger.now // 1000
    charger.run(15)
    last = charger.calls("StatusNotification")[-1]
    assert last["status"] == "Preparing"
    assert 0 <= parse_time(last["timestamp"]) - charger.backend.at - changed <= 1


def test_minimum_status_duration():
    """§4.9: MAY omit a status that was active for less time than MinimumStatusDuration."""
    charger = ready(keys={"MinimumStatusDuration": "5"})
    mark = charger.mark()
    charger.plug()
    charger.run(3)
    charger.unplug()
    charger.run(10)
    assert charger.statuses(1, mark) == []
    charger.plug()
    charger.run(10)
    assert charger.statuses(1, mark) == ["Preparing"]


def test_after_an_outage_the_present_is_told_not_the_history():
    """§4.9: with its current status if the status changed while offline; no historical ones."""
    charger = ready(connectors=2)
    mark = charger.mark()
    charger.link(False)
    charger.plug(1)
    charger.run(2)
    charger.unplug(1)
    charger.run(2)
    charger.plug(2)
    charger.run(2)
    charger.link(True)
    charger.run(2)
    assert charger.statuses(1, mark) == []
    assert charger.statuses(2, mark) == ["Preparing"]
    assert charger.statuses(0, mark) == []


def test_a_status_on_its_way_when_the_link_breaks_is_told_again():
    charger = ready()
    charger.backend.silent = True
    charger.plug()
    charger.run(1)
    charger.link(False)
    charger.backend.silent = False
    mark = charger.mark()
    charger.link(True)
    charger.run(2)
    assert charger.statuses(1, mark) == ["Preparing"]


def test_unsaid_statuses_do_not_come_late():
    """§4.9: SHOULD NOT send historical status changes: not those that were queued either."""
    charger = ready()
    charger.backend.silent = True
    charger.plug()
    charger.run(2)
    charger.swipe()
    charger.unplug()
    charger.run(2)
    charger.plug()
    charger.run(2)
    charger.unplug()
    charger.link(False)
    charger.run(70)
    charger.backend.silent = False
    mark = charger.mark()
    charger.link(True)
    charger.run(2)
    assert charger.statuses(1, mark) == ["Available"]


def test_a_status_lost_in_silence_is_repeated():
    charger = ready()
    charger.backend.override["StatusNotification"] = None
    charger.plug()
    charger.run(31, 100)
    del charger.backend.override["StatusNotification"]
    mark = charger.mark()
    charger.run(70, 100)
    assert charger.statuses(1, mark) == ["Preparing"]


def test_a_backend_that_refuses_statuses_is_not_flooded():
    for number in (0, 1):
        charger = ready()
        charger.backend.override["StatusNotification"] = "InternalError"
        mark = charger.mark()
        charger.plug()
        asked = {"requestedMessage": "StatusNotification", "connectorId": number}
        charger.status_of("TriggerMessage", asked)
        charger.run(300, 100)
        assert 2 <= len(charger.calls("StatusNotification", mark)) <= 14
        mark = charger.mark()
        charger.unplug()
        charger.run(1)
        assert charger.statuses(1, mark) == ["Available"]  # a change is told at once


def test_a_fault_is_reported():
    """TC_041: errorCode with the status, our own name of it in vendorErrorCode."""
    charger = ready()
    charger.rigs[0].hw.ground.sound = False
    charger.run(2)
    last = charger.calls("StatusNotification")[-1]
    assert (last["status"], last["errorCode"]) == ("Faulted", "GroundFailure")
    assert last["vendorErrorCode"] == "ProtectiveConductor"


def test_connector_0_is_not_touched_by_its_connectors():
    """§4.9: ConnectorId 0 has no direct connection to the status of the connectors."""
    charger = ready()
    mark = charger.mark()
    charger.rigs[0].hw.ground.sound = False
    charger.run(2)
    charger.rigs[0].hw.ground.sound = True
    charger.run(70, 20)
    assert charger.statuses(0, mark) == []


def test_pulled_at_the_car():
    """§4.9: Finishing SHOULD say why: EV side disconnected."""
    charger = ready()
    charger.charge()
    charger.rigs[0].car.letter = "A"  # the cable stays in the socket
    charger.run(20)
    last = charger.calls("StatusNotification")[-1]
    assert (last["status"], last["info"]) == ("Finishing", "EV side disconnected")
    assert charger.calls("StopTransaction")[0]["reason"] == "EVDisconnected"


def test_pulled_at_the_car_without_a_stop():
    """§4.10 StopTransactionOnEVSideDisconnect false: not stopped; plugged again, it goes on."""
    charger = ready()
    charger.configure("StopTransactionOnEVSideDisconnect", "false")
    charger.charge()
    charger.rigs[0].car.letter = "A"
    charger.run(20)
    last = charger.calls("StatusNotification")[-1]
    assert last["status"] == "SuspendedEV"
    assert (last["errorCode"], last["info"]) == ("NoError", "EV side disconnected")
    assert charger.rigs[0].hw.lock.position
    charger.rigs[0].car.letter = "B"
    charger.until(lambda: charger.words() == ["Charging"])
    assert charger.calls("StopTransaction") == []


def test_a_car_that_stayed_plugged_over_a_reboot():
    """Erratum 3.22: the current status: not Available for the blink of an eye."""
    charger = Charger()
    charger.plug()
    charger.run(3)
    assert charger.statuses() == ["Preparing"]


def test_no_status_before_acceptance():
    charger = Charger()
    charger.backend.status = "Pending"
    charger.plug()
    charger.run(5)
    assert charger.statuses() == []
    charger.backend.status = "Accepted"
    charger.status_of("TriggerMessage", {"requestedMessage": "BootNotification"})
    charger.run(2)
    assert charger.statuses() == ["Preparing"]
