# heap: chip + 16k, files in RAM, all frames kept
"""Reservation of connector 0: one connector remains available for each; and one reader for two
connectors, where the card decides which."""

from tests.unit.reservation_rig import FAMILY, begun, cancel, reserve, start
from tests.unit.shared_rig import Two
from tests.unit.station_rig import ready

KIN = {"KIN": FAMILY}


def zero(charger, number=1, id_tag="VIP", **how):
    return reserve(charger, number, 0, id_tag, **how)


def test_others_may_use_the_rest():
    """5.13: not a specific connector; at any time one remains available for the idTag. The last
    one becomes Reserved, and is Available again when another is."""
    charger = ready(connectors=3)
    assert zero(charger) == "Accepted"
    charger.run(0.1)
    assert charger.words() == ["Available"] * 3
    charger.charge(1, "A")
    assert charger.words() == ["Charging", "Available", "Available"]
    charger.charge(2, "B")
    assert charger.words() == ["Charging", "Charging", "Reserved"]
    charger.plug(3)
    charger.swipe("C", 3)
    assert start(charger, "C") == start(charger, "C", 3) == "Rejected"
    charger.run(3)
    assert charger.words()[2] == "Reserved" and begun(charger, 3) == []
    charger.unplug(3)
    charger.swipe("A", 1)
    charger.until(lambda: charger.words()[0] == "Finishing")
    charger.unplug(1)
    charger.run(2)
    assert charger.words() == ["Available", "Charging", "Available"]
    charger.charge(1, "VIP")
    assert begun(charger, 1) == [("A", None), ("VIP", 1)]
    assert charger.words()[2] == "Available" and cancel(charger) == "Rejected"


def test_the_only_connector():
    charger = ready()
    assert zero(charger, 4) == "Accepted"
    charger.run(0.1)
    assert charger.statuses()[-1] == "Reserved"
    assert zero(charger, 5, "OTHER") == reserve(charger, 6, 1, "OTHER") == "Occupied"
    charger.charge(id_tag="VIP")
    assert begun(charger) == [("VIP", 4)]


def test_remote_start_of_the_owner():
    charger = ready(connectors=2)
    zero(charger, 4)
    charger.charge(1, "A")
    assert start(charger, "B") == "Rejected"
    assert start(charger, "VIP") == "Accepted"
    charger.plug(2)
    charger.until(lambda: charger.words()[1] == "Charging")
    assert begun(charger, 2) == [("VIP", 4)]


def test_remote_start_of_the_group():
    charger = ready()
    charger.backend.tags = KIN
    zero(charger, 4, parent="FAM")
    charger.plug()
    for card in ("ODD", "KIN"):
        assert start(charger, card) == "Accepted"
        charger.run(3)
    assert begun(charger) == [("KIN", 4)]


def test_as_many_as_there_are_connectors():
    """7.40: Occupied when all connectors are."""
    charger = ready(connectors=2)
    assert zero(charger, 1, "A") == zero(charger, 2, "B") == "Accepted"
    assert zero(charger, 3, "C") == reserve(charger, 3, 1, "C") == "Occupied"
    charger.run(0.1)
    assert charger.words() == ["Reserved", "Reserved"]
    charger.charge(1, "B")
    assert charger.words() == ["Charging", "Reserved"] and begun(charger, 1) == [("B", 2)]
    assert zero(charger, 3, "C") == "Occupied"
    assert cancel(charger, 1) == "Accepted"
    assert zero(charger, 3, "C") == "Accepted"


def test_beside_reservations_of_a_connector():
    charger = ready(connectors=2)
    assert reserve(charger, 1, 1, "A") == zero(charger, 2, "B") == "Accepted"
    assert zero(charger, 3, "C") == reserve(charger, 3, 2, "C") == "Occupied"
    charger.run(0.1)
    assert charger.words() == ["Reserved", "Reserved"]
    charger.swipe("A", 2)
    charger.swipe("B", 1)
    charger.run(1)
    assert charger.words() == ["Reserved", "Reserved"]
    charger.charge(1, "A")
    charger.charge(2, "B")
    assert begun(charger, 1) == [("A", 1)] and begun(charger, 2) == [("B", 2)]


