"""What MicroPython runs after power on: the boot guard, and nothing else.

Nobody interrupts it, and however it ends there is no prompt behind it, unless it comes back: then
the console is open (firmware/console.py). What was typed before the first line ends in a reset.
"""

import micropython

micropython.kbd_intr(-1)
shut = True
try:
    import firmware.start

    firmware.start.run()
    shut = False
except BaseException as error:
    import sys
    import time

    sys.print_exception(error)
    time.sleep_ms(100)  # its last lines leave
finally:
    if shut:
        import machine

        machine.reset()  # without the mark of one that was asked for: it counts as a crash
