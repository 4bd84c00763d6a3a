"""Random walks: whatever the world does, what the coil and the pilot do stays inside the rules.

The witness looks only at the hardware: at what the kernel could have sampled, and what it drove.
"""

import random

from tests.unit.evse_rig import LEVEL_MV, Rig

# What ends a closed contact, how it begins, and how long the coil may stay, at the worst mix of
# ticks. Plus 40 ms of relay the sum stays within the 100 ms of A.6 where they apply.
CAUSES = (
    ("B", "letter", 60), ("A", "letter", 60), ("E", "letter", 60), ("F", "letter", 60),
    ("D", "letter", 60), ("trip", "residual current", 25), ("ground", "earth", 25),
    ("heat", "75 C", 25), ("diode", "diode", 60), ("lock", "lock", 100), ("cable", "cable", 100),
    ("open", "contact", 550), ("permit", "x1 and 6 s", 6050), ("fail", "software", 0),
)

# The same where an interrupt is the heart: what its eye sees sooner, the rest within two rounds.
BEATS = {"B": 10, "A": 10, "E": 10, "F": 10, "D": 10, "trip": 2, "ground": 45, "heat": 45}


def begin(rig, cause):
    hw = rig.hw
    if cause in LEVEL_MV:
        rig.car.letter = cause
    elif cause == "trip":
        hw.residual_current.trip = True
    elif cause == "ground":
        hw.ground.sound = False
    elif cause == "heat":
        hw.thermometer.dc = 750
    elif cause == "diode":
        rig.car.diode = False
    elif cause == "lock":
        hw.lock.position = False
    elif cause == "cable":
        hw.proximity.ohm = 1_000_000
    elif cause == "open":
        hw.contactor.stuck = "open"
    elif cause == "permit":
        rig.facts.permit_ma = 0
    else:
        rig.kernel.fail()


def any_cause_opens(most_ms, beats):
    random.seed(61851)
    for cause, what, bound_ms in CAUSES:
        for _ in range(12):
            rig = Rig(beats=beats).charge()
            rig.tick(random.randrange(1, 26))
            begin(rig, cause)
            ms = 0
            while rig.coil:
                dt_ms = random.randrange(1, most_ms + 1)
                rig.tick(dt_ms)
                ms += dt_ms
                most = BEATS.get(cause, bound_ms) if beats else bound_ms
                assert ms <= most, (what, ms)


def test_any_cause_opens_the_coil_within_its_bound():
    """After any cause the coil is off within its bound, at random ticks of 1..25 ms."""
    any_cause_opens(25, False)


def test_any_cause_opens_the_coil_within_its_bound_where_an_interrupt_is_the_heart():
    """The same bounds with one step of the round every millisecond."""
    any_cause_opens(1, True)


