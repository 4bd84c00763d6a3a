"""What the state machines of the RP2040 run while the CPU is busy: the interlock of the contactor,
the watch over the residual-current detector, the millisecond beat and a UART.

Programs only; who loads and feeds them is in rp2_interlock.py, rp2_beat.py and rp2_uart.py.
The words of a program are instructions, not Python (RP2040 datasheet 3.4): rp2.asm_pio knows them.
"""
# ruff: noqa: F821
# mypy: disable-error-code="name-defined, index, call-overload"

import rp2

# Cycles of its clock in one round of the closed interlock: six instructions and the delays.
INTERLOCK_HZ = 1_000_000
INTERLOCK_ROUND = 40

UART_CYCLES = 8  # of a UART's clock per bit

BEAT_HZ = 10_000
BEAT_CYCLES = 10


@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def interlock():
    """Owns the coil. Word 0 opens; any other closes, and is the budget of rounds until it opens
    by itself unless another word comes. After a drop only word 0 makes it listen again.
    """
    label("open")
    set(pins, 0)
    label("idle")
    pull(block)
    mov(x, osr)
    jmp(not_x, "idle")
    jmp(pin, "dropped")  # never closed into a tripped detector
    set(pins, 1)
    wrap_target()
    jmp(pin, "dropped")  # slower than the watch below, but sure: also what began just before
    pull(noblock)[16]  # nothing new: X, what is left of the budget
    mov(x, osr)[18]
    jmp(not_x, "open")  # only a word can be 0 here
    jmp(x_dec, "left")
    label("left")
    jmp(not_x, "dead")
    wrap()
    label("dead")
    irq(rel(4))
    label("dropped")
    set(pins, 0)
    label("latched")
    pull(block)
    mov(x, osr)
    jmp(x_dec, "latched")
    jmp("idle")


@rp2.asm_pio()
def watch():
    """The coil's pins to 0 within three cycles of the system's clock after a trip, and a flag for
    the CPU. Two state machines may write a pin: the higher one wins (RP2040 datasheet 3.2.7).
    """
    wrap_target()
    wait(1, pin, 0)
    mov(pins, null)
    irq(rel(4))
    wait(0, pin, 0)
    wrap()


@rp2.asm_pio()
def beat():
    wrap_target()
    irq(rel(0))[9]
    wrap()


@rp2.asm_pio(in_shiftdir=rp2.PIO.SHIFT_RIGHT, fifo_join=rp2.PIO.JOIN_RX)
def uart_rx():
    """8N1. A byte without its stop bit is dropped, and the line waited for. It is ready again
    after 9.6 bits: for a peer that sends without a pause, and as much too fast.
    """
    label("start")
    wait(0, pin, 0)
    set(x, 7)[9]  # to just before the middle of the first bit
    label("bit")
    in_(pins, 1)
    jmp(x_dec, "bit")[6]
    jmp(pin, "good")
    wait(1, pin, 0)
    jmp("start")
    label("good")
    push(block)  # the byte is at the top of the word


@rp2.asm_pio(sideset_init=rp2.PIO.OUT_HIGH, out_init=rp2.PIO.OUT_HIGH,
             out_shiftdir=rp2.PIO.SHIFT_RIGHT, fifo_join=rp2.PIO.JOIN_TX)
def uart_tx():
    pull(block).side(1)[7]  # stop bit, and rest
    set(x, 7).side(0)[7]
    label("bit")
    out(pins, 1)
    jmp(x_dec, "bit")[6]
