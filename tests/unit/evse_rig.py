"""The metal around one safety kernel, as plain attributes, and a car. No pin, no port, no OCPP.

Every object has the calls of its hal driver and nothing that allocates. What a test wants broken
it sets; what the kernel did it reads here, on the hardware, not in the kernel.
"""

from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit

# The pilot's high side with each state of the car (SAE J1772 table 3, nominal).
LEVEL_MV = {"A": 12000, "B": 9000, "C": 6000, "D": 3000, "E": 0, "F": -12000}
_OPEN_OHM = 1_000_000


class Car:
    """S2 and the diode. `auto`: asks a second after a valid duty and lets go of x1 in half one."""

    def __init__(self):
        self.letter = "A"
        self.diode = True
        self.auto = False
        self.follows = True  # lets go when the oscillator stops
        self.wish_ma = 16000
        self.current_ma = 0
        self._ms = 0

    def tick(self, duty: int, live: bool, dt_ms: int):
        offered = 1000 <= duty <= 9600
        if self.auto and self.letter in "BC":
            asking = self.letter == "C"
            if asking == offered or (asking and not self.follows):
                self._ms = 0
            else:
                self._ms += dt_ms
                if self._ms >= (500 if asking else 1000):
                    self.letter = "B" if asking else "C"
        self.current_ma = self.wish_ma if live and self.letter in "CD" else 0


class Pilot:
    def __init__(self, car):
        self._car = car
        self.duty = -1
        self.level_mv = None  # instead of what the car shows
        self.high_mv = 0
        self.low_mv = 0

    def sample(self):
        level = LEVEL_MV[self._car.letter] if self.level_mv is None else self.level_mv
        if self.duty == 0:
            self.high_mv = self.low_mv = -12000
            return
        self.high_mv = level
        if self.duty == 10000 or self._car.letter == "E":
            self.low_mv = level
        else:
            self.low_mv = -12000 if self._car.diode else -level

    def drive(self, duty):
        self.duty = duty


class Contactor:
    """Moves `travel_ms` after its coil. `stuck`: None, "closed" or "open"."""

    def __init__(self):
        self.coil = False
        self.contact = False
        self.stuck = None
        self.senses = True
        self.broken = False
        self.travel_ms = 25
        self._ms = 0

    def drive(self, closed):
        if self.broken and closed:
            raise OSError(5)
        self.coil = closed

    def closed(self):
        return self.contact if self.senses else None

    def tick(self, dt_ms):
        if self.stuck is not None:
            self.contact = self.stuck == "closed"
        elif self.contact == self.coil:
            self._ms = 0
        else:
            self._ms += dt_ms
            if self._ms >= self.travel_ms:
                self.contact = self.coil
                self._ms = 0


class ResidualCurrent:
    """`trip`: a real one. `answers`: the test current trips it, 20 ms late both ways."""

    def __init__(self):
        self.trip = False
        self.answers = True
        self.sticks = False  # after a test the contact stays
        self.testable = True
        self.testing = False
        self.pulses = 0
        self._answer = False
        self._ms = 0

    def tripped(self):
        return self.trip or self._answer

    def test(self, on):
        if on and not self.testing:
            self.pulses += 1
        self.testing = on

    def tick(self, dt_ms):
        wish = (self.testing and self.answers) or (self._answer and self.sticks)
        if wish == self._answer:
            self._ms = 0
        else:
            self._ms += dt_ms
            if self._ms >= 20:
                self._answer = wish
                self._ms = 0


class Ground:
    def __init__(self):
        self.sound = True

    def ok(self):
        return self.sound


class Lock:
    """A motor: `position` follows the wish after a pulse of 600 ms, unless it is `jammed`."""

    def __init__(self):
        self.position = False
        self.jammed = False
        self.senses = True
        self.wish = None
        self.pulses = 0
        self._left_ms = 0

    @property
    def moving(self):
        return self._left_ms > 0

    def locked(self):
        return self.position if self.senses else None

    def drive(self, locked):
        if locked != self.wish:
            self.wish = locked
            self._pulse()

    def retry(self):
        if self._left_ms <= 0:
            self._pulse()

    def _pulse(self):
        self.pulses += 1
        self._left_ms = 600

    def tick(self, dt_ms):
        if self._left_ms > 0:
            self._left_ms -= dt_ms
            if self._left_ms <= 0 and not self.jammed:
                self.position = self.wish


class Proximity:
    def __init__(self):
        self.ohm = _OPEN_OHM

    def read_ohm(self):
        return self.ohm