def test_the_owner_on_his_way_needs_no_second_connector():
    """A card presented at one connector: the other one is everybody's; when the offer lapses and
    somebody is there, the one that is left is Reserved."""
    charger = ready(connectors=2, keys={"ConnectionTimeOut": "10"})
    zero(charger, 4)
    charger.charge(2, "A")
    assert charger.words() == ["Reserved", "Charging"]
    charger.swipe("A", 2)
    charger.until(lambda: charger.words()[1] == "Finishing")
    charger.unplug(2)
    charger.run(2)
    charger.swipe("VIP", 1)
    charger.run(1)
    assert charger.words() == ["Preparing", "Available"]
    charger.charge(2, "B")
    charger.until(lambda: charger.words() == ["Reserved", "Charging"])
    charger.charge(1, "VIP")
    assert begun(charger, 1) == [("VIP", 4)]


def test_a_stranger_plugs_in_at_the_last_one():
    """It stays Reserved until another one is idle; then his card is welcome."""
    charger = ready(connectors=2)
    zero(charger)
    charger.charge(1, "A")
    charger.plug(2)
    charger.run(2)
    assert charger.words()[1] == "Reserved"
    charger.swipe("A", 1)
    charger.until(lambda: charger.words()[0] == "Finishing")
    charger.unplug(1)
    charger.run(2)
    assert charger.words() == ["Reserved", "Preparing"]
    charger.swipe("B", 2)
    charger.until(lambda: charger.words() == ["Reserved", "Charging"])


def test_who_has_plugged_in_before_stays_preparing():
    charger = ready(connectors=2)
    zero(charger)
    charger.plug(1)
    charger.run(2)
    assert charger.words() == ["Preparing", "Reserved"]
    charger.plug(2)
    charger.run(2)
    assert charger.words() == ["Preparing", "Reserved"]


def test_two_strangers_plug_in_and_a_third_connector_is_left():
    """Never more connectors are held than there are reservations."""
    charger = ready(connectors=3)
    zero(charger, 1, "A")
    zero(charger, 2, "B")
    charger.charge(1, "C")
    charger.plug(2)
    charger.plug(3)
    charger.run(2)
    assert charger.words() == ["Charging", "Reserved", "Reserved"]
    charger.swipe("C", 1)
    charger.until(lambda: charger.words()[0] == "Finishing")
    charger.unplug(1)
    charger.run(2)
    assert sorted(charger.words()) == ["Preparing", "Reserved", "Reserved"]


