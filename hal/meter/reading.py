"""What an energy meter said, at one time, in integers. A value the meter lacks is None.

A record: nothing is derived here. Lists have one entry for each phase.
"""


class Reading:
    def __init__(self):
        self.at_ms = 0
        self.energy_wh = None  # the import register
        self.energy_export_wh = None
        self.power_w = None  # import positive
        self.power_phase_w = [None, None, None]
        self.current_ma = [None, None, None]
        self.voltage_dv = [None, None, None]  # tenths of a volt, phase to neutral
        self.frequency_chz = None
        self.power_factor_pm = None  # per mille
