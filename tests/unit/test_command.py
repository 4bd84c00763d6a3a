# heap: chip + 88k, a backlog in RAM, all frames kept
import json

from firmware.ocpp.v16 import data_transfer, parked
from tests.unit.station_rig import ready


def session(charger, connector=1):
    return charger.connectors[connector - 1].session


def remote_start(charger, id_tag="TAG", **more):
    more["idTag"] = id_tag
    return charger.status_of("RemoteStartTransaction", more)


def availability(charger, number, kind):
    return charger.status_of("ChangeAvailability", {"connectorId": number, "type": kind})


# --- RemoteStartTransaction -----------------------------------------------------------------


def test_remote_start_cable_first():
    """§5.11, AuthorizeRemoteTxRequests false: immediately, without Authorize."""
    charger = ready()
    charger.plug()
    charger.run(1)
    mark = charger.mark()
    assert remote_start(charger) == "Accepted"
    charger.until(lambda: charger.words() == ["Charging"])
    assert "Authorize" not in charger.actions(mark)
    assert charger.calls("StartTransaction")[0]["idTag"] == "TAG"


def test_remote_start_first_and_its_timeout():
    """TC_011_1, TC_011_2."""
    charger = ready(keys={"ConnectionTimeOut": "30"})
    assert remote_start(charger, connectorId=1) == "Accepted"
    charger.run(10, 100)
    charger.plug()
    charger.until(lambda: charger.words() == ["Charging"])
    charger = ready(keys={"ConnectionTimeOut": "30"})
    assert remote_start(charger, connectorId=1) == "Accepted"
    charger.run(31, 100)
    assert charger.words() == ["Available"]
    charger.plug()
    charger.run(10)
    assert charger.calls("StartTransaction") == []


def test_remote_start_may_have_to_be_authorised():
    """§5.11, AuthorizeRemoteTxRequests true: as a local action would be."""
    for status, begins in (("Accepted", True), ("Blocked", False)):
        charger = ready(keys={"AuthorizeRemoteTxRequests": "true"})
        charger.backend.tags["TAG"] = {"status": status}
        charger.plug()
        charger.run(1)
        assert remote_start(charger) == "Accepted"
        charger.run(15)
        actions = charger.actions()
        assert "Authorize" in actions
        assert ("StartTransaction" in actions) == begins


def test_the_answer_comes_before_what_it_causes():
    """§5.11: Upon receipt SHALL reply; then the transaction."""
    charger = ready()
    charger.plug()
    charger.run(3)
    mark = charger.mark()
    remote_start(charger)
    charger.run(10)
    assert charger.frames[mark].kind == 3


def test_remote_start_is_rejected_where_nothing_can_start():
    """TC_026, TC_027, TC_046..: occupied, connector 0, unknown, inoperative, faulted, no idTag."""
    charger = ready(connectors=2)
    for number in (0, 3, -1, 99):
        assert remote_start(charger, connectorId=number) == "Rejected"
    assert remote_start(charger, id_tag="") == "Rejected"
    charger.charge()
    assert remote_start(charger, connectorId=1) == "Rejected"
    availability(charger, 2, "Inoperative")
    assert remote_start(charger, connectorId=2) == "Rejected"
    assert remote_start(charger) == "Rejected"
    charger = ready()
    charger.rigs[0].hw.ground.sound = False
    charger.run(1)
    assert remote_start(charger) == "Rejected"
    charger = ready()
    assert remote_start(charger) == "Accepted"
    assert remote_start(charger) == "Rejected"  # one is waiting for its car already
    charger = ready()
    charger.backend.override["Authorize"] = None
    charger.swipe("CARD")
    assert remote_start(charger) == "Rejected"  # a card is being asked about


