"""The word of a connector: what it says of the facts, and only by the 53 ways of OCPP 1.6 §4.9."""

import random

from firmware.evse import fault, status
from firmware.evse.connector import Connector
from tests.transitions import TABLE, permitted
from tests.unit.evse_rig import Rig

# The status words EVCommunicationError may go with (§4.9, §7.6).
CAR_WORDS = "Preparing SuspendedEV SuspendedEVSE Finishing"


def test_specification_has_53_transitions():
    """The oracle is the table of §4.9 and not a row more."""
    assert sum(len(TABLE[word].split(" ")) for word in TABLE) == 53
    assert sorted(TABLE) == sorted(status.WORDS) and len(TABLE) == 9


def test_all_81_pairs_are_spoken_directly_exactly_where_permitted():
    """One step from any word to any other: the target itself exactly where §4.9 has the way."""
    for before in TABLE:
        for target in TABLE:
            spoken = status.step(before, target)
            if before == target:
                assert spoken == before
            else:
                assert (spoken == target) == permitted(before, target), (before, target)
                assert permitted(before, spoken), (before, target, spoken)


def test_every_target_is_reached_from_every_word_by_permitted_ways():
    """What is true is said in the end, at most two words later."""
    for before in TABLE:
        for target in TABLE:
            word, steps = before, 0
            while word != target:
                following = status.step(word, target)
                assert permitted(word, following)
                word = following
                steps += 1
                assert steps <= 3, (before, target)


class Meter:
    """As much of a hal.meter Reading as a connector looks at."""

    def __init__(self):
        self.energy_wh = 1000
        self.current_ma = [0, None, None]
        self.voltage_dv = [2300, 0, None]


class Place:
    """A connector on its rig: metered every second, its words kept and judged as they are said."""

    def __init__(self, **limits):
        self.rig = Rig(25, **limits)
        self.rig.metered = False  # the connector reads the meter, not the rig
        self.connector = Connector(1, self.rig.kernel)
        self.session = self.connector.session
        self.facts = self.rig.facts
        self.meter = Meter()
        self.metered = True
        self.said = ["Available"]
        self.errors = []

    def tick(self):
        rig, connector = self.rig, self.connector
        rig.tick()
        if self.metered and rig.now % 1000 < 25:
            self.meter.current_ma[0] = rig.car.current_ma
            connector.metered(self.meter, rig.now)
        if rig.now % 100 < 25:
            connector.tick(rig.now)
            before = connector.word
            spoken = connector.speak()
            if spoken is not None:
                self.heard(before, spoken[0], spoken[1])

    def heard(self, before, word, error):
        assert word == before or permitted(before, word), (before, word)
        if error == "EVCommunicationError":
            assert word in CAR_WORDS.split(" "), word
        if word == "Faulted":
            assert error != "NoError"
        if word != before:
            self.said.append(word)
        self.errors.append((word, error))

    def run(self, ms):
        end = self.rig.now + ms
        while self.rig.now < end:
            self.tick()
        return self.connector.word

    def present(self, tag="TAG", timeout_ms=60000):
        self.session.authorise(tag, None, self.rig.now, timeout_ms)

    def charge(self):
        self.run(2000)
        self.rig.plug()
        self.run(500)
        self.present()
        self.run(3000)
        self.rig.car.letter = "C"
        assert self.run(5000) == "Charging"
        return self


def test_plain_session_says_what_the_specification_tells():
    """A2, B3, C4, D3, C6, F1: plug, charge, pause of the car, stop, unplug."""
    p = Place().charge()
    p.rig.car.letter = "B"
    assert p.run(2000) == "SuspendedEV"
    p.rig.car.letter = "C"
    assert p.run(2000) == "Charging"
    p.session.stop("Local", p.rig.now)
    p.rig.car.letter = "B"
    assert p.run(5000) == "Finishing"
    p.rig.unplug()
    assert p.run(2000) == "Available"
    assert p.said == [
        "Available", "Preparing", "Charging", "SuspendedEV", "Charging", "Finishing", "Available",
    ]
    assert not [e for e in p.errors if e[1] != "NoError"]


def test_car_that_never_asks_is_suspended_ev():
    """B4: all prerequisites met, the EV does not start."""
    p = Place()
    p.run(2000)
    p.rig.plug()
    p.present()
    p.run(12000)
    assert p.said == ["Available", "Preparing", "SuspendedEV"]


def test_suspended_evse_beats_suspended_ev():
    """4.9: when the EVSE and the EV both withhold, SuspendedEVSE has precedence."""
    p = Place().charge()
    p.session.limit_ma = 0
    assert p.run(3000) == "SuspendedEVSE"
    p.rig.car.letter = "B"
    assert p.run(3000) == "SuspendedEVSE"
    p.session.limit_ma = 16000
    assert p.run(9000) == "SuspendedEV"


