"""Smart charging over the wire (OCPP 1.6 3.13, 5.5, 5.7, 5.16): what the CSMS sets is what the
pilot offers and what the car draws."""

from datetime import timedelta

import pytest

from tests.scenarios.conftest import TAG, charger

ACCEPTED, REJECTED = {"status": "Accepted"}, {"status": "Rejected"}
MAX, DEFAULT, TX = "ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"
KEYS = {"WebSocketPingInterval": "5", "MessageTimeout": "5"}
GRACE_S = 12  # 5 s between two duties (A.6 sequence 6), and a second or two to look


# --- words of a backend --------------------------------------------------------------------------


def profile(purpose, *periods, number=1, level=0, unit="A", **more):
    """Each period is (start, limit) or (start, limit, phases). What is of the schedule is sorted
    into it."""
    names = ("startPeriod", "limit", "numberPhases")
    schedule = {
        "chargingRateUnit": unit,
        "chargingSchedulePeriod": [dict(zip(names, period)) for period in periods],
    }
    for name in ("duration", "startSchedule", "minChargingRate"):
        if name in more:
            schedule[name] = more.pop(name)
    made = {
        "chargingProfileId": number,
        "stackLevel": level,
        "chargingProfilePurpose": purpose,
        "chargingProfileKind": "Absolute" if "startSchedule" in schedule else "Relative",
        "chargingSchedule": schedule,
    }
    return dict(made, **more)


def flat(purpose, amps, **more):
    return profile(purpose, (0, amps), **more)


def put(csms, connector, profile):
    """The status, or the code of the CALLERROR."""
    answer = csms.ask(
        "SetChargingProfile", {"connectorId": connector, "csChargingProfiles": profile}
    )
    return answer.code or answer.payload["status"]


def clear(csms, **fields):
    return csms.call("ClearChargingProfile", **fields)["status"]


def composite(csms, connector, duration=600, unit=None):
    """The chargingSchedule that is told."""
    fields = {"connectorId": connector, "duration": duration}
    if unit:
        fields["chargingRateUnit"] = unit
    answer = csms.call("GetCompositeSchedule", **fields)
    assert answer["status"] == "Accepted" and answer["connectorId"] == connector
    schedule = answer["chargingSchedule"]
    assert schedule["duration"] == duration and "startSchedule" not in schedule
    assert unit in (None, schedule["chargingRateUnit"])
    return schedule


def periods(csms, connector, duration=600, unit=None):
    """[(start, limit)] of it."""
    schedule = composite(csms, connector, duration, unit)
    return [(p["startPeriod"], float(p["limit"])) for p in schedule["chargingSchedulePeriod"]]