def test_remote_start_prefers_the_connector_with_a_car():
    """§5.11: without a connectorId the charge point is in control of the selection."""
    charger = ready(connectors=3)
    charger.plug(2)
    charger.run(1)
    assert remote_start(charger) == "Accepted"
    charger.run(1)
    assert session(charger, 2).transaction is not None or session(charger, 2).id_tag == "TAG"


def test_a_profile_is_ignored():
    """§5.11: without Smart Charging this parameter SHOULD be ignored."""
    charger = ready()
    schedule = {
        "chargingRateUnit": "A",
        "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 10}],
    }
    profile = {
        "chargingProfileId": 1,
        "stackLevel": 0,
        "chargingProfilePurpose": "TxProfile",
        "chargingProfileKind": "Relative",
        "chargingSchedule": schedule,
    }
    assert remote_start(charger, chargingProfile=profile) == "Accepted"


# --- RemoteStopTransaction ------------------------------------------------------------------


def test_remote_stop():
    """§5.12, TC_012, TC_028."""
    charger = ready()
    assert charger.status_of("RemoteStopTransaction", {"transactionId": 41}) == "Rejected"
    charger.charge()
    for number in (40, 0, -1):
        assert charger.status_of("RemoteStopTransaction", {"transactionId": number}) == "Rejected"
    assert charger.status_of("RemoteStopTransaction", {"transactionId": 41}) == "Accepted"
    charger.run(15)
    assert charger.calls("StopTransaction")[0]["reason"] == "Remote"
    assert charger.words() == ["Finishing"]
    assert not charger.rigs[0].hw.lock.position
    assert charger.status_of("RemoteStopTransaction", {"transactionId": 41}) == "Rejected"


# --- ChangeAvailability ---------------------------------------------------------------------


def test_availability_of_a_connector():
    """§5.2: told by a StatusNotification; the same again is Accepted."""
    charger = ready(connectors=2)
    mark = charger.mark()
    assert availability(charger, 1, "Inoperative") == "Accepted"
    assert availability(charger, 1, "Inoperative") == "Accepted"
    assert availability(charger, 1, "Operative") == "Accepted"
    assert charger.statuses(1, mark) == ["Unavailable", "Available"]
    assert charger.statuses(2, mark) == charger.statuses(0, mark) == []
    assert availability(charger, 3, "Operative") == "Rejected"
    assert availability(charger, -1, "Operative") == "Rejected"


def test_availability_of_the_station():
    """§5.2: ConnectorId 0: the charge point and all connectors."""
    charger = ready(connectors=2)
    mark = charger.mark()
    assert availability(charger, 0, "Inoperative") == "Accepted"
    for number in (0, 1, 2):
        assert charger.statuses(number, mark) == ["Unavailable"]
    assert remote_start(charger) == "Rejected"
    mark = charger.mark()
    assert availability(charger, 2, "Operative") == "Accepted"
    assert charger.statuses(2, mark) == ["Available"]
    assert remote_start(charger, connectorId=2) == "Accepted"  # what is Available can be used
    assert availability(charger, 0, "Operative") == "Accepted"
    charger.run(1)
    assert charger.statuses(0, mark) == ["Available"]


def test_availability_waits_for_the_transaction():
    """§5.2: Scheduled while a transaction is in progress."""
    charger = ready(connectors=2)
    charger.charge()
    assert availability(charger, 1, "Inoperative") == "Scheduled"
    assert availability(charger, 1, "Operative") == "Accepted"
    assert availability(charger, 0, "Inoperative") == "Scheduled"
    charger.run(1)
    assert charger.words() == ["Charging", "Unavailable"]
    charger.swipe()
    charger.run(15)
    assert charger.words() == ["Unavailable", "Unavailable"]
    charger.unplug()
    charger.run(1)
    assert charger.words() == ["Unavailable", "Unavailable"]


