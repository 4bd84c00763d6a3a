"""What MicroPython runs after power on: the satellite, and nothing else. It has no second tree, so
no boot guard."""

import firmware.satellite

firmware.satellite.run()