def test_refused():
    """9.3.1: Rejected where connector 0 is not supported; else the word they all have."""
    charger = ready(connectors=2, keys={"ReserveConnectorZeroSupported": "false"})
    assert zero(charger) == "Rejected"
    assert reserve(charger) == "Accepted"
    charger = ready(connectors=2)
    for rig in charger.rigs:
        rig.hw.ground.sound = False
    charger.run(2)
    assert zero(charger) == "Faulted"
    charger.status_of("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    assert zero(charger) == "Faulted"
    charger = ready(connectors=2)
    charger.plug(1)
    charger.rigs[1].hw.ground.sound = False
    charger.run(2)
    assert zero(charger) == "Occupied"
    charger = ready(connectors=2)
    for number in (1, 2):
        charger.status_of("ChangeAvailability", {"connectorId": number, "type": "Inoperative"})
    assert zero(charger) == "Unavailable"
    charger = ready(connectors=2)
    charger.status_of("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    assert zero(charger) == "Unavailable"


def test_the_last_connector_that_fails_ends_it():
    """5.13 (3), of the whole charge point."""
    charger = ready(connectors=2)
    zero(charger)
    charger.rigs[0].hw.ground.sound = False
    charger.run(2)
    assert charger.words() == ["Faulted", "Reserved"]
    charger.status_of("ChangeAvailability", {"connectorId": 2, "type": "Inoperative"})
    charger.run(1)
    assert cancel(charger) == "Rejected"


def test_replaced_by_one_for_somebody_else():
    """Who was on his way by the old one must leave the last connector to the new one."""
    charger = ready()
    zero(charger, 1, "A")
    charger.swipe("A")
    charger.run(1)
    assert zero(charger, 1, "B") == "Accepted"
    charger.run(1)
    assert charger.words() == ["Reserved"]
    assert reserve(charger, 1, 1, "C") == "Accepted"  # and made one of connector 1
    charger.swipe("B")
    charger.run(1)
    assert charger.words() == ["Reserved"]


def test_replaced_where_there_is_room_for_both():
    charger = ready(connectors=2)
    zero(charger, 1, "A")
    charger.swipe("A")
    charger.run(1)
    assert zero(charger, 1, "B") == "Accepted"
    charger.run(1)
    assert charger.words() == ["Preparing", "Reserved"]


def test_one_for_a_connector_and_one_for_any():
    """His own connector is his own; the other one is still kept for him."""
    charger = ready(connectors=2)
    reserve(charger, 1, 1)
    zero(charger, 2)
    charger.swipe("VIP", 1)
    charger.run(1)
    assert charger.words() == ["Preparing", "Reserved"]
    charger.plug(1)
    charger.until(lambda: charger.words()[0] == "Charging")
    assert begun(charger, 1) == [("VIP", 1)] and charger.words()[1] == "Reserved"


def test_the_charge_point_is_set_unavailable_while_one_charges():
    """5.13 (3): the charge point is Unavailable at once, whatever is still going on."""
    charger = ready(connectors=2)
    zero(charger)
    charger.charge(1, "A")
    charger.status_of("ChangeAvailability", {"connectorId": 0, "type": "Inoperative"})
    charger.run(1)
    assert charger.words() == ["Charging", "Unavailable"] and cancel(charger) == "Rejected"


# --- one reader ----------------------------------------------------------------------------------


def test_shared_reader_the_owner_goes_to_his_connector():
    """A car that waits elsewhere is somebody else's."""
    for number, other in ((1, 2), (2, 1)):
        two = Two(tags=KIN)
        reserve(two.charger, 7, number)
        two.plug(other)
        two.swipe("VIP")
        assert two.tags()[number - 1] == "(VIP)" and two.tags()[other - 1] is None
        two.plug(number, 3)
        assert begun(two.charger, number) == [("VIP", 7)]
        two.swipe("B", 3)
        assert two.tags()[other - 1] == "B"


def test_shared_reader_strangers_are_never_sent_there():
    two = Two(tags=KIN)
    reserve(two.charger, 7, 1)
    two.swipe("B")
    assert two.tags() == [None, "(B)"]
    two.plug(1, 3)
    assert two.tags() == [None, "(B)"]
    two.plug(2, 3)
    assert two.tags() == [None, "B"]
    two.swipe("C", 3)
    assert two.tags() == [None, "B"]
    assert [said["idTag"] for said in two.charger.calls("Authorize")] == ["B"]


def test_shared_reader_and_a_group():
    """The card of the group is told apart by the CSMS's answer: a stranger's goes on to where
    nothing stands against it, plugged or yet to be plugged."""
    for first, second in (("KIN", "ODD"), ("ODD", "KIN")):
        two = Two(tags=KIN)
        reserve(two.charger, 7, 2, parent="FAM")
        two.plug(1)
        two.plug(2)
        for card in (first, second):
            two.swipe(card, 3)
        assert two.tags() == ["ODD", "KIN"]
        assert begun(two.charger, 2) == [("KIN", 7)]
    two = Two(tags=KIN)
    reserve(two.charger, 7, 2, parent="FAM")
    two.plug(2)
    two.swipe("ODD", 3)
    assert two.tags() == ["(ODD)", None]
    two.plug(1, 3)
    assert two.tags() == ["ODD", None]
    two.swipe("STRANGE", 3)
    assert two.tags() == ["ODD", None]
    two.swipe("KIN", 3)
    assert two.tags() == ["ODD", "KIN"]


def test_shared_reader_sends_a_stranger_on():
    """First to a car that waits, else to whatever is plugged in next."""
    three = Two(3, KIN)
    reserve(three.charger, 7, 3, parent="FAM")
    for number in (1, 2, 3):
        three.plug(number)
    three.swipe("ODD", 3)
    assert three.tags() == [None, "ODD", None]  # the car that came last
    three = Two(3, KIN)
    reserve(three.charger, 7, 3, parent="FAM")
    three.plug(3)
    three.swipe("ODD")
    assert three.tags() == ["(ODD)", "(ODD)", None]
    three.plug(2, 3)
    assert three.tags() == [None, "ODD", None]


def test_shared_reader_and_connector_0():
    """The offer of one card is not made everywhere: one connector remains."""
    two = Two(tags=KIN)
    zero(two.charger, 7)
    two.swipe("B")
    assert sorted(two.tags(), key=str) == ["(B)", None]
    assert sorted(two.charger.words()) == ["Preparing", "Reserved"]
    two.swipe("B")
    two.swipe("VIP")
    assert two.tags() == ["(VIP)", "(VIP)"]
    two.plug(2, 3)
    assert begun(two.charger, 2) == [("VIP", 7)]


def test_shared_reader_two_owners_and_two_connectors():
    two = Two(tags=KIN)
    zero(two.charger, 7, "A")
    zero(two.charger, 8, "B")
    two.swipe("A")
    assert two.tags() == ["(A)", None]
    two.swipe("B")
    assert two.tags() == ["(A)", "(B)"]
    two.plug(2, 3)
    two.plug(1, 3)
    assert begun(two.charger, 1) == [("A", 7)] and begun(two.charger, 2) == [("B", 8)]
