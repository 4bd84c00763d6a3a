"""SetChargingProfile and ClearChargingProfile: what is taken, what is not, and what it changes."""

from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import rooms
from tests.unit.disk_rig import Files
from tests.unit.station_rig import NOON, Charger

DAY = 86400


def charger(**how):
    """With this room alone: the heap of the others is not needed here."""
    names, rooms.NAMES = rooms.NAMES, ("smart_charging",)
    try:
        files = how.pop("files", None)
        if files is None:
            files = Files({})
        return Charger(plant=rooms.Plant(files or None, phases=how.pop("phases", 3)), **how)
    finally:
        rooms.NAMES = names


def ready(**how):
    return charger(**how).run(1.5)


def at(seconds):
    return format_time(NOON + seconds)


def wire(*periods, **how):
    """A TxDefaultProfile of `periods` (start, limit[, phases]). `how`, of the profile: id, level,
    purpose, kind, and what else is given; of the schedule: unit, duration, start, least."""
    listed = []
    for item in periods:
        period = {"startPeriod": item[0], "limit": item[1]}
        if len(item) > 2:
            period["numberPhases"] = item[2]
        listed.append(period)
    schedule = {"chargingRateUnit": how.pop("unit", "A"), "chargingSchedulePeriod": listed}
    for ours, theirs in (
        ("duration", "duration"),
        ("start", "startSchedule"),
        ("least", "minChargingRate"),
    ):
        if ours in how:
            schedule[theirs] = how.pop(ours)
    profile = {
        "chargingProfileId": how.pop("id", 1),
        "stackLevel": how.pop("level", 0),
        "chargingProfilePurpose": how.pop("purpose", "TxDefaultProfile"),
        "chargingProfileKind": how.pop("kind", "Relative"),
        "chargingSchedule": schedule,
    }
    profile.update(how)
    return profile


def put(c, connector, profile, seconds=0.1):
    request = {"connectorId": connector, "csChargingProfiles": profile}
    answer = c.ask("SetChargingProfile", request, seconds)
    return answer if isinstance(answer, str) else answer["status"]


def clear(c, **request):
    return c.status_of("ClearChargingProfile", request)


def limits(c):
    return [connector.session.limit_ma for connector in c.connectors]


def ids(c):
    from firmware.ocpp import profile as packed

    return sorted([packed.head(p)[5] for p in c.station.smart_charging.installed.profiles])


MAX = "ChargePointMaxProfile"
TX = "TxProfile"


# --- what is taken -------------------------------------------------------------------------------


def test_the_keys_of_chapter_9_4_say_what_there_is():
    """3.13.5."""
    c = ready()
    told = {}
    for item in c.ask("GetConfiguration", {})["configurationKey"]:
        told[item["key"]] = (item["readonly"], item.get("value"))
    assert told["ChargeProfileMaxStackLevel"] == (True, "8")
    assert told["ChargingScheduleAllowedChargingRateUnit"] == (True, "Current,Power")
    assert told["ChargingScheduleMaxPeriods"] == (True, "24")
    assert told["MaxChargingProfilesInstalled"] == (True, "12")
    assert told["ConnectorSwitch3to1PhaseSupported"] == (True, "false")
    assert told["SupportedFeatureProfiles"][1] == "Core,SmartCharging"


def test_each_purpose_stands_where_it_may_stand():
    """3.13.1: ChargePointMax on 0, TxDefault anywhere, TxProfile where a transaction runs."""
    c = ready(connectors=2).charge()
    p = wire((0, 10), purpose=MAX)
    assert [put(c, n, p) for n in (0, 1, 2)] == ["Accepted", "Rejected", "Rejected"]
    p = wire((0, 10), id=2)
    assert [put(c, n, p) for n in (0, 1, 2)] == ["Accepted"] * 3
    p = wire((0, 10), id=3, purpose=TX)
    assert [put(c, n, p) for n in (0, 1, 2)] == ["Rejected", "Accepted", "Rejected"]
    assert ids(c) == [1, 2, 3]