def test_availability_outlives_a_reboot():
    """§4.9, §5.2: Unavailable SHALL persist a reboot, a scheduled one too."""
    charger = ready(connectors=2)
    charger.charge()
    availability(charger, 1, "Inoperative")
    again = ready(connectors=2, settings=charger.settings)
    assert (again.statuses(0), again.statuses(1)[-1]) == (["Available"], "Unavailable")
    assert again.statuses(2) == ["Available"]
    availability(again, 0, "Inoperative")
    again = ready(connectors=2, settings=again.settings)
    assert [again.statuses(n)[-1] for n in (0, 1, 2)] == ["Unavailable"] * 3
    availability(again, 0, "Operative")
    again = ready(connectors=2, settings=again.settings)
    assert [again.statuses(n)[-1] for n in (0, 1, 2)] == ["Available"] * 3


def test_a_plugged_car_is_let_go():
    """§4.9: Preparing has no direct way to Unavailable; the offer of a card ends."""
    charger = ready()
    charger.plug()
    charger.run(1)
    mark = charger.mark()
    availability(charger, 1, "Inoperative")
    charger.run(1)
    assert charger.statuses(1, mark) == ["Available", "Unavailable"]
    charger.run(5)
    assert not charger.rigs[0].hw.lock.position
    availability(charger, 1, "Operative")
    charger.run(1)
    assert charger.words() == ["Preparing"]
    charger = ready()
    charger.swipe()
    charger.run(1)
    availability(charger, 1, "Inoperative")
    charger.plug()
    charger.run(10)
    assert charger.calls("StartTransaction") == []


# --- Reset ----------------------------------------------------------------------------------


def test_reset_when_idle():
    """§5.14: SHALL respond; the answer is on its way before the reboot."""
    for kind in ("Soft", "Hard"):
        charger = ready()
        assert charger.status_of("Reset", {"type": kind}) == "Accepted"
        charger.run(0.2)
        assert charger.reboots == 0
        charger.run(1)
        assert charger.reboots == 1


def test_reset_sends_the_bill_first():
    """§5.14: SHALL send a StopTransaction for any ongoing transaction before the reset."""
    charger = ready(connectors=2)
    charger.charge(1)
    charger.charge(2, "TWO")
    charger.send("Reset", {"type": "Soft"})
    charger.until(lambda: charger.reboots == 1)
    assert [s["reason"] for s in charger.calls("StopTransaction")] == ["SoftReset"] * 2
    assert charger.outbox.pending == 0


def test_reset_does_not_wait_for_ever():
    """§5.14: without a StopTransaction.conf it SHALL be queued."""
    charger = ready()
    charger.charge()
    charger.backend.override["StopTransaction"] = None
    charger.send("Reset", {"type": "Hard"})
    charger.run(58, 50)
    assert charger.reboots == 0
    charger.run(5, 50)
    assert charger.reboots == 1


def test_reset_offline_waits_for_the_meter_alone():
    charger = ready()
    charger.charge()
    charger.send("Reset", {"type": "Soft"})
    charger.run(0.1)
    charger.link(False)
    charger.until(lambda: charger.reboots == 1, 20)
    assert charger.outbox.pending == 1


def test_nothing_begins_while_a_reset_waits():
    charger = ready(connectors=2)
    charger.charge()
    charger.backend.override["StopTransaction"] = None
    charger.send("Reset", {"type": "Soft"})
    charger.run(5)
    assert remote_start(charger, connectorId=2) == "Rejected"
    charger.swipe("CARD", 2)
    charger.run(1)
    assert {"idTag": "CARD"} not in charger.calls("Authorize")
    charger.run(20)
    assert charger.status_of("Reset", {"type": "Hard"}) == "Accepted"
    charger.run(36, 50)
    assert charger.reboots == 1  # asked twice, and not later for that


def test_a_reset_that_fails_is_retried():
    """§9.1.22 ResetRetries; §7.6 ResetFailure. The rig's reboot() returns: it has failed."""
    charger = ready()
    charger.configure("ResetRetries", "3")
    charger.send("Reset", {"type": "Hard"})
    charger.run(60, 50)
    assert charger.reboots == 4
    last = charger.calls("StatusNotification")[-1]
    assert (last["connectorId"], last["errorCode"]) == (0, "ResetFailure")
    assert remote_start(charger) == "Accepted"