def test_ev_side_disconnected_is_suspended_ev():
    """StopTransactionOnEVSideDisconnect = false: SuspendedEV while the car is away."""
    p = Place()
    p.session.stop_on_disconnect = False
    p.charge()
    p.rig.car.letter = "A"
    assert p.run(5000) == "SuspendedEV"
    p.session.limit_ma = 0
    assert p.run(1000) == "SuspendedEVSE"


def test_change_of_availability_waits_for_the_transaction():
    """C8, F8, H1: scheduled while a transaction runs, Unavailable after it, by permitted ways."""
    p = Place().charge()
    p.connector.scheduled = False
    assert p.run(1000) == "Charging" and p.connector.operative
    p.session.stop("Remote", p.rig.now)
    p.rig.car.letter = "B"
    assert p.run(5000) == "Unavailable"
    p.connector.operative = True
    p.run(2000)
    p.rig.unplug()
    assert p.run(2000) == "Available"


def test_preparing_reaches_unavailable_through_available():
    """§4.9 has no B8: unavailability while somebody prepares is told as B1 and A8."""
    p = Place()
    p.run(2000)
    p.rig.plug()
    p.run(1000)
    p.connector.operative = False
    p.run(2000)
    assert p.said == ["Available", "Preparing", "Available", "Unavailable"]


def test_reservation_is_told_and_given_to_who_presents_himself():
    """A7, G1, G2: reserved, expired, reserved again and used."""
    p = Place()
    p.run(2000)
    p.connector.reserved = True
    assert p.run(500) == "Reserved"
    p.connector.reserved = False
    assert p.run(500) == "Available"
    p.connector.reserved = True
    p.run(500)
    p.present()
    assert p.run(500) == "Preparing"


FAULTS = (
    ("trip", "Faulted", "GroundFailure", "ResidualCurrent"),
    ("ground", "Faulted", "GroundFailure", "ProtectiveConductor"),
    ("heat", "Faulted", "HighTemperature", "OverTemperature"),
    ("weld", "Faulted", "PowerSwitchFailure", "ContactorWelded"),
    ("over", "Faulted", "OverCurrentFailure", "OverCurrent"),
    ("under", "Faulted", "UnderVoltage", "UnderVoltage"),
    ("software", "Faulted", "InternalError", "Software"),
    ("diode", "SuspendedEVSE", "EVCommunicationError", "DiodeMissing"),
    ("short", "SuspendedEVSE", "EVCommunicationError", "PilotShort"),
    ("D", "SuspendedEVSE", "EVCommunicationError", "VentilationRequired"),
    ("meter", "SuspendedEVSE", "PowerMeterFailure", ""),
    ("sensor", "Charging", "HighTemperature", ""),
)


def break_it(p, cause):
    hw = p.rig.hw
    if cause == "trip":
        hw.residual_current.trip = True
    elif cause == "ground":
        hw.ground.sound = False
    elif cause == "heat":
        hw.thermometer.dc = 800
    elif cause == "sensor":
        p.rig.car.wish_ma = 6000
        hw.thermometer.dc = -32768
    elif cause == "weld":
        hw.contactor.stuck = "closed"
        p.rig.car.letter = "B"
    else:
        break_more(p, cause)


def break_more(p, cause):
    car = p.rig.car
    if cause == "over":
        car.wish_ma = 40000
    elif cause == "under":
        p.meter.voltage_dv[0] = 1800
    elif cause == "software":
        p.rig.kernel.fail()
    elif cause == "diode":
        car.diode = False
    elif cause == "short":
        car.letter = "E"
    elif cause == "D":
        car.letter = "D"
    else:
        p.metered = False


def test_each_fault_has_its_word_its_code_and_its_name():
    """Error map of §3.3: what OCPP calls it, and what we call it (vendorErrorCode)."""
    for cause, word, code, name in FAULTS:
        p = Place().charge()
        break_it(p, cause)
        p.run(70000 if cause == "meter" else 11000)
        assert p.connector.word == word, (cause, p.connector.word)
        assert p.connector.error == code, (cause, p.connector.error)
        assert status.vendor_error(p.rig.kernel) == name


def test_lock_failure_and_failed_self_test_are_faults_of_the_connector():
    """ConnectorLockFailure and GroundFailure, told as Faulted, and I2 when they are over."""
    for cause, code in (("lock", "ConnectorLockFailure"), ("test", "GroundFailure")):
        p = Place(retry_ms=2000)
        p.run(2000)
        p.rig.hw.lock.jammed = cause == "lock"
        p.rig.hw.residual_current.answers = cause != "test"
        p.rig.plug()
        p.present()
        for _ in range(100):
            if p.connector.word == "Faulted":
                break
            p.run(100)
        assert (p.connector.word, p.connector.error) == ("Faulted", code)
        p.rig.hw.lock.jammed = False
        p.rig.hw.residual_current.answers = True
        p.run(9000)
        assert p.connector.word == "SuspendedEV" and p.connector.error == "NoError"


