"""The pilot circuit (IEC 61851-1 Annex A, SAE J1772): what stands on the control pilot, and
what a duty offers.

Pure functions in millivolts, ohms, parts per ten thousand and milliamps.
"""

SOURCE_MV = 12000
R1_OHM = 1000
DIODE_MV = 700
R_B_OHM = 2740
R_C_OHM = R_B_OHM * 1300 / (R_B_OHM + 1300)
R_D_OHM = R_B_OHM * 270 / (R_B_OHM + 270)
LOAD_OHM = {"A": None, "B": R_B_OHM, "C": R_C_OHM, "D": R_D_OHM}

STEADY_HIGH, STEADY_LOW = 10000, 0

# Cable coding (IEC 61851-1 table B.2): amps -> the resistor in the plug.
CABLE_OHM = ((13, 1500), (20, 680), (32, 220), (63, 100))
OPEN_OHM = 1_000_000


def level_mv(source_mv, load_ohm, diode=True):
    """The pilot with one polarity of the source and this load between pilot and earth."""
    if load_ohm is None:
        return source_mv
    if not diode:
        return round(source_mv * load_ohm / (R1_OHM + load_ohm))
    if source_mv <= DIODE_MV:
        return source_mv  # the diode blocks: no current, no drop
    return round(DIODE_MV + (source_mv - DIODE_MV) * load_ohm / (R1_OHM + load_ohm))


def pilot_mv(duty, load_ohm, diode=True, short=False):
    """(high, low) as a sampler sees them. A steady pilot has one level only."""
    if short:
        return 0, 0
    high = level_mv(SOURCE_MV, load_ohm, diode)
    low = level_mv(-SOURCE_MV, load_ohm, diode)
    if duty >= STEADY_HIGH:
        return high, high
    if duty <= STEADY_LOW:
        return low, low
    return high, low


def both_mv(load_ohm, diode=True, short=False):
    """What stands there while the source is high, and while it is low, whenever that is."""
    return pilot_mv(STEADY_HIGH // 2, load_ohm, diode, short)


def letter(high_mv):
    """The state a high level stands for, split half way between the nominal levels; steady -12 V
    is F.
    """
    for floor, name in ((10500, "A"), (7500, "B"), (4500, "C"), (1500, "D"), (-1500, "E")):
        if high_mv >= floor:
            return name
    return "F"


def offered_ma(duty):
    """What a car reads out of a duty (SAE J1772 table 6B). 0 = no charging on this pilot."""
    if 800 <= duty < 1000:
        return 6000
    if 1000 <= duty <= 8500:
        return duty * 6
    if 8500 < duty <= 9600:
        return (duty - 6400) * 25
    if 9600 < duty <= 9700:
        return 80000
    return 0  # < 3 %, 3..7 % (digital communication only), 7..8 %, > 97 %


def cable_ohm(cable_a):
    """The resistor of a cable. Between two codes the lower one: a plug never promises more than
    its cable.
    """
    fitting = [ohm for amps, ohm in CABLE_OHM if amps <= cable_a]
    return fitting[-1] if fitting else CABLE_OHM[0][1]
