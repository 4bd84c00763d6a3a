"""What MicroPython runs after power on: the boot guard, and nothing else."""

import firmware.start

firmware.start.run()
