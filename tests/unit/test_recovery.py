# heap: chip + 416k, flashes in RAM, a day's frames
"""What a power cut leaves of a transaction, phase by phase, and how it ends."""

from firmware.ocpp.timestamp import parse_time
from tests.unit.day_rig import Box, World
from tests.unit.flash_rig import Cut
from tests.unit.station_rig import NOON

PERIODIC = "MeterValueSampleInterval"


def full(*_):
    raise OSError(28, "full")


def cut(*_):
    raise Cut


def charging(online=True, seconds=40, connectors=1, **keys):
    """A world in which connector 1 charges."""
    box = Box(World(connectors), online)
    for key in keys:
        assert box.settings.change(key, keys[key])
    box.run(1.5, 50)
    box.plug()
    box.run(1, 50)
    box.swipe()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)
    return box.run(seconds, 100)


def again(box, online=True, seconds=4, **how):
    """Power off, power on."""
    box = Box(box.power_off(), online)
    for name in how:
        setattr(box, name, how[name])
    return box.run(seconds, 100)


def said(box, action):
    return [payload for _, name, payload in box.world.said if name == action]


def only_stop(box):
    """The only one, of the only Start, exact where the meter answers."""
    box.until(box.idle, 60, 100)
    starts, stops = said(box, "StartTransaction"), said(box, "StopTransaction")
    assert len(starts) == 1 and len(stops) == 1, stops
    assert stops[0]["meterStop"] >= starts[0]["meterStart"]
    assert parse_time(stops[0]["timestamp"]) >= parse_time(starts[0]["timestamp"]) >= NOON
    for value in said(box, "MeterValues"):
        wh = int(value["meterValue"][0]["sampledValue"][0]["value"])
        assert stops[0]["meterStop"] >= wh
        assert value["transactionId"] == stops[0]["transactionId"]
    if box.meters:
        assert stops[0]["meterStop"] == box.energy_mwh[0] // 1000
    # Nothing of it comes back, however often it boots.
    for _ in range(2):
        box = again(box, seconds=12)
        assert len(said(box, "StopTransaction")) == 1
        assert not box.outbox.unfinished() and not box.outbox.pending
    return stops[0]


def test_power_loss_while_charging():
    for online in (True, False):
        for clock in (True, False):
            box = again(charging(online), clock)
            stop = only_stop(again(box))
            assert (stop["reason"], stop["idTag"]) == ("PowerLoss", "TAG")
            assert stop["transactionId"] == 41


def test_cut_between_the_start_and_its_note():
    for online in (True, False):
        box = Box(World(1), online)
        box.run(1.5, 50)
        box.plug()
        box.swipe()
        box.outbox.note = cut
        try:
            box.run(10, 50)
            raise ValueError("there was no note")
        except Cut:
            pass
        stop = only_stop(again(box))
        assert stop["reason"] == "PowerLoss"


def test_cut_after_the_stop_was_asked_for():
    """Its own reason, idTag and time, over more than one cut; resumed it is not."""
    for online in (True, False):
        for cuts in (1, 2, 3):
            box = charging(online, ResumeWindow="60")
            asked = NOON + box.now // 1000
            box.swipe()
            box.tick(20)
            assert box.connectors[0].session.stopping
            for _ in range(cuts - 1):
                box = again(box, False, 0.1, meters=False)
            stop = only_stop(again(box))
            assert (stop["reason"], stop["idTag"]) == ("Local", "TAG")
            late = parse_time(stop["timestamp"]) - asked
            # Offline the clock was never set: late by the time without power, no more.
            assert -2 <= late <= (2 if online else 62 * cuts), late


def test_cut_after_the_stop_was_kept():
    box = charging(False)
    box.swipe()
    box.until(lambda: box.connectors[0].session.transaction is None, 30, 20)
    stop = only_stop(again(box))
    assert stop["reason"] == "Local"


def test_resumed_when_the_car_is_still_there():
    for online in (True, False):
        box = again(charging(online, ResumeWindow="60"), online, 10)
        session = box.connectors[0].session
        assert box.rigs[0].facts.closed and session.transaction is not None
        assert session.transaction.csms_id == (41 if online else None)
        box.run(40, 100)
        box.swipe()
        box.run(5, 100)
        stop = only_stop(again(box))
        assert stop["reason"] == "Local" and stop["meterStop"] > 1200


