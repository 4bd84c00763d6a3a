"""The millisecond: a hard interrupt that PIO counts out of the system's clock, in a fixed phase
to the pilot's period, whether that oscillates or not.

Boundary: calls what it is given; what that does in its time is not known here.
"""

import micropython
import rp2
from machine import mem32
from micropython import const

from hal import rp2_pio as pio
from hal.rp2_interlock import feed

_EVERY_MS = const(2)
_MACHINE = const(3)  # of PIO0
_PIO_SET = 0x50202000  # CTRL, the alias that sets bits (RP2040 datasheet 2.1.2, 3.7)
_ENABLE_AND_RESTART_DIVIDER = const(1 << 3 | 1 << 11)
# Priorities of interrupts 20 to 23, of which UART0 and UART1 are the first; ours is the usual 0x80
# of the SDK (RP2040 datasheet 2.3.2, 2.4.8).
_NVIC_UARTS = 0xE000E414
_BEFORE_OURS = const(0x4040)


@micropython.viper
def _start_at(counter: ptr32, phase: int, control: ptr32, bits: int):
    """Waits, a period at most, until the PWM counts past `phase`."""
    while counter[0] >= phase:
        pass
    while counter[0] < phase:
        pass
    control[0] = bits


class Beat:
    """`generator`: of the pilot; `eye`: has still(); `feeds`: of the coils; `line`: a UART to
    settle, or None."""

    def __init__(self, generator, eye, feeds, line):
        self._generator = generator
        self._still = eye.still
        self._feeds = feeds
        self._line = line
        self._machine = rp2.StateMachine(_MACHINE)
        self._tick = None
        self._ms = 0

    def start(self, tick):
        """For ever, from a hard interrupt: `tick(ms, news)` for every second millisecond, and for
        each in which the eye has seen something new. `ms`: since the last call.
        """
        self._tick = tick
        self._machine.init(pio.beat, freq=pio.BEAT_HZ)
        self._machine.irq(self._beat, hard=True)
        # A UART's 32 bytes are full 0.35 ms after the first at 921600 baud: its interrupt, which
        # only moves them, goes before ours.
        mem32[_NVIC_UARTS] = mem32[_NVIC_UARTS] & ~0xFFFF | _BEFORE_OURS
        # Ticks in the middle of the period: the duty that one writes holds from the next edge on.
        # The first comes a tick of the divided clock, 0.1 ms, after the start.
        phase = self._generator.top * 2 // 5
        _start_at(self._generator.counter, phase, _PIO_SET, _ENABLE_AND_RESTART_DIVIDER)

    def _beat(self, _):
        ms = self._ms + 1
        news = not self._still()
        if news or ms >= _EVERY_MS:
            self._tick(ms, news)
            ms = 0
        self._ms = ms
        feed(self._feeds)
        line = self._line
        if line is not None and line.sending:
            line.settle()
