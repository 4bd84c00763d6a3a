"""ABB A and B series (B23, B24, A43, A44): holding registers (function 3), mixed integers, high
word first, "no value" marks. Its A and B wires are named the other way round than Eastron's.

Data only. Addresses count from 0, as on the wire.
"""

_ROWS = (
    ("energy_wh", None, 0x5000, "u64n", 10, 1),
    ("energy_export_wh", None, 0x5004, "u64n", 10, 1),
    ("voltage_dv", 0, 0x5B00, "u32n", 1, 1),
    ("voltage_dv", 1, 0x5B02, "u32n", 1, 1),
    ("voltage_dv", 2, 0x5B04, "u32n", 1, 1),
    ("current_ma", 0, 0x5B0C, "u32n", 10, 1),
    ("current_ma", 1, 0x5B0E, "u32n", 10, 1),
    ("current_ma", 2, 0x5B10, "u32n", 10, 1),
    ("power_w", None, 0x5B14, "i32n", 1, 100),
    ("power_phase_w", 0, 0x5B16, "i32n", 1, 100),
    ("power_phase_w", 1, 0x5B18, "i32n", 1, 100),
    ("power_phase_w", 2, 0x5B1A, "i32n", 1, 100),
    ("frequency_chz", None, 0x5B2C, "u16n", 1, 1),
    ("power_factor_pm", None, 0x5B3A, "i16n", 1, 1),
)

# The power factor stands alone behind unused addresses, so it is asked for alone.
B23 = (3, ((0x5B00, 45), (0x5B3A, 1), (0x5000, 8)), _ROWS)

MODELS = (("ABB B23", B23), ("ABB B24", B23), ("ABB A43", B23), ("ABB A44", B23))
