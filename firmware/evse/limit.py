"""Every bound of the safety kernel, with its source.  Numbers only; a board may override them.

Sources: IEC 61851-1:2017 Annex A (sequence numbers as table A.6 counts them), SAE J1772,
docs/safety.md.  Values the standards leave to the maker carry the reason they were chosen.
"""


class Limit:
    """The bounds of one connector. `Limit(max_ma=16000)` overrides; a wrong name: ValueError."""

    # --- current -------------------------------------------------------------------------
    max_ma = 32000  # what the wiring of this outlet carries
    min_ma = 6000  # IEC 61851-1 A.5.2: no offer below 6 A
    # --- control pilot, millivolts at the pilot wire (IEC 61851-1 table A.2) ---------------
    a_b_mv = 10500  # middle of the gap between A (11..13 V) and B (8..10 V)
    b_c_mv = 7500  # between B and C (5..7 V)
    c_d_mv = 4500  # between C and D (2..4 V)
    d_e_mv = 1500  # between D and E (-1..1 V)
    e_f_mv = -6000  # between E and F (-13..-11 V)
    hysteresis_mv = 400  # stays inside every gap (each is 1 V wide)
    diode_mv = -10000  # a car's diode leaves -12 V; -10 V allows for supply tolerance
    # --- pilot timing ----------------------------------------------------------------------
    off_ms = 8  # agreeing this long ends power: decided in 30 ms at any tick <= 25 ms
    on_ms = 500  # agreeing this long starts it; the field's 500 ms against contactor clicks
    pwm_settle_ms = 50  # after the oscillator starts, before the low side is judged
    # The next two are least times: 20 ms more, as much as the round of an interrupt may err by.
    duty_gap_ms = 5020  # the car has 5 s to follow (A.6 seq. 6), so no change sooner
    f_hold_ms = 320  # table A.5: state F at least 300 ms after a fault
    c1_grace_ms = 6000  # A.6 seq. 10.2: the car ignores x1, open under load
    idle_ma = 1000  # "its current is about 0": below the meter's and charger's idle draw
    wake_after_ms = 30000  # A.5.3: 30 s in B2 without C
    wake_ms = 4000  # length of the wake-up, once per session
    ventilation = False  # state D needs a ventilated place; else refused
    # --- contactor -------------------------------------------------------------------------
    weld_ms = 500  # feedback closed this long after the coil dropped
    no_close_ms = 500  # feedback open this long after the coil was driven
    # --- residual current, protective conductor ----------------------------------------------
    rcd_test_ms = 500  # the detector must answer its test within this (RCM14 data sheet)
    retry_ms = 60000  # a trip clears itself after this,
    retries = 3  # this often in a session, then it latches
    # --- socket lock -------------------------------------------------------------------------
    socket = True  # False: tethered cable, no lock and no proximity coding
    lock_settle_ms = 50  # the feedback contact says the same this long; opens within 100 ms
    lock_try_ms = 1500  # motor 600 ms, feedback, margin
    lock_tries = 3  # then ConnectorLockFailure; further tries every lock_again_ms
    lock_again_ms = 5000
    # --- temperature, tenths of a degree -----------------------------------------------------
    derate_from_dc = 600  # full current up to 60 C,
    derate_to_dc = 700  # 6 A at 70 C, linear between
    stop_dc = 750  # no current at 75 C
    resume_dc = 700  # until it is back at 70 C
    # --- current and voltage seen by the meter -----------------------------------------------
    over_permille = 1100  # more than the offer + 10 %
    over_ma = 500  # + 0.5 A
    over_ms = 7000  # for 7 s: longer than the 5 s a car may take to follow
    under_dv = 1955  # below 0.85 of 230 V
    under_back_dv = 2070  # back above 0.90
    under_ms = 3000  # for 3 s
    under_back_ms = 60000
    meter_warn_ms = 10000  # no reading for 10 s: 6 A
    meter_lost_ms = 60000  # for 60 s: pause

    def __init__(self, **override):
        for name in override:
            if not hasattr(self, name):
                raise ValueError("no such limit: " + name)
            setattr(self, name, override[name])