def stamp(rig, seconds=0):
    return (rig.utc() + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


# --- what the pilot and the car say --------------------------------------------------------------


def offers(bench, amps, connector=1, timeout=GRACE_S):
    """The pilot offers this within so many seconds, the car obeys within 5 more (A.6)."""
    end_ms = bench.state()["clock_ms"] + timeout * 1000
    while abs((bench.connector(connector)["offered_a"] or 0) - amps) > 0.06:
        assert bench.state()["clock_ms"] < end_ms, (amps, bench.connector(connector))
        bench.run(0.2)
    now = bench.connector(connector)
    assert now["duty"] == pytest.approx(amps / 0.6 * 100, abs=2), (
        "IEC 61851-1 A.7: 0.6 A a percent"
    )
    bench.run(5)
    now = bench.connector(connector)
    assert now["contactor"], now
    assert max(now["amps"]) == pytest.approx(amps, abs=0.3), now
    return now


def steady(bench, amps, seconds=10, connector=1):
    """For so long it does not move."""
    for _ in range(seconds):
        now = bench.connector(connector)
        assert abs(now["offered_a"] - amps) < 0.06 and now["contactor"], now
        bench.run(1)


def pauses(bench, csms, connector=1):
    """Below 6 A there is no offer: SuspendedEVSE, steady +12 V, an open contactor."""
    csms.status("SuspendedEVSE", connector)
    bench.until(connector, contactor=False, coil=False, duty=10000, timeout=GRACE_S)
    still = bench.connector(connector)["meter_wh"]
    bench.run(10)
    now = bench.connector(connector)
    assert now["meter_wh"] == still and not now["contactor"], now
    csms.none("StopTransaction")


def offline(net, bench):
    net.cut("reset")
    bench.until(online=False, timeout=60)


def end(rig, connector=1, tag=TAG):
    bill = rig.finish(connector, tag)
    rig.leave(connector)
    rig.csms.status("Available", connector)
    rig.csms.mark()
    rig.csms.ledger.transactions.clear()
    return bill


# --- cases by id ---------------------------------------------------------------------------------


@pytest.mark.parametrize("connector", [0, 1])
def test_tc_056_tx_default_profile(rig, csms, bench, connector):
    """OCTT TC_056: a TxDefaultProfile for the connector or for all: the next transactions have
    its limit from their first second."""
    assert put(csms, connector, flat(DEFAULT, 10)) == "Accepted"
    for _ in range(2):
        rig.begin()
        offers(bench, 10)
        assert periods(csms, 1, 300) == [(0, 10)]
        end(rig)


def test_tc_056_tx_default_profile_by_the_clock(rig, csms, bench):
    """TC_056 with three periods of an absolute schedule: each begins at its second, and the last
    ends with the duration; afterwards charging goes on as if there were no profile."""
    put(
        csms,
        1,
        profile(DEFAULT, (0, 8), (60, 12), (100, 10), duration=140, startSchedule=stamp(rig, -10)),
    )
    rig.begin()
    offers(bench, 8)
    began = rig.utc()
    offers(bench, 12, timeout=70)
    offers(bench, 10, timeout=60)
    assert 60 < (rig.utc() - began).total_seconds() < 120
    offers(bench, 32, timeout=60)
    rig.finish()


def test_tc_057_tx_profile(rig, csms, bench):
    """OCTT TC_057: a TxProfile limits the running transaction, is replaced by the next of its
    level, overrules the TxDefaultProfile, and ends with the transaction (3.13.1)."""
    assert put(csms, 1, flat(DEFAULT, 20, number=7)) == "Accepted"
    rig.begin()
    offers(bench, 20)
    assert put(csms, 1, flat(TX, 10, transactionId=1)) == "Accepted"
    offers(bench, 10)
    assert put(csms, 1, flat(TX, 26, transactionId=1, number=2)) == "Accepted"
    offers(bench, 26)
    assert periods(csms, 1) == [(0, 26)]
    end(rig)
    rig.begin()
    offers(bench, 20)
    assert clear(csms, id=2) == "Unknown"
    rig.finish()


def test_tc_057_relative_periods(rig, csms, bench):
    """TC_057, Relative: its periods count from the beginning of the transaction (7.9), not from
    when it came."""
    rig.begin()
    bench.run(30)
    put(csms, 1, profile(TX, (0, 8), (60, 14), (120, 9), transactionId=1))
    offers(bench, 8)
    offers(bench, 14, timeout=60)
    offers(bench, 9, timeout=80)
    rig.finish()


@pytest.mark.parametrize("number", [None, 1, 4711])
def test_tc_058_1_tx_profile_without_transaction(rig, csms, bench, number):
    """OCTT TC_058_1: "no transaction active on the connector": discarded, and an error status;
    the transaction that begins later has never heard of it (3.13.1)."""
    more = {} if number is None else {"transactionId": number}
    assert put(csms, 1, flat(TX, 8, **more)) == "Rejected"
    rig.begin()
    offers(bench, 32)
    rig.finish()


def test_tc_058_2_tx_profile_of_another_transaction(rig, csms, bench):
    """OCTT TC_058_2: the transactionId is not that of the connector: Rejected, nothing moves."""
    rig.begin()
    offers(bench, 32)
    assert put(csms, 1, flat(TX, 8, transactionId=4711)) == "Rejected"
    assert put(csms, 1, flat(TX, 8, transactionId=-1)) == "Rejected"
    assert put(csms, 0, flat(TX, 8, transactionId=1)) == "Rejected", "3.13.1: connector > 0 only"
    steady(bench, 32)
    assert periods(csms, 1) == [(0, 32)]
    rig.finish()


@pytest.mark.parametrize("cable_first", [True, False])
def test_tc_059_remote_start_with_profile(rig, car, csms, bench, cable_first):
    """OCTT TC_059: the TxProfile of a RemoteStartTransaction limits that transaction, from its
    first second and instead of the TxDefaultProfile (7.10)."""
    put(csms, 0, flat(DEFAULT, 20, number=7))
    if cable_first:
        car.plug()
        csms.status("Preparing")
    assert (
        csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1, chargingProfile=flat(TX, 11))
        == ACCEPTED
    )
    if not cable_first:
        csms.status("Preparing")
        bench.run(5)
        car.plug()
    csms.expect("StartTransaction", idTag=TAG)
    seen = rig.charging()
    assert seen["offered_a"] == pytest.approx(11, abs=0.06), "not 20 or 32 first"
    offers(bench, 11)
    assert put(csms, 1, flat(TX, 13, transactionId=1, number=2)) == "Accepted", "3.42: replaced"
    offers(bench, 13)
    assert clear(csms, id=1) == "Unknown"
    assert put(csms, 1, flat(TX, 7, transactionId=1, number=3, level=1)) == "Accepted"
    offers(bench, 7)
    assert clear(csms, id=3) == "Accepted"
    offers(bench, 13)


@charger(keys={"ConnectionTimeOut": "15"})
def test_tc_059_profile_of_a_remote_start_that_came_to_nothing(rig, car, card, csms, bench):
    """7.10: the profile is for the transaction started by that RemoteStartTransaction: nobody
    plugs in, and the next one is not limited."""
    csms.call("RemoteStartTransaction", idTag=TAG, connectorId=1, chargingProfile=flat(TX, 11))
    csms.status("Preparing")
    csms.status("Available", timeout=30)
    rig.begin()
    offers(bench, 32)
    assert clear(csms, id=1) == "Unknown"


