"""One connector of the plant: circuit, car, cable, lock, contactor, detector, meter and reader,
stepped together.

Promise: step() reads what the firmware drives from the wires and writes what it will see.
Boundary: one connector; no process, no network.
"""

from . import circuit, wires
from .contactor import Contactor, Driver, Interlock, ResidualCurrent
from .lock import Lock

FAULTS = (
    "rcd",
    "diode",
    "pilot_short",
    "welded",
    "no_close",
    "overtemp",
    "undervoltage",
    "overcurrent",
    "meter",
    "lock",
    "ground",
)
NORMAL_DC, HOT_DC = 250, 850
BUTTON_MS = 200


class Refused(Exception):
    """A request the plant cannot do; the text goes to the caller."""


class Connector:
    def __init__(self, index, view, board, meter, own_interlock=False):
        """`own_interlock`: a chip with its own before the coil pin; its sampler finds both levels
        of the pilot by itself.
        """
        self._real = own_interlock
        self.view = view
        self.socket = board["socket"]
        self.phases = board["phases"]
        self.meter = meter
        self.index = index
        self.car = None
        self.cable_a = None  # the cable in the socket, with or without a car at its other end
        self.faults = set()
        self.interlock = Driver() if own_interlock else Interlock()
        self.contactor = Contactor()
        self.detector = ResidualCurrent()
        self.lock = Lock()
        self.coil = False
        self.pilot_mv = (0, 0)  # as it stands now; a steady pilot has one level
        self._button_ms = 0
        self.rest()

    def rest(self):
        """The outputs of a controller in reset: coil released, pilot steady high, motor and test
        off.
        """
        view = self.view
        view[wires.DUTY], view[wires.COIL] = circuit.STEADY_HIGH, 0
        view[wires.TEST], view[wires.LOCK_DRIVE] = 0, 0

    # what people and cars do

    def plug(self, car):
        if self.car is not None:
            raise Refused("a car is already plugged in")
        self.car = car
        if self.cable_a is None or not self.lock.holds:
            self.cable_a = car.cable_ma / 1000
        car.cable_ma = round(self.cable_a * 1000)

    def unplug(self, force=False):
        if self.car is None and self.cable_a is None:
            raise Refused("nothing is plugged in")
        if force:
            self.car = None
            if not self.socket:
                self.cable_a = None
            return
        if self.socket and self.lock.holds:
            raise Refused("locked")
        self.car, self.cable_a = None, None

    def ev(self, state):
        if self.car is None:
            raise Refused("no car is plugged in")
        self.car.ev(state)

    def press(self):
        self._button_ms = BUTTON_MS

    def fault(self, kind, on):
        (self.faults.add if on else self.faults.discard)(kind)
        self.contactor.welded = "welded" in self.faults
        self.contactor.no_close = "no_close" in self.faults
        self.detector.fault = "rcd" in self.faults
        self.lock.stuck = "lock" in self.faults
        self.meter.silent = "meter" in self.faults
        self.meter.sagging = "undervoltage" in self.faults

    # what physics does

    def step(self, powered, heartbeat_age_ms, dt_ms):
        view, car = self.view, self.car
        trip = self.detector.step(powered and view[wires.TEST], dt_ms)
        self.coil = self.interlock.coil(powered and view[wires.COIL], heartbeat_age_ms, trip)
        self.contactor.step(self.coil, dt_ms)
        self.lock.step(view[wires.LOCK_DRIVE] if powered else 0, dt_ms)
        duty = view[wires.DUTY]
        if car is not None:
            car.overcurrent = "overcurrent" in self.faults
            broken = "pilot_short" in self.faults or not powered
            if car.step(0 if broken else duty, self.contactor.closed, dt_ms):
                kind, car.fail = car.fail, None
                self.fault(kind, True)
        self.meter.step(self.amps_ma(), dt_ms)
        self._write(powered, duty, trip)
        self._button_ms = max(0, self._button_ms - dt_ms)

    def amps_ma(self):
        """The current of each phase; mains that is not there (contactor open) carries none."""
        if self.car is None:
            return (0, 0, 0)
        used = min(self.car.phases, self.phases)
        return tuple(self.car.current_ma if i < used else 0 for i in range(3))

    def _write(self, powered, duty, trip):
        view = self.view
        load = self.car.load_ohm if self.car is not None else None
        dead = "pilot_short" in self.faults or not powered
        diode = "diode" not in self.faults
        self.pilot_mv = circuit.pilot_mv(duty, load, diode, dead)
        high, low = circuit.both_mv(load, diode, dead) if self._real else self.pilot_mv
        view[wires.PILOT_HIGH], view[wires.PILOT_LOW] = high, low
        view[wires.FEEDBACK] = int(self.contactor.closed)
        view[wires.INTERLOCK] = int(self.coil)
        view[wires.TRIP] = int(trip)
        view[wires.GROUND_OK] = int("ground" not in self.faults)
        view[wires.LOCK_FEEDBACK] = int(self.lock.locked)
        view[wires.TEMPERATURE_DC] = HOT_DC if "overtemp" in self.faults else NORMAL_DC
        view[wires.BUTTON] = int(self._button_ms > 0)
        plugged = self.socket and self.cable_a is not None
        view[wires.PROXIMITY_OHM] = (
            circuit.cable_ohm(self.cable_a) if plugged else circuit.OPEN_OHM
        )

    def state(self):
        view = self.view
        duty = view[wires.DUTY]
        return {
            "pilot": circuit.letter(self.pilot_mv[0]),
            "pilot_mv": list(self.pilot_mv),
            "duty": duty,
            "offered_a": round(circuit.offered_ma(duty) / 1000, 2),
            "contactor": bool(view[wires.FEEDBACK]),
            "coil": self.coil,
            "locked": self.lock.locked if self.socket else None,
            "amps": [round(ma / 1000, 2) for ma in self.amps_ma()],
            "meter_wh": self.meter.wh,
            "plugged": self.car is not None,
            "cable_a": self.cable_a,
            "faults": sorted(self.faults),
            "temperature_c": view[wires.TEMPERATURE_DC] / 10,
        }
