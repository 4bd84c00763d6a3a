"""Carlo Gavazzi EM330, EM340, ET330, ET340: input registers (function 4), 32-bit integers with
the low word first.

Data only. Addresses count from 0, as on the wire. The energy register counts in 100 Wh.
"""

_ROWS = (
    ("voltage_dv", 0, 0x00, "i32l", 1, 1),
    ("voltage_dv", 1, 0x02, "i32l", 1, 1),
    ("voltage_dv", 2, 0x04, "i32l", 1, 1),
    ("current_ma", 0, 0x0C, "i32l", 1, 1),
    ("current_ma", 1, 0x0E, "i32l", 1, 1),
    ("current_ma", 2, 0x10, "i32l", 1, 1),
    ("power_phase_w", 0, 0x12, "i32l", 1, 10),
    ("power_phase_w", 1, 0x14, "i32l", 1, 10),
    ("power_phase_w", 2, 0x16, "i32l", 1, 10),
    ("power_w", None, 0x28, "i32l", 1, 10),
    ("power_factor_pm", None, 0x31, "i16", 1, 1),
    ("frequency_chz", None, 0x33, "u16", 10, 1),
    ("energy_wh", None, 0x34, "i32l", 100, 1),
    ("energy_export_wh", None, 0x4E, "i32l", 100, 1),
)

# Short questions: these meters limit the words of one answer (50, from memory: check the manual).
EM340 = (4, ((0x00, 24), (0x28, 14), (0x4E, 2)), _ROWS)

MODELS = (("EM340", EM340), ("EM330", EM340), ("ET340", EM340), ("ET330", EM340))