@pytest.mark.parametrize(
    "bad",
    [
        flat(DEFAULT, 11),
        flat(MAX, 11),
        flat(TX, 11, transactionId=1),  # erratum 3.41: "SHALL NOT be set"
        flat(TX, 11, level=-1),
        flat(TX, 11, level=9),
        profile(TX, (1, 11)),
        profile(TX, (0, 11), (60, 10), (60, 9)),
        flat(TX, -1),
        profile(TX, *[(n, 11) for n in range(25)]),
    ],
)
def test_tc_060_remote_start_with_a_bad_profile(car, csms, bench, bad):
    """OCTT TC_060: a profile that is none of a transaction (5.11), or cannot be obeyed: Rejected,
    and nothing begins."""
    car.plug()
    csms.status("Preparing")
    answer = csms.ask(
        "RemoteStartTransaction", {"idTag": TAG, "connectorId": 1, "chargingProfile": bad}
    )
    assert answer.payload == REJECTED, answer
    bench.run(10)
    csms.none("StartTransaction")
    assert bench.connector()["ocpp_status"] == "Preparing" and not bench.connector()["coil"]
    assert clear(csms) == "Unknown"


def test_tc_060_remote_start_with_wrong_words(car, csms, bench):
    """TC_060, erratum 3.38: a wrong enumeration is a CALLERROR, and nothing begins."""
    car.plug()
    csms.status("Preparing")
    bad = flat(TX, 11, chargingProfileKind="Sometimes")
    answer = csms.ask(
        "RemoteStartTransaction", {"idTag": TAG, "connectorId": 1, "chargingProfile": bad}
    )
    assert answer.code == "PropertyConstraintViolation"
    bench.run(10)
    csms.none("StartTransaction")


# --- GetCompositeSchedule ------------------------------------------------------------------------


def test_tc_066_composite_schedule(rig, csms, bench):
    """OCTT TC_066: profiles of all three purposes cut each other: the lowest of them at every
    second (3.13.3), in both units."""
    rig.begin()
    begun = stamp(rig, -10)
    put(csms, 0, profile(MAX, (0, 16), (300, 10), number=1, startSchedule=begun))
    put(csms, 0, flat(DEFAULT, 9, number=2, startSchedule=begun))
    put(
        csms,
        1,
        profile(
            TX,
            *((0, 12), (100, 20), (400, 6)),
            number=3,
            transactionId=1,
            startSchedule=begun,
            duration=500,
        ),
    )
    wanted = [(0, 12), (100, 16), (300, 10), (400, 6), (500, 9)]
    for connector in (1, 0):
        told = periods(csms, connector, 800)
        late = 100 - told[1][0]  # seconds between begun and "Time X" of 5.7
        assert 0 < late < 60
        assert told == [(max(0, at - late), limit) for at, limit in wanted], told
    assert [limit for _, limit in periods(csms, 1, 800, "A")] == [12, 16, 10, 6, 9]
    watts = [limit for _, limit in periods(csms, 1, 800, "W")]
    assert watts == [8280, 11040, 6900, 4140, 6210], "230 V on three phases"
    assert [limit for _, limit in periods(csms, 0, 800, "W")] == watts
    assert periods(csms, 1, 5) == [(0, 12)]
    rig.finish()


def test_tc_066_composite_of_a_schedule_in_watts(rig, csms, bench):
    """7.12: power is that of all phases, at the nominal voltage; numberPhases 3 if absent."""
    rig.begin()
    put(csms, 1, profile(TX, (0, 6900), unit="W", transactionId=1))
    offers(bench, 10)
    assert periods(csms, 1, 60, "A") == [(0, 10)]
    assert periods(csms, 1, 60, "W") == [(0, 6900)]
    put(csms, 1, profile(TX, (0, 1840, 1), unit="W", transactionId=1))
    offers(bench, 8)
    assert periods(csms, 1, 60, "A") == [(0, 8)]
    rig.finish()


def test_tc_066_composite_schedule_without_profiles(rig, csms):
    """5.7: what may be expected where nobody has set a limit is what the wiring carries."""
    assert periods(csms, 1, 60, "A") == [(0, 32)]
    assert periods(csms, 0, 60, "A") == [(0, 32)]
    assert periods(csms, 0, 60, "W") == [(0, 22080)]


def test_tc_066_scheduled_from_the_moment_of_the_question(rig, csms):
    """Erratum 3.29: from the moment of message receipt; the periods are relative to it."""
    answer = csms.call("GetCompositeSchedule", connectorId=1, duration=60)
    assert stamp(rig, -5) <= answer["scheduleStart"][:19] + "Z" <= stamp(rig, 5)


@pytest.mark.parametrize(
    "question, code",
    [
        ({"connectorId": 9, "duration": 60}, None),
        ({"connectorId": -1, "duration": 60}, None),
        (
            {"connectorId": 1, "duration": 60, "chargingRateUnit": "V"},
            "PropertyConstraintViolation",
        ),
        ({"connectorId": 1}, "OccurenceConstraintViolation"),
        ({"connectorId": 1, "duration": "60"}, "TypeConstraintViolation"),
    ],
)
def test_composite_schedule_that_cannot_be_told(csms, question, code):
    """5.7: Rejected "if the connectorId is unknown"; erratum 3.24: a wrong chargingRateUnit is a
    PropertyConstraintViolation."""
    answer = csms.ask("GetCompositeSchedule", question)
    assert answer.code == code
    if code is None:
        assert answer.payload["status"] == "Rejected"