class Thermometer:
    def __init__(self):
        self.dc = 250

    def read_dc(self):
        return self.dc


class Eye:
    """What a port does in a microsecond: is there anything the kernel has not been told of?"""

    def __init__(self, hw):
        self._hw = hw
        self._ms = 0
        self.expect(1, 0, 0)

    def expect(self, floor_mv, roof_mv, low_roof_mv):
        self._floor_mv = floor_mv
        self._roof_mv = roof_mv
        self._low_roof_mv = low_roof_mv

    def beat(self, kernel_beat):
        """A millisecond."""
        self._ms += 1
        news = not self._still()
        if news or self._ms >= 2:
            kernel_beat(self._ms, news)
            self._ms = 0

    def _still(self):
        pilot = self._hw.pilot
        pilot.sample()
        if self._hw.residual_current.tripped() or pilot.low_mv >= self._low_roof_mv:
            return False
        return self._floor_mv <= pilot.high_mv < self._roof_mv


class Hardware:
    def __init__(self, beats=False):
        self.car = Car()
        self.pilot = Pilot(self.car)
        self.contactor = Contactor()
        self.residual_current = ResidualCurrent()
        self.ground = Ground()
        self.lock = Lock()
        self.proximity = Proximity()
        self.thermometer = Thermometer()
        self.eye = Eye(self) if beats else None


class Rig:
    """One kernel on that hardware, a meter read once a second, and the clock."""

    def __init__(self, step_ms=10, welded=False, beats=False, **limits):
        """`beats`: the kernel's heart is an interrupt every millisecond, not a task's tick."""
        self.hw = Hardware(beats)
        self.beats = beats
        self.car = self.hw.car
        self.kernel = Kernel(self.hw, Limit(**limits), welded)
        self._beat = self.kernel.beat  # bound once: an interrupt makes no objects
        self.facts = self.kernel.facts
        self.step_ms = step_ms
        self.now = 0
        self.metered = True  # the meter answers
        self.voltage_dv = 2300
        self.energy_wh = 1000
        self.meter_age_ms = 0
        self._meter_ms = 0

    def tick(self, dt_ms=None):
        """The world moves, then the kernel looks at it."""
        dt_ms = dt_ms or self.step_ms
        if not self.beats:
            self._pass(dt_ms)
            self.kernel.tick(dt_ms)
            return
        while dt_ms > 0:
            self._pass(1)
            self.hw.eye.beat(self._beat)
            dt_ms -= 1

    def _pass(self, dt_ms):
        hw = self.hw
        self.now += dt_ms
        hw.contactor.tick(dt_ms)
        hw.residual_current.tick(dt_ms)
        self.car.tick(hw.pilot.duty, hw.contactor.contact, dt_ms)
        self._meter_ms += dt_ms
        self.meter_age_ms += dt_ms
        if self._meter_ms >= 1000:
            self._meter_ms = 0
            if self.metered:
                self.meter_age_ms = 0
                self.kernel.meter_read(self.car.current_ma, self.voltage_dv)

    def run(self, ms, step_ms=None):
        end = self.now + ms
        while self.now < end:
            self.tick(step_ms)

    def until(self, done, bound_ms, step_ms=None):
        """How long until `done()`, which must come within `bound_ms`."""
        start = self.now
        while not done():
            assert self.now - start < bound_ms, "not within %d ms" % bound_ms
            self.tick(step_ms)
        return self.now - start

    @property
    def coil(self):
        return self.hw.contactor.coil

    @property
    def duty(self):
        return self.hw.pilot.duty

    def plug(self, letter="B", ohm=220):
        self.hw.proximity.ohm = ohm
        self.car.letter = letter

    def unplug(self):
        self.hw.proximity.ohm = _OPEN_OHM
        self.car.letter = "A"

    def grant(self, ma=16000):
        """What a session grants: power may be offered."""
        self.facts.armed = True
        self.facts.permit_ma = ma

    def revoke(self):
        self.facts.armed = False
        self.facts.permit_ma = 0

    def prepare(self, ma=16000):
        """A car in B2: plugged, granted, locked, tested, offered."""
        self.plug()
        self.run(300)
        self.grant(ma)
        self.until(lambda: self.facts.tested and self.facts.locked, 3000)
        self.until(lambda: 1000 <= self.duty <= 9600, 6000)
        self.run(100)
        return self

    def charge(self, ma=16000):
        """A car in C2 and the contact closed."""
        self.prepare(ma)
        self.car.letter = "C"
        self.until(lambda: self.hw.contactor.contact, 3000)
        self.run(100)
        return self
