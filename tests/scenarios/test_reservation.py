"""Reservation over the wire: made, used, refused, expired, cancelled; of one connector, of
connector 0 and for a group; and what a power cut leaves of it."""

from datetime import timedelta

from tests.scenarios.conftest import TAG, charger
from tools.csms_backend import utc

OTHER = "DEADBEEF"
ACCEPTED = {"status": "Accepted"}
REJECTED = {"status": "Rejected"}
GROUP = {"status": "Accepted", "parentIdTag": "FAMILY"}
TWO = {"connectors": 2}


def reserve(rig, number=1, connector=1, tag=TAG, seconds=600, **more):
    """-> the status of the answer"""
    expiry = utc(rig.utc() + timedelta(seconds=seconds))
    answer = rig.csms.call(
        "ReserveNow",
        connectorId=connector,
        expiryDate=expiry,
        idTag=tag,
        reservationId=number,
        **more,
    )
    return answer["status"]


def cancel(csms, number=1):
    return csms.call("CancelReservation", reservationId=number)


def inoperative(csms, connector):
    assert csms.call("ChangeAvailability", connectorId=connector, type="Inoperative") == ACCEPTED
    csms.status("Unavailable", connector)


def strangers(bench, csms, connector=1, tag=OTHER):
    """A card without a right to it gets nothing, and nobody is asked about it."""
    bench.swipe(tag, connector)
    bench.never(6, connector, coil=True)
    csms.none("Authorize", idTag=tag)
    csms.none("StartTransaction", idTag=tag)


def begin(rig, connector=1, number=1):
    """The session of the reservation, plug first (which leaves it Reserved, 4.9 G2), up to
    Charging; its Start names it."""
    rig.register[connector] = rig.bench.connector(connector)["meter_wh"]
    rig.bench.plug(connector)
    rig.bench.never(3, connector, ocpp_status="Preparing")
    rig.bench.swipe(TAG, connector)
    rig.csms.status("Preparing", connector)
    rig.csms.expect("StartTransaction", connectorId=connector, idTag=TAG, reservationId=number)
    rig.charging(connector)


def used(rig, number=1):
    """The session of the reservation, which ends it."""
    begin(rig, 1, number)
    rig.finish()
    assert cancel(rig.csms, number) == REJECTED


def test_tc_046_1_reservation_local_start(rig, csms, card, car, bench, power):
    """OCTT TC_046_1: Reserved, kept over a power cut; another card gets nothing; the idTag of the
    reservation is presented, a car plugged in: StartTransaction with the reservationId."""
    assert reserve(rig, 46) == "Accepted"
    csms.status("Reserved")
    power.cut()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Reserved")
    strangers(bench, csms)
    rig.register[1] = bench.connector()["meter_wh"]
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    csms.status("Preparing")
    car.plug()
    csms.expect("StartTransaction", connectorId=1, idTag=TAG, reservationId=46)
    rig.charging()
    bench.run(5)
    rig.finish()
    rig.leave()
    csms.status("Available")


def test_tc_046_2_reservation_remote_start(rig, csms, car, bench):
    """OCTT TC_046_2: RemoteStartTransaction of another idTag is Rejected, of the right one
    Accepted; the StartTransaction has the reservationId."""
    assert reserve(rig, 46) == "Accepted"
    csms.status("Reserved")
    assert csms.call("RemoteStartTransaction", connectorId=1, idTag=OTHER) == REJECTED
    assert csms.call("RemoteStartTransaction", idTag=OTHER) == REJECTED
    rig.register[1] = bench.connector()["meter_wh"]
    assert csms.call("RemoteStartTransaction", connectorId=1, idTag=TAG) == ACCEPTED
    csms.status("Preparing")
    car.plug()
    csms.expect("StartTransaction", connectorId=1, idTag=TAG, reservationId=46)
    rig.charging()
    bench.run(5)
    rig.finish()


def test_tc_047_reservation_expires(rig, csms, bench, power):
    """OCTT TC_047: at expiryDate the connector is Available again, for everybody; one that
    expired while the power was off is over when the clock is known."""
    assert reserve(rig, 47, seconds=30) == "Accepted"
    csms.status("Reserved")
    bench.run(20)
    csms.none("StatusNotification", status="Available")
    csms.status("Available")
    assert cancel(csms, 47) == REJECTED
    assert reserve(rig, 48, seconds=20) == "Accepted"
    csms.status("Reserved")
    power.cut()
    bench.run(30)
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Available")
    assert cancel(csms, 48) == REJECTED
    start = rig.begin(tag=OTHER)
    assert "reservationId" not in start.payload
    rig.finish(tag=OTHER)