# --- ClearChargingProfile ------------------------------------------------------------------------

SET = (
    (0, flat(MAX, 30, number=1, level=0)),
    (0, flat(MAX, 29, number=2, level=1)),
    (0, flat(DEFAULT, 28, number=3, level=0)),
    (1, flat(DEFAULT, 27, number=4, level=0)),
    (1, flat(DEFAULT, 26, number=5, level=1)),
    (1, flat(TX, 25, number=6, level=1, transactionId=1)),
)


@pytest.mark.parametrize(
    "fields, gone",
    [
        ({}, {1, 2, 3, 4, 5, 6}),
        ({"id": 3}, {3}),
        ({"id": 5, "connectorId": 0, "stackLevel": 7}, {5}),
        ({"id": 99}, set()),
        ({"connectorId": 0}, {1, 2, 3}),
        ({"connectorId": 1}, {4, 5, 6}),
        ({"chargingProfilePurpose": MAX}, {1, 2}),
        ({"chargingProfilePurpose": DEFAULT}, {3, 4, 5}),
        ({"chargingProfilePurpose": TX}, {6}),
        ({"stackLevel": 1}, {2, 5, 6}),
        ({"stackLevel": 2}, set()),
        ({"connectorId": 1, "stackLevel": 1}, {5, 6}),
        ({"connectorId": 1, "stackLevel": 1, "chargingProfilePurpose": DEFAULT}, {5}),
        ({"connectorId": 0, "chargingProfilePurpose": TX}, set()),
    ],
)
def test_tc_067_clear_charging_profile(rig, csms, fields, gone):
    """OCTT TC_067; errata 3.25, 3.26: all that match every field given (logical AND); with an id
    the others are ignored; no field: all. Unknown when nothing matched."""
    rig.begin()
    for connector, one in SET:
        assert put(csms, connector, one) == "Accepted"
    if fields.get("id") == 5:
        answer = csms.ask("ClearChargingProfile", fields)
        assert answer.payload["status"] == "Accepted"
    else:
        assert clear(csms, **fields) == ("Accepted" if gone else "Unknown")
    left = {number for number in range(1, 7) if clear(csms, id=number) == "Accepted"}
    assert left == {1, 2, 3, 4, 5, 6} - gone


def test_tc_067_cleared_limits_end_at_once(rig, csms, bench):
    """TC_067: the limit of a cleared profile no longer counts; erratum 3.8: the transaction goes
    on without the TxDefaultProfile."""
    put(csms, 1, flat(DEFAULT, 12, number=4))
    rig.begin()
    put(csms, 1, flat(TX, 8, number=6, transactionId=1))
    offers(bench, 8)
    assert clear(csms, chargingProfilePurpose=TX) == "Accepted"
    offers(bench, 12)
    assert clear(csms) == "Accepted"
    offers(bench, 32)
    rig.finish()


def test_clear_with_a_wrong_purpose(rig, csms):
    """A purpose there is not: a CALLERROR, and what is installed stays."""
    put(csms, 1, flat(DEFAULT, 12, number=4))
    answer = csms.ask("ClearChargingProfile", {"chargingProfilePurpose": "TxMaxProfile"})
    assert answer.code == "PropertyConstraintViolation"
    assert periods(csms, 1) == [(0, 12)]


# --- stacking ------------------------------------------------------------------------------------


def test_tc_072_stacking(rig, csms, bench):
    """OCTT TC_072: the highest level that is valid prevails; while its schedule has not begun and
    after its duration that below does (3.13.2, erratum 3.43)."""
    put(csms, 1, flat(DEFAULT, 20, number=1, level=0))
    put(
        csms,
        1,
        profile(
            DEFAULT, (0, 8), (30, 10), number=2, level=3, duration=60, startSchedule=stamp(rig, 60)
        ),
    )
    put(csms, 1, flat(DEFAULT, 6, number=3, level=2, validTo=stamp(rig, -10)))
    assert [limit for _, limit in periods(csms, 1, 300)] == [20, 8, 10, 20]
    rig.begin()
    offers(bench, 20, timeout=40)
    offers(bench, 8, timeout=60)
    offers(bench, 10, timeout=60)
    offers(bench, 20, timeout=60)
    rig.finish()


def test_tc_072_same_level_replaces(rig, csms, bench):
    """3.13.2, 5.16.3: the same level and purpose, or the same id, replaces; also by one that is
    not valid yet: default behaviour until then."""
    rig.begin()
    put(csms, 1, flat(DEFAULT, 12, number=1, level=1))
    put(csms, 1, flat(DEFAULT, 14, number=2, level=1))
    offers(bench, 14)
    assert clear(csms, id=1) == "Unknown"
    put(csms, 1, flat(DEFAULT, 10, number=2, level=5))
    offers(bench, 10)
    assert clear(csms, stackLevel=1) == "Unknown"
    put(csms, 1, flat(DEFAULT, 8, number=3, level=5, validFrom=stamp(rig, 40)))
    offers(bench, 32)
    offers(bench, 8, timeout=60)
    rig.finish()


