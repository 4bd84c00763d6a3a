# heap: chip + 40k, both chips in one heap
"""OpenEVSE through RAPI: its states in our words, never more than permitted, and a pulse."""

from firmware.evse import fault, status
from firmware.evse.connector import Connector
from firmware.evse.limit import Limit
from firmware.evse.rapi import RapiKernel
from hal.rapi import OpenEVSE
from tests.unit.rapi_rig import Bench


def ready():
    bench = Bench()
    bench.run(3000)
    assert not bench.facts.faults, bench.facts.faults
    return bench


def charging(ma=16000):
    bench = ready()
    bench.box.letter = "B"
    bench.run(1100)  # between two looks at its capacity
    bench.grant(ma)
    assert bench.until(lambda: bench.box.relay and bench.facts.closed, 3000) <= 500
    bench.run(500)
    return bench


def test_it_is_put_to_sleep_before_anybody_is_authorised():
    """It charges whoever plugs in: the first thing it is told is to sleep."""
    bench = Bench()
    bench.box.letter = "C"
    assert bench.box.relay
    assert bench.until(lambda: not bench.box.relay, 2000) < 200
    bench.run(5000)
    assert bench.box.asleep and not bench.facts.closed and bench.kernel.plugged


def test_a_session():
    bench = charging()
    assert bench.box.offered_a == 16 and bench.kernel.wishes.offered_ma == 16000
    facts = bench.facts
    assert facts.letter == "C" and facts.tested and facts.locked and bench.kernel.plugged
    bench.grant(0)
    assert bench.until(lambda: not bench.box.relay, 1000) < 200
    bench.run(500)
    assert not facts.closed and facts.letter == "B" and not bench.kernel.wishes.offered_ma
    bench.box.letter = "A"
    bench.until(lambda: not bench.kernel.plugged, 500)
    assert bench.kernel.unplugged == 1


def test_the_session_and_the_words_above_use_it_as_any_kernel():
    bench = ready()
    connector = Connector(1, bench.kernel)
    session = connector.session
    bench.box.letter = "B"
    bench.run(500)
    session.authorise("TAG", None, bench.now, 60000)
    assert session.tick(bench.now, 1000, bench.now) == 1
    bench.until(lambda: bench.box.relay or session.tick(bench.now, 1000, bench.now), 3000)
    bench.run(500)
    session.tick(bench.now, 1000, bench.now)
    assert status.derive(session, True, False, "Preparing") == "Charging"
    assert status.error_code(bench.kernel, "Charging") == "NoError"


def test_never_awake_with_more_than_is_permitted():
    """It boots with 32 A: woken only after 10 A are confirmed; the pilot is watched throughout."""
    bench = ready()
    bench.witness = lambda: watched(bench)
    bench.box.letter = "B"
    for ma in (10000, 16000, 6000, 0, 13900, 32000, 8000):
        bench.grant(ma)
        bench.settling = 7000  # a change while awake waits for the 5 s of A.6 seq. 6
        bench.run(8000)
        assert bench.box.offered_a == ma // 1000, ma


def watched(bench):
    bench.settling -= 10
    if bench.settling <= 0:
        assert bench.box.offered_a * 1000 <= bench.facts.permit_ma
    if not bench.facts.permit_ma and bench.settling < 6800:
        assert not bench.box.offered_a


def test_a_change_while_it_offers_waits_for_the_car():
    """A.6 seq. 6: 5 s between two offers."""
    bench = charging(16000)
    bench.run(6000)
    bench.grant(20000)
    bench.until(lambda: bench.box.capacity == 20, 500)
    bench.grant(12000)
    assert 4500 <= bench.until(lambda: bench.box.capacity == 12, 5600) <= 5100


def test_a_capacity_it_does_not_take_lets_it_sleep():
    """Its least is 10 A, and 8 A are permitted: nothing rather than more."""
    bench = ready()
    bench.box.least = 10
    bench.box.letter = "B"
    bench.witness = lambda: held(bench)
    bench.grant(8000)
    bench.run(30000)
    assert bench.box.asleep
    assert 2 <= bench.box.heard.count("SC 8 V") <= 4  # asked again, not without end


def held(bench):
    assert not bench.box.offered_a


def test_a_capacity_above_its_own_is_bounded_by_it():
    """It takes 20 A of 32: 20 A are no more than is permitted."""
    bench = ready()
    bench.box.most = bench.box.capacity = 20
    bench.box.letter = "B"
    bench.grant(32000)
    bench.run(5000)
    assert bench.box.offered_a == 20 and bench.kernel.wishes.offered_ma == 20000


def test_the_charge_points_own_limit_holds():
    bench = Bench(max_ma=10000)
    bench.run(3000)
    bench.box.letter = "B"
    bench.grant(32000)
    bench.run(3000)
    assert bench.box.offered_a == 10 and bench.facts.ceiling_ma == 10000