class Witness:
    """Watches one rig. Clocks of how long something has been so, and the rules between them."""

    def __init__(self, rig):
        self.rig = rig
        # Two rounds of an interrupt's steps, each twice as long while the eye sees news.
        self.late_ms = 60 if rig.beats else 0
        self.powers = "CD" if rig.kernel.limit.ventilation else "C"
        self.duty = rig.duty
        self.coil = False
        self.closings = 0
        self.trips = 0
        self.opened = 0
        self.wrong_ms = 0  # not in C
        self.away_ms = 0
        self.power_ms = 0  # in C without a break
        self.loose_ms = 0
        self.pulled_ms = 0
        self.bare_ms = 0  # without earth, or too hot
        self.barred_ms = 0  # without a permit
        self.x1_ms = 0
        self.f_ms = 0
        self.gaping_ms = 0  # coil on, contact open
        self.weld_ms = 0
        self.mirror_ms = 0  # diode missing
        self.over_ms = 0  # offered more than may be
        self.change_ms = 100000
        self.safety_ms = 100000  # since a ceiling was below the offer
        self.trip_ms = 0  # since the detector last said trip
        self.f_due_ms = 0  # of state F still to be shown
        self.testing = False
        self.proved = False
        self.answered = False
        self.welded = False

    def before(self, dt_ms):
        """The contact moves with the world; what the kernel will sample is noted here."""
        hw = self.rig.hw
        self.testing = hw.residual_current.testing
        if hw.contactor.senses and hw.contactor.contact and not self.coil:
            self.weld_ms += dt_ms
        else:
            self.weld_ms = 0

    def after(self, dt_ms):
        rig, hw = self.rig, self.rig.hw
        coil, duty = rig.coil, rig.duty
        # A trip after a proved test and a long quiet is a new fault, whatever else is wrong.
        quiet = self.trip_ms > 2 * rig.kernel.limit.retry_ms and self.proved
        self.clocks(dt_ms)
        if quiet and hw.residual_current.trip:
            self.f_due_ms = 300
            self.trips += 1
        self.test_of_the_detector()
        if 0 < self.f_due_ms <= 300 - self.late_ms:
            assert duty == 0, "no state F after a trip, or too short (table A.5)"
        assert duty in (0, 10000) or 1000 <= duty <= 9600, "a forbidden duty"
        if duty != self.duty:
            self.changed(duty)
        running = 0 < self.duty < 10000
        if running:
            assert self.barred_ms <= self.late_ms, "offered without a permit"
            assert self.over_ms <= 100, "more than cable, heat or meter allow"
        if coil:
            self.may_be_closed()
            if not self.coil:
                self.may_close()
        elif self.coil:
            self.opened += 1
        if self.weld_ms > 550:
            self.welded = True
        self.coil = coil
        if rig.kernel.limit.socket and hw.lock.wish is False:
            assert not coil, "unlocked under power"

    def clocks(self, dt_ms):
        rig, hw = self.rig, self.rig.hw
        self.change_ms += dt_ms
        if rig.car.letter == "A" or self.pulled_ms > 0:
            self.change_ms = 100000  # another car has nothing to follow
        power = rig.car.letter in self.powers
        if power:
            self.wrong_ms = self.away_ms = 0
        else:
            self.away_ms += dt_ms if self.wrong_ms else 0  # from its first sample on
            self.wrong_ms += dt_ms
        # Less than 8 ms elsewhere is noise.
        self.power_ms = self.power_ms + dt_ms if self.away_ms < 8 else 0
        tethered = not rig.kernel.limit.socket
        self.loose_ms = 0 if tethered or hw.lock.position else self.loose_ms + dt_ms
        in_socket = tethered or hw.proximity.ohm < 4500
        self.pulled_ms = 0 if in_socket else self.pulled_ms + dt_ms
        bare = not hw.ground.sound or hw.thermometer.dc >= 750
        self.bare_ms = self.bare_ms + dt_ms if bare else 0
        self.barred_ms = 0 if rig.facts.permit_ma >= 6000 else self.barred_ms + dt_ms
        running = 0 < self.duty < 10000
        self.x1_ms = 0 if running else self.x1_ms + dt_ms
        self.f_ms = self.f_ms + dt_ms if self.duty == 0 else 0
        gaping = self.coil and hw.contactor.senses and not hw.contactor.contact
        self.gaping_ms = self.gaping_ms + dt_ms if gaping else 0
        mirror = running and not rig.car.diode and rig.car.letter in "BCD"
        self.mirror_ms = self.mirror_ms + dt_ms if mirror else 0
        self.safety_ms += dt_ms
        self.f_due_ms -= min(dt_ms, self.f_due_ms)
        self.trip_ms = 0 if hw.residual_current.tripped() else self.trip_ms + dt_ms
        offered = offered_ma(self.duty)
        if offered > ceiling_ma(rig) + 12:
            self.safety_ms = 0
            self.over_ms += dt_ms
        else:
            self.over_ms = 0

    def test_of_the_detector(self):
        rcd = self.rig.hw.residual_current
        if rcd.testing and not self.testing:
            self.proved = self.answered = False  # asked anew
        elif self.testing and rcd.tripped():
            self.answered = True  # nobody can tell a real trip from it
        elif self.answered and not rcd.testing and not rcd.tripped():
            self.proved = True
            self.answered = False
        if not self.rig.facts.armed:
            self.proved = False

    def changed(self, duty):
        before = self.duty
        if before == 0 and self.rig.kernel.plugged:
            assert self.f_ms >= 300, "state F was too short (table A.5)"
        if 0 < duty < 10000 and before != 0 and self.change_ms < 5000:
            down = 0 < before < 10000 and duty < before and self.safety_ms <= 300
            assert down, "a change of the duty too soon"
        self.duty = duty
        self.change_ms = 0

    def may_be_closed(self):
        rig, hw = self.rig, self.rig.hw
        assert self.wrong_ms <= 60, "closed outside C"
        assert not hw.residual_current.tripped(), "closed with a residual current"
        if self.bare_ms > self.late_ms:
            assert hw.ground.sound, "closed without earth"
            assert hw.thermometer.dc < 750, "closed while too hot"
        assert self.loose_ms <= 125 and self.pulled_ms <= 125, "closed on a loose plug"
        assert self.x1_ms <= 6050, "the grace of C1 is over"
        assert self.gaping_ms <= 575, "driven although it does not close"
        assert self.mirror_ms <= 135, "closed without a diode"
        assert not self.welded, "closed after a weld"
        assert rig.duty != 0, "closed in state F"

    def may_close(self):
        rig = self.rig
        self.closings += 1
        assert 0 < rig.duty < 10000 and rig.facts.armed, "closed without an offer"
        assert self.power_ms >= 500, "closed before 500 ms of C"
        assert self.proved, "closed without a self-test"
        assert self.loose_ms <= 100, "closed unlocked"
        assert rig.car.diode or self.mirror_ms <= 60, "closed without a diode"


