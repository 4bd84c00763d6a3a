from firmware.ocpp.v16.authorization import same
from tests.unit.station_rig import Charger, ready

FAMILY = {"status": "Accepted", "parentIdTag": "FAM"}


def authorised(charger, connector=1):
    return charger.connectors[connector - 1].session.id_tag


def test_id_tags_are_ci_strings():
    """§3.9: IdToken is case insensitive."""
    assert same("abC", "ABc")
    assert not same("abc", "abd")
    assert not same(None, None)
    assert not same("a", None)


def test_a_card_is_asked_about():
    """§4.1: the charge point SHALL only supply energy after authorization."""
    charger = ready()
    charger.swipe("CARD")
    charger.run(1)
    assert charger.calls("Authorize") == [{"idTag": "CARD"}]
    assert authorised(charger) == "CARD"
    assert charger.words() == ["Preparing"]


def test_refused_cards_start_nothing():
    """TC_023: invalid, blocked, expired."""
    for status in ("Invalid", "Blocked", "Expired", "ConcurrentTx"):
        charger = ready()
        charger.backend.tags["CARD"] = {"status": status}
        charger.plug()
        charger.swipe("CARD")
        charger.run(20, 100)
        assert charger.calls("StartTransaction") == []
        assert authorised(charger) is None


def test_the_offer_lapses():
    """§9.1.6 ConnectionTimeOut: failure to insert the cable."""
    charger = ready(keys={"ConnectionTimeOut": "20"})
    charger.swipe("CARD")
    charger.run(19, 100)
    assert charger.words() == ["Preparing"]
    charger.run(2, 100)
    assert (charger.words(), charger.statuses()[-2:]) == (
        ["Available"],
        ["Preparing", "Available"],
    )


def test_second_presentation_takes_it_back():
    """§4.9 B1: second presentation of the idTag, in any case of its letters."""
    charger = ready()
    charger.swipe("card")
    charger.run(1)
    charger.swipe("CARD")
    charger.run(1)
    assert authorised(charger) is None
    assert charger.statuses()[-2:] == ["Preparing", "Available"]


def test_the_same_card_stops_without_asking():
    """§4.1: Authorize only when the identifier differs from the one that started."""
    charger = ready()
    charger.charge(id_tag="card")
    mark = charger.mark()
    charger.swipe("CARD")
    charger.run(15, 100)
    assert charger.calls("Authorize", mark) == []
    stop = charger.calls("StopTransaction", mark)[0]
    assert (stop["reason"], stop["idTag"]) == ("Local", "CARD")


def test_a_card_of_the_same_group_stops():
    """§3.10: TC_069, stop by parentIdTag."""
    charger = ready()
    charger.backend.tags = {"ONE": FAMILY, "TWO": {"status": "Accepted", "parentIdTag": "fam"}}
    charger.charge(id_tag="ONE")
    mark = charger.mark()
    charger.swipe("TWO")
    charger.run(15, 100)
    assert charger.calls("Authorize", mark) == [{"idTag": "TWO"}]
    stop = charger.calls("StopTransaction", mark)[0]
    assert (stop["reason"], stop["idTag"]) == ("Local", "TWO")


def test_other_cards_do_not_stop():
    """TC_068: only the same idTag, or its group, stops."""
    charger = ready()
    charger.backend.tags = {
        "ONE": FAMILY,
        "ODD": {"status": "Accepted", "parentIdTag": "ELSE"},
        "SOLO": {"status": "Accepted"},
        "BAD": {"status": "Blocked", "parentIdTag": "FAM"},
    }
    charger.charge(id_tag="ONE")
    for card in ("ODD", "SOLO", "BAD"):
        charger.swipe(card)
        charger.run(5, 100)
    assert charger.words() == ["Charging"]
    # Without a group nobody else can stop, so nobody is asked about.
    charger = ready()
    charger.charge(id_tag="SOLO")
    mark = charger.mark()
    charger.swipe("ODD")
    charger.run(2)
    assert charger.actions(mark) == []


def test_one_question_at_a_time_and_connector():
    charger = ready(connectors=2)
    charger.backend.override["Authorize"] = None
    charger.swipe("CARD")
    charger.swipe("CARD")
    charger.swipe("OTHER")
    charger.swipe("THIRD", 2)
    charger.run(0.1)
    del charger.backend.override["Authorize"]
    charger.run(62, 100)
    assert [p["idTag"] for p in charger.calls("Authorize")] == ["CARD", "THIRD"]


def test_two_connectors_are_asked_for_side_by_side():
    charger = ready(connectors=2)
    charger.swipe("ONE", 1)
    charger.swipe("TWO", 2)
    charger.run(1)
    assert (authorised(charger, 1), authorised(charger, 2)) == ("ONE", "TWO")


def test_the_starting_card_stops_while_another_is_asked_about():
    charger = ready()
    charger.backend.tags = {"ONE": FAMILY}
    charger.charge(id_tag="ONE")
    charger.backend.override["Authorize"] = None
    charger.swipe("TWO")
    charger.run(1)
    charger.swipe("ONE")
    charger.run(15, 100)
    assert charger.connectors[0].session.transaction is None