def test_every_state_has_a_letter_and_a_fault():
    """The table of docs/remote.md."""
    rows = (
        (0x04, fault.VENTILATION, "EVCommunicationError"),
        (0x05, fault.DIODE, "EVCommunicationError"),
        (0x06, fault.RCD, "GroundFailure"),
        (0x07, fault.GROUND, "GroundFailure"),
        (0x08, fault.WELD, "PowerSwitchFailure"),
        (0x09, fault.RCD_TEST, "GroundFailure"),
        (0x0A, fault.OVERTEMP, "HighTemperature"),
        (0x0B, fault.OVERCURRENT, "OverCurrentFailure"),
        (0x0C, fault.SOFTWARE, "InternalError"),
        (0x0E, fault.NO_CLOSE, "PowerSwitchFailure"),
        (0xFD, fault.SOFTWARE, "InternalError"),
    )
    for state, bit, code in rows:
        bench = charging()
        bench.box.asks = False
        bench.box.fault = state
        bench.run(500)
        facts = bench.facts
        assert facts.faults == bit and not facts.closed and not facts.tested, state
        assert status.error_code(bench.kernel, "SuspendedEVSE") == code, state
        assert facts.letter == "B" and bench.kernel.plugged
        assert not bench.kernel.wishes.offered_ma
        assert bench.kernel.welded == (state == 0x08)


def test_a_fault_is_not_hidden_by_putting_it_to_sleep():
    bench = charging()
    bench.box.fault = 0x06
    bench.run(1000)
    asked = len(bench.box.heard)
    bench.run(5000)
    assert not {"FS", "FE", "SC 16 V"} & set(bench.box.heard[asked:])
    bench.box.fault = 0  # its own retry: it goes on by itself, and the permit stands
    bench.until(lambda: bench.facts.closed, 2000)


def test_a_fault_that_ends_without_a_permit_ends_in_sleep():
    bench = charging()
    bench.box.fault = 0x06
    bench.run(1000)
    bench.grant(0)
    bench.run(1000)
    bench.box.fault = 0
    assert bench.until(lambda: bench.box.asleep, 1000) <= 400


def test_disabled_by_somebody_is_state_f_and_is_ended():
    bench = ready()
    bench.box.letter = "B"
    bench.run(500)
    bench.box.disabled = True
    bench.box.tell()
    bench.run(20)
    assert bench.facts.letter == "F" and bench.facts.faults == fault.PILOT
    assert bench.kernel.plugged  # at -12 V nobody can tell
    bench.until(lambda: bench.box.asleep and not bench.facts.faults, 1000)
    assert bench.kernel.plugged and bench.kernel.unplugged == 0


def test_the_pulse_is_set_once_and_sent_each_second():
    bench = ready()
    assert bench.box.interval == 10 and bench.box.fallback == 6 and bench.box.saved == 1
    before = bench.box.heard.count("SY")
    bench.run(20000)
    assert 18 <= bench.box.heard.count("SY") - before <= 21
    assert bench.box.saved == 1  # it is kept in its EEPROM: not again


def test_what_is_set_already_is_not_set_again():
    bench = Bench()
    bench.box.interval, bench.box.fallback = 10, 6
    bench.run(20000)
    assert bench.box.saved == 0 and bench.driver.supervised


def test_silence_falls_back_to_6_a_and_comes_back():
    """What RAPI can do, and no more: without our pulse 6 A after 10 s, not zero."""
    bench = charging()
    bench.near.channel = lambda data: ()
    bench.run(4000)
    assert bench.facts.faults & fault.LINK and bench.kernel.plugged
    bench.run(7000)
    assert bench.box.offered_a == 6 and bench.box.relay
    bench.near.channel = None
    bench.witness = lambda: awake(bench)
    bench.until(lambda: bench.box.offered_a == 16, 3000)
    assert "SY 165" in bench.box.heard
    bench.run(1000)
    assert not bench.facts.faults


def awake(bench):
    assert bench.box.relay, "the contact clicked"


def test_a_permit_that_ended_in_the_silence_ends_when_it_is_back():
    bench = charging()
    bench.near.channel = lambda data: ()
    bench.run(20000)
    bench.grant(0)
    bench.run(1000)
    bench.near.channel = None
    assert bench.until(lambda: not bench.box.relay, 2000) <= 1600


def test_a_controller_without_a_pulse_is_not_trusted_with_a_permit():
    """It would go on for ever at what was said last."""
    bench = Bench()
    bench.box.knows_pulse = False
    bench.box.letter = "B"
    bench.witness = lambda: asleep_soon(bench)
    bench.run(2000)
    bench.grant(16000)
    bench.run(20000)
    assert bench.facts.faults == fault.SOFTWARE and not bench.facts.tested


