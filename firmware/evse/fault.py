"""Fault bits, their names, and the latch most of them share. Integers only; no words of OCPP."""

from micropython import const

# Faults: any of them keeps the contactor open.
RCD = const(1)  # the residual-current detector tripped
RCD_TEST = const(2)  # it did not answer its self-test
GROUND = const(4)  # protective conductor missing
WELD = const(8)  # contactor closed although the coil is off
NO_CLOSE = const(16)  # contactor open although the coil is on
OVERTEMP = const(32)
OVERCURRENT = const(64)
UNDERVOLTAGE = const(128)
LOCK = const(256)  # the plug could not be locked
PILOT = const(512)  # state E or F on the wire: short, or no pilot
DIODE = const(1024)  # the car's diode is missing
VENTILATION = const(2048)  # the car asks for ventilation (D) that the place has not
SOFTWARE = const(4096)  # the kernel itself failed
LINK = const(8192)  # no news from the chip that owns the contactor

# Warnings: charging goes on, less of it.
METER = const(1)  # no fresh reading
HOT = const(2)  # derating by temperature
SENSOR = const(4)  # temperature sensor lost, treated as hot

NAMES = (
    (RCD, "ResidualCurrent"),
    (RCD_TEST, "ResidualCurrentTest"),
    (GROUND, "ProtectiveConductor"),
    (WELD, "ContactorWelded"),
    (NO_CLOSE, "ContactorNoClose"),
    (OVERTEMP, "OverTemperature"),
    (OVERCURRENT, "OverCurrent"),
    (UNDERVOLTAGE, "UnderVoltage"),
    (LOCK, "LockFailure"),
    (PILOT, "PilotShort"),
    (DIODE, "DiodeMissing"),
    (VENTILATION, "VentilationRequired"),
    (LINK, "LinkLost"),
    (SOFTWARE, "Software"),
)


def name(faults: int) -> str:
    """The name of the gravest of these fault bits, "" for none."""
    for bit, word in NAMES:
        if faults & bit:
            return word
    return ""


class Latch:
    """Raised at once; clears `hold_ms` after its cause, at most `retries` times a session."""

    def __init__(self, hold_ms: int, retries: int):
        self.hold_ms = hold_ms
        self.retries = retries
        self.active = False
        self.count = 0  # how often in this session
        self._quiet_ms = 0

    def tick(self, cause, dt_ms: int) -> bool:
        if cause:
            if not self.active:
                self.active = True
                self.count += 1
            self._quiet_ms = 0
        elif self.active and self.count <= self.retries:  # latched for good: nothing to count
            self._quiet_ms += dt_ms
            if self._quiet_ms >= self.hold_ms:
                self.active = False
        return self.active

    def session_over(self, clears: bool):
        """The car has gone. What is latched for good stays, unless that `clears` it."""
        if clears:
            self.active = False
        if not self.active or self.count <= self.retries:
            self.count = 0  # also of one still waiting to clear: the next session has its own
