"""What a tree of firmware that gave up has left running on the RP2040 is stopped, before the next
one takes the chip: its state machines and their programs, and the DMA that they and the ADC pace.

Boundary: what belongs to the network goes on.
"""

import rp2
from machine import mem32
from micropython import const

from hal import rp2_pio as pio

# Of a program of rp2.asm_pio: where in each PIO it is.
_LOADED_0 = const(1)
_LOADED_1 = const(2)
_NOWHERE = const(-1)

# RP2040 datasheet 2.5.7; 2.5.3.1 numbers what paces a channel: PIO0 and PIO1 to 15, the ADC 36.
_DMA_CONTROL = 0x50000010
_DMA_STRIDE = const(0x40)
_DMA_ABORT = 0x50000444
_CHANNELS = const(12)
_ENABLED = const(1)
_PACE_MASK = const(0x3F << 15)
_PIO = const(15)
_ADC = const(36)


def stop():
    for index in range(8):
        machine = rp2.StateMachine(index)
        machine.active(0)
        machine.irq(None)
    for index in (0, 1):
        rp2.PIO(index).remove_program()
    for program in (pio.interlock, pio.watch, pio.beat, pio.uart_rx, pio.uart_tx):
        program[_LOADED_0] = program[_LOADED_1] = _NOWHERE  # type: ignore[index]
    for channel in range(_CHANNELS):
        address = _DMA_CONTROL + _DMA_STRIDE * channel
        control = mem32[address]
        pace = (control & _PACE_MASK) >> 15
        if control & _ENABLED and (pace <= _PIO or pace == _ADC):
            mem32[address] = control & ~_ENABLED  # else the one behind it starts it again
            mem32[_DMA_ABORT] = 1 << channel