def test_the_driver_alone_wakes_nobody_it_cannot_watch():
    bench = Bench()
    bench.box.knows_pulse = False
    for _ in range(500):
        bench.driver.want_a = 16
        bench.box.tick(10)
        bench.driver.poll(10)
    assert bench.box.asleep and not {"FE", "SC 16 V"} & set(bench.box.heard)


def asleep_soon(bench):
    assert bench.now < 300 or not bench.box.offered_a


def test_a_check_that_is_switched_off_is_a_fault():
    """Diode, ventilation, ground, stuck relay, self-test: each of them alone."""
    for bit in (0x0002, 0x0004, 0x0008, 0x0010, 0x0200):
        bench = Bench()
        bench.box.flags = bit
        bench.box.letter = "B"
        bench.run(3000)
        bench.grant(16000)
        bench.run(3000)
        assert bench.facts.faults == fault.SOFTWARE and bench.box.asleep, bit
    bench = Bench()
    bench.box.flags = 0xFFFF & ~0x021E
    bench.run(3000)
    assert not bench.facts.faults


def test_a_boot_of_the_controller_is_seen_and_its_32_a_do_not_stand():
    bench = charging(10000)
    bench.box.boot()
    assert bench.until(lambda: bench.box.offered_a <= 10, 500) < 200
    bench.until(lambda: bench.box.offered_a == 10, 3000)
    bench.run(4000)
    assert bench.driver.boots == 1 and bench.kernel.plugged and bench.kernel.unplugged == 0


def test_a_boot_whose_flags_are_not_yet_set_unplugs_nobody():
    """Not verified how long that takes: 3 s are allowed for it."""
    bench = charging(10000)
    bench.box.boot()
    bench.box.letter = "A"  # what its flags say until its first look
    bench.witness = lambda: plugged(bench)
    bench.run(1000)
    bench.box.letter = "B"
    bench.run(5000)
    assert bench.kernel.plugged and bench.kernel.unplugged == 0


def plugged(bench):
    assert bench.kernel.plugged


def test_a_plug_pulled_and_put_back_between_two_looks_is_told_by_at():
    bench = charging()
    bench.box.letter = "A"
    bench.box.tell()
    bench.box.letter = "B"
    bench.box.tell()
    bench.run(300)
    assert bench.kernel.plugged and bench.kernel.unplugged == 1


def test_lost_is_faulted_and_the_plug_stays_as_told():
    bench = charging()
    bench.box.mute = True
    assert 2500 <= bench.until(lambda: bench.facts.faults, 4000) <= 3300
    assert bench.facts.faults == fault.LINK and bench.kernel.plugged
    assert not bench.kernel.wishes.offered_ma
    bench.box.mute = False
    bench.until(lambda: not bench.facts.faults, 1500)


def test_an_answer_without_a_number_is_no_answer():
    bench = Bench()
    bench.box.numbers = False
    bench.run(5000)
    assert bench.kernel.lost


def test_a_late_answer_is_not_taken_for_the_next():
    """GC's numbers arriving while GS is asked."""
    bench = ready()
    driver, near = bench.driver, bench.near
    old = driver._number
    driver._asked, driver._number = "GS", old % 255 + 1
    from hal.rapi_frame import check

    body = b"$OK 6 32 16 32 :%02X" % old
    near.inbox = body + b"^%02X\r" % check(body)
    state = driver.state
    driver.poll(1)
    assert driver.state == state and driver._asked == "GS"


def test_what_is_read_is_read():
    bench = charging()
    bench.run(11000)
    driver = bench.driver
    assert bench.kernel.temperature_dc == 312 and driver.current_ma == 16000
    assert driver.voltage_mv == 230500 and (driver.session_ws, driver.total_wh) == (7200, 123456)
    assert driver.elapsed_s == 12
    bench.box.sensors = (-2560, -2560, -2560)
    bench.run(6000)
    assert bench.kernel.temperature_dc is None


def test_a_meter_that_falls_silent_lowers_and_then_pauses():
    bench = charging()
    bench.metered = False
    bench.until(lambda: bench.box.offered_a == 6, 16000)
    assert bench.kernel.warnings & fault.METER
    bench.until(lambda: not bench.box.offered_a, 52000)


def test_fail_puts_it_to_sleep_and_is_silent():
    bench = charging()
    bench.kernel.fail()
    bench.run(100)
    assert bench.box.asleep
    heard = len(bench.box.heard)
    bench.run(5000)
    assert len(bench.box.heard) == heard and bench.facts.faults & fault.SOFTWARE
    bench = charging()
    bench.near.broken = True
    bench.kernel.fail()
    assert bench.facts.permit_ma == 0


def test_a_socket_is_refused():
    try:
        RapiKernel(OpenEVSE(None), Limit(socket=True))
    except ValueError:
        return
    raise AssertionError
