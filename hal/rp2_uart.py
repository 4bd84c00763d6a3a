"""The RP2040's serial lines: its own UARTs, with a direction pin where the line is RS-485, and one
made of PIO for a board that has none left.

Reading and writing never wait for the line. An RS-485 direction falls within a millisecond of the
last stop bit: `settle` is called by the beat (3.5 characters of silence come first, Modbus over
Serial Line V1.02 2.5.1.1: 4 ms at 9600 baud).
Boundary: bytes.
"""

import time

import machine
import rp2
import uctypes
from machine import Pin
from micropython import const

from hal import rp2_pio as pio

_RX_BUFFER = const(512)
_TX_BUFFER = const(256)

# PIO1: state machines 4 and 5 of the chip. DREQs of PIO1 (RP2040 datasheet 2.5.3.1).
_RX_MACHINE = const(4)
_TX_MACHINE = const(5)
_RX_FIFO = 0x50300020 + 3  # its highest byte
_TX_FIFO = 0x50300014
_DREQ_TX1 = const(9)
_DREQ_RX0 = const(12)
_RING_BITS = const(9)
_RING = const(512)
_RING_WRITES = const(1)
_ENDLESS = 0xFFFFFFFF  # four days of a line without a pause; then it is started again


class Uart:
    """`stream`: what asyncio.StreamReader and network.PPP take."""

    def __init__(self, number, baud, tx, rx, direction=None, rxbuf=_RX_BUFFER, txbuf=_TX_BUFFER):
        self.stream = machine.UART(number, baud, tx=Pin(tx), rx=Pin(rx, Pin.IN, Pin.PULL_UP),
                                   rxbuf=rxbuf, txbuf=txbuf)
        self._direction = None if direction is None else Pin(direction, Pin.OUT, value=0)
        self.sending = False

    def read(self, n):
        """Up to n bytes, None when there is nothing now."""
        self.settle()
        # Never more than there is: UART.read would wait a character's time for the next one.
        n = min(n, self.stream.any())
        return self.stream.read(n) if n else None

    def write(self, data):
        """Into the buffer. The answer comes behind the last bit: until then nobody else speaks."""
        if self._direction is not None:
            self.sending = False  # the beat must not lower it before the first bit
            self._direction.value(1)
        written = self.stream.write(data)
        self.sending = self._direction is not None
        return written

    def any(self):
        return self.stream.any()

    def settle(self):
        """The line is given free once the last bit is out. Allocates nothing."""
        if self.sending and self.stream.txdone():
            self._direction.value(0)
            self.sending = False


class PioUart:
    """8N1 on two pins of PIO1. DMA carries both ways: no byte waits for the CPU."""

    def __init__(self, baud, tx, rx):
        rx_pin = Pin(rx, Pin.IN, Pin.PULL_UP)
        tx_pin = Pin(tx, Pin.OUT, value=1)
        frequency = baud * pio.UART_CYCLES
        receiver = rp2.StateMachine(_RX_MACHINE)
        receiver.init(pio.uart_rx, freq=frequency, in_base=rx_pin, jmp_pin=rx_pin)
        sender = rp2.StateMachine(_TX_MACHINE)
        sender.init(pio.uart_tx, freq=frequency, sideset_base=tx_pin, out_base=tx_pin)
        self.stream = self
        self._sent = bytearray(_TX_BUFFER)
        self._out = rp2.DMA()
        self._out_control = self._out.pack_ctrl(size=0, inc_write=False, treq_sel=_DREQ_TX1)
        # A ring that DMA wraps lies on a multiple of its size (2.5.5.2.2).
        room = bytearray(2 * _RING)
        self._room = room
        self._base = (uctypes.addressof(room) + _RING - 1) & ~(_RING - 1)
        self._ring = uctypes.bytearray_at(self._base, _RING)
        self._at = 0
        self._in = rp2.DMA()
        self._in_control = self._in.pack_ctrl(
            size=0, inc_read=False, ring_size=_RING_BITS, ring_sel=_RING_WRITES,
            treq_sel=_DREQ_RX0)
        self._receive()
        receiver.active(1)
        sender.active(1)

    def read(self, n):
        """Up to n bytes, None when there is nothing now. A line that is not read for 512 bytes
        loses them."""
        n = min(n, self.any())
        if not n:
            return None
        end = self._at + n
        data = bytes(self._ring[self._at:end])
        if end >= _RING:
            end -= _RING
            data += self._ring[:end]
        self._at = end
        return data

    def write(self, data):
        """Waits only for what was written before, where that is still on its way."""
        data = memoryview(data)[:_TX_BUFFER]
        while self._out.active():
            time.sleep_us(100)
        self._sent[:len(data)] = data
        self._out.config(read=self._sent, write=_TX_FIFO, count=len(data),
                         ctrl=self._out_control, trigger=True)
        return len(data)

    def any(self):
        if not self._in.active():
            self._receive()
        # The stubs do not know where a channel writes to.
        return (self._in.write - self._base - self._at) % _RING  # type: ignore[attr-defined]

    def _receive(self):
        self._at = 0
        self._in.config(read=_RX_FIFO, write=self._base, count=_ENDLESS,
                        ctrl=self._in_control, trigger=True)
