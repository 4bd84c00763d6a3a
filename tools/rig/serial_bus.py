"""A serial line: a pty whose slave end is the firmware's UART.

Promise: what the bench sends arrives at a moment of the bench's clock, and what the firmware
wrote before it went idle has been read when receive() returns (the kernel's tty queue is
asynchronous; the preloaded clock counts the bytes the firmware wrote).
Boundary: bytes.
"""

import array
import fcntl
import os
import termios
import time
import tty

ARRIVAL_S = 0.02  # the most that is waited for the kernel's tty queue


class Line:
    def __init__(self):
        self.master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self._slave)
        self.received = 0

    def flush(self):
        """What an earlier boot left unread is gone, as in a UART without power."""
        termios.tcflush(self._slave, termios.TCIOFLUSH)
        self.take()

    def take(self):
        try:
            data = os.read(self.master, 4096)
        except BlockingIOError:
            return b""
        self.received += len(data)
        return data

    def _pending(self):
        count = array.array("i", [0])
        fcntl.ioctl(self._slave, termios.FIONREAD, count)
        return count[0]

    def send(self, data):
        try:
            os.write(self.master, data)
        except BlockingIOError:
            return  # nobody has read for 4 KiB: an overrun, as on a UART
        until = time.monotonic() + ARRIVAL_S / 10
        while not self._pending() and time.monotonic() < until:
            os.sched_yield()

    def close(self):
        os.close(self.master)
        os.close(self._slave)


class Port:
    """All lines with the device at the other end of each. A device has receive(data, now) and
    due(now) -> bytes.
    """

    def __init__(self, devices):
        self.devices = devices
        self.lines = [Line() for _ in devices]

    def receive(self, written, now):
        """Hands every device what the firmware sent; `written` is the firmware's own count of
        it, mod 2**32.
        """
        until = None
        while True:
            for line, device in zip(self.lines, self.devices):
                data = line.take()
                if data:
                    device.receive(data, now)
            missing = (written - sum(line.received for line in self.lines)) & 0xFFFFFFFF
            if not 0 < missing < 1 << 20:
                return
            if until is None:
                until = time.monotonic() + ARRIVAL_S
            elif time.monotonic() > until:
                # flushed with an earlier boot: never asked for again
                self.lines[0].received += missing
                return
            os.sched_yield()

    def deliver(self, now):
        for line, device in zip(self.lines, self.devices):
            data = device.due(now)
            if data:
                line.send(data)

    def restart(self):
        for line, device in zip(self.lines, self.devices):
            line.flush()
            device.restart()

    def close(self):
        for line in self.lines:
            line.close()