@charger(keys={"AllowOfflineTxForUnknownId": "true", "WebSocketPingInterval": "5"})
def test_tc_047_reservation_holds_and_expires_offline(rig, net, csms, car, bench):
    """OCPP 1.6 5.13 without a link: a stranger is refused while it lasts, and served after."""
    assert reserve(rig, 47, seconds=90) == "Accepted"
    csms.status("Reserved")
    net.cut("reset")
    bench.until(online=False, timeout=60)
    car.plug()
    strangers(bench, csms)
    assert bench.connector()["ocpp_status"] == "Reserved"
    bench.until(ocpp_status="Preparing", timeout=100)
    bench.swipe(OTHER)
    bench.until(contactor=True)
    net.mend()
    start = csms.expect("StartTransaction", timeout=150, idTag=OTHER)
    assert "reservationId" not in start.payload


def test_tc_047_offer_lapses_reservation_stays(rig, csms, card, bench):
    """ConnectionTimeOut: without a transaction the reservation has not been used."""
    assert csms.call("ChangeConfiguration", key="ConnectionTimeOut", value="10") == ACCEPTED
    assert reserve(rig, 47) == "Accepted"
    csms.status("Reserved")
    card.swipe(TAG)
    csms.status("Preparing")
    csms.status("Reserved")
    used(rig, number=47)


def test_tc_048_1_reserve_faulted(rig, csms, bench):
    """OCTT TC_048_1: a faulted connector: Faulted."""
    bench.fault("ground")
    csms.status("Faulted")
    assert reserve(rig) == "Faulted"
    assert cancel(csms) == REJECTED


def test_tc_048_2_reserve_occupied(rig, csms, car, bench):
    """OCTT TC_048_2: a connector in use, or reserved already: Occupied."""
    assert reserve(rig, 1) == "Accepted"
    csms.status("Reserved")
    assert reserve(rig, 2, tag=OTHER) == reserve(rig, 2) == "Occupied"
    used(rig)
    assert reserve(rig, 2) == "Occupied"  # Finishing
    rig.leave()
    csms.status("Available")
    car.plug()
    csms.status("Preparing")
    assert reserve(rig, 2) == "Occupied"


def test_tc_048_3_reserve_unavailable(rig, csms):
    """OCTT TC_048_3: an inoperative connector: Unavailable; and one that becomes so ends its
    reservation (5.13)."""
    assert reserve(rig, 1) == "Accepted"
    csms.status("Reserved")
    inoperative(csms, 1)
    assert reserve(rig, 2) == "Unavailable"
    assert csms.call("ChangeAvailability", connectorId=1, type="Operative") == ACCEPTED
    csms.status("Available")
    assert cancel(csms, 1) == REJECTED


def test_tc_048_4_reserve_rejected(rig, csms):
    """OCTT TC_048_4: what cannot be kept is Rejected: a date in the past, no such connector."""
    assert reserve(rig, seconds=-60) == "Rejected"
    assert reserve(rig, connector=2) == "Rejected"
    answer = csms.ask(
        "ReserveNow",
        {
            "connectorId": -1,
            "expiryDate": "2099-01-01T00:00:00Z",
            "idTag": "A",
            "reservationId": 1,
        },
    )
    assert answer.code == "PropertyConstraintViolation"
    csms.none("StatusNotification")


@charger(**TWO)
def test_tc_049_reserve_connector_0(rig, csms, bench, power):
    """OCTT TC_049: no connector of its own, but one remains: the last one is Reserved, over a
    power cut too; used at whichever connector, the Start has the reservationId."""
    assert reserve(rig, 49, 0) == "Accepted"
    bench.run(3)
    csms.none("StatusNotification")
    rig.begin(2, OTHER)
    csms.status("Reserved", 1)
    strangers(bench, csms, 1, "THIRD")
    power.cut()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.expect("StopTransaction", reason="PowerLoss")
    csms.status("Reserved", 1)
    begin(rig, 1, 49)
    csms.mark()
    rig.leave(2)
    csms.status("Available", 2)
    bench.swipe(TAG, 1)
    csms.expect("StopTransaction", reason="Local")


@charger(**TWO)
def test_tc_050_1_reserve_connector_0_faulted(rig, csms, bench):
    """OCTT TC_050_1: every connector faulted: Faulted."""
    for number in (1, 2):
        bench.fault("ground", connector=number)
        csms.status("Faulted", number)
    assert reserve(rig, connector=0) == "Faulted"


@charger(**TWO)
def test_tc_050_2_reserve_connector_0_occupied(rig, csms, bench):
    """OCTT TC_050_2: every connector in use or reserved: Occupied."""
    bench.plug(1)
    csms.status("Preparing", 1)
    assert reserve(rig, 1, 0) == "Accepted"
    csms.status("Reserved", 2)
    assert reserve(rig, 2, 0, OTHER) == reserve(rig, 2, 2, OTHER) == "Occupied"