@charger(connectors=2)
def test_tc_072_connector_replaces_charge_point(rig, csms, bench):
    """3.13.1: a TxDefaultProfile of connector 1 replaces that of connector 0 for connector 1
    only."""
    put(csms, 0, flat(DEFAULT, 10, number=1))
    put(csms, 1, flat(DEFAULT, 16, number=2))
    assert [periods(csms, n) for n in (1, 2)] == [[(0, 16)], [(0, 10)]]
    rig.begin(1)
    rig.begin(2, "OTHER")
    offers(bench, 16, 1)
    offers(bench, 10, 2)
    assert clear(csms, id=2) == "Accepted"
    offers(bench, 10, 1)


def test_tc_082_default_profile_onto_a_running_transaction(rig, csms, bench):
    """OCTT TC_082; erratum 3.8: a new TxDefaultProfile, and a changed one, limit the running
    transaction; without it the transaction goes on."""
    rig.begin()
    offers(bench, 32)
    put(csms, 0, flat(DEFAULT, 16))
    offers(bench, 16)
    put(csms, 0, flat(DEFAULT, 10))
    offers(bench, 10)
    assert clear(csms, chargingProfilePurpose=DEFAULT) == "Accepted"
    offers(bench, 32)
    csms.none("StopTransaction")
    rig.finish()


# --- the limit at the plug -----------------------------------------------------------------------


@pytest.mark.parametrize("amps", [0, 5.9])
def test_below_6_a_it_pauses(rig, csms, bench, amps):
    """Less than 6 A cannot be offered (IEC 61851-1 A.5.2): SuspendedEVSE until there is more, the
    transaction stays."""
    rig.begin()
    put(csms, 1, flat(TX, amps, transactionId=1))
    pauses(bench, csms)
    put(csms, 1, flat(TX, 6, transactionId=1))
    csms.status("Charging")
    offers(bench, 6)
    assert rig.finish().wh > 0


def test_no_power_before_the_limit_is_there(rig, car, card, csms, bench):
    """A default of 0 A: the transaction begins and waits, the contactor never closes."""
    put(csms, 0, flat(DEFAULT, 0))
    car.plug()
    card.swipe(TAG)
    csms.expect("StartTransaction")
    csms.status("SuspendedEVSE")
    bench.never(20, coil=True)
    clear(csms)
    csms.status("Charging")
    offers(bench, 32)


def test_one_digit_fraction(rig, csms, bench):
    """7.14: one digit fraction, to the pilot."""
    rig.begin()
    put(csms, 1, flat(TX, 8.1, transactionId=1))
    offers(bench, 8.1)
    assert periods(csms, 1) == [(0, 8.1)]
    rig.finish()


@charger(board={"phases": 1})
def test_more_phases_than_there_are(rig, csms, bench):
    """Erratum 3.34: numberPhases above what the charge point has: the limit "as is given", no new
    one; of power, all of it on the phase there is."""
    rig.begin()
    for phases in (3, 4):
        put(csms, 1, profile(TX, (0, 7 + phases, phases), transactionId=1))
        offers(bench, 7 + phases)
    put(csms, 1, profile(TX, (0, 4600, 3), unit="W", transactionId=1))
    offers(bench, 20)
    rig.finish()


def test_never_more_than_the_wiring(rig, csms, bench):
    """A limit above what cable and board carry is no permission."""
    rig.begin(cable_a=20)
    put(csms, 1, flat(TX, 63, transactionId=1))
    put(csms, 0, flat(MAX, 500))
    offers(bench, 20)
    steady(bench, 20)
    rig.finish()


def test_charge_point_max_limits_every_purpose(rig, csms, bench):
    """3.13.3: never above the lowest of the merged schedules, whichever that is."""
    put(csms, 0, flat(MAX, 14, number=1))
    rig.begin()
    offers(bench, 14)
    put(csms, 1, flat(TX, 20, number=2, transactionId=1))
    steady(bench, 14)
    put(csms, 1, flat(TX, 9, number=2, transactionId=1))
    offers(bench, 9)
    put(csms, 0, flat(MAX, 7, number=1))
    offers(bench, 7)
    rig.finish()


def test_daily_profile(rig, csms, bench):
    """7.37: it restarts every 24 h at the time of its startSchedule, which was long ago; outside
    of its duration the limit is gone (erratum 3.43)."""
    start = stamp(rig, 60 - 86400 * 400)
    put(
        csms,
        1,
        flat(
            DEFAULT,
            9,
            chargingProfileKind="Recurring",
            recurrencyKind="Daily",
            startSchedule=start,
            duration=45,
        ),
    )
    rig.begin()
    offers(bench, 32, timeout=40)
    offers(bench, 9, timeout=80)
    offers(bench, 32, timeout=60)
    told = periods(csms, 1, 86400 + 600)
    assert [limit for _, limit in told] == [32, 9, 32]
    assert told[2][0] - told[1][0] == 45
    rig.finish()


# --- several connectors --------------------------------------------------------------------------


