"""Reservation of a connector: who may use it, how it begins and how it ends."""

from firmware.ocpp.rpc import CallError
from firmware.ocpp.v16 import rooms
from firmware.store import id_merge
from tests.unit.disk_rig import Files
from tests.unit.id_rig import RamFiles
from tests.unit.reservation_rig import FAMILY, begun, cancel, request, reserve, start
from tests.unit.station_rig import NOON, Charger, ready


def test_reserved_and_used_with_a_card():
    """5.13: Accepted; A7: Reserved; G2: the identity is presented; 4.8: the StartTransaction that
    ends it has its id, the next one has none."""
    charger = ready()
    assert reserve(charger, 77) == "Accepted"
    charger.run(0.1)
    assert charger.statuses()[-1] == "Reserved"
    charger.swipe("vip")
    charger.run(1)
    assert charger.words() == ["Preparing"]
    charger.plug()
    charger.until(lambda: charger.words() == ["Charging"])
    assert begun(charger) == [("vip", 77)]
    assert cancel(charger, 77) == "Rejected"
    charger.swipe("VIP")
    charger.until(lambda: charger.words() == ["Finishing"])
    charger.unplug()
    charger.run(2)
    assert charger.words() == ["Available"]
    charger.charge(id_tag="VIP")
    assert begun(charger) == [("vip", 77), ("VIP", None)]


def test_a_stranger_gets_nothing():
    """5.13: refuse charging for all incoming idTags but that of the reservation: no Authorize, no
    offer, no transaction; his plug leaves the word as it is (4.9: G2 is presentation)."""
    charger = ready()
    reserve(charger)
    mark = charger.mark()
    for plugged in (False, True):
        if plugged:
            charger.plug()
            charger.run(2)
        charger.swipe("STRANGER")
        charger.run(3)
        assert charger.connectors[0].session.id_tag is None
    assert start(charger, "STRANGER", 1) == start(charger, "STRANGER") == "Rejected"
    charger.run(3)
    assert charger.actions(mark).count("Authorize") == 0
    assert begun(charger) == [] and not charger.rigs[0].facts.locked
    assert charger.statuses()[-1] == "Reserved"
    charger.unplug()
    charger.run(2)
    assert charger.words() == ["Reserved"]
    charger.charge(id_tag="VIP")
    assert begun(charger) == [("VIP", 1)]


def test_the_owner_plugs_first():
    charger = ready()
    reserve(charger, 5)
    charger.plug()
    charger.run(2)
    assert charger.words() == ["Reserved"]
    charger.swipe("VIP")
    charger.until(lambda: charger.words() == ["Charging"])
    assert begun(charger) == [("VIP", 5)]
    assert charger.statuses()[-3:] == ["Reserved", "Preparing", "Charging"]


def test_an_unauthorised_owner():
    """A reservation is no authorization (5.13 recommends to ask before the start)."""
    charger = ready()
    charger.backend.tags["VIP"] = {"status": "Blocked"}
    reserve(charger)
    charger.plug()
    charger.swipe("VIP")
    charger.run(5)
    assert begun(charger) == [] and charger.words() == ["Reserved"]


def test_remote_start_of_the_owner():
    """5.11 and 4.8: Accepted, and its id is in the StartTransaction; without a connectorId the
    reserved one is taken, plugged cars elsewhere or not."""
    charger = ready(connectors=2)
    reserve(charger, 9, 2)
    charger.plug(1)
    charger.run(1)
    assert start(charger, "OTHER", 2) == "Rejected"
    assert start(charger, "VIP") == "Accepted"
    charger.plug(2)
    charger.until(lambda: charger.words()[1] == "Charging")
    assert begun(charger, 1) == [] and begun(charger, 2) == [("VIP", 9)]