@charger(**TWO)
def test_tc_050_3_reserve_connector_0_unavailable(rig, csms):
    """OCTT TC_050_3: the charge point set inoperative: Unavailable."""
    inoperative(csms, 0)
    assert reserve(rig, connector=0) == "Unavailable"


@charger(keys={"ReserveConnectorZeroSupported": "false"})
def test_tc_050_4_reserve_connector_0_rejected(rig, csms):
    """OCTT TC_050_4: ReserveConnectorZeroSupported false: Rejected."""
    assert reserve(rig, connector=0) == "Rejected"
    assert reserve(rig, connector=1) == "Accepted"
    csms.status("Reserved")


def test_tc_051_cancel(rig, csms, power):
    """OCTT TC_051: Accepted, and Available again for everybody; it does not come back after a
    power cut."""
    assert reserve(rig, 51) == "Accepted"
    csms.status("Reserved")
    assert cancel(csms, 51) == ACCEPTED
    csms.status("Available")
    power.cut()
    power.restore()
    csms.expect("BootNotification", 60)
    csms.status("Available")
    start = rig.begin(tag=OTHER)
    assert "reservationId" not in start.payload
    rig.finish(tag=OTHER)


def test_tc_052_cancel_rejected(rig, csms, bench):
    """OCTT TC_052: an id nobody has reserved with: Rejected, what is reserved stays."""
    assert cancel(csms, 52) == REJECTED
    assert reserve(rig, 1) == "Accepted"
    csms.status("Reserved")
    assert cancel(csms, 52) == REJECTED
    bench.run(2)
    assert bench.connector()["ocpp_status"] == "Reserved"


@charger(tags={TAG: GROUP})
def test_tc_053_parent_id_tag(rig, csms, car, card, bench):
    """OCTT TC_053: reserved for a group: another card of it is asked about and used, the Start has
    the reservationId; a card that is not of it gets nothing."""
    assert reserve(rig, 53, tag="OWNER", parentIdTag="FAMILY") == "Accepted"
    csms.status("Reserved")
    rig.register[1] = bench.connector()["meter_wh"]
    car.plug()
    card.swipe(OTHER)
    csms.expect("Authorize", idTag=OTHER)
    bench.never(6, coil=True)
    assert csms.call("RemoteStartTransaction", connectorId=1, idTag=OTHER) == ACCEPTED
    csms.expect("Authorize", idTag=OTHER)
    bench.never(6, coil=True)
    card.swipe(TAG)
    csms.expect("Authorize", idTag=TAG)
    csms.status("Preparing")
    csms.expect("StartTransaction", idTag=TAG, reservationId=53)
    rig.charging()
    bench.run(5)
    rig.finish()


@charger(keys={"LocalPreAuthorize": "true", "WebSocketPingInterval": "5"})
def test_tc_053_parent_id_tag_offline(rig, net, csms, car, bench):
    """OCPP 1.6 5.13 without a link: the local list says who is of the group."""
    entries = [
        {"idTag": tag, "idTagInfo": {"status": "Accepted", "parentIdTag": parent}}
        for tag, parent in ((TAG, "FAMILY"), (OTHER, "NEIGHBOURS"))
    ]
    answer = csms.call(
        "SendLocalList", listVersion=1, updateType="Full", localAuthorizationList=entries
    )
    assert answer == ACCEPTED
    assert reserve(rig, 53, tag="OWNER", parentIdTag="family") == "Accepted"
    csms.status("Reserved")
    assert csms.call("RemoteStartTransaction", idTag=OTHER) == REJECTED
    net.cut("reset")
    bench.until(online=False, timeout=60)
    car.plug()
    strangers(bench, csms)
    bench.swipe(TAG)
    bench.until(contactor=True)
    net.mend()
    csms.expect("StartTransaction", timeout=150, idTag=TAG, reservationId=53)


@charger(board={"shared_reader": True}, **TWO)
def test_reservation_and_one_reader(rig, csms, bench):
    """One reader for two connectors: the card of the reservation goes to its connector, whoever
    waits at the other one; a stranger's never does."""
    assert reserve(rig, 7, 2) == "Accepted"
    csms.status("Reserved", 2)
    bench.plug(2)
    bench.plug(1)
    csms.status("Preparing", 1)
    bench.swipe(TAG)
    csms.expect("StartTransaction", connectorId=2, idTag=TAG, reservationId=7)
    bench.swipe(OTHER)
    csms.expect("StartTransaction", connectorId=1, idTag=OTHER)
