"""The OCPP word of a connector, derived from facts; never a second state machine.

Words and their 53 permitted changes: OCPP 1.6 edition 2 section 4.9.  `derive` says what is true,
`step` says which word may be spoken next on the way there.
"""

from firmware.evse import fault

WORDS = (
    "Available",
    "Preparing",
    "Charging",
    "SuspendedEV",
    "SuspendedEVSE",
    "Finishing",
    "Reserved",
    "Unavailable",
    "Faulted",
)

# One row per word, one letter per permitted target, in the order of WORDS: the table of 4.9.
_TARGETS = (
    (1, 2, 3, 4, 6, 7, 8),  # A Available
    (0, 2, 3, 4, 5, 8),  # B Preparing
    (0, 3, 4, 5, 7, 8),  # C Charging
    (0, 2, 4, 5, 7, 8),  # D SuspendedEV
    (0, 2, 3, 5, 7, 8),  # E SuspendedEVSE
    (0, 1, 7, 8),  # F Finishing
    (0, 1, 7, 8),  # G Reserved
    (0, 1, 2, 3, 4, 8),  # H Unavailable
    (0, 1, 2, 3, 4, 5, 6, 7),  # I Faulted
)

# Faults that OCPP can only call EVCommunicationError, which 4.9 keeps out of Faulted.
_CAR = fault.PILOT | fault.DIODE | fault.VENTILATION

_IN_SESSION = ("Preparing", "SuspendedEV", "SuspendedEVSE", "Finishing")

_HELD = ("Preparing", "Charging", "SuspendedEV", "SuspendedEVSE")  # while the plug is not free

_ERRORS = (
    (fault.RCD | fault.RCD_TEST | fault.GROUND, "GroundFailure"),
    (fault.WELD | fault.NO_CLOSE, "PowerSwitchFailure"),
    (fault.OVERCURRENT, "OverCurrentFailure"),
    (fault.OVERTEMP, "HighTemperature"),
    (fault.UNDERVOLTAGE, "UnderVoltage"),
    (fault.LOCK, "ConnectorLockFailure"),
    (fault.LINK | fault.SOFTWARE, "InternalError"),
)


def derive(session, operative: bool, reserved: bool, word: str) -> str:
    """The word for what is true now; `word` is what was spoken last."""
    kernel = session.kernel
    facts = kernel.facts
    if facts.faults & ~_CAR or (facts.faults and not kernel.plugged):
        return "Faulted"
    if session.stopping or session.releasing:
        # Finishing asks the driver to unplug: not before the contact is open and the plug free.
        return word if word in _HELD else "Finishing"
    if session.transaction is not None:
        if session.settling and not facts.faults:
            return "Preparing"  # the car has a moment to start before it is called suspended
        # Without a car nothing is offered either, and yet it is the EV side that is missing
        # (StopTransactionOnEVSideDisconnect = false).
        withheld = kernel.plugged and not kernel.wishes.offered_ma
        if not facts.permit_ma or withheld or facts.faults:
            return "SuspendedEVSE"  # beats SuspendedEV where both are true (4.9)
        return "Charging" if facts.closed else "SuspendedEV"
    if not operative:
        return "Unavailable"
    if kernel.warnings & fault.METER and kernel.meter_age_ms >= kernel.limit.meter_lost_ms:
        return "Faulted"  # without a meter nothing can be billed, so nothing can be started
    return _vacant(session, reserved)


def _vacant(session, reserved: bool) -> str:
    """No transaction, and nothing against one."""
    if session.finishing:
        return "Finishing"
    if session.id_tag is not None:
        return "Preparing"
    if reserved:
        return "Reserved"  # a plug alone proves no right to it (G2: identity is presented)
    return "Preparing" if session.kernel.plugged else "Available"


def error_code(kernel, word: str) -> str:
    """The ChargePointErrorCode that goes with the word."""
    for bits, code in _ERRORS:
        if kernel.facts.faults & bits:
            return code
    if kernel.facts.faults & _CAR:
        return "EVCommunicationError" if word in _IN_SESSION else "OtherError"
    if kernel.warnings & fault.METER:
        return "PowerMeterFailure"
    if kernel.warnings & fault.SENSOR:
        return "HighTemperature"
    return "NoError"


def vendor_error(kernel) -> str:
    """Our own name of the fault, for vendorErrorCode; "" when there is none."""
    return fault.name(kernel.facts.faults)


def step(word: str, target: str) -> str:
    """The word to speak next when `word` was spoken last and `target` is true: `target` itself, or
    the one in between where the table of 4.9 has no direct way (Preparing to Unavailable)."""
    if word == target:
        return word
    there = WORDS.index(target)
    if there in _TARGETS[WORDS.index(word)]:
        return target
    if target == "Preparing":
        return "Finishing"
    if target in ("Charging", "SuspendedEV", "SuspendedEVSE", "Finishing"):
        return "Preparing"
    return "Available"