@charger(connectors=2)
def test_two_connectors_share(rig, csms, bench):
    """3.13.3: the ChargePointMaxProfile is the limit for all connectors combined, also in the
    second in which another one begins."""
    put(csms, 0, flat(MAX, 20))
    rig.begin(1)
    offers(bench, 20, 1)
    rig.begin(2, "OTHER")
    offers(bench, 10, 1)
    offers(bench, 10, 2)
    assert periods(csms, 0) == [(0, 20)]
    rig.finish(1)
    offers(bench, 20, 2)


@charger(connectors=2)
def test_the_sum_is_never_above_the_limit(rig, csms, bench):
    """The same, looked at all the time: the currents together never pass the limit, but for the
    seconds a car may take to follow."""
    put(csms, 0, flat(MAX, 16))
    rig.begin(1)
    offers(bench, 16, 1)
    bench.plug(2)
    bench.swipe("OTHER", 2)
    over = 0
    for _ in range(200):
        now = bench.state()["connectors"]
        total = sum(max(one["amps"]) for one in now if one["contactor"])
        over = over + 1 if total > 16.4 else 0
        assert over * 0.2 <= 5, now
        assert (now[1]["offered_a"] or 0) < 8.06, "never more than its share"
        bench.run(0.2)
    offers(bench, 8, 1)
    offers(bench, 8, 2)


@charger(connectors=2)
def test_the_latest_pauses(rig, csms, bench):
    """What is left for two is less than 6 A each: the one that began last waits, and goes on when
    the other has ended."""
    put(csms, 0, flat(MAX, 11))
    rig.begin(1)
    offers(bench, 11, 1)
    bench.plug(2)
    csms.status("Preparing", 2)
    bench.swipe("OTHER", 2)
    csms.expect("StartTransaction", connectorId=2)
    pauses(bench, csms, 2)
    steady(bench, 11)
    rig.register[1] = 0
    bench.swipe(TAG, 1)
    csms.expect("StopTransaction", transactionId=1)
    csms.status("Charging", 2)
    offers(bench, 11, 2)


# --- offline, and over power cuts ----------------------------------------------------------------


@charger(keys=KEYS)
def test_limits_hold_offline(rig, csms, net, bench):
    """3.13.6: offline it goes on with the TxProfile, second by second, and what begins offline
    has the TxDefaultProfile."""
    rig.begin()
    put(csms, 0, flat(DEFAULT, 14, number=1))
    put(
        csms,
        1,
        profile(TX, (0, 8), (90, 12), number=2, transactionId=1, startSchedule=stamp(rig)),
    )
    offers(bench, 8)
    offline(net, bench)
    steady(bench, 8)
    offers(bench, 12, timeout=90)
    bench.swipe(TAG)
    bench.until(transaction=None, timeout=20)
    rig.leave()
    bench.plug()
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=30)
    offers(bench, 14)
    net.mend()
    bench.until(online=True, timeout=90)
    bench.until(queue=0, timeout=90)
    steady(bench, 14)


def test_profiles_survive_a_power_cut(rig, csms, power, bench):
    """Erratum 3.37: profiles "SHALL be persistent across reboots/power cycles"; what was cleared
    stays away."""
    put(csms, 0, flat(MAX, 24, number=1))
    put(csms, 0, flat(DEFAULT, 16, number=2))
    put(csms, 1, profile(DEFAULT, (0, 13.7), (86400, 6), number=3, level=8, minChargingRate=6.5))
    put(csms, 1, flat(DEFAULT, 6, number=4, level=5))
    clear(csms, id=4)
    bench.run(2)
    power.cut()
    bench.run(5)
    power.restore()
    rig.boot()
    assert periods(csms, 1) == [(0, 13.7)]
    rig.begin()
    offers(bench, 13.7)
    assert clear(csms, id=4) == "Unknown"
    for number in (3, 2, 1):
        assert clear(csms, id=number) == "Accepted", number


def cut_and_boot(csms, power, bench):
    """In the middle of a transaction: after the boot it has been stopped."""
    power.cut()
    bench.run(5)
    power.restore()
    csms.expect("BootNotification", 60)
    csms.expect("StopTransaction", 60, reason="PowerLoss")


@pytest.mark.parametrize("purpose, connector", [(MAX, 0), (DEFAULT, 1)])
@pytest.mark.parametrize("limits", [(9,), (20, 9), (20, 9, 20)])
def test_accepted_while_charging_survives_a_power_cut(
    rig, csms, power, bench, purpose, connector, limits
):
    """The same for those that came in the middle of a transaction, right behind each other:
    Accepted is Accepted, also after a second cut."""
    rig.begin()
    for amps in limits:
        assert put(csms, connector, flat(purpose, amps)) == "Accepted"
    offers(bench, limits[-1])
    cut_and_boot(csms, power, bench)
    assert periods(csms, 1) == [(0, limits[-1])]
    power.cut()
    bench.run(2)
    power.restore()
    csms.expect("BootNotification", 60)
    bench.until(boot="Accepted", timeout=60)
    assert periods(csms, 1) == [(0, limits[-1])]