def test_resumed_again_and_again():
    box = charging(ResumeWindow="60")
    for _ in range(4):
        box = again(box, True, 20)
        assert box.rigs[0].facts.closed
    box.unplug()
    stop = only_stop(box)
    assert stop["reason"] == "EVDisconnected" and stop["transactionId"] == 41


def test_remote_stop_after_a_resume():
    box = again(charging(ResumeWindow="60"), True, 10)
    assert box.status_of("RemoteStopTransaction", {"transactionId": 99}) == "Rejected"
    assert box.status_of("RemoteStopTransaction", {"transactionId": 41}) == "Accepted"
    assert only_stop(box)["reason"] == "Remote"


def test_the_data_of_a_resumed_transaction():
    """What was sampled for its Stop before is lost, and nothing breaks."""
    box = again(charging(ResumeWindow="60"), True, 40)
    box.swipe()
    data = only_stop(box)["transactionData"]
    assert [v["sampledValue"][0]["context"] for v in data][-1] == "Transaction.End"


def test_nobody_there_within_the_window():
    for late in (False, True):
        box = charging(ResumeWindow="30")
        box.unplug()
        box.world.cars = ["A"]
        box = again(box, True, 25)
        assert box.connectors[0].session.transaction is not None
        assert not said(box, "StopTransaction")
        box.run(8, 100)
        if late:
            box.plug()
            box.run(20, 100)
            assert not box.rigs[0].facts.closed
        assert only_stop(box)["reason"] == "PowerLoss"


def test_a_car_that_comes_back_within_the_window():
    box = charging(ResumeWindow="30")
    box.world.cars = ["A"]
    box = again(box, True, 10)
    assert not box.rigs[0].facts.closed
    box.plug()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)
    box.run(5, 100)
    box.swipe()
    assert only_stop(box)["reason"] == "Local"


def test_stopped_while_it_waits_for_its_car():
    box = charging(ResumeWindow="60")
    box.world.cars = ["A"]
    box = again(box, True, 5)
    box.swipe()
    stop = only_stop(box)
    assert stop["reason"] == "Local"


def test_a_mute_meter_bills_what_was_noted_last():
    box = again(charging(seconds=70), seconds=12, meters=False)
    values = [v["meterValue"][0]["sampledValue"] for v in said(box, "MeterValues")]
    assert len(values) == 2
    assert only_stop(box)["meterStop"] == int(values[-1][0]["value"])


def test_a_mute_meter_and_a_reading_that_was_asked_for():
    """A triggered MeterValues says more than the session has seen: so much is billed at least."""
    box = charging(seconds=10)
    box.readings[0].energy_wh += 3
    wanted = {"requestedMessage": "MeterValues", "connectorId": 1}
    assert box.station.call("TriggerMessage", wanted, box.now) == {"status": "Accepted"}
    box.station.tick(box.now)
    box = again(box, seconds=12, meters=False)
    assert said(box, "MeterValues")
    only_stop(box)


def test_its_connector_is_no_more():
    """Another board, a changed configuration: billed as noted, never forgotten."""
    box = charging(False, connectors=2)
    box.plug(2)
    box.run(1, 50)
    box.swipe("OTHER", 2)
    box.until(lambda: box.rigs[1].facts.closed, 20, 50)
    box.run(40, 100)
    noted = box.connectors[1].session.transaction.meter_start_wh
    world = box.power_off()
    world.cars, world.energy_mwh = world.cars[:1], world.energy_mwh[:1]
    box = Box(world, True).run(20, 100)
    stops = {stop["idTag"]: stop for stop in said(box, "StopTransaction")}
    assert len(stops) == 2 == len(said(box, "StopTransaction"))
    assert stops["TAG"]["meterStop"] == world.energy_mwh[0] // 1000
    assert stops["OTHER"]["reason"] == "PowerLoss" and stops["OTHER"]["meterStop"] > noted
    box = again(box)
    assert len(said(box, "StopTransaction")) == 2 and not box.outbox.unfinished()


