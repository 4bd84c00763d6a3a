"""The interlock: PIO owns the pin of the coil, so that it falls whatever the CPU does.

It is closed only while fed, and opens by itself 100 ms after the last word. A trip of the
residual-current detector opens it without the CPU, and stays until an explicit open; so does the
dead man. What it cannot do: see that the contactor followed (that is the mirror contact's).
Boundary: pin-likes for hal.contactor and hal.residual_current. Allocates nothing when called.
"""
# ruff: noqa: F821
# mypy: disable-error-code="name-defined, index, call-overload"

import micropython
import rp2
from machine import Pin, mem32
from micropython import const

from hal import rp2_pio as pio

DEAD_MAN_MS = 100

TRIP = const(1)
DEAD_MAN = const(2)

# PIO0: its state machines 0 and 1 are the coils', 2 watches (it wins over them), 3 is the beat.
_WATCH = const(2)
_FIFO = 0x50200010  # TXF0 of PIO0 (RP2040 datasheet 3.7)
_FLAGS = 0x50200030  # IRQ: the flags of `irq`, cleared by writing 1
_DEAD = (1 << 4, 1 << 5)  # irq(rel(4)) of state machines 0 and 1
_TRIPPED = const(1 << 6)  # and of the watch
_WATCH_PINCTRL = 0x502000DC + 0x18 * _WATCH
_BUDGET = DEAD_MAN_MS * (pio.INTERLOCK_HZ // 1000) // pio.INTERLOCK_ROUND

# RP2040 datasheet 2.19.6.1: status and control of a pin. INOVER is in the control's bits 16, 17.
_IO_STATUS = 0x40014000
_IO_CONTROL = 0x40014004
_TO_PAD = const(1 << 9)
_INPUT_INVERTED = const(1 << 16)
_INPUT_LOW = const(2 << 16)
_INPUT_OVERRIDE = const(3 << 16)


def _override_input(gpio, how):
    address = _IO_CONTROL + 8 * gpio
    mem32[address] = mem32[address] & ~_INPUT_OVERRIDE | how


@micropython.viper
def _tripped(flags: ptr32, status: ptr32) -> int:
    if flags[0] & 64:
        flags[0] = 64  # told once
        return 1
    return status[0] >> 19 & 1


class Detector:
    """Pin-like for `hal.residual_current`, 1 when tripped: now, or in between for as short as the
    watch can see (three cycles). That is told once.
    """

    def __init__(self, gpio, active, pull):
        self._status = _IO_STATUS + 8 * gpio
        self.registers = _FLAGS, self._status  # bit 6 and bit 19: for the kernel's eye
        self.pin = Pin(gpio, Pin.IN, pull)
        # PIO tests a pin for 1 only; behind the override it is 1 when tripped on every board.
        _override_input(gpio, 0 if active else _INPUT_INVERTED)

    def value(self):
        return _tripped(_FLAGS, self._status)


@micropython.asm_thumb
def feed(r0):
    """Of pairs (a FIFO, a word) at r0, the last with FIFO 0: writes every word that is not 0."""
    label(NEXT)
    ldr(r1, [r0, 0])
    cmp(r1, 0)
    beq(DONE)
    ldr(r2, [r0, 4])
    cmp(r2, 0)
    beq(OPEN)
    str(r2, [r1, 0])
    label(OPEN)
    add(r0, 8)
    b(NEXT)
    label(DONE)


class Coil:
    """Pin-like for `hal.contactor`: 1 closes, 0 opens and re-arms. What was asked for last is
    kept in `feeds`, (FIFO, word) of each coil, for `feed()`: at every beat, so that two erases
    of the flash with a breath between them are not silence.
    """

    def __init__(self, index, gpio, rest, detector, feeds):
        if rest:
            # In reset every pad is pulled low: such a coil would close at each of them.
            raise ValueError("a coil must rest at 0")
        self._dead = _DEAD[index]
        self._status = _IO_STATUS + 8 * gpio
        coil = Pin(gpio, Pin.OUT, value=0)
        machine = rp2.StateMachine(index)
        machine.init(pio.interlock, freq=pio.INTERLOCK_HZ, set_base=coil,
                     jmp_pin=coil if detector is None else detector.pin)
        if detector is None:
            _override_input(gpio, _INPUT_LOW)  # its own pin as a detector that never trips
        mem32[_FLAGS] = self._dead
        machine.active(1)
        self._put = machine.put
        self._feeds = feeds
        self._word = 2 * index + 1
        feeds[2 * index] = _FIFO + 4 * index
        self._closed = False
        self.dropped = 0  # TRIP or DEAD_MAN since the last explicit open

    def value(self, level=None):
        """Without a level: what the pad shows, whatever was asked for."""
        if level is None:
            return mem32[self._status] // _TO_PAD & 1
        if level:
            if self._closed and not self.dropped and not self.value():
                self._why()
            self._closed = True
            self._feeds[self._word] = _BUDGET
            self._put(_BUDGET)
        else:
            self._feeds[self._word] = 0
            self._put(0)
            if self._closed:
                self._closed = False
                self.dropped = 0
                mem32[_FLAGS] = self._dead
        return None

    def _why(self):
        self.dropped = DEAD_MAN if mem32[_FLAGS] & self._dead else TRIP


def start_watch(detector, coils):
    """The state machine that opens the coils on a trip. `coils`: their GPIOs."""
    machine = rp2.StateMachine(_WATCH)
    machine.init(pio.watch, in_base=detector.pin)
    # It writes every pin from the lowest coil to the highest. Those between are not PIO's: only
    # a pin that is switched to PIO0 hears it.
    low, high = min(coils), max(coils)
    mem32[_WATCH_PINCTRL] = mem32[_WATCH_PINCTRL] & ~0x03F0001F | low | (high - low + 1) << 20
    mem32[_FLAGS] = _TRIPPED
    machine.active(1)