def test_unanswered_cards_are_refused_and_the_reader_lives_on():
    """§3.5: a Central System that does not answer is not available."""
    for answer in (None, "InternalError", {"idTagInfo": {"status": "Perhaps"}}, {}):
        charger = ready()
        charger.backend.override["Authorize"] = answer
        charger.swipe("CARD")
        charger.run(65, 100)
        assert authorised(charger) is None
        del charger.backend.override["Authorize"]
        charger.swipe("CARD")
        charger.run(1)
        assert authorised(charger) == "CARD"


def test_a_lost_link_answers_the_question():
    """A card shown before the link broke starts nothing an hour later."""
    charger = ready()
    charger.backend.override["Authorize"] = None
    charger.swipe("CARD")
    charger.link(False)
    charger.run(5)
    assert authorised(charger) is None
    del charger.backend.override["Authorize"]
    mark = charger.mark()
    charger.link(True)
    charger.run(5)
    assert (charger.calls("Authorize", mark), authorised(charger)) == ([], None)
    charger.swipe("CARD")
    charger.run(1)
    assert authorised(charger) == "CARD"


def test_offline_the_setting_decides():
    """§3.5.4: AllowOfflineTxForUnknownId."""
    for allowed, id_tag in (("false", None), ("true", "CARD")):
        charger = ready(keys={"AllowOfflineTxForUnknownId": allowed})
        charger.link(False)
        charger.swipe("CARD")
        charger.run(1)
        assert authorised(charger) == id_tag


def test_before_the_first_link_too():
    """§4.2.1: transactions before being accepted, if so configured; their times come later."""
    charger = Charger(online=False, keys={"AllowOfflineTxForUnknownId": "true"})
    charger.run(1)
    charger.plug()
    charger.swipe("CARD")
    charger.until(lambda: charger.words() == ["Charging"])
    charger.run(60, 100)
    charger.link(True)
    charger.run(2)
    start = charger.calls("StartTransaction")[0]
    assert start["timestamp"][:15] == "2026-01-01T12:0"
    assert charger.actions()[0] == "BootNotification"


def test_a_lost_link_asks_the_setting_too():
    charger = ready(keys={"AllowOfflineTxForUnknownId": "true"})
    charger.backend.override["Authorize"] = None
    charger.swipe("CARD")
    charger.run(0.1)
    charger.link(False)
    assert authorised(charger) == "CARD"


def test_the_car_left_before_the_answer():
    """The card was shown for the car that stood there: the next one does not charge on it."""
    charger = ready()
    charger.backend.override["Authorize"] = None
    charger.plug()
    charger.run(1)
    charger.swipe("CARD")
    charger.run(0.1)
    charger.unplug()
    charger.run(1)
    charger.late(charger.sent("Authorize")[0], {"idTagInfo": {"status": "Accepted"}})
    charger.run(1)
    assert authorised(charger) is None
    assert charger.words() == ["Available"]


def test_a_held_cable_goes_to_its_owner():
    """§9.1 UnlockConnectorOnEVSideDisconnect false: the card that charged, or one of its group,
    opens the lock; another does not."""
    for id_tag, opens in (("tag", True), ("GROUP", True), ("OTHER", False)):
        charger = ready(keys={"UnlockConnectorOnEVSideDisconnect": "false"})
        charger.backend.tags = {
            "TAG": {"status": "Accepted", "parentIdTag": "P"},
            "GROUP": {"status": "Accepted", "parentIdTag": "p"},
        }
        charger.charge()
        charger.rigs[0].car.letter = "A"
        charger.run(20)
        assert charger.calls("StopTransaction")[0]["reason"] == "EVDisconnected"
        assert charger.rigs[0].hw.lock.position
        charger.swipe(id_tag)
        charger.run(3)
        assert charger.rigs[0].hw.lock.position is not opens, id_tag
        assert (charger.connectors[0].session.id_tag is None) is opens, id_tag


def test_the_key_frees_a_held_cable():
    key = "UnlockConnectorOnEVSideDisconnect"
    charger = ready(keys={key: "false"})
    charger.charge()
    charger.rigs[0].car.letter = "A"
    charger.run(20)
    assert charger.rigs[0].hw.lock.position
    assert charger.configure(key, "true") == "Accepted"
    charger.run(3)
    assert not charger.rigs[0].hw.lock.position


def test_no_session_where_none_may_begin():
    """An inoperative, faulted or full charge point asks about no card."""
    charger = ready()
    charger.status_of("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    charger.swipe("CARD")
    charger.run(1)
    assert charger.calls("Authorize") == []
    charger = ready()
    charger.rigs[0].hw.ground.sound = False
    charger.run(1)
    charger.swipe("CARD")
    charger.run(1)
    assert charger.words() == ["Faulted"]
    assert charger.calls("Authorize") == []


def test_the_answer_comes_when_nothing_may_begin_any_more():
    charger = ready()
    charger.backend.override["Authorize"] = None
    charger.swipe("CARD")
    charger.run(0.1)
    charger.status_of("ChangeAvailability", {"connectorId": 1, "type": "Inoperative"})
    charger.late(charger.sent("Authorize")[0], {"idTagInfo": {"status": "Accepted"}})
    charger.run(1)
    assert authorised(charger) is None