def test_cleared_while_charging_stays_away(rig, csms, power, bench):
    """What was cleared in the middle of a transaction does not come back with the power; what was
    set before it does."""
    put(csms, 0, flat(DEFAULT, 20, number=1))
    put(csms, 1, flat(DEFAULT, 9, number=2, level=1))
    rig.begin()
    offers(bench, 9)
    assert clear(csms, id=2) == "Accepted"
    offers(bench, 20)
    cut_and_boot(csms, power, bench)
    assert periods(csms, 1) == [(0, 20)]
    assert clear(csms, id=2) == "Unknown"


@charger(keys=dict(KEYS, ResumeWindow="60"))
def test_tx_profile_of_a_transaction_that_goes_on(rig, csms, power, bench):
    """3.13.1, erratum 3.37: a transaction that is resumed after a power cut keeps its TxProfile,
    counted from its own beginning."""
    rig.begin()
    put(csms, 1, profile(TX, (0, 8), (150, 11), transactionId=1))
    offers(bench, 8)
    power.cut()
    bench.run(10)
    power.restore()
    csms.expect("BootNotification", 60)
    bench.until(contactor=True, timeout=90)
    offers(bench, 8)
    offers(bench, 11, timeout=150)
    csms.none("StopTransaction")
    rig.finish()


def test_no_tx_profile_after_a_power_cut_that_ends_it(rig, csms, power, bench):
    """3.13.1: it goes with its transaction, also where the power ended that."""
    rig.begin()
    put(csms, 1, flat(TX, 8, transactionId=1, number=5))
    offers(bench, 8)
    power.cut()
    bench.run(5)
    power.restore()
    csms.expect("BootNotification", 60)
    csms.expect("StopTransaction", 60, reason="PowerLoss")
    assert periods(csms, 1) == [(0, 32)]
    assert clear(csms, id=5) == "Unknown"


@charger(keys=dict(KEYS, AllowOfflineTxForUnknownId="true"))
def test_limits_before_the_clock_is_known(rig, csms, power, net, bench):
    """After a power cut without a link nobody knows the time: of a ChargePointMaxProfile the
    lowest limit counts, of the others what is relative to the transaction. Once the time is told,
    the limits of this moment."""
    now = stamp(rig, -10)
    put(csms, 0, profile(MAX, (0, 16), (86400, 8), number=1, startSchedule=now))
    put(csms, 1, flat(DEFAULT, 6, number=2, startSchedule=now, duration=3600, level=1))
    put(csms, 1, profile(DEFAULT, (0, 12), (20, 7), number=3))
    assert periods(csms, 1, 60) == [(0, 6)]
    bench.run(2)
    power.cut()
    net.cut("reset")
    bench.run(5)
    power.restore()
    bench.run(5)
    bench.plug()
    bench.swipe(TAG)
    bench.until(contactor=True, timeout=60)
    assert bench.state()["utc"] is None
    offers(bench, 8, timeout=5)
    offers(bench, 7, timeout=40)
    net.mend()
    bench.until(boot="Accepted", timeout=120)
    offers(bench, 6)
    assert clear(csms, id=2) == "Accepted"
    offers(bench, 7)
    bench.until(queue=0, timeout=60)


# --- bad input -----------------------------------------------------------------------------------

PROPERTY, OCCURENCE = "PropertyConstraintViolation", "OccurenceConstraintViolation"
TYPE, FORMATION = "TypeConstraintViolation", "FormationViolation"


def inner(purpose=TX, **fields):
    """A flat profile of 8 A with other fields in its chargingSchedule; None: without the
    field."""
    made = flat(purpose, 8, number=50, level=8, transactionId=1)
    for name, value in fields.items():
        made["chargingSchedule"][name] = value
        if value is None:
            del made["chargingSchedule"][name]
    return made


def outer(**fields):
    made = dict(inner(), **fields)
    return {name: value for name, value in made.items() if value is not None}


def in_periods(*periods):
    names = ("startPeriod", "limit", "numberPhases")
    return inner(chargingSchedulePeriod=[dict(zip(names, period)) for period in periods])


