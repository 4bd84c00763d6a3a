"""The ADC, free-running into a buffer that always holds the last whole period of every channel.

Its 48 MHz and the PWM's clock come from the same crystal: in the buffer a place is a phase.
Channels take turns; each is sampled every 10 us, so that the shortest part of a duty, 40 us of
96 %, holds four samples. DMA fills the buffer and starts itself over, without the CPU.
Boundary: samples in memory. What is seen in them is rp2_sampler.py's.
"""

import uctypes
from array import array

import machine
import rp2
from machine import Pin, mem32
from micropython import const

PER_PERIOD = 100  # samples of a channel in 1 ms

# RP2040 datasheet 4.9.6
_ADC_CS = 0x4004C000
ADC_FCS = 0x4004C008
_ADC_FIFO = 0x4004C00C
_ADC_DIV = 0x4004C010
_CS_ENABLE = const(1)
_CS_START_MANY = const(1 << 3)
_CS_INPUT = const(12)
_CS_ROUND_ROBIN = const(16)
_FCS_ENABLE = const(1)
_FCS_DREQ = const(1 << 3)
LOST = 1 << 11  # sticky: a sample was lost
_FCS_THRESHOLD = const(24)
_ADC_CYCLES = const(480)  # of 48 MHz in 10 us

# 2.5.7, 2.5.3.1
_DMA_CHANNEL = 0x50000000
_DMA_STRIDE = const(0x40)
_AL2_WRITE_ADDR_TRIG = const(0x2C)
_DREQ_ADC = const(36)
_UNPACED = const(63)
_HALFWORD = const(1)
_WORD = const(2)


class Scanner:
    """The ADC over `gpios`, for ever."""

    def __init__(self, gpios, supply_mv):
        channels = sorted(gpio - 26 for gpio in gpios)
        self.channels = channels
        self.supply_mv = supply_mv
        self.samples = array("H", [0] * (PER_PERIOD * len(channels)))
        for gpio in gpios:
            machine.ADC(Pin(gpio))
        self._start(len(channels))

    def _start(self, count):
        channels = self.channels
        mem32[_ADC_CS] = _CS_ENABLE | channels[0] << _CS_INPUT
        mem32[ADC_FCS] = LOST
        while mem32[ADC_FCS] >> 16 & 15:
            mem32[_ADC_FIFO]  # what is left of another boot
        mem32[ADC_FCS] = _FCS_ENABLE | _FCS_DREQ | 1 << _FCS_THRESHOLD
        mem32[_ADC_DIV] = (_ADC_CYCLES // count - 1) << 8
        self._begin_dma()
        control = _CS_ENABLE | channels[0] << _CS_INPUT | _CS_START_MANY
        if count > 1:
            for channel in channels:
                control |= 1 << _CS_ROUND_ROBIN + channel
        mem32[_ADC_CS] = control

    def _begin_dma(self):
        """One channel fills the buffer, then a second one writes the buffer's address into the
        first, which starts that again."""
        self._filler, self._starter = filler, starter = rp2.DMA(), rp2.DMA()
        self._address = array("I", [uctypes.addressof(self.samples)])
        # The stubs do not know the number of a channel.
        channels = [one.channel for one in (filler, starter)]  # type: ignore[attr-defined]
        trigger = _DMA_CHANNEL + _DMA_STRIDE * channels[0] + _AL2_WRITE_ADDR_TRIG
        starter.config(read=self._address, write=trigger, count=1, ctrl=starter.pack_ctrl(
            size=_WORD, inc_read=False, inc_write=False, treq_sel=_UNPACED))
        filler.config(read=_ADC_FIFO, write=self.samples, count=len(self.samples), trigger=True,
                      ctrl=filler.pack_ctrl(size=_HALFWORD, inc_read=False, inc_write=True,
                                            treq_sel=_DREQ_ADC, chain_to=channels[1]))

    def places(self, gpio, every=1):
        """Of a pin's samples, one out of `every`: (address of the first, bytes from one to the
        next, address of the last)."""
        count, at = len(self.channels), self.channels.index(gpio - 26)
        first = uctypes.addressof(self.samples) + 2 * at
        step = 2 * count * every
        return first, step, first + step * (PER_PERIOD // every - 1)