def offered_ma(duty):
    """What a car reads (SAE J1772 table 6B), 0 where it reads no current."""
    if not 1000 <= duty <= 9600:
        return 0
    return duty * 6 if duty <= 8500 else (duty - 6400) * 25


def ceiling_ma(rig):
    """The most that may be offered now, from the hardware and the policy of the limits."""
    limit, dc = rig.kernel.limit, rig.hw.thermometer.dc
    ohm = rig.hw.proximity.ohm
    most = {1500: 13000, 680: 20000, 220: 32000}.get(ohm, 0) if limit.socket else 32000
    if dc == -32768 or dc >= 700:
        most = min(most, 6000)
    elif dc > 600:
        most = min(most, 32000 - 260 * (dc - 600))
    age_ms = rig.meter_age_ms + 25  # the tick that brought the reading counts as its age
    if age_ms >= limit.meter_lost_ms:
        return 0
    return min(most, 6000) if age_ms >= limit.meter_warn_ms else most


def heal(rig):
    hw = rig.hw
    hw.pilot.level_mv = None
    hw.residual_current.trip = False
    hw.ground.sound = True
    hw.thermometer.dc = 250
    hw.lock.jammed = False
    hw.contactor.stuck = None
    rig.metered = True
    rig.voltage_dv = 2300
    rig.car.diode = True
    rig.car.wish_ma = 6000
    if hw.proximity.ohm > 4500:
        hw.proximity.ohm = 220
    rig.car.letter = "C"
    rig.grant(16000)


def jolt(rig):
    """One thing happens to the world."""
    hw, car = rig.hw, rig.car
    k = random.randrange(27)
    if k < 6:
        heal(rig)
    elif k < 11:
        car.letter = random.choice("BBCCCCDE")
    elif k == 11:
        rig.unplug()
    elif k == 12:
        rig.plug(random.choice("BC"), random.choice((1500, 680, 220)))
    else:
        shake(rig, k)
    if random.randrange(400) == 0:
        hw.contactor.stuck = "closed"


