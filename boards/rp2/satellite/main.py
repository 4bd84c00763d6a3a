"""What MicroPython runs after power on: the satellite, and nothing else. It has no second tree, so
no boot guard, and nothing to provision: nobody interrupts it, and there is no prompt behind it,
since a prompt could close its contactor."""

import micropython

micropython.kbd_intr(-1)
try:
    import firmware.satellite

    firmware.satellite.run()
except BaseException as error:
    import sys
    import time

    sys.print_exception(error)
    time.sleep_ms(100)  # its last lines leave
finally:
    import machine

    machine.WDT(timeout=1)  # the kernel's interrupt may feed it still, every 26 ms
    while True:
        pass