def test_remote_start_of_another_goes_elsewhere():
    charger = ready(connectors=2)
    reserve(charger, 9, 1)
    assert start(charger, "OTHER") == "Accepted"
    charger.plug(2)
    charger.until(lambda: charger.words()[1] == "Charging")
    assert charger.words()[0] == "Reserved" and begun(charger, 2) == [("OTHER", None)]
    assert start(charger, "OTHER") == "Rejected"


def test_used_elsewhere_it_stays():
    """3.11: released when the idTag is used on the reserved connector."""
    charger = ready(connectors=2)
    reserve(charger, 9, 1)
    charger.charge(2, "VIP")
    assert begun(charger, 2) == [("VIP", None)] and charger.words()[0] == "Reserved"
    assert cancel(charger, 9) == "Accepted"


def test_the_offer_lapses_and_the_reservation_stays():
    """ConnectionTimeOut: no transaction, so nothing has ended the reservation."""
    for remote in (False, True):
        charger = ready(keys={"ConnectionTimeOut": "10"})
        reserve(charger, 3)
        if remote:
            assert start(charger, "VIP") == "Accepted"
        else:
            charger.swipe("VIP")
        charger.run(1)
        assert charger.words() == ["Preparing"]
        charger.run(11)
        assert charger.words() == ["Reserved"]
        assert charger.statuses()[-3:] == ["Preparing", "Available", "Reserved"]
        charger.charge(id_tag="VIP")
        assert begun(charger) == [("VIP", 3)]


def test_it_expires():
    """5.13: at expiryDate it is terminated and the connector is told to be Available (G1)."""
    charger = ready()
    reserve(charger, seconds=30)
    charger.run(28, 100)
    assert charger.words() == ["Reserved"]
    charger.run(4, 100)
    assert charger.statuses()[-2:] == ["Reserved", "Available"]
    assert cancel(charger) == "Rejected"
    charger.charge(id_tag="STRANGER")
    assert begun(charger) == [("STRANGER", None)]


def test_it_expires_while_the_owner_is_on_his_way():
    """What was offered stands; the Start names no reservation any more."""
    charger = ready()
    reserve(charger, seconds=5)
    charger.swipe("VIP")
    charger.run(8)
    charger.plug()
    charger.until(lambda: charger.words() == ["Charging"])
    assert begun(charger) == [("VIP", None)]


def test_it_holds_and_expires_offline():
    charger = ready(keys={"AllowOfflineTxForUnknownId": "true"})
    reserve(charger, 4, seconds=60)
    charger.link(False)
    charger.plug()
    charger.swipe("STRANGER")
    charger.run(5)
    assert charger.connectors[0].session.transaction is None
    charger.run(60, 100)
    assert charger.words() == ["Preparing"]
    charger.swipe("STRANGER")
    charger.until(lambda: charger.words() == ["Charging"])
    charger.link(True)
    charger.run(5)
    assert begun(charger) == [("STRANGER", None)]


def test_it_is_used_offline():
    charger = ready(keys={"AllowOfflineTxForUnknownId": "true"})
    reserve(charger, 4)
    charger.link(False)
    charger.plug()
    charger.swipe("VIP")
    charger.until(lambda: charger.words() == ["Charging"])
    charger.link(True)
    charger.run(5)
    assert begun(charger) == [("VIP", 4)]


def test_cancel():
    """5.1: a matching id Accepted, any other Rejected; G1."""
    charger = ready()
    reserve(charger, 12)
    assert cancel(charger, 13) == "Rejected"
    assert charger.words() == ["Reserved"]
    assert cancel(charger, 12) == "Accepted"
    charger.run(0.1)
    assert charger.statuses()[-1] == "Available"
    assert cancel(charger, 12) == "Rejected"


