"""OpenEVSE's controller as the charge point sees it: the face of kernel.Kernel over RAPI.

The safety is the controller's own; here its states become a letter and fault bits, and the permit
becomes whole amps or sleep. Tethered boards only: RAPI proves no lock. What it cannot tell, and
what silence then means, is in docs/remote.md.

`controller` is hal.rapi.OpenEVSE (poll, sleep, want_a and what it reads).
"""

from micropython import const

from firmware.evse import fault
from firmware.evse.face import Face

_EV_CONNECTED = const(0x0100)
_CHARGING_ON = const(0x0040)
_DISABLED = const(0xFF)
_LONG_MS = const(86400000)

# Settings of the controller that switch a check off: diode, ventilation, ground, stuck relay,
# residual current self-test. With one of them off it is no safety controller.
CHECKS = const(0x021E)

_LETTERS = {1: "A", 2: "B", 3: "C", 4: "D"}
_OFFERING = (2, 3)

# state of the controller: our fault. What is in no row is a fault we have no name for.
_FAULTS = {
    0x00: 0,  # not known yet
    0x01: 0,
    0x02: 0,
    0x03: 0,
    0x04: fault.VENTILATION,
    0x05: fault.DIODE,
    0x06: fault.RCD,
    0x07: fault.GROUND,
    0x08: fault.WELD,
    0x09: fault.RCD_TEST,
    0x0A: fault.OVERTEMP,
    0x0B: fault.OVERCURRENT,
    0x0E: fault.NO_CLOSE,
    0xFE: 0,  # sleeping: +12 V, nothing offered
    _DISABLED: fault.PILOT,  # -12 V: state F on the wire
}


class RapiKernel(Face):
    """`facts` and `wishes` as kernel.Kernel has them; a session writes facts.armed, .held and
    .permit_ma. `checks`: the settings that must not be switched off."""

    def __init__(self, controller, limit, checks: int = CHECKS):
        if limit.socket:
            raise ValueError("RAPI proves no lock: tethered boards only")
        super().__init__(limit)
        self._controller = controller
        self._checks = checks
        self._failed = False
        self.facts.locked = True
        self._learn()

    @property
    def lost(self) -> bool:
        return self._controller.lost

    def meter_read(self, current_ma: int, voltage_dv: int):
        """A fresh reading. The controller guards over-current by itself, where it is built in."""
        self.facts.current_ma = current_ma
        self.meter_age_ms = 0

    def fail(self):
        """The software here failed: sleep, and no pulse after that."""
        self._failed = True
        facts = self.facts
        facts.armed = facts.held = False
        facts.permit_ma = 0
        facts.faults |= fault.SOFTWARE
        try:
            self._controller.sleep()
        except OSError:
            return  # the missing pulse lets it fall back to 6 A

    def tick(self, dt_ms: int):
        if self._failed:
            return
        controller = self._controller
        controller.want_a = self._amps()
        controller.poll(dt_ms)
        if self.meter_age_ms < _LONG_MS:
            self.meter_age_ms += dt_ms
        self._learn()

    def _amps(self) -> int:
        """What may be offered, in the whole amps of RAPI."""
        facts, limit = self.facts, self.limit
        ma = min(facts.permit_ma, limit.max_ma)
        # What is lost is not told anyway; once it is back it shall not be put to sleep first.
        if (facts.faults and not self.lost) or self.meter_age_ms >= limit.meter_lost_ms:
            ma = 0
        elif self.meter_age_ms >= limit.meter_warn_ms:
            ma = min(ma, limit.min_ma)
        return ma // 1000 if ma >= limit.min_ma else 0

    def _learn(self):
        controller, facts, wishes = self._controller, self.facts, self.wishes
        state = controller.state
        facts.letter = "F" if state == _DISABLED else _LETTERS.get(controller.pilot, "?")
        if controller.settled:
            self._plug(controller.vflags)
        offered = state in _OFFERING and not controller.lost
        wishes.offered_ma = (controller.capacity_a or 0) * 1000 if offered else 0
        wishes.pilot_off = state == _DISABLED
        facts.ceiling_ma = min(controller.most_a * 1000, self.limit.max_ma)
        facts.diode_seen = state == 3
        self.temperature_dc = controller.temperature_dc
        self._judge(state)

    def _plug(self, vflags: int):
        self.plugged = bool(vflags & _EV_CONNECTED)
        self.unplugged = self._controller.departures
        self.facts.closed = self.wishes.close = bool(vflags & _CHARGING_ON)

    def _judge(self, state: int):
        controller, facts, limit = self._controller, self.facts, self.limit
        faults = _FAULTS.get(state, fault.SOFTWARE)
        self.welded = self.welded or state == 0x08
        unchecked = controller.settings is None or controller.settings & self._checks
        facts.tested = not faults and not unchecked and bool(controller.supervised)
        if controller.lost:
            faults |= fault.LINK
        elif controller.settings is not None and unchecked:
            faults |= fault.SOFTWARE  # somebody switched a check off
        elif controller.supervised is False:
            faults |= fault.SOFTWARE  # it would go on without us, at whatever was said last
        facts.faults = faults
        self.warnings = 0 if self.meter_age_ms < limit.meter_warn_ms else fault.METER
