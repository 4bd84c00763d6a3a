"""A script that has the RP2040 port in its hands, on the product's image.

The boot guard has run before it and found no provisioning, so the console is open: the port is
built anew, as after a tree that gave up.
"""

from tests.emulated import board

# Detector quiet, contact open, earth there, unlocked, button released, both lines at rest.
WORLD = ("--pin", "7=0,11=1,3=1,22=0,21=1,19=1", "--adc", "1=595,2=750")
PILOT_C = ("--pilot", "2:0:2400:150")  # +6 V and -12 V behind the divider

PORT = """
import gc, machine, micropython, time, board
machine.WDT(timeout=8388)
from hal.rp2 import Port
gc.collect()
port = Port(board)
one = port.connectors[0]
"""


def run(folder, script, *options):
    return board.run(folder, PORT + script, *WORLD, *options)
