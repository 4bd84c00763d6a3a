"""Registration: BootNotification, its answers, the statuses after it, the clock (OCPP 1.6 4.2,
4.6)."""

import pytest

from tests.scenarios.conftest import EPOCH, TAG, charger

IDENTITY = {
    "vendor": "Wallbox & Sons",
    "model": 'Model "7"',
    "serial": "SN-0001/x",
    "firmware": "9.9.9-rc1",
}


@charger(identity=IDENTITY, booted=False, connectors=2)
def test_tc_001_boot_says_who_it_is(csms, bench):
    """The identity goes verbatim into BootNotification; after Accepted 0 and every connector
    are told (3.22)."""
    boot = csms.expect("BootNotification", 60)
    assert boot.payload["chargePointVendor"] == IDENTITY["vendor"]
    assert boot.payload["chargePointModel"] == IDENTITY["model"]
    assert boot.payload["chargePointSerialNumber"] == IDENTITY["serial"]
    assert boot.payload["chargeBoxSerialNumber"] == IDENTITY["serial"]
    assert boot.payload["firmwareVersion"] == IDENTITY["firmware"]
    assert csms.calls()[0] is boot, "nothing is said before it"
    for number in (0, 1, 2):
        csms.expect(
            "StatusNotification", connectorId=number, status="Available", errorCode="NoError"
        )
    state = bench.until(boot="Accepted", queue=0)
    assert state["online"] and state["parked"] == 0
    assert not any(one["coil"] or one["contactor"] for one in state["connectors"])


@charger(cpid="CP 1/ü", booted=False)
def test_identity_in_the_url(csms):
    """OCPP-J 3.1.1: the identity is percent-encoded in the URL; the subprotocol is ocpp1.6."""
    csms.expect("BootNotification", 60)
    link = csms.links[0]
    assert link["path"] == "/ocpp/CP%201%2F%C3%BC"
    assert link["subprotocol"] == "ocpp1.6" and link["authorization"] is None


@charger(
    password="0123456789abcdef",
    keys={"AuthorizationKey": "0123456789abcdef", "SecurityProfile": "1"},
)
def test_basic_auth(csms):
    """OCPP-J 6.2: the charge point shows identity and key as Basic credentials."""
    assert csms.links[0]["authorization"].startswith("Basic ")


@charger(password=bytes(range(20)), keys={"AuthorizationKey": bytes(range(20)).hex()})
def test_basic_auth_with_a_binary_key(csms):
    """OCPP-J 6.2: a key of 40 hexadecimal digits stands for its 20 bytes."""
    assert csms.online


@charger(boots=[("Pending", 20)], booted=False)
def test_tc_002_pending(car, card, csms, bench):
    """OCPP 1.6 4.2: while Pending nothing is asked for on its own; calls are answered; it asks
    again in `interval`."""
    csms.expect("BootNotification", 60)
    bench.until(boot="Pending")
    card.swipe(TAG)
    bench.run(8)
    assert len(csms.calls()) == 1, "nothing before it is accepted"
    answer = csms.call("GetConfiguration", key=["NumberOfConnectors"])
    assert answer["configurationKey"][0]["value"] == "1"
    csms.expect("BootNotification", 20)
    csms.status("Available", 0)
    csms.status("Available", 1)
    first, second = csms.calls("BootNotification")
    assert bench.state()["clock_ms"] and second.payload == first.payload


@charger(boots=[("Pending", 600)], booted=False)
def test_tc_002_pending_is_called_by_trigger(csms, bench):
    """OCPP 1.6 4.2: a Pending charge point may be asked for its BootNotification by
    TriggerMessage."""
    csms.expect("BootNotification", 60)
    bench.until(boot="Pending")
    assert csms.call("TriggerMessage", requestedMessage="BootNotification") == {
        "status": "Accepted"
    }
    csms.expect("BootNotification", 10)
    bench.until(boot="Accepted")
    csms.status("Available", 1)


@charger(boots=[("Rejected", 30)], booted=False)
def test_rejected_is_silent(csms, bench):
    """OCPP 1.6 4.2: a Rejected charge point sends nothing until the interval is over."""
    csms.expect("BootNotification", 60)
    bench.until(boot="Rejected")
    bench.run(25)
    assert len(csms.calls()) == 1
    csms.expect("BootNotification", 20)
    csms.status("Available", 1)


@charger(boots=[("Pending", 0)], booted=False)
def test_interval_0_is_its_own(csms, bench):
    """OCPP 1.6 4.2: with interval 0 the charge point waits as it sees fit, without flooding."""
    csms.expect("BootNotification", 60)
    bench.until(boot="Pending")
    bench.run(8)
    assert len(csms.calls()) == 1
    csms.expect("BootNotification", 300)


@charger(interval_s=20)
def test_heartbeat(rig, csms, bench):
    """OCPP 1.6 4.6: Heartbeat after `interval` of BootNotification.conf in which nothing else
    was said."""
    csms.expect("Heartbeat", 30)
    csms.expect("Heartbeat", 30)
    beats = csms.calls("Heartbeat")
    assert beats[1].at - beats[0].at > 15 / csms.speed
    rig.begin()
    rig.finish()


def test_clock_is_the_backends(rig, csms, bench):
    """OCPP 1.6 4.2: the clock is set from currentTime; event times are UTC."""
    start = rig.begin()
    assert start.payload["timestamp"].startswith(EPOCH.strftime("%Y-%m-%dT06:0"))
    assert bench.state()["utc"].startswith(EPOCH.strftime("%Y-%m-%dT06:0"))
    rig.finish()


@pytest.mark.parametrize("how", ["drop", "reset"])
@charger(keys={"WebSocketPingInterval": "5", "MessageTimeout": "5"})
def test_tc_035_no_second_boot_on_reconnect(net, csms, bench, how):
    """OCPP-J 5.4: a mere reconnect is no reason for a BootNotification, nor for statuses that
    did not change."""
    net.cut(how)
    bench.until(online=False, timeout=60)
    bench.run(10)
    net.mend()
    csms.expect_link(2)
    bench.until(online=True, timeout=90)
    bench.run(20)
    csms.none("BootNotification")


@charger(booted=False)
def test_backend_is_away_at_first(rig, csms, bench):
    """A charge point that finds nobody keeps trying, with pauses that grow, and boots when
    there is one."""
    csms.expect("BootNotification", 60)
    csms.refuse = 503
    csms.drop()
    bench.until(online=False)
    bench.run(60)
    csms.refuse = None
    csms.expect_link(2, 120)
