"""The UARTs of an ESP32, and the direction of an RS485 driver behind one.

Boundary: bytes; what they mean is not known here.
"""

import machine
from micropython import const

from hal.esp32_base import output

_TIMER = const(1)
_BITS = const(11)  # of a character with start, parity and stop
_RX_BUFFER = const(512)


class Uart:
    """A UART, and the direction of its RS485 driver: `direction` is high while it sends. The
    port has no RS485 mode (machine_uart.c knows RTS and CTS only), so a timer turns it round
    when the last bit is out, as answers may begin 3.5 characters later.
    """

    def __init__(self, number, baud, tx, rx, direction=None, rxbuf=_RX_BUFFER):
        self.stream = machine.UART(number, baudrate=baud, tx=tx, rx=rx, timeout=0, rxbuf=rxbuf)
        self._baud = baud
        self._direction = direction
        self._turn = self._turned
        self._timer = machine.Timer(_TIMER) if direction is not None else None

    def read(self, n):
        """Up to n bytes, None when there is nothing now."""
        return self.stream.read(n)

    def write(self, data):
        if self._direction is None:
            return self.stream.write(data)
        self._direction.value(1)
        sent = self.stream.write(data)
        self._look(len(data) * _BITS * 1000 // self._baud + 1)
        return sent

    def any(self):
        return self.stream.any()

    def _look(self, ms):
        self._timer.init(mode=machine.Timer.ONE_SHOT, period=ms, callback=self._turn)

    def _turned(self, _):
        if self.stream.txdone():
            self._direction.value(0)
        else:
            self._look(1)


def open_uart(board, uart, role, rxbuf=_RX_BUFFER):
    """`uart`: (number, baud), or None. `role`: what its pins' roles begin with."""
    if uart is None:
        return None
    tx, rx = board.pins[role + "tx"][0], board.pins[role + "rx"][0]
    return Uart(uart[0], uart[1], tx, rx, output(board, role + "direction"), rxbuf)