def test_shorted_pilot_without_a_car_is_faulted_with_another_error():
    """EVCommunicationError needs an EV: without one it is Faulted, OtherError and our name."""
    p = Place()
    p.run(2000)
    p.rig.car.letter = "E"
    assert p.run(2000) == "Faulted" and p.connector.error == "OtherError"
    p.rig.car.letter = "A"
    assert p.run(2000) == "Available" and p.connector.error == "NoError"


def test_lost_meter_makes_an_idle_connector_faulted():
    """Without a meter nothing can be billed: PowerMeterFailure, and no session is begun."""
    p = Place()
    p.metered = False
    assert p.run(70000) == "Faulted" and p.connector.error == "PowerMeterFailure"
    p.metered = True
    assert p.run(3000) == "Available" and p.connector.error == "NoError"


def test_finishing_is_said_when_the_plug_is_free():
    """Finishing asks the driver to unplug: the contact is open and the lock let go by then."""
    p = Place().charge()
    p.session.stop("Local", p.rig.now)
    p.run(1000)
    p.rig.car.letter = "B"
    while p.connector.word != "Finishing":
        assert p.connector.word == "Charging" and p.rig.now < 60000
        p.tick()
    assert not p.rig.hw.contactor.contact and not p.rig.hw.lock.position


def jolt(p):
    """One thing happens: somebody does something, or order() has its way."""
    rig, k = p.rig, random.randrange(30)
    if k < 4:
        p.present(random.choice(("A", "B")), random.choice((2000, 20000)))
    elif k < 7:
        rig.plug(random.choice("BBC"))
    elif k < 10:
        rig.car.letter = random.choice("BCCDE")
    elif k < 12:
        rig.unplug()
    elif k < 14:
        p.session.stop("Local", rig.now)
    elif k == 14:
        p.session.deauthorise()
    else:
        order(p, k)


def order(p, k):
    """What the backend may ask for, and what may break."""
    connector = p.connector
    if k == 15:
        connector.reserved = random.getrandbits(2) > 0
    elif k == 16:
        connector.scheduled = random.getrandbits(1) == 1
    elif k == 17:
        connector.operative = random.getrandbits(1) == 1
    elif k == 18:
        p.session.limit_ma = random.choice((0, 6000, 32000))
    elif k == 19:
        p.session.suspended = random.getrandbits(1) == 1
    elif k == 20:
        p.session.stop_on_disconnect = random.getrandbits(1) == 1
    elif k < 25:
        break_it(p, random.choice(("trip", "ground", "heat", "diode", "meter", "sensor", "under")))
    else:
        calm(p)


def calm(p):
    hw = p.rig.hw
    hw.residual_current.trip = False
    hw.ground.sound = p.metered = p.rig.car.diode = True
    hw.thermometer.dc = 250
    hw.contactor.stuck = None
    p.meter.voltage_dv[0] = 2300
    p.rig.car.wish_ma = 6000
    p.session.limit_ma = 32000
    p.connector.operative = True
    p.connector.reserved = False


def test_random_walks_speak_only_permitted_changes_and_all_nine_words():
    """4.9: every change spoken is one of the 53, whatever the facts do; no word is left out."""
    reached = {}
    ways = set()
    for seed in range(22):
        random.seed(seed)
        p = Place(retry_ms=1000, retries=1000, under_back_ms=2000, socket=seed % 3 > 0)
        for _ in range(110):
            jolt(p)
            p.run(random.choice((100, 500, 2000, 5000)))
        for k in range(1, len(p.said)):
            ways.add(p.said[k - 1] + p.said[k])
        for word in p.said:
            reached[word] = reached.get(word, 0) + 1
        for _, error in p.errors:
            reached[error] = reached.get(error, 0) + 1
    for word in TABLE:
        assert reached.get(word, 0) > 2, (word, reached.get(word))
    for error in ("EVCommunicationError", "GroundFailure", "PowerMeterFailure"):
        assert reached.get(error, 0) > 5, error
    assert len(ways) > 30, len(ways)


def test_every_fault_bit_has_an_error_code():
    """No fault is told as NoError, with any word."""
    p = Place()
    for bit, _ in fault.NAMES:
        p.facts.faults = bit
        for word in TABLE:
            code = status.error_code(p.rig.kernel, word)
            assert code != "NoError"
            assert code != "EVCommunicationError" or word in CAR_WORDS.split(" ")
