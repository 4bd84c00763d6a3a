"""One reader for two connectors: whose card is it?"""

from tests.unit.shared_rig import Two


def test_the_plugged_one_waits_for_the_card():
    """TC_006, plug first: whichever connector it is; the later car when there are two."""
    for number, expected in ((1, ["TAG", None]), (2, [None, "TAG"])):
        two = Two()
        two.plug(number)
        two.swipe(seconds=3)
        assert two.tags() == expected
        assert two.charger.actions().count("Authorize") == 1
    two = Two()
    two.plug(2)
    two.plug(1)
    two.swipe("A", 3)
    two.swipe("B", 3)
    assert two.tags() == ["A", "B"]


def test_the_next_plug_takes_the_offer():
    """TC_006, card first: any free connector; nothing is left at the other one."""
    for number, expected in ((1, ["TAG", None]), (2, [None, "TAG"])):
        two = Two()
        two.swipe()
        assert two.tags() == ["(TAG)", "(TAG)"]
        two.plug(number, 3)
        assert two.tags() == expected
        assert two.charger.words()[2 - number] == "Available"
        assert two.charger.actions().count("Authorize") == 1
        assert len(two.charger.calls("StartTransaction")) == 1


def test_a_plug_while_the_csms_thinks():
    two = Two()
    two.charger.backend.override["Authorize"] = None
    two.swipe()
    two.plug(2)
    assert two.tags() == [None, None]
    question = two.charger.sent("Authorize")[0]
    two.charger.late(question, {"idTagInfo": {"status": "Accepted"}})
    two.charger.run(3)
    assert two.tags() == [None, "TAG"]


def test_the_offer_lapses_at_both():
    two = Two(keys={"ConnectionTimeOut": "10"})
    two.swipe()
    two.charger.run(8)
    assert two.tags() == ["(TAG)", "(TAG)"]
    two.charger.run(2)
    assert two.tags() == [None, None]
    assert two.charger.words() == ["Available", "Available"]
    two.swipe("B")
    two.plug(2, 3)
    assert two.tags() == [None, "B"]


def test_the_second_presentation_takes_it_back():
    """4.9 B1, at both."""
    two = Two()
    two.swipe()
    two.swipe("tag")
    assert two.tags() == [None, None]
    two.plug(1, 3)
    assert two.tags() == [None, None]


def test_a_refused_card_leaves_no_offer():
    two = Two()
    two.charger.backend.tags = {"BAD": {"status": "Blocked"}}
    two.swipe("BAD")
    assert two.tags() == [None, None]
    two.swipe("GOOD")
    assert two.tags() == ["(GOOD)", "(GOOD)"]


def test_each_card_stops_its_own():
    two = Two()
    two.plug(1)
    two.swipe("A", 3)
    two.plug(2)
    two.swipe("B", 3)
    assert two.tags() == ["A", "B"]
    two.swipe("C", 3)
    assert two.tags() == ["A", "B"]
    two.swipe("b", 10)
    assert two.tags() == ["A", None]
    two.swipe("A", 10)
    assert two.tags() == [None, None]


def test_the_second_driver_before_his_plug():
    """One charges; the other card is for the connector that is free, not a stop."""
    two = Two()
    fleet = {"status": "Accepted", "parentIdTag": "FLEET"}
    two.charger.backend.tags = {"A": fleet, "B": fleet, "C": fleet}
    two.plug(1)
    two.swipe("A", 3)
    two.swipe("B")
    assert two.tags() == ["A", "(B)"]
    two.plug(2, 3)
    assert two.tags() == ["A", "B"]
    two.swipe("C", 10)
    assert two.tags() == [None, "B"], "none free: a card of the group stops one"


def test_groups_do_not_mix():
    two = Two()
    two.charger.backend.tags = {
        tag: {"status": "Accepted", "parentIdTag": group}
        for tag, group in (("A", "G"), ("B", "H"), ("C", "h"))
    }
    two.plug(1)
    two.swipe("A", 3)
    two.plug(2)
    two.swipe("B", 3)
    two.swipe("C", 10)
    assert two.tags() == ["A", None]


def test_an_offer_of_a_remote_start_stays_where_it_is():
    two = Two()
    request = {"connectorId": 2, "idTag": "R"}
    assert two.charger.status_of("RemoteStartTransaction", request) == "Accepted"
    two.charger.run(1)
    assert two.tags() == [None, "(R)"]
    two.swipe("A")
    assert two.tags() == ["(A)", "(R)"]
    two.plug(2, 3)
    assert two.tags() == ["(A)", "R"]