def shake(rig, k):
    hw = rig.hw
    if k < 16:
        rig.facts.permit_ma = random.choice((0, 5000, 6000, 10000, 16000, 20000, 32000))
        rig.facts.armed = rig.facts.permit_ma > 0 or random.getrandbits(1) == 1
    elif k == 16:
        hw.residual_current.trip = True
    elif k == 17:
        rig.revoke()
        hw.residual_current.trip = False
        hw.residual_current.answers = random.getrandbits(1) == 1
    elif k == 18:
        hw.ground.sound = random.getrandbits(1) == 1
    elif k < 21:
        hw.thermometer.dc = random.choice((250, 610, 650, 690, 720, 760, -32768))
    elif k == 21:
        hw.lock.position = random.getrandbits(1) == 1
        hw.lock.jammed = random.getrandbits(2) == 0
    else:
        shake_more(rig, k)


def shake_more(rig, k):
    if k == 22:
        rig.hw.contactor.stuck = random.choice((None, None, "open"))
    elif k == 23:
        rig.car.diode = random.getrandbits(1) == 1
    elif k == 24:
        rig.metered = random.getrandbits(1) == 1
    elif k == 25:
        rig.car.wish_ma = random.choice((0, 6000, 16000, 40000))
    else:
        rig.voltage_dv = random.choice((0, 1900, 2300))


def walk(seed, jolts, beats=False, **limits):
    random.seed(seed)
    rig = Rig(beats=beats, **limits)
    rig.tick(40)
    witness = Witness(rig)
    rig.plug()
    for _ in range(jolts):
        jolt(rig)
        left_ms = random.choice((5, 50, 200, 1000, 3000))
        while left_ms > 0:
            dt_ms = 1 if beats else random.randrange(1, 26)
            left_ms -= dt_ms
            # The level wanders inside its window, as a real pilot's does.
            rig.hw.pilot.level_mv = LEVEL_MV[rig.car.letter] + random.randrange(-900, 901)
            witness.before(dt_ms)
            rig.tick(dt_ms)
            witness.after(dt_ms)
    return witness


# Shorter waits than the product's, so that a walk sees many sessions, faults and recoveries.
QUICK = {"retry_ms": 1500, "meter_warn_ms": 2000, "meter_lost_ms": 4000, "wake_after_ms": 4000}


def test_random_walks_never_leave_the_rules():
    """Closed only in C, permit, no fault, tested, locked, diode seen, or the grace of C1; no
    forbidden duty; changes 5 s apart unless down for safety; F at least 300 ms; all of it on
    the hardware, over random levels, faults, feedbacks, permits and ticks of 1..25 ms."""
    closings = opened = welded = trips = 0
    for seed in range(26):
        # Every other board is tethered: without a motor the self-test is the last to be done.
        socket = seed % 2 == 0
        witness = walk(seed, 100, socket=socket, retries=1000, under_back_ms=3000, **QUICK)
        trips += witness.trips
        closings += witness.closings
        opened += witness.opened
        welded += witness.welded
    assert closings > 50 and opened > 50, (closings, opened)
    assert welded > 0 and trips > 5, (welded, trips)


def test_random_walks_with_ventilation_never_leave_the_rules():
    """The same sentence where D is served like C."""
    closings = 0
    for seed in range(100, 108):
        closings += walk(seed, 110, ventilation=True, retries=1000, **QUICK).closings
    assert closings > 20, closings


def test_random_walks_never_leave_the_rules_where_an_interrupt_is_the_heart():
    """The same sentence with one step of the round every millisecond."""
    closings = trips = 0
    for seed in range(200, 204):
        socket = seed % 2 == 0
        witness = walk(
            seed, 60, True, socket=socket, retries=1000, under_back_ms=3000, **QUICK
        )
        closings += witness.closings
        trips += witness.trips
    assert closings > 5 and trips > 0, (closings, trips)