# --- UnlockConnector ------------------------------------------------------------------------


def test_unlock_without_a_transaction():
    charger = ready()
    assert charger.status_of("UnlockConnector", {"connectorId": 1}) == "Unlocked"


def test_unlock_ends_the_transaction():
    """§5.18: finish the transaction first; answered when the plug is free."""
    charger = ready()
    charger.charge()
    assert charger.rigs[0].hw.lock.position
    message_id = charger.send("UnlockConnector", {"connectorId": 1})
    charger.run(0.1)
    assert charger.reply(message_id) is None
    charger.until(lambda: charger.reply(message_id) is not None)
    assert charger.reply(message_id) == {"status": "Unlocked"}
    assert not charger.rigs[0].hw.lock.position
    assert not charger.rigs[0].hw.contactor.contact
    charger.run(5)
    assert charger.calls("StopTransaction")[0]["reason"] == "UnlockCommand"


def test_unlock_takes_the_offer_back():
    """A card whose transaction has not begun holds the plug no longer."""
    charger = ready()
    charger.plug()
    charger.run(1)
    charger.meters = False
    charger.run(11, 20)
    charger.swipe()
    charger.run(3)
    assert charger.rigs[0].hw.lock.position
    message_id = charger.send("UnlockConnector", {"connectorId": 1})
    charger.until(lambda: charger.reply(message_id) is not None, 30)
    assert charger.reply(message_id) == {"status": "Unlocked"}


def test_unlock_frees_a_held_cable():
    """§5.18, UnlockConnectorOnEVSideDisconnect false: the operator frees the cable, also when he
    asks before the end has been billed."""
    for wait_s in (0.1, 20):
        charger = ready(keys={"UnlockConnectorOnEVSideDisconnect": "false"})
        charger.charge()
        charger.rigs[0].car.letter = "A"
        charger.run(wait_s)
        assert charger.rigs[0].hw.lock.position
        answer = charger.ask("UnlockConnector", {"connectorId": 1}, 10)
        assert answer == {"status": "Unlocked"}
        assert not charger.rigs[0].hw.lock.position


def test_unlock_that_fails():
    """Erratum 3.87: UnlockFailed: tried, and detected that it is still locked."""
    charger = ready()
    charger.charge()
    charger.rigs[0].hw.lock.jammed = True
    message_id = charger.send("UnlockConnector", {"connectorId": 1})
    charger.until(lambda: charger.reply(message_id) is not None, 30)
    assert charger.reply(message_id) == {"status": "UnlockFailed"}


def test_nothing_to_unlock():
    """Erratum 3.87: no lock, or an unknown ConnectorId: NotSupported."""
    charger = ready()
    for number in (0, 2, -1):
        assert charger.status_of("UnlockConnector", {"connectorId": number}) == "NotSupported"
    charger = ready(socket=False)
    assert charger.status_of("UnlockConnector", {"connectorId": 1}) == "NotSupported"


# --- the rest -------------------------------------------------------------------------------


def test_without_a_cache_nothing_is_cleared():
    """Erratum 3.23."""
    assert ready().status_of("ClearCache") == "Rejected"


def test_data_transfer():
    """§4.3: no implementation for the vendorId: UnknownVendorId, no data; for the message:
    UnknownMessageId."""
    charger = ready()
    answer = charger.ask("DataTransfer", {"vendorId": "com.example", "data": "x"})
    assert answer == {"status": "UnknownVendorId"}
    for message_id in ("", "Nope", "parkedmessages"):
        assert transfer(charger, message_id) == {"status": "UnknownMessageId"}
    answer = charger.ask("DataTransfer", {"vendorId": data_transfer.VENDOR})
    assert answer == {"status": "UnknownMessageId"}


