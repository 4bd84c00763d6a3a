"""Instead of MicroPython's own _boot, which would mount, and format, the whole storage: how that
is divided, and what of it is a file system, is decided by board.py and the port (hal/rp2_base.py).
"""