def test_a_connector_that_is_not_there_is_a_callerror():
    """Erratum 3.39."""
    c = ready()
    for number in (-1, 2, 1 << 40):
        assert put(c, number, wire((0, 10))) == "PropertyConstraintViolation"
    assert ids(c) == []


def test_a_word_that_is_not_there_is_a_callerror():
    """Erratum 3.38."""
    c = ready()
    for how in (
        {"unit": "kW"},
        {"purpose": "TxMaxProfile"},
        {"kind": "Daily"},
        {"kind": "Recurring", "recurrencyKind": "Monthly"},
    ):
        assert put(c, 0, wire((0, 10), **how)) == "PropertyConstraintViolation", how
    assert ids(c) == []


def test_a_transaction_id_has_to_be_the_running_one():
    """5.16: to prevent mismatch between transactions and a TxProfile."""
    c = ready().charge()
    assert put(c, 1, wire((0, 10), purpose=TX, transactionId=40)) == "Rejected"
    assert limits(c) == [32000]
    assert put(c, 1, wire((0, 10), purpose=TX, transactionId=41)) == "Accepted"
    assert limits(c) == [10000]


def test_a_transaction_that_ends_takes_no_profile_any_more():
    c = ready().charge()
    c.connectors[0].session.stop("Local", c.now)
    assert put(c, 1, wire((0, 10), purpose=TX), 0.04) == "Rejected"


BAD = (
    wire((0, 10), level=9),
    wire((0, 10), level=-1),
    wire(*[(n, 10) for n in range(25)]),
    wire((1, 10)),
    wire((-1, 10)),
    wire((0, 10), (5, 8), (5, 9)),
    wire((0, 10), (5, 8), (4, 9)),
    wire((0, 10), (1 << 40, 9)),
    wire((0, -0.1)),
    wire((0, 10), (9, -6)),
    wire((0, 10, 0)),
    wire((0, 10), least=-1),
    wire((0, 10), duration=0),
    wire((0, 10), duration=-5),
    wire((0, 10), kind="Recurring"),
    wire((0, 10), validFrom=at(10), validTo=at(10)),
    wire((0, 10), validFrom=at(10), validTo=at(-10)),
)


def test_what_cannot_be_obeyed_is_rejected_and_changes_nothing():
    """Nothing: not the profile it would have replaced, not the limit, not the file."""
    files = Files({})
    c = ready(files=files)
    assert put(c, 0, wire((0, 20))) == "Accepted"
    before = dict(files.names)
    for profile in BAD:
        assert put(c, 0, profile) == "Rejected", profile
        assert limits(c) == [20000] and files.names == before


