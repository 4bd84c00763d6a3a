# heap: chip + 176k, slots in RAM, all frames kept
"""TriggerMessage (5.17): every message, every connector."""

from tests.unit.station_rig import Charger
from tests.unit.station_rig import ready as core
from tests.unit.test_firmware_management import DIAGNOSTICS, FIRMWARE, sender
from tests.unit.update_rig import held, ready

ALL = (
    "BootNotification",
    DIAGNOSTICS,
    FIRMWARE,
    "Heartbeat",
    "MeterValues",
    "StatusNotification",
)


def trigger(charger, wanted, number=None):
    """The answer, and what followed: (action, connectorId)."""
    request = {"requestedMessage": wanted}
    if number is not None:
        request["connectorId"] = number
    mark = charger.mark()
    status = charger.status_of("TriggerMessage", request)
    charger.run(1)
    calls = [frame for frame in charger.frames[mark:] if frame.kind == 2]
    return status, [(call.action, call.payload.get("connectorId")) for call in calls]


def triggered(box, wanted):
    assert box.charger.status_of("TriggerMessage", {"requestedMessage": wanted}) == "Accepted"
    box.run(0.3, 20)
    return box.told(wanted)[-1]


def test_every_message_on_every_connector():
    """5.17: the requested message is leading: a connectorId that is not relevant to it is ignored;
    one that is relevant and absent means all allowed values."""
    charger = ready(connectors=2).charger
    everywhere = {
        "BootNotification": ("Rejected", []),  # erratum 3.35: it is accepted already
        DIAGNOSTICS: ("Accepted", [(DIAGNOSTICS, None)]),
        FIRMWARE: ("Accepted", [(FIRMWARE, None)]),
        "Heartbeat": ("Accepted", [("Heartbeat", None)]),
    }
    for number in (None, 0, 1, 2, 3, -1, 1 << 40):
        for wanted in everywhere:
            assert trigger(charger, wanted, number) == everywhere[wanted], (wanted, number)
    status, meter = "StatusNotification", "MeterValues"
    assert trigger(charger, status) == ("Accepted", [(status, 0), (status, 1), (status, 2)])
    assert trigger(charger, meter) == ("Accepted", [(meter, 1), (meter, 2)])
    for number in (0, 1, 2):
        assert trigger(charger, status, number) == ("Accepted", [(status, number)])
    for number in (1, 2):
        assert trigger(charger, meter, number) == ("Accepted", [(meter, number)])
    assert trigger(charger, meter, 0) == ("Rejected", [])  # there is no main meter
    for number in (3, -1, 1 << 40):
        assert trigger(charger, status, number) == ("Rejected", [])
        assert trigger(charger, meter, number) == ("Rejected", [])


def test_what_is_not_implemented_here():
    """5.17: unknown or not implemented: NotImplemented."""
    charger = core()
    for wanted in (DIAGNOSTICS, FIRMWARE):
        assert trigger(charger, wanted) == ("NotImplemented", [])
    assert charger.ask("TriggerMessage", {"requestedMessage": "StartTransaction"}) in (
        "PropertyConstraintViolation",
        "FormationViolation",
    )


def test_nothing_before_the_first_answer_of_the_backend():
    """4.2: no other request before BootNotification has been answered."""
    box = ready()
    charger = Charger(plant=None)
    charger.backend.silent = True
    charger.run(1)
    for wanted in ("Heartbeat", "MeterValues", "StatusNotification"):
        assert trigger(charger, wanted) == ("Rejected", [])
    box.off()
    box.boot()
    box.charger.backend.silent = True
    box.run(1)
    for wanted in ALL[1:]:
        assert trigger(box.charger, wanted) == ("Rejected", [])


def test_while_pending_every_message_may_be_asked_for():
    box = ready()
    box.off()
    box.boot()
    box.charger.backend.status = "Pending"
    box.charger.backend.interval = 600
    box.run(5)
    for wanted in ALL:
        answer, said = trigger(box.charger, wanted)
        assert answer == "Accepted" and {action for action, _ in said} == {wanted}


def test_the_firmware_status_of_each_moment():
    """7.25: Idle when nothing is done, else what is true now; a trigger is not a change."""
    box = held()
    assert triggered(box, FIRMWARE) == "Downloaded"
    box.charger.unplug()
    box.until(box.finished, 120, 20)
    assert triggered(box, FIRMWARE) == "Idle"
    assert box.told().count("Downloaded") == 2 and box.finals() == ["Installed"]
    box.server.faults = ["404"] * 2
    box.ask(retrieveDate="2026-01-01T14:02:00Z", retries=1, retryInterval=60)
    assert triggered(box, FIRMWARE) == "Idle"  # its time has not come
    box.until(lambda: box.told()[-1] == "Downloading", 200)
    box.run(5)
    assert triggered(box, FIRMWARE) == "Downloading"  # between two attempts
    box.until(lambda: len(box.finals()) == 2)
    box.run(1)
    assert triggered(box, FIRMWARE) == "Idle"


def test_the_firmware_status_on_trial():
    box = ready()
    box.status = "Pending"
    box.ask()
    box.until(lambda: box.tree == "a")
    box.run(5)
    assert triggered(box, FIRMWARE) == "Installing"


def test_the_diagnostics_status_of_each_moment():
    """7.24"""
    box = sender()
    assert triggered(box, DIAGNOSTICS) == "Idle"
    box.server.faults = ["no"]
    box.diagnose(retryInterval=20)
    box.run(3)
    assert triggered(box, DIAGNOSTICS) == "Uploading"
    box.until(lambda: "Uploaded" in box.told(DIAGNOSTICS))
    box.run(1)
    assert triggered(box, DIAGNOSTICS) == "Idle"
