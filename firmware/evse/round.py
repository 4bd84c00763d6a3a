"""The steps of the kernel's round: what is seen, judged, decided and done, one after the other.

Each takes the milliseconds since it was last taken, uses integers only, allocates nothing and
waits for nothing; none is longer than an interrupt may be.
Boundary: who takes them, and when, is in kernel.py.
"""

from micropython import const

from firmware.evse import fault, pilot
from firmware.evse.decide import decide, glance
from firmware.evse.face import Face
from firmware.evse.guard import ContactorGuard, CurrentGuard, ThermalGuard, VoltageGuard
from firmware.evse.lock import LockGuard
from firmware.evse.proximity import Proximity
from firmware.evse.residual import ResidualGuard
from firmware.evse.wake import Wake

_LONG_MS = const(86400000)  # timers stop counting here, so that they stay small integers


class Round(Face):
    """What the kernel remembers, and its steps in their order."""

    def __init__(self, hardware, limit, welded: bool):
        super().__init__(limit)
        self.welded = welded
        self._hw = hardware
        self._empty = False  # a socket without a cable
        self._trip = False  # the detector has tripped since the last round looked
        self._unseen_ms = 0  # since the last look
        self._raised = 0  # fault bits of this round
        self._ceiling_ma = 0  # of this round
        self._celsius_dc = 0
        self._duty = pilot.X1
        self._pwm_ms = 0
        self._voltage_dv = 0
        self._failed = False
        facts = self.facts
        facts.since_change_ms = facts.since_x1_ms = facts.fault_ms = _LONG_MS
        self._appoint(limit, hardware.residual_current)
        self._contactor.welded = welded

    def _appoint(self, limit, rcd):
        """The judges of the facts, and the latches of those faults that clear themselves."""
        self._pilot = pilot.Pilot(limit)
        self._cable = Proximity()
        self._contactor = ContactorGuard(limit)
        self._residual = ResidualGuard(limit, rcd is not None and rcd.testable)
        self._lock = LockGuard(limit)
        self._thermal = ThermalGuard(limit)
        self._current = CurrentGuard(limit)
        self._voltage = VoltageGuard(limit)
        self._wake = Wake(limit)
        hold, retries = limit.retry_ms, limit.retries
        self._rcd = fault.Latch(hold, retries)
        self._ground = fault.Latch(hold, retries)
        self._no_close = fault.Latch(hold, retries)
        self._over = fault.Latch(hold, retries)
        self._diode = fault.Latch(hold, retries)

    def _look(self, _):
        """The pilot and the detector; what they forbid is opened at once."""
        hw, wishes, seen = self._hw, self.wishes, self._pilot
        sight = hw.pilot
        sight.sample()
        if self._duty == pilot.OFF:
            seen.blind()
        else:
            seen.feed(sight.high_mv, sight.low_mv, self._pwm_ms, self._unseen_ms)
        self._unseen_ms = 0
        letter = seen.letter
        if self._empty and letter in "BCD":
            letter = "A"  # no cable in the socket: nothing is plugged in
        self.facts.letter = letter
        if hw.residual_current is not None and hw.residual_current.tripped():
            self._trip = True
        if wishes.close:
            glance(self.facts, wishes, self.limit, self._trip)
            if not wishes.close:
                hw.contactor.drive(False)
        if hw.eye is not None:
            if self._duty == pilot.OFF:
                hw.eye.expect(-pilot.HIGH_MV, pilot.HIGH_MV, pilot.HIGH_MV)
            else:
                hw.eye.expect(seen.floor_mv, seen.roof_mv, seen.low_roof_mv)

    def _see_cable(self, dt_ms: int):
        facts, letter = self.facts, self.facts.letter
        if self.limit.socket:
            self._cable.feed(self._hw.proximity.read_ohm(), dt_ms)
            self.cable_ma = self._cable.ma
            self._empty = not self.cable_ma
            if self._empty and letter in "BCD":
                facts.letter = letter = "A"
        if self._empty or letter == "A":
            if self.plugged:
                self._unplugged()
        elif letter in "BCD":
            self.plugged = True

    def _unplugged(self):
        """The car has gone: what counts per session starts again."""
        self.plugged = False
        self.unplugged += 1
        self._wake.session_over()
        self.facts.since_change_ms = _LONG_MS
        self._rcd.session_over(False)
        self._ground.session_over(False)
        self._no_close.session_over(True)
        self._over.session_over(True)
        self._diode.session_over(True)

    def _see_contact(self, dt_ms: int):
        """The mirror contact, and what time alone does to the facts."""
        facts, guard, close = self.facts, self._contactor, self.wishes.close
        closed = self._hw.contactor.closed()
        facts.closed = close if closed is None else closed
        guard.tick(close, closed, dt_ms)
        if guard.welded:
            self.welded = True
            self._raised |= fault.WELD
        if self._no_close.tick(guard.no_close, dt_ms):
            self._raised |= fault.NO_CLOSE
        if self.meter_age_ms < _LONG_MS:
            self.meter_age_ms += dt_ms
        facts.current_known = self.meter_age_ms < facts.since_x1_ms
        if facts.since_change_ms < _LONG_MS:
            facts.since_change_ms += dt_ms
        if not self._pwm_ms and facts.since_x1_ms < _LONG_MS:
            facts.since_x1_ms += dt_ms

    def _judge_residual(self, dt_ms: int):
        """The detector and its test."""
        facts, guard = self.facts, self._residual
        guard.tick(self._trip, facts.armed, not self.wishes.close and not facts.closed, dt_ms)
        self._trip = False
        facts.tested = guard.passed
        if self._rcd.tick(guard.tripped, dt_ms):
            self._raised |= fault.RCD
        if guard.failed:
            self._raised |= fault.RCD_TEST

    def _judge_pilot(self, dt_ms: int):
        """What the pilot must not show, and the protective conductor."""
        facts, ground = self.facts, self._hw.ground
        facts.diode_seen = self._pilot.diode_seen
        if self._ground.tick(ground is not None and not ground.ok(), dt_ms):
            self._raised |= fault.GROUND
        if facts.letter in "EF":
            self._raised |= fault.PILOT
        elif facts.letter == "D" and not self.limit.ventilation:
            self._raised |= fault.VENTILATION
        if self._diode.tick(self._pilot.diode_bad, dt_ms):
            self._raised |= fault.DIODE

    def _feel_heat(self, _):
        if self._hw.thermometer is not None:
            self._celsius_dc = self._hw.thermometer.read_dc()

    def _judge_heat(self, _):
        """The first ceiling of the round: wiring, heat and cable."""
        limit, guard = self.limit, self._thermal
        ceiling = limit.max_ma
        if self._hw.thermometer is not None:
            ceiling = guard.ceiling_ma(self._celsius_dc)
            self.temperature_dc = None if guard.lost else self._celsius_dc
        if limit.socket:
            ceiling = min(ceiling, self.cable_ma)
        self._ceiling_ma = ceiling
        if guard.stop:
            self._raised |= fault.OVERTEMP

    def _judge_supply(self, dt_ms: int):
        """Current and voltage as the meter tells them; the ceiling, and the warnings."""
        facts, limit, wishes = self.facts, self.limit, self.wishes
        ceiling = self._ceiling_ma
        warnings = fault.SENSOR if self._thermal.lost else 0
        if self._thermal.hot:
            warnings |= fault.HOT
        fresh = self.meter_age_ms < limit.meter_warn_ms
        if not fresh:
            warnings |= fault.METER
            ceiling = min(ceiling, limit.min_ma) if self.meter_age_ms < limit.meter_lost_ms else 0
        drawn_ma = facts.current_ma if fresh and wishes.close else 0
        if self._over.tick(self._current.tick(drawn_ma, wishes.offered_ma, dt_ms), dt_ms):
            self._raised |= fault.OVERCURRENT
        if self._voltage.tick(self._voltage_dv if fresh else 0, dt_ms):
            self._raised |= fault.UNDERVOLTAGE
        facts.ceiling_ma = ceiling
        self.warnings = warnings

    def _judge_lock(self, dt_ms: int):
        facts, guard, lock = self.facts, self._lock, self._hw.lock
        if not self.limit.socket:
            facts.locked = True
            return
        locked = lock.locked()
        if locked is None:
            # No position contact: the motor is believed once its pulse is over.
            locked = guard.drive != lock.moving
        guard.tick(self.wishes.lock, locked, dt_ms)
        facts.locked = guard.locked
        # A plug that cannot be *released* endangers nobody: a fault only while it is wanted.
        if guard.failed and self.wishes.lock:
            self._raised |= fault.LOCK

    def _conclude(self, dt_ms: int):
        """The facts of the round are complete: decide."""
        facts, faults = self.facts, self._raised
        self._raised = 0
        if self._failed:
            faults |= fault.SOFTWARE
        if faults & ~facts.faults:
            facts.fault_ms = 0
        elif facts.fault_ms < _LONG_MS:
            facts.fault_ms += dt_ms
        facts.faults = faults
        self._wake.tick(facts.letter, self.wishes.offered_ma > 0, dt_ms)
        facts.waking = self._wake.active
        decide(facts, self.wishes, self.limit)

    def _apply(self, dt_ms: int):
        """Coil and pilot. With the glance, and with the rest below, all that drives hardware."""
        wishes, facts = self.wishes, self.facts
        self._hw.contactor.drive(wishes.close)
        duty = pilot.OFF if wishes.pilot_off else pilot.duty_from_ma(wishes.offered_ma)
        if duty != self._duty:
            facts.since_change_ms = 0
            facts.since_x1_ms = 0
            self._duty = duty
        if duty == pilot.X1 or duty == pilot.OFF:
            self._pwm_ms = 0
        elif self._pwm_ms < _LONG_MS:
            self._pwm_ms += dt_ms
        self._hw.pilot.drive(duty)

    def _apply_rest(self, dt_ms: int):
        """The detector's test and the lock's motor."""
        residual, lock = self._hw.residual_current, self._hw.lock
        if residual is not None:
            residual.test(self._residual.test)
        if self.limit.socket:
            if self._lock.retry:
                lock.retry()
            lock.drive(self._lock.drive)
            lock.tick(dt_ms)