def test_all_that_fits_is_taken():
    c = ready()
    good = (
        wire((0, 10), level=8),
        wire(*[(n, 10) for n in range(24)]),
        wire((0, 0), (1, 32.5, 1), (2, 8.1, 3), (3, 8, 7)),
        wire((0, 10), least=8.1, duration=1),
        wire((0, 10), kind="Recurring", recurrencyKind="Weekly", start=at(-10)),
        # Erratum 3.56 is about the sender; what it says here says nothing.
        wire((0, 10), kind="Absolute", recurrencyKind="Daily", start=at(-10)),
        wire((0, 10), validFrom=at(-10), validTo=at(10)),
        wire((0, 1e300), unit="W", duration=1 << 62),
        wire((0, 11000), unit="W"),
    )
    for profile in good:
        assert put(c, 0, profile) == "Accepted", profile
    assert limits(c) == [11000000 // 690]


def test_tenths_are_kept():
    """7.14: at most one digit fraction."""
    c = ready()
    for tenths in (61, 87, 129, 163, 319):
        put(c, 0, wire((0, tenths / 10)))
        assert limits(c) == [tenths * 100]


def test_a_unit_that_the_board_does_not_take_is_rejected():
    """Erratum 3.88."""
    c = ready(keys={"ChargingScheduleAllowedChargingRateUnit": "Power"})
    assert put(c, 0, wire((0, 10))) == "Rejected"
    assert put(c, 0, wire((0, 6900), unit="W")) == "Accepted"


def test_the_same_id_or_the_same_place_is_replaced():
    """5.16.3, 3.13.2."""
    c = ready(connectors=2)
    assert put(c, 0, wire((0, 10), id=1, level=0)) == "Accepted"
    assert put(c, 0, wire((0, 11), id=2, level=0)) == "Accepted"
    assert ids(c) == [2] and limits(c) == [11000, 11000]
    assert put(c, 0, wire((0, 12), id=3, level=1)) == "Accepted"
    assert put(c, 1, wire((0, 13), id=4, level=1)) == "Accepted"
    assert ids(c) == [2, 3, 4] and limits(c) == [13000, 12000]
    # An id that moves takes what stands there with it.
    assert put(c, 0, wire((0, 14), id=4, level=0)) == "Accepted"
    assert ids(c) == [3, 4] and limits(c) == [12000, 12000]
    assert put(c, 0, wire((0, 9), id=3, purpose=MAX)) == "Accepted"
    assert ids(c) == [3, 4] and limits(c) == [9000, 9000]


def test_no_more_than_twelve():
    c = ready(connectors=2)
    for n in range(12):
        assert put(c, n % 2, wire((0, 10), id=n, level=n // 2)) == "Accepted"
    assert put(c, 2, wire((0, 9), id=20)) == "Rejected"
    assert put(c, 0, wire((0, 9), id=21, level=0)) == "Accepted"  # takes a place that is taken
    assert put(c, 2, wire((0, 9), id=3)) == "Accepted"
    assert len(ids(c)) == 12


def test_a_replacement_that_begins_later_leaves_the_default_behaviour_until_then():
    """3.13.2, first note."""
    c = ready()
    put(c, 0, wire((0, 10)))
    assert put(c, 0, wire((0, 8), validFrom=at(60))) == "Accepted"
    assert limits(c) == [32000]
    c.skip(62)
    assert limits(c) == [8000]


# --- ClearChargingProfile ------------------------------------------------------------------------


def full():
    c = ready(connectors=2).charge()
    put(c, 0, wire((0, 20), id=1, purpose=MAX))
    put(c, 0, wire((0, 19), id=2, level=1))
    put(c, 1, wire((0, 18), id=3, level=1))
    put(c, 1, wire((0, 17), id=4, level=2, purpose=TX))
    assert ids(c) == [1, 2, 3, 4] and limits(c)[0] == 17000
    return c


def test_without_fields_all_are_cleared():
    """Erratum 3.25."""
    c = full()
    assert clear(c) == "Accepted"
    assert ids(c) == [] and limits(c) == [32000, 32000]
    assert clear(c) == "Unknown"


def test_fields_are_a_logical_and():
    """Errata 3.25, 3.26."""
    c = full()
    assert clear(c, connectorId=1, stackLevel=1, chargingProfilePurpose=TX) == "Unknown"
    assert clear(c, connectorId=2) == "Unknown"
    assert clear(c, connectorId=7) == "Unknown"
    assert ids(c) == [1, 2, 3, 4]
    assert clear(c, connectorId=1, stackLevel=1) == "Accepted"
    assert ids(c) == [1, 2, 4]
    assert clear(c, chargingProfilePurpose=TX) == "Accepted"
    assert ids(c) == [1, 2] and limits(c)[0] == 19000
    assert clear(c, connectorId=0, chargingProfilePurpose=MAX) == "Accepted"
    assert ids(c) == [2]
    assert clear(c, stackLevel=1) == "Accepted"
    assert ids(c) == []


def test_0_is_a_stack_level_and_a_connector():
    c = full()
    put(c, 2, wire((0, 6), id=9))
    assert clear(c, stackLevel=0, connectorId=0) == "Accepted"
    assert ids(c) == [2, 3, 4, 9]


def test_with_an_id_every_other_field_is_ignored():
    """Erratum 3.26."""
    c = full()
    assert clear(c, id=3, connectorId=2, stackLevel=7, chargingProfilePurpose=MAX) == "Accepted"
    assert ids(c) == [1, 2, 4]
    assert clear(c, id=3) == "Unknown"
    assert clear(c, id=8, connectorId=1) == "Unknown"
    assert ids(c) == [1, 2, 4]
