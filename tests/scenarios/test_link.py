"""The link goes, silently or with a reset, and comes back: nothing billed is lost, doubled or
out of order."""

from datetime import datetime

import pytest

from tests.scenarios.conftest import TAG, charger

# A dead link is noticed by the ping, within WebSocketPingInterval + MessageTimeout.
KEYS = {
    "WebSocketPingInterval": "5",
    "MessageTimeout": "5",
    "MeterValueSampleInterval": "10",
    "AllowOfflineTxForUnknownId": "true",
}
WAYS = pytest.mark.parametrize("how", ["drop", "reset"])


def seconds(timestamp):
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()


def moments(frames):
    """The event time of each transaction message, in the order it was said."""
    for frame in frames:
        if frame.action in ("StartTransaction", "StopTransaction"):
            yield seconds(frame.payload["timestamp"])
        elif frame.action == "MeterValues" and "transactionId" in frame.payload:
            yield seconds(frame.payload["meterValue"][0]["timestamp"])


def first_tellings(csms):
    """Calls of transactions without their repetitions."""
    seen, frames = set(), []
    for frame in csms.calls():
        if (
            frame.action in ("StartTransaction", "StopTransaction", "MeterValues")
            and frame.id not in seen
        ):
            seen.add(frame.id)
            frames.append(frame)
    return frames


@WAYS
@charger(keys=KEYS)
def test_tc_036_link_lost_while_charging(rig, net, csms, bench, how):
    """OCTT TC_036: the car goes on charging; the MeterValues of the outage come afterwards, in
    order."""
    rig.begin()
    bench.run(12)
    net.cut(how)
    bench.until(online=False, timeout=60)
    bench.run(30)
    assert bench.connector()["contactor"], "a lost link is no reason to stop"
    at = len(csms.frames)
    net.mend()
    bench.until(online=True, timeout=120)
    bench.until(queue=0, timeout=60)
    csms.none("BootNotification", at)
    late = csms.calls("MeterValues", at, transactionId=1)
    assert len(late) >= 3, "the values of the outage are told"
    times = list(moments(first_tellings(csms)))
    assert times == sorted(times)
    rig.finish()


@WAYS
@charger(keys=KEYS)
def test_tc_038_stop_while_offline(rig, net, csms, bench, how):
    """OCTT TC_038: stopped offline: StopTransaction comes with the time it happened, and the
    bill is right."""
    start = rig.begin()
    bench.run(12)
    net.cut(how)
    bench.until(online=False, timeout=60)
    bench.swipe(TAG)
    stopped = bench.until(contactor=False)
    bench.run(30)
    net.mend()
    stop = csms.expect("StopTransaction", timeout=150, transactionId=1)
    assert abs(seconds(stop.payload["timestamp"]) - seconds(stopped["utc"])) <= 4
    assert seconds(start.payload["timestamp"]) < seconds(stop.payload["timestamp"])
    rig.right()
    bench.until(queue=0, timeout=60)
    assert len({frame.id for frame in csms.calls("StopTransaction")}) == 1


@WAYS
@charger(keys=KEYS)
def test_tc_039_whole_session_offline(rig, net, csms, bench, how):
    """OCTT TC_039: a whole transaction offline: Start, MeterValues and Stop follow in order,
    with the times of the events, under the id the backend gives then."""
    net.cut(how)
    bench.until(online=False, timeout=60)
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=30)
    rig.register[1] = 0
    bench.run(35)
    bench.swipe(TAG)
    bench.until(contactor=False)
    rig.leave()
    bench.run(3)
    assert not csms.calls("StartTransaction") and bench.state()["queue"] >= 4
    net.mend()
    csms.expect("StartTransaction", timeout=150, meterStart=0)
    csms.expect("MeterValues", transactionId=1)
    stop = csms.expect("StopTransaction", transactionId=1)
    bill = rig.right()
    assert bill.wh > 100 and seconds(bill.stopped) - seconds(bill.started) > 30
    times = list(moments(first_tellings(csms)))
    assert times == sorted(times) and stop.payload["meterStop"] == bill.meter_stop
    bench.until(queue=0)
    for word in ("Preparing", "Charging", "Finishing"):
        csms.none("StatusNotification", connectorId=1, status=word)


