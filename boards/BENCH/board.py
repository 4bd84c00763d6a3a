"""BENCH: the virtual charge point of tools/bench, on the unix port. The bench flashes this file
with its configuration's `connectors` and `board` values. Literals only.
"""

NAME = "BENCH"
PORT = "unix"

connectors = 1
socket = True            # type 2 socket with lock; False: tethered cable
max_ma = 32000           # rating of contactor, wiring and tethered cable
phases = 3
ventilation = False      # state D is refused (IEC 61851-1 table A.1)

meter = "SDM630"
meter_units = (1, 2, 3, 4, 5, 6, 7, 8)
reader = "pn532"
shared_reader = False    # True: the reader of connector 1 serves them all

file_blocks = 192        # of 4 KiB at the beginning of the flash: settings, lists (LittleFS)
journal_blocks = 64      # behind them: what is billed, raw
slot_blocks = 96         # behind it: each of two slots for another tree; then 2 for the switch
event_blocks = 4         # and what has happened, raw
security_blocks = 8      # and the log of security events, raw

limits = {}              # bounds of firmware/evse/limit.py that this board overrides
