"""What everything above sees of a kernel, whoever it is: this chip's, a satellite's or OpenEVSE's.

State only; decides nothing. No property: each would make every store into a kernel ten times as
slow, and one of them lives in an interrupt.
"""

from firmware.evse.decide import Facts, Wishes


class Face:
    """`facts` and `wishes` are public to read; a session writes facts.armed, .held, .permit_ma."""

    def __init__(self, limit):
        self.limit = limit
        self.facts = Facts()
        self.wishes = Wishes()
        self.plugged = False  # B, C or D was seen, and no A since
        self.unplugged = 0  # how often a car has left, for who may have looked away meanwhile
        self.welded = False
        self.cable_ma = 0  # what the cable in the socket carries; 0 for none, and when tethered
        self.temperature_dc = None  # tenths of a degree, None where nothing measures it
        self.warnings = 0
        self.meter_age_ms = 0
