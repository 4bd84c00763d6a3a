"""Instead of MicroPython's own _boot, which would mount, and format, the partition "vfs": how ours
is divided, and what of it is a file system, is decided by board.py and the port (hal/esp32).
"""