def test_refused_with_the_status_of_the_connector():
    """5.13, 7.40: Faulted, Occupied, Unavailable; Rejected for what cannot be kept."""
    charger = ready(connectors=2)
    charger.rigs[0].hw.ground.sound = False
    charger.run(2)
    assert reserve(charger, connector=1) == "Faulted"
    charger.rigs[0].hw.ground.sound = True
    charger.until(lambda: charger.words()[0] == "Available", 120, 100)
    charger.status_of("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    assert reserve(charger, connector=1) == "Unavailable"
    charger.status_of("ChangeAvailability", {"connectorId": 1, "type": "Operative"})
    charger.connectors[0].withdrawn = True
    assert reserve(charger, connector=1) == "Unavailable"
    charger.connectors[0].withdrawn = False
    for word in ("Preparing", "Charging", "Finishing"):
        if word == "Preparing":
            charger.plug()
        else:
            charger.swipe("TAG")
        charger.until(lambda word=word: charger.words()[0] == word)
        assert reserve(charger, connector=1) == "Occupied", word
    charger.unplug()
    charger.run(2)
    charger.swipe("TAG")
    charger.run(1)
    assert reserve(charger, connector=1) == "Occupied"  # an offer is usage initiated (A2)
    assert reserve(charger, connector=2) == "Accepted"
    assert reserve(charger, 2, 2) == reserve(charger, 2, 2, "OTHER") == "Occupied"
    for how in ({"connector": 3}, {"seconds": -2}, {"seconds": -999}, {"id_tag": ""}):
        assert reserve(charger, 5, **how) == "Rejected", how
    charger.status_of("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    charger.status_of("ChangeAvailability", {"connectorId": 2, "type": "Operative"})
    assert reserve(charger, 6, 2) == "Unavailable"  # the charge point is


def test_bad_input_changes_nothing():
    """6.37: connectorId >= 0; the field table has the rest."""
    charger = ready()
    assert reserve(charger, 1) == "Accepted"
    good = request(charger, 1, 1, "OTHER")
    for key, value, code in (
        ("connectorId", -1, "PropertyConstraintViolation"),
        ("connectorId", "1", "TypeConstraintViolation"),
        ("expiryDate", "tomorrow", "PropertyConstraintViolation"),
        ("idTag", "a" * 21, "PropertyConstraintViolation"),
        ("reservationId", None, "TypeConstraintViolation"),
        ("more", 1, "FormationViolation"),
    ):
        try:
            charger.station.call("ReserveNow", dict(good, **{key: value}), charger.now)
        except CallError as error:
            assert error.code == code, (key, error.code)
        else:
            raise AssertionError(key)
    charger.swipe("OTHER")
    charger.run(1)
    assert charger.words() == ["Reserved"]


def test_the_same_id_replaces():
    """5.13: a reservationId that matches replaces that reservation."""
    charger = ready(connectors=2)
    assert reserve(charger, 8, 1, "VIP") == "Accepted"
    assert reserve(charger, 8, 1, "NEW") == "Accepted"
    charger.swipe("VIP")
    charger.run(1)
    assert charger.words() == ["Reserved", "Available"]
    assert reserve(charger, 8, 2, "NEW") == "Accepted"
    charger.run(0.1)
    assert charger.words() == ["Available", "Reserved"]
    charger.plug(1)
    charger.run(1)
    assert reserve(charger, 8, 1, "NEW") == "Occupied"
    assert reserve(charger, 8, 9, "NEW") == reserve(charger, 8, 2, seconds=-2) == "Rejected"
    charger.run(0.1)
    assert charger.words() == ["Preparing", "Reserved"]  # the old one stands
    charger.plug(2)
    charger.run(2)
    assert reserve(charger, 8, 2, "LAST") == "Accepted"  # whoever has plugged in meanwhile
    charger.swipe("LAST", 2)
    charger.until(lambda: charger.words()[1] == "Charging")
    assert begun(charger, 2) == [("LAST", 8)]


def test_replaced_while_the_owner_is_on_his_way():
    """The new one decides: a longer one lets him go on, one for somebody else takes the offer."""
    charger = ready()
    reserve(charger, 8)
    charger.swipe("VIP")
    charger.run(1)
    assert reserve(charger, 8, seconds=900) == "Accepted"
    charger.run(0.1)
    assert charger.connectors[0].session.id_tag == "VIP"
    assert reserve(charger, 8, id_tag="NEW") == "Accepted"
    charger.plug()
    charger.run(3)
    assert begun(charger) == [] and charger.words() == ["Reserved"]


def test_a_question_on_its_way_is_no_right():
    """A card is being asked about when the connector is reserved for another."""
    charger = ready()
    charger.backend.override["Authorize"] = None
    charger.swipe("STRANGER")
    charger.run(0.1)
    reserve(charger)
    charger.late(charger.sent("Authorize")[0], {"idTagInfo": {"status": "Accepted"}})
    charger.run(1)
    assert charger.words() == ["Reserved"]


def test_faulted_or_unavailable_ends_it():
    """5.13 (3): when the charge point or connector are set to Faulted or Unavailable; G8, G9."""
    charger = ready(connectors=2)
    reserve(charger, 1, 1)
    reserve(charger, 2, 2)
    charger.rigs[0].hw.ground.sound = False
    charger.run(2)
    assert charger.statuses(1)[-2:] == ["Reserved", "Faulted"]
    assert (cancel(charger, 1), charger.words()[1]) == ("Rejected", "Reserved")
    charger.status_of("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"})
    charger.run(1)
    assert charger.statuses(2)[-2:] == ["Reserved", "Unavailable"]
    charger.status_of("ChangeAvailability", {"connectorId": 2, "type": "Operative"})
    charger.run(1)
    assert (cancel(charger, 2), charger.words()[1]) == ("Rejected", "Available")
    reserve(charger, 3, 2)
    charger.status_of("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    charger.status_of("ChangeAvailability", {"connectorId": 2, "type": "Operative"})
    charger.run(1)
    assert (cancel(charger, 3), charger.words()[1]) == ("Rejected", "Available")


# --- groups --------------------------------------------------------------------------------------


def grouped(**how):
    charger = ready(**how)
    charger.backend.tags = {"KIN": dict(FAMILY, parentIdTag="fam"), "ODD": {"status": "Accepted"}}
    return charger


def test_a_card_of_the_group():
    """5.13: the parent idTag of the incoming idTag is asked for with Authorize."""
    charger = grouped()
    assert reserve(charger, 6, parent="FAM") == "Accepted"
    charger.plug()
    charger.swipe("ODD")
    charger.run(3)
    assert charger.calls("Authorize") == [{"idTag": "ODD"}]
    assert begun(charger) == [] and charger.words() == ["Reserved"]
    charger.swipe("FAM")  # 3.9: a parent is not for comparison with what is presented
    charger.run(3)
    assert begun(charger) == []
    charger.swipe("KIN")
    charger.until(lambda: charger.words() == ["Charging"])
    assert begun(charger) == [("KIN", 6)]


def test_no_group_is_no_group():
    """An empty parentIdTag makes no family of all who have an empty one."""
    charger = grouped()
    charger.backend.tags["ODD"] = {"status": "Accepted", "parentIdTag": ""}
    reserve(charger, 6, parent="")
    charger.plug()
    charger.swipe("ODD")
    charger.run(3)
    assert begun(charger) == [] and charger.calls("Authorize") == []


def test_a_remote_start_of_the_group():
    """5.13: where the group is not known here the CSMS is asked, whatever
    AuthorizeRemoteTxRequests says."""
    charger = grouped()
    reserve(charger, 6, parent="FAM")
    charger.plug()
    assert start(charger, "ODD") == "Accepted"
    charger.run(3)
    assert begun(charger) == []
    assert start(charger, "KIN") == "Accepted"
    charger.until(lambda: charger.words() == ["Charging"])
    assert begun(charger) == [("KIN", 6)]
    assert [said["idTag"] for said in charger.calls("Authorize")] == ["ODD", "KIN"]


def listed(*cards):
    """A charger whose local list has these (idTag, parent)."""
    charger = Charger(files=RamFiles(), keys={"LocalPreAuthorize": "true"})
    charger.run(1.5)
    changes = [id_merge.change(card, ("Accepted", parent, None)) for card, parent in cards]
    id_merge.sort(changes)
    table = charger.station.local_list
    update = table.begin(1, changes, True)
    while not table.step(update):
        pass
    return charger


def by_the_list(online):
    charger = listed(("KIN", "FAM"), ("ODD", "ELSE"))
    reserve(charger, 6, parent="FAM")
    assert start(charger, "ODD") == "Rejected"
    charger.plug()
    charger.link(online)
    charger.swipe("ODD")
    charger.run(3)
    assert charger.connectors[0].session.transaction is None
    charger.swipe("KIN")
    charger.until(lambda: charger.words() == ["Charging"])
    charger.link(True)
    charger.run(3)
    assert begun(charger) == [("KIN", 6)]
    assert charger.calls("Authorize") == []


def test_the_group_by_the_list():
    """5.13: the parent MAY be looked up in the local list; then nobody is asked, offline too."""
    by_the_list(True)
    by_the_list(False)


def test_the_group_by_the_cache():
    charger = grouped(files=Files({}), keys={"LocalPreAuthorize": "true"})
    for card in ("KIN", "ODD"):
        charger.charge(id_tag=card)
        charger.swipe(card)
        charger.until(lambda: charger.words() == ["Finishing"])
        charger.unplug()
        charger.run(2)
    reserve(charger, 6, parent="FAM")
    charger.link(False)
    charger.plug()
    charger.swipe("ODD")
    charger.run(3)
    assert charger.words() == ["Reserved"]
    charger.swipe("KIN")
    charger.until(lambda: charger.words() == ["Charging"])
    charger.link(True)
    charger.run(3)
    assert begun(charger)[-1] == ("KIN", 6)


def test_a_card_that_cannot_prove_its_group_offline():
    charger = grouped(keys={"AllowOfflineTxForUnknownId": "true"})
    reserve(charger, 6, parent="FAM")
    charger.link(False)
    charger.plug()
    charger.swipe("KIN")
    charger.run(3)
    assert charger.connectors[0].session.transaction is None


def test_the_clock():
    """Without a clock no end could be told: nothing is promised."""
    charger = Charger(online=False)
    charger.run(1)
    answer = charger.station.call("ReserveNow", request(charger), charger.now)
    assert answer == {"status": "Rejected"}
    charger.clock.learn(NOON, charger.now)
    answer = charger.station.call("ReserveNow", request(charger), charger.now)
    assert answer == {"status": "Accepted"}


class Without:
    """As if the manifest had left the room out."""

    def __enter__(self):
        rooms.__import__ = self.load

    def load(self, path, *rest):
        if path == "firmware.ocpp.v16.reservation":
            raise ImportError("no module named '%s'" % path)
        return __import__(path, *rest)

    def __exit__(self, *_):
        del rooms.__import__


def test_a_board_without_the_room():
    """OCPP-J 4.2.3 NotSupported; cards, remote starts and one reader work as they did."""
    with Without():
        charger = Charger(connectors=2)
    charger.run(1.5)
    assert charger.ask("ReserveNow", request(charger)) == "NotSupported"
    assert charger.ask("CancelReservation", {"reservationId": 1}) == "NotSupported"
    charger.charge(1, "A")
    assert start(charger, "B") == "Accepted"
    charger.plug(2)
    charger.until(lambda: charger.words() == ["Charging", "Charging"])
    charger.swipe("A", 1)
    charger.until(lambda: charger.words()[0] == "Finishing")
    charger.unplug(1)
    charger.run(2)
    charger.station.shared_reader.presented(charger.connectors[0], "C", charger.now)
    charger.plug(1)
    charger.until(lambda: charger.words() == ["Charging", "Charging"])
    assert begun(charger, 1) == [("A", None), ("C", None)]