@charger(keys=dict(KEYS, AllowOfflineTxForUnknownId="false"))
def test_unknown_card_while_offline(rig, net, car, card, csms, bench):
    """OCPP 1.6 9.1.1, AllowOfflineTxForUnknownId false: an unknown card starts nothing offline."""
    net.cut("reset")
    bench.until(online=False, timeout=60)
    car.plug()
    card.swipe(TAG)
    bench.never(20, coil=True)
    net.mend()
    bench.until(online=True, timeout=120)
    csms.none("StartTransaction")


@charger(keys=KEYS)
def test_tc_037_3_offline_card_turns_out_invalid(rig, net, csms, bench):
    """OCTT TC_037_3: the backend refuses an offline start: the transaction is stopped,
    DeAuthorized."""
    csms.tags = {TAG: "Invalid"}
    net.cut("reset")
    bench.until(online=False, timeout=60)
    rig.register[1] = 0
    bench.plug(1)
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=30)
    bench.run(10)
    net.mend()
    csms.expect("StartTransaction", timeout=150)
    csms.expect("StopTransaction", transactionId=1, reason="DeAuthorized")
    rig.right()


@WAYS
@charger(keys=KEYS)
def test_only_the_present_status_after_an_outage(rig, net, csms, bench, how):
    """OCPP 1.6 4.9: after an outage the present status is told, not the history."""
    net.cut(how)
    bench.until(online=False, timeout=60)
    bench.plug(1)
    bench.until(ocpp_status="Preparing")
    bench.run(3)
    bench.unplug(1)
    bench.until(ocpp_status="Available")
    bench.plug(1)
    bench.until(ocpp_status="Preparing")
    at = len(csms.frames)
    net.mend()
    csms.status("Preparing", timeout=150)
    bench.run(10)
    told = [
        frame.payload["status"] for frame in csms.calls("StatusNotification", at, connectorId=1)
    ]
    assert told == ["Preparing"]


@charger(keys=KEYS)
def test_link_that_flaps(rig, net, csms, bench):
    """A link that comes and goes for a while: one Start, one Stop, all values, the bill right."""
    rig.begin()
    for _ in range(4):
        net.cut("reset")
        bench.run(7)
        net.mend()
        bench.run(9)
    assert bench.connector()["contactor"]
    bench.swipe(TAG)
    csms.expect("StopTransaction", timeout=150)
    rig.right()
    assert len(csms.ledger.transactions) == 1
    bench.until(queue=0, timeout=90)


@charger(keys=KEYS, connectors=2)
def test_two_connectors_offline_in_one_order(rig, net, csms, bench):
    """OCPP 1.6 3.7: transaction messages leave in the order of their events, over all
    connectors."""
    net.cut("reset")
    bench.until(online=False, timeout=60)
    for number, tag in ((1, TAG), (2, "DEADBEEF")):
        rig.register[number] = 0
        bench.plug(number)
        bench.swipe(tag, number)
        bench.until(number, contactor=True, timeout=30)
        bench.run(3)
    bench.run(12)
    bench.swipe("DEADBEEF", 2)
    bench.until(2, contactor=False)
    bench.run(5)
    bench.swipe(TAG, 1)
    bench.until(1, contactor=False)
    net.mend()
    csms.expect("StartTransaction", timeout=150, connectorId=1)
    csms.expect("StartTransaction", connectorId=2)
    csms.expect("StopTransaction", transactionId=2)
    csms.expect("StopTransaction", transactionId=1)
    rig.right(1, 1)
    rig.right(2, 2)
    times = list(moments(first_tellings(csms)))
    assert times == sorted(times)