def transfer(charger, message_id, data=None):
    request = {"vendorId": data_transfer.VENDOR, "messageId": message_id}
    if data is not None:
        request["data"] = data
    return charger.ask("DataTransfer", request)


def parked_key(charger):
    answer = charger.ask("GetConfiguration", {"key": [parked.KEY]})
    assert answer["configurationKey"][0]["readonly"]
    return answer["configurationKey"][0]["value"]


def test_what_is_parked_is_seen_and_sent_again():
    """A Stop the CSMS has refused for good: told, listed, reinjected, delivered once."""
    charger = ready(keys={"TransactionMessageAttempts": "1"})
    assert parked_key(charger) == "0"
    charger.charge()
    charger.backend.override["StopTransaction"] = "InternalError"
    charger.swipe()
    charger.until(lambda: charger.outbox.parked == 1)
    number, _, transaction, _, _ = next(charger.outbox.parked_messages())
    text = "1; %d StopTransaction of %d: InternalError"
    assert parked_key(charger) == text % (number, transaction)
    answer = transfer(charger, "ParkedMessages")
    assert answer["status"] == "Accepted"
    assert json.loads(answer["data"]) == {
        "count": 1,
        "more": False,
        "messages": [[number, "StopTransaction", transaction, "InternalError", ""]],
    }
    page = json.loads(transfer(charger, "ParkedMessages", str(number))["data"])
    assert page == {"count": 1, "more": False, "messages": []}
    for data in (None, "", "x", "-1", "1.5", str(number + 1), "9" * 30):
        assert transfer(charger, "Reinject", data) == {"status": "Rejected"}, data
    assert transfer(charger, "ParkedMessages", "x") == {"status": "Rejected"}
    del charger.backend.override["StopTransaction"]
    stops = charger.sent("StopTransaction")
    assert transfer(charger, "Reinject", str(number)) == {"status": "Accepted"}
    charger.until(lambda: not charger.outbox.pending)
    again = charger.sent("StopTransaction")
    assert len(again) == len(stops) + 1 and again[-1].id == stops[0].id
    assert again[-1].payload == stops[0].payload
    assert parked_key(charger) == "0"
    assert transfer(charger, "Reinject", str(number)) == {"status": "Rejected"}


def test_the_operator_may_give_up_on_silence():
    """ParkUnansweredAfter: a message that is never answered is parked, the next one follows; by
    default it is said for ever."""
    for after in ("0", "2"):
        charger = ready(keys={"ParkUnansweredAfter": after, "MessageTimeout": "1"})
        charger.charge()
        charger.backend.override["StopTransaction"] = None
        charger.swipe()
        charger.run(20)
        assert charger.outbox.parked == (after == "2")
        assert (len(charger.sent("StopTransaction")) == 2) is (after == "2")
        assert charger.outbox.pending == (after == "0")


def test_many_parked_messages_fit_their_key_and_come_in_pages():
    """KeyValue.value is a CiString500; a page has 10."""
    charger = ready(keys={"TransactionMessageAttempts": "1"})
    charger.backend.override["MeterValues"] = "PropertyConstraintViolation"
    charger.configure("MeterValueSampleInterval", "1")
    charger.charge()
    charger.until(lambda: charger.outbox.parked >= 23)
    charger.frames.clear()
    text = parked_key(charger)
    assert text.startswith("%d; " % charger.outbox.parked) and 400 < len(text) <= 500
    seen, after = [], 0
    for more in (True, True, False):
        page = json.loads(transfer(charger, "ParkedMessages", str(after))["data"])
        assert len(page["messages"]) == 10 or not more
        assert page["more"] is more
        seen += [message[0] for message in page["messages"]]
        after = seen[-1]
    assert seen == sorted(set(seen)) and len(seen) == charger.outbox.parked
