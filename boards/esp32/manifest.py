"""MicroPython's own modules in Python that the firmware uses on these chips, and what starts it.
The board's manifest includes this one; what else MicroPython freezes by default stays out.
"""

include("$(MPY_DIR)/extmod/asyncio")
module("_boot.py", base_path="frozen", opt=2)
module("main.py", base_path="frozen", opt=2)
