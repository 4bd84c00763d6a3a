"""The safety kernel of one connector: sense, judge, decide, apply.  Alive while all else is stuck.

`tick(dt_ms)` is called every 1..25 ms, from a hard interrupt where the port has one.  It takes the
hardware as objects (hal drivers), uses integers only, allocates nothing and waits for nothing.
"""

from micropython import const

from firmware.evse import fault, pilot
from firmware.evse.decide import Facts, Wishes, decide
from firmware.evse.guard import ContactorGuard, CurrentGuard, ThermalGuard, VoltageGuard
from firmware.evse.lock import LockGuard
from firmware.evse.proximity import Proximity
from firmware.evse.residual import ResidualGuard
from firmware.evse.wake import Wake

_LONG_MS = const(86400000)  # timers stop counting here, so that they stay small integers


class Kernel:
    """`facts` and `wishes` are public to read; a session writes facts.armed and .permit_ma."""

    def __init__(self, hardware, limit, welded: bool = False):
        """`hardware`: pilot, contactor, residual_current, ground, lock, proximity, thermometer;
        None for what the board has not (but pilot and contactor). `welded`: kept over a reset."""
        self.limit = limit
        self.facts = Facts()
        self.wishes = Wishes()
        self.plugged = False  # B, C or D was seen, and no A since
        self.unplugged = 0  # how often a car has left, for who may have looked away meanwhile
        self.temperature_dc = None  # tenths of a degree, None where nothing measures it
        self.warnings = 0
        self.meter_age_ms = 0
        self._hw = hardware
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

    @property
    def cable_ma(self) -> int:
        """What the cable in the socket carries; 0 for none, and on a tethered board."""
        return self._cable.ma

    @property
    def welded(self) -> bool:
        return self._contactor.welded

    # --- what the tasks above may tell it ---------------------------------------------------

    def meter_read(self, current_ma: int, voltage_dv: int):
        """A fresh reading: highest phase current, lowest phase voltage (0: not measured)."""
        self.facts.current_ma = current_ma
        self._voltage_dv = voltage_dv
        self.meter_age_ms = 0

    def fail(self):
        """The kernel's own software failed: open, and stay open until the next boot."""
        if not self._failed:
            self.facts.fault_ms = 0
        self._failed = True
        self.wishes.close = False
        self._hw.contactor.drive(False)
        self._hw.pilot.drive(pilot.X1)
        self.facts.faults |= fault.SOFTWARE

    # --- the tick ---------------------------------------------------------------------------

    def tick(self, dt_ms: int):
        self._sense(dt_ms)
        self._judge(dt_ms)
        decide(self.facts, self.wishes, self.limit)
        self._apply(dt_ms)

    def _sense(self, dt_ms: int):
        hw, facts = self._hw, self.facts
        self._see_plug(dt_ms)
        closed = hw.contactor.closed()
        facts.closed = self.wishes.close if closed is None else closed
        self._contactor.tick(self.wishes.close, closed, dt_ms)
        if self.meter_age_ms < _LONG_MS:
            self.meter_age_ms += dt_ms
        facts.current_known = self.meter_age_ms < facts.since_x1_ms
        if facts.since_change_ms < _LONG_MS:
            facts.since_change_ms += dt_ms
        if not self._pwm_ms and facts.since_x1_ms < _LONG_MS:
            facts.since_x1_ms += dt_ms

    def _see_plug(self, dt_ms: int):
        hw, facts, empty = self._hw, self.facts, False
        hw.pilot.sample()
        if self._duty == pilot.OFF:
            self._pilot.blind()
        else:
            self._pilot.feed(hw.pilot.high_mv, hw.pilot.low_mv, self._pwm_ms, dt_ms)
        facts.letter = self._pilot.letter
        facts.diode_seen = self._pilot.diode_seen
        if self.limit.socket:
            self._cable.feed(hw.proximity.read_ohm(), dt_ms)
            empty = not self._cable.ma
            if empty and facts.letter in "BCD":
                facts.letter = "A"  # no cable in the socket: nothing is plugged in
        if empty or facts.letter == "A":
            if self.plugged:
                self._unplugged()
        elif facts.letter in "BCD":
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

    def _judge(self, dt_ms: int):
        facts = self.facts
        faults = self._protection_faults(dt_ms) | self._supply_faults(dt_ms)
        if facts.letter in "EF":
            faults |= fault.PILOT
        elif facts.letter == "D" and not self.limit.ventilation:
            faults |= fault.VENTILATION
        if self._diode.tick(self._pilot.diode_bad, dt_ms):
            faults |= fault.DIODE
        if self._contactor.welded:
            faults |= fault.WELD
        if self._no_close.tick(self._contactor.no_close, dt_ms):
            faults |= fault.NO_CLOSE
        if self._lock_fails(dt_ms):
            faults |= fault.LOCK
        if self._failed:
            faults |= fault.SOFTWARE
        if faults & ~facts.faults:
            facts.fault_ms = 0
        elif facts.fault_ms < _LONG_MS:
            facts.fault_ms += dt_ms
        facts.faults = faults
        self._wake.tick(facts.letter, self.wishes.offered_ma > 0, dt_ms)
        facts.waking = self._wake.active

    def _lock_fails(self, dt_ms: int) -> bool:
        facts, guard, lock = self.facts, self._lock, self._hw.lock
        if not self.limit.socket:
            facts.locked = True
            return False
        locked = lock.locked()
        if locked is None:
            # No position contact: the motor is believed once its pulse is over.
            locked = guard.drive != lock.moving
        guard.tick(self.wishes.lock, locked, dt_ms)
        facts.locked = guard.locked
        # A plug that cannot be *released* endangers nobody: a fault only while it is wanted.
        return guard.failed and self.wishes.lock

    def _protection_faults(self, dt_ms: int) -> int:
        """Residual current and protective conductor."""
        hw, facts, faults = self._hw, self.facts, 0
        open_ = not self.wishes.close and not facts.closed
        trip = hw.residual_current is not None and hw.residual_current.tripped()
        self._residual.tick(trip, facts.armed, open_, dt_ms)
        facts.tested = self._residual.passed
        if self._rcd.tick(self._residual.tripped, dt_ms):
            faults |= fault.RCD
        if self._residual.failed:
            faults |= fault.RCD_TEST
        if self._ground.tick(hw.ground is not None and not hw.ground.ok(), dt_ms):
            faults |= fault.GROUND
        return faults

    def _supply_faults(self, dt_ms: int) -> int:
        """Temperature, current and voltage; sets the ceiling and the warnings."""
        facts, limit, faults = self.facts, self.limit, 0
        ceiling = limit.max_ma
        if self._hw.thermometer is not None:
            celsius_dc = self._hw.thermometer.read_dc()
            ceiling = self._thermal.ceiling_ma(celsius_dc)
            self.temperature_dc = None if self._thermal.lost else celsius_dc
        if limit.socket:
            ceiling = min(ceiling, self._cable.ma)
        warnings = fault.SENSOR if self._thermal.lost else 0
        if self._thermal.hot:
            warnings |= fault.HOT
        if self._thermal.stop:
            faults |= fault.OVERTEMP
        fresh = self.meter_age_ms < limit.meter_warn_ms
        if not fresh:
            warnings |= fault.METER
            ceiling = min(ceiling, limit.min_ma) if self.meter_age_ms < limit.meter_lost_ms else 0
        drawn = facts.current_ma if fresh and self.wishes.close else 0
        over = self._current.tick(drawn, self.wishes.offered_ma, dt_ms)
        if self._over.tick(over, dt_ms):
            faults |= fault.OVERCURRENT
        if self._voltage.tick(self._voltage_dv if fresh else 0, dt_ms):
            faults |= fault.UNDERVOLTAGE
        facts.ceiling_ma = ceiling
        self.warnings = warnings
        return faults

    def _apply(self, dt_ms: int):
        """The only place that drives hardware."""
        hw, wishes, facts = self._hw, self.wishes, self.facts
        hw.contactor.drive(wishes.close)
        duty = pilot.OFF if wishes.pilot_off else pilot.duty_from_ma(wishes.offered_ma)
        running = duty != pilot.X1 and duty != pilot.OFF
        if duty != self._duty:
            facts.since_change_ms = 0
            facts.since_x1_ms = 0
            self._duty = duty
        self._pwm_ms = min(self._pwm_ms + dt_ms, _LONG_MS) if running else 0
        hw.pilot.drive(duty)
        if hw.residual_current is not None:
            hw.residual_current.test(self._residual.test)
        if self.limit.socket:
            if self._lock.retry:
                hw.lock.retry()
            hw.lock.drive(self._lock.drive)
            hw.lock.tick(dt_ms)
