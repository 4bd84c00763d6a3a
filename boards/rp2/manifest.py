"""MicroPython's own modules in Python that the firmware uses on this chip, and what starts it.
The board's manifest includes this one; what else MicroPython freezes by default stays out.
"""

options.defaults(satellite=False)

if not options.satellite:
    include("$(MPY_DIR)/extmod/asyncio")
module("rp2.py", base_path="$(PORT_DIR)/modules", opt=2)
module("_boot.py", base_path="frozen", opt=2)
module("main.py", base_path="satellite" if options.satellite else "frozen", opt=2)