BAD = {
    # errata 3.38, 3.39
    "purpose": (1, outer(chargingProfilePurpose="TxMaxProfile"), PROPERTY),
    "purpose in another case": (1, outer(chargingProfilePurpose="txProfile"), PROPERTY),
    "kind": (1, outer(chargingProfileKind="Dynamic"), PROPERTY),
    "recurrency": (
        1,
        outer(chargingProfileKind="Recurring", recurrencyKind="Monthly"),
        PROPERTY,
    ),
    "unit": (1, inner(chargingRateUnit="kW"), PROPERTY),
    "connector": (9, outer(), PROPERTY),
    "connector below 0": (-1, outer(), PROPERTY),
    # OCPP-J 4.2.3
    "no id": (1, outer(chargingProfileId=None), OCCURENCE),
    "no level": (1, outer(stackLevel=None), OCCURENCE),
    "no schedule": (1, outer(chargingSchedule=None), OCCURENCE),
    "no unit": (1, inner(chargingRateUnit=None), OCCURENCE),
    "no period": (1, in_periods(), OCCURENCE),
    "no limit": (1, in_periods((0,)), OCCURENCE),
    "level as text": (1, outer(stackLevel="8"), TYPE),
    "id as text": (1, outer(chargingProfileId="50"), TYPE),
    "limit as text": (1, in_periods((0, "8")), TYPE),
    "start as a fraction": (1, in_periods((0, 8), (60.5, 7)), TYPE),
    "unknown field": (1, outer(salesTariff=1), FORMATION),
    # ranges and meaning: 7.8, 7.13, 7.14, chapter 9.4
    "level below 0": (1, outer(stackLevel=-1), "Rejected"),
    "level too high": (1, outer(stackLevel=9), "Rejected"),
    "first period late": (1, in_periods((1, 8)), "Rejected"),
    "unordered": (1, in_periods((0, 8), (60, 9), (30, 7)), "Rejected"),
    "same start": (1, in_periods((0, 8), (60, 9), (60, 7)), "Rejected"),
    "start below 0": (1, in_periods((-60, 8), (0, 7)), "Rejected"),
    "limit below 0": (1, in_periods((0, 8), (60, -1)), "Rejected"),
    "no phases": (1, in_periods((0, 8, 0)), "Rejected"),
    "too many periods": (1, in_periods(*[(n, 8) for n in range(25)]), "Rejected"),
    "duration below 0": (1, inner(duration=-1), "Rejected"),
    "minChargingRate below 0": (1, inner(minChargingRate=-1), "Rejected"),
    "recurring without a recurrency": (1, outer(chargingProfileKind="Recurring"), "Rejected"),
    "valid to before from": (
        1,
        outer(validFrom="2026-11-23T00:00:00Z", validTo="2026-11-22T00:00:00Z"),
        "Rejected",
    ),
    # 3.13.1
    "ChargePointMaxProfile of a connector": (
        1,
        outer(chargingProfilePurpose=MAX, transactionId=None),
        "Rejected",
    ),
    "TxProfile of the charge point": (0, outer(), "Rejected"),
    "TxProfile of another transaction": (1, outer(transactionId=2), "Rejected"),
}


def test_bad_profiles_change_nothing(rig, csms, bench):
    """Each gets the CALLERROR of the errata, or Rejected; then the pilot, the composite schedule
    and what is installed are as before."""
    rig.begin()
    put(csms, 1, flat(TX, 16, number=50, level=8, transactionId=1))
    offers(bench, 16)
    wrong = []
    for name, (connector, bad, wanted) in BAD.items():
        got = put(csms, connector, bad)
        if got != wanted:
            wrong.append("%s: %s, not %s" % (name, got, wanted))
        if periods(csms, 1) != [(0, 16)]:
            wrong.append("%s: the composite is %s" % (name, periods(csms, 1)))
            put(csms, 1, flat(TX, 16, number=50, level=8, transactionId=1))
        duty = bench.connector()["duty"]
        if abs(duty - 2667) > 2:
            wrong.append("%s: the duty is %d" % (name, duty))
    assert not wrong, "\n".join(wrong)
    steady(bench, 16)
    assert clear(csms, id=50) == "Accepted" and clear(csms) == "Unknown"
    rig.finish()


def test_more_profiles_than_there_is_room_for(rig, csms, bench):
    """9.4.5 MaxChargingProfilesInstalled: one more is Rejected, the others stay and may be
    replaced."""
    answer = csms.call("GetConfiguration", key=["MaxChargingProfilesInstalled"])
    most = int(answer["configurationKey"][0]["value"])
    places = [(n % 2, 8 - n // 2) for n in range(18)]
    put_in = [
        put(csms, connector, flat(DEFAULT, 20 - n / 2, number=100 + n, level=level))
        for n, (connector, level) in enumerate(places[:most])
    ]
    assert put_in == ["Accepted"] * most
    connector, level = places[most]
    assert put(csms, connector, flat(DEFAULT, 6, number=200, level=level)) == "Rejected"
    assert put(csms, 0, flat(MAX, 6, number=201)) == "Rejected"
    assert put(csms, 0, flat(DEFAULT, 17, number=100, level=8)) == "Accepted"
    assert put(csms, 1, flat(DEFAULT, 18, number=202, level=8)) == "Accepted"
    assert periods(csms, 1) == [(0, 18)]
    left = [n for n in range(100, 100 + most) if clear(csms, id=n) == "Accepted"]
    assert len(left) == most - 1 and clear(csms, id=202) == "Accepted"


def test_the_keys_of_smart_charging(csms):
    """3.13.5: a smart charging enabled charge point SHALL report what it can, and the profile."""
    names = [
        "ChargeProfileMaxStackLevel",
        "ChargingScheduleAllowedChargingRateUnit",
        "ChargingScheduleMaxPeriods",
        "MaxChargingProfilesInstalled",
        "SupportedFeatureProfiles",
    ]
    answer = csms.call("GetConfiguration", key=names)
    told = {row["key"]: row for row in answer["configurationKey"]}
    assert set(told) == set(names) and not answer.get("unknownKey")
    assert all(row["readonly"] for row in told.values())
    assert "SmartCharging" in told["SupportedFeatureProfiles"]["value"].split(",")
    assert told["ChargingScheduleAllowedChargingRateUnit"]["value"] == "Current,Power"