def test_a_start_that_is_never_confirmed():
    """Erratum 3.18: the rest goes out under -1, also over a power cut."""
    box = Box(World(1), True)
    box.world.override["StartTransaction"] = "InternalError"
    for key, value in (("TransactionMessageAttempts", "1"), (PERIODIC, "0")):
        assert box.settings.change(key, value)
    box.run(1.5, 50)
    box.plug()
    box.swipe()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)
    box.run(5, 100)
    assert box.outbox.parked == 1
    box = again(box, seconds=10)
    stops = said(box, "StopTransaction")
    assert [(s["reason"], s["transactionId"]) for s in stops] == [("PowerLoss", -1)]
    assert stops[0]["meterStop"] == box.energy_mwh[0] // 1000
    assert len(said(again(box), "StopTransaction")) == 1


def test_a_refused_card_gets_no_energy_after_a_power_cut():
    box = Box(World(1), True)
    answer = {"transactionId": 7, "idTagInfo": {"status": "Blocked"}}
    box.world.override["StartTransaction"] = answer
    for key, value in (("StopTransactionOnInvalidId", "false"), ("ResumeWindow", "60")):
        assert box.settings.change(key, value)
    box.run(1.5, 50)
    box.plug()
    box.swipe()
    box.run(12, 50)
    assert box.connectors[0].session.suspended
    wh = box.energy_mwh[0] // 1000
    box = again(box, seconds=15)
    assert box.connectors[0].session.transaction is not None
    assert not box.rigs[0].facts.closed and box.energy_mwh[0] // 1000 == wh
    box.unplug()
    box.run(3, 100)
    assert [s["meterStop"] for s in said(box, "StopTransaction")] == [wh]


def test_no_note_before_its_start():
    """The store refuses the Start for a while: after a cut there is no Stop without one."""
    for healed in (False, True):
        box = Box(World(1), True)
        box.run(1.5, 50)
        put = box.outbox.put_billable
        box.outbox.put_billable = full
        box.plug()
        box.swipe()
        session = box.connectors[0].session
        while session.transaction is None:
            box.tick(50)
        box.run(8, 50)
        assert not box.rigs[0].facts.closed, "no energy that a power cut could make free"
        if healed:
            box.outbox.put_billable = put
            box.run(8, 50)
            assert box.rigs[0].facts.closed
        box = again(box, seconds=12)
        stops = said(box, "StopTransaction")
        assert len(stops) == len(said(box, "StartTransaction")) == healed
        assert not healed or stops[0]["meterStop"] == box.energy_mwh[0] // 1000


def test_a_session_that_ends_before_its_start_is_kept():
    box = Box(World(1), True)
    box.run(1.5, 50)
    put, box.outbox.put_billable = box.outbox.put_billable, full
    box.plug()
    box.swipe()
    box.run(8, 50)
    box.unplug()
    box.run(5, 50)
    assert box.connectors[0].session.transaction is None
    box.outbox.put_billable = put
    box.run(5, 50)
    assert len(said(box, "StartTransaction")) == len(said(box, "StopTransaction")) == 1
    box.plug()
    box.swipe()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)


def test_a_note_that_found_no_room_is_kept_later():
    box = Box(World(1), True)
    box.run(1.5, 50)
    note = box.outbox.note
    box.outbox.note = full
    box.plug()
    box.swipe()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)
    assert not box.outbox.pending, "confirmed: the Start itself tells nothing any more"
    box.outbox.note = note
    box.run(3, 50)
    assert only_stop(again(box))["reason"] == "PowerLoss"


def test_a_parked_stop_is_a_stop():
    """Its Start is said once more by the operator: no second Stop is made of that at a boot."""
    box = Box(World(1), True)
    for action in ("StartTransaction", "StopTransaction"):
        box.world.override[action] = "InternalError"
    for key, value in (("TransactionMessageAttempts", "1"), (PERIODIC, "0")):
        assert box.settings.change(key, value)
    box.run(1.5, 50)
    box.plug()
    box.swipe()
    box.until(lambda: box.rigs[0].facts.closed, 20, 50)
    box.swipe()
    box.until(lambda: box.outbox.parked == 2, 30, 50)
    box.link(False)
    box.outbox.reinject(next(box.outbox.parked_messages())[0])
    box = again(box, False)
    assert not box.outbox.unfinished()
    assert (box.outbox.pending, box.outbox.parked) == (1, 1)
