"""The virtual pilot circuit, car and plant against the tables of IEC 61851-1 and SAE J1772."""

from tools.rig import circuit, wires
from tools.rig.car import Car
from tools.rig.connector import Connector, Refused
from tools.rig.contactor import Interlock, ResidualCurrent

WINDOWS_MV = {"A": (11000, 13000), "B": (8000, 10000), "C": (5000, 7000), "D": (2000, 4000)}
STEP_MS = 10


class NoMeter:
    silent = sagging = False
    wh = 0

    def step(self, amps_ma, dt_ms):
        self.amps_ma = amps_ma


def plant(socket=True, phases=3):
    return Connector(
        0, memoryview(bytearray(128)).cast("i"), {"socket": socket, "phases": phases}, NoMeter()
    )


def run(one, ms, powered=True, age=0):
    for _ in range(ms // STEP_MS):
        one.step(powered, age, STEP_MS)


def lock(one, direction):
    one.view[wires.LOCK_DRIVE] = direction
    run(one, 400)
    one.view[wires.LOCK_DRIVE] = 0


def test_every_state_is_inside_its_window():
    """IEC 61851-1 table A.2: the high level of each state, the low level at -12 V behind the
    diode.
    """
    for state, (low, high) in WINDOWS_MV.items():
        seen = circuit.pilot_mv(5000, circuit.LOAD_OHM[state])
        assert low < seen[0] < high, state
        assert -13000 < seen[1] < -11000, state
        assert circuit.letter(seen[0]) == state


def test_steady_levels_have_no_other_half():
    assert (
        circuit.pilot_mv(10000, circuit.R_B_OHM)
        == (circuit.pilot_mv(5000, circuit.R_B_OHM)[0],) * 2
    )
    assert circuit.pilot_mv(0, circuit.R_C_OHM) == (-12000, -12000)  # state F: the diode blocks
    assert circuit.letter(-12000) == "F"


def test_broken_circuits():
    """A shorted diode lets the car pull the low level up; a pilot shorted to earth is E."""
    for state in "BCD":
        high, low = circuit.pilot_mv(5000, circuit.LOAD_OHM[state], diode=False)
        assert low == -high and circuit.letter(high) == state
    assert circuit.pilot_mv(5000, circuit.R_C_OHM, short=True) == (0, 0)
    assert circuit.letter(0) == "E"


def test_duty_is_read_as_a_car_does():
    """SAE J1772 table 6B, both sides of every edge."""
    cases = (
        (0, 0),
        (299, 0),
        (500, 0),
        (700, 0),
        (799, 0),
        (800, 6000),
        (999, 6000),
        (1000, 6000),
        (2667, 16002),
        (8500, 51000),
        (8501, 52525),
        (8920, 63000),
        (9600, 80000),
        (9601, 80000),
        (9700, 80000),
        (9701, 0),
        (10000, 0),
    )
    for duty, ma in cases:
        assert circuit.offered_ma(duty) == ma, duty


def test_cable_coding():
    """Between two codes the resistor is that of the lower rating: a plug never promises too
    much.
    """
    cases = (
        (6, 1500),
        (13, 1500),
        (16, 1500),
        (20, 680),
        (31.9, 680),
        (32, 220),
        (63, 100),
        (80, 100),
    )
    for amps, ohm in cases:
        assert circuit.cable_ohm(amps) == ohm, amps


def test_auto_car_asks_draws_and_leaves():
    """It asks a second after a valid duty, follows the offer, stops and opens S2 within a
    second.
    """
    one = plant()
    one.plug(Car(auto=True, cable_a=32, max_a=20, phases=3))
    run(one, 2000)
    assert one.car.state == "B"  # steady +12 V offers nothing
    one.view[wires.DUTY] = 2667
    run(one, 900)
    assert one.car.state == "B"
    run(one, 150)
    assert one.car.state == "C" and one.amps_ma() == (0, 0, 0)  # contactor still open
    one.view[wires.COIL] = 1
    run(one, 3000)
    assert one.amps_ma() == (16002,) * 3
    one.view[wires.DUTY] = 1000
    run(one, 1500)
    assert one.amps_ma() == (6000,) * 3  # J11: obeyed well within 5 s
    one.view[wires.DUTY] = 5333
    run(one, 3000)
    assert one.amps_ma() == (20000,) * 3  # what the car can
    one.view[wires.DUTY] = 10000
    run(one, 990)
    assert one.amps_ma() == (0, 0, 0) and one.car.state == "B"


def test_current_stops_with_the_contactor():
    one = plant(phases=1)
    one.plug(Car(auto=True))
    one.view[wires.DUTY] = 1000
    one.view[wires.COIL] = 1
    run(one, 4000)
    assert one.amps_ma() == (6000, 0, 0)
    one.view[wires.COIL] = 0
    run(one, 40)
    assert one.amps_ma() == (0, 0, 0) and not one.contactor.closed


def test_fault_comes_after_seconds_of_current():
    one = plant()
    one.plug(Car(auto=True, fail="rcd", fail_after_s=5))
    one.view[wires.DUTY] = 1000
    run(one, 20000)
    assert not one.faults  # no current, no countdown
    one.view[wires.COIL] = 1
    run(one, 4900)
    assert not one.faults
    run(one, 300)
    assert one.faults == {"rcd"} and not one.contactor.closed


def test_ev_moves_a_manual_car_at_once():
    one = plant()
    one.plug(Car())
    for state in "CDB":
        one.ev(state)
        run(one, 10)
        assert circuit.letter(one.view[wires.PILOT_HIGH]) == state


def test_unplug_obeys_the_lock():
    """A locked socket keeps the plug; pulled at the car's end the cable stays until it is
    unlocked.
    """
    one = plant()
    one.plug(Car(cable_a=20))
    lock(one, 1)
    assert one.lock.locked and refused(one.unplug) == "locked"
    one.unplug(force=True)
    run(one, 10)
    assert circuit.letter(one.view[wires.PILOT_HIGH]) == "A"
    assert one.view[wires.PROXIMITY_OHM] == 680 and refused(one.unplug) == "locked"
    lock(one, 2)
    one.unplug()
    run(one, 10)
    assert one.view[wires.PROXIMITY_OHM] == circuit.OPEN_OHM
    assert refused(one.unplug) == "nothing is plugged in"


def test_tethered_board_has_no_lock_and_no_cable_to_leave():
    one = plant(socket=False)
    one.plug(Car())
    lock(one, 1)
    one.unplug(force=True)
    assert one.cable_a is None and one.state()["locked"] is None


def test_lock_moves_in_time_and_sticks():
    one = plant()
    one.view[wires.LOCK_DRIVE] = 1
    run(one, 290)
    assert not one.lock.locked and one.lock.holds
    run(one, 10)
    assert one.lock.locked
    one.fault("lock", True)
    lock(one, 2)
    assert one.lock.locked


def test_contactor_takes_its_time_welds_and_fails():
    one = plant()
    one.view[wires.COIL] = 1
    run(one, 20)
    assert not one.contactor.closed
    run(one, 10)
    assert one.contactor.closed
    one.fault("welded", True)
    one.view[wires.COIL] = 0
    run(one, 500)
    assert one.view[wires.FEEDBACK] == 1
    one.fault("welded", False)
    run(one, 30)
    assert one.view[wires.FEEDBACK] == 0
    one.fault("no_close", True)
    one.view[wires.COIL] = 1
    run(one, 500)
    assert one.view[wires.FEEDBACK] == 0 and one.coil


def test_interlock_opens_alone_and_latches():
    """Trip or a heartbeat older than 100 ms: open, and open until the firmware has let go of the
    coil.
    """
    interlock = Interlock()
    assert interlock.coil(1, 100, False)
    assert not interlock.coil(1, 101, False)
    assert not interlock.coil(1, 0, False)
    assert not interlock.coil(0, 0, False) and interlock.coil(1, 0, False)
    assert not interlock.coil(1, 0, True)
    assert not interlock.coil(1, 0, False)


def test_residual_current_test_trips_and_clears():
    detector = ResidualCurrent()
    seen = [detector.step(1, STEP_MS) for _ in range(6)]
    assert seen == [False] * 4 + [True] * 2
    assert [detector.step(0, STEP_MS) for _ in range(4)][-1] is False
    detector.fault = True
    assert detector.step(0, STEP_MS)


def test_without_power_the_pilot_is_dead_and_the_contactor_falls():
    one = plant()
    one.plug(Car())
    one.view[wires.COIL] = 1
    run(one, 100)
    run(one, 30, powered=False)
    assert not one.contactor.closed and one.view[wires.PILOT_HIGH] == 0


def refused(call):
    try:
        call()
    except Refused as e:
        return str(e)
    return None
