"""The emulator against the RP2040's data sheet, where the firmware's safety leans on it: PIO, PWM,
ADC with DMA, flash, watchdog. Each through MicroPython on the product's image.
"""

import subprocess
from itertools import pairwise

import pytest

from tests.emulated import board
from tools.rig.rp2040 import EMULATOR

CYCLE_MS = 8e-6  # 125 MHz


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: board.run(tmp_path, script, *options)


def close(value, wanted, tolerance=2e-6):
    assert abs(value - wanted) <= tolerance, (value, wanted)


def test_every_instruction_is_as_another_hand_wrote_it():
    command = ["node", EMULATOR + "/compare.mjs", "200000", "7"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "200000 instructions alike\n", done.stdout + done.stderr


PROGRAM = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def square():
    wrap_target()
    set(pins, 1) [6]
    set(pins, 0) [2]
    wrap()
machine = rp2.StateMachine(%d, square, freq=%d, set_base=Pin(6))
machine.active(1)
time.sleep_us(400)
machine.active(0)
"""


@pytest.mark.parametrize(
    ("number", "freq", "divider"),
    [(0, 125_000_000, 1), (3, 1_000_000, 125), (4, 8_000_000, 15.625)],
)
def test_pio_counts_divider_and_delays(run, number, freq, divider):
    """3.5.2 and 3.2.6: seven ticks high, three low."""
    ran = run(PROGRAM % (number, freq), "--trace", "6")
    rises, falls = ran.rises(6)[1:20], ran.falls(6)
    period = 10 * divider * CYCLE_MS
    for a, b in pairwise(rises):
        close(b - a, period, 1.01e-6)
    high = next(fall for fall in falls if fall > rises[0]) - rises[0]
    close(high, 0.7 * period, 1.01e-6)


def test_pio_sees_a_pin_after_its_synchroniser(run):
    """3.5.6.3: two cycles for the synchroniser, one for WAIT, one for SET."""
    script = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def follow():
    wrap_target()
    wait(1, pin, 0)
    set(pins, 1)
    wait(0, pin, 0)
    set(pins, 0)
    wrap()
machine = rp2.StateMachine(0, follow, in_base=Pin(7), set_base=Pin(6))
machine.active(1)
time.sleep_ms(300)
"""
    ran = run(script, "--pin", "7=0", "--at", "200:7=1", "--at", "205:7=0", "--trace", "6")
    [rise] = ran.rises(6)
    fall = ran.falls(6)[-1]
    assert 3 <= round((rise - 200) / CYCLE_MS) <= 4, rise
    assert 3 <= round((fall - 205) / CYCLE_MS) <= 4, fall


def test_pio_branches_on_a_pin_and_keeps_what_it_decided(run):
    """JMP PIN (3.4.2), the shape of the interlock: open at once, closed only when fed."""
    script = """
import rp2, time
from machine import Pin
@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def guard():
    pull(block)
    mov(x, osr)
    set(pins, 1)
    label("count")
    jmp(pin, "open")
    jmp(x_dec, "count")
    label("open")
    set(pins, 0)
machine = rp2.StateMachine(0, guard, freq=1_000_000, set_base=Pin(6), jmp_pin=Pin(7))
machine.active(1)
machine.put(5000)
time.sleep_ms(20)
machine.put(500_000)
time.sleep_ms(300)
"""
    ran = run(script, "--pin", "7=0", "--at", "300:7=1", "--trace", "6")
    (first, second), (*_, spent, cut) = ran.rises(6), ran.falls(6)
    close(spent - first, 10.003, 0.002)  # 5001 times two ticks
    assert second < 300 < cut < 300.004


def test_pio_fifo_flags_and_autopush(run):
    script = """
import rp2, time
from machine import mem32
@rp2.asm_pio(autopull=True, pull_thresh=32, autopush=True, push_thresh=8,
             in_shiftdir=rp2.PIO.SHIFT_LEFT, out_shiftdir=rp2.PIO.SHIFT_RIGHT)
def nibbles():
    out(x, 4)
    in_(x, 4)
@rp2.asm_pio()
def waits():
    wait(1, irq, 5)
    irq(rel(0))
@rp2.asm_pio()
def raises():
    pull(block)
    irq(5)
a = rp2.StateMachine(0, nibbles, freq=1_000_000)
a.active(1)
a.put(0x76543210)
time.sleep_us(100)
print([a.get() for _ in range(4)], a.rx_fifo())
seen = []
b = rp2.StateMachine(5, waits)
b.irq(lambda machine: seen.append(machine.irq().flags()))
c = rp2.StateMachine(6, raises)
b.active(1)
c.active(1)
time.sleep_ms(1)
print(len(seen))
c.put(1)
time.sleep_ms(1)
print(len(seen))
d = rp2.StateMachine(2, raises)
for word in range(4):
    mem32[0x50200018] = word
print(d.tx_fifo(), mem32[0x50200008] >> 18 & 1)
mem32[0x50200018] = 5
print(d.tx_fifo(), mem32[0x50200008] >> 18 & 1)
"""
    ran = run(script)
    assert ran.numbers(0) == [0x01, 0x23, 0x45, 0x67, 0]
    assert [ran.numbers(i) for i in (1, 2)] == [[0], [1]]
    assert [ran.numbers(i) for i in (3, 4)] == [[4, 0], [4, 1]], "four deep, then TXOVER"


def test_pwm_period_and_high_time(run):
    script = """
import time
from machine import PWM, Pin, mem32
pwm = PWM(Pin(2), freq=1000, duty_u16=17476)
time.sleep_ms(20)
print(mem32[0x40050018], mem32[0x40050020] & 0xffff, mem32[0x40050024])
"""
    ran = run(script, "--trace", "2")
    divider, level, top = ran.numbers()
    tick = divider / 16 * CYCLE_MS
    rises, falls = ran.rises(2)[-10:], ran.falls(2)
    for a, b in pairwise(rises):
        close(b - a, (top + 1) * tick)
    close(next(fall for fall in falls if fall > rises[0]) - rises[0], level * tick)
    close((top + 1) * tick, 1.0, 1e-4)


def test_pwm_changes_at_the_wrap_only(run):
    """4.5.2.3: CC and TOP are double buffered."""
    script = """
import time
from machine import PWM, Pin
pwm = PWM(Pin(2), freq=1000, duty_u16=13107)
for i in range(40):
    time.sleep_us(730 + 37 * i)
    pwm.duty_u16(52428 if i % 2 else 13107)
"""
    ran = run(script, "--trace", "2")
    rises = ran.rises(2)
    highs = [next(f for f in ran.falls(2) if f > rise) - rise for rise in rises[1:-1]]
    assert len(highs) > 20
    for high in highs:
        assert min(abs(high - 0.2), abs(high - 0.8)) < 2e-4, high
    for a, b in pairwise(rises[1:]):
        close(b - a, 1.0, 3e-6)


def test_pwm_counter_can_be_read(run):
    script = """
import time
from machine import PWM, Pin, mem32
pwm = PWM(Pin(2), freq=1000, duty_u16=13107)
while mem32[0x4005001c] > 2000:
    pass
seen = []
for _ in range(100):
    seen.append((time.ticks_us(), mem32[0x4005001c]))
print([at for at, _ in seen])
print([count for _, count in seen])
print(mem32[0x40050018], mem32[0x40050024])
"""
    ran = run(script)
    at, counts, (divider, top) = (ran.numbers(i) for i in range(3))
    per_us = 125 * 16 / divider
    for (a, b), (m, n) in zip(pairwise(at), pairwise(counts)):
        assert abs((n - m) % (top + 1) - (b - a) * per_us) < 3 * per_us, (a, b, m, n)
    assert at[-1] - at[0] > 1000, "it went around"


ADC = """
import array, time, uctypes
from machine import ADC, PWM, Pin, mem32
ADC(26), ADC(27), ADC(28)
PWM(Pin(2), freq=1000, duty_u16=32768)
time.sleep_ms(3)
samples = array.array("H", bytes(2 * %(count)d))
CS, FCS, FIFO, DIV = 0x4004c000, 0x4004c008, 0x4004c00c, 0x4004c010
DMA = 0x50000000 + 0x40 * 6
mem32[CS] = 1 | %(robin)d << 16
mem32[DIV] = %(divider)d << 8
mem32[FCS] = 1 | 8 | 1 << 24
mem32[DMA] = FIFO
mem32[DMA + 4] = uctypes.addressof(samples)
mem32[DMA + 8] = %(count)d
mem32[DMA + 12] = 36 << 15 | 6 << 11 | 1 << 5 | 1 << 2 | 1
begin = time.ticks_us()
mem32[CS] = 1 | 8 | %(robin)d << 16
while mem32[DMA + 12] & 1 << 24:
    pass
took = time.ticks_diff(time.ticks_us(), begin)
mem32[CS] = 0
print(took)
"""


def test_adc_fills_memory_by_itself_at_2_us(run):
    """4.9.2: 96 cycles of 48 MHz; the pilot's phase is in the samples."""
    script = ADC % {"count": 2000, "robin": 0, "divider": 0}
    script += "high = [one > 2048 for one in samples]\nprint(sum(high))\n"
    script += "print(sum(1 for i in range(1, 2000) if high[i] and not high[i - 1]))"
    ran = run(script, "--pilot", "2:0:3150:150")
    assert 4000 <= ran.numbers(0)[0] <= 4030, "2000 samples of 2 us"
    assert abs(ran.numbers(1)[0] - 1000) <= 2, "half of them while the pilot was high"
    assert ran.numbers(2) == [4], "four periods"


def test_adc_divider_and_round_robin(run):
    """4.9.2.2: one start every 1 + DIV cycles; 4.9.2.3: the channels in turn."""
    script = ADC % {"count": 300, "robin": 7, "divider": 479}
    script += "print([samples[i] >> 4 for i in range(6)])"
    ran = run(script, "--adc", "0=330,1=1640,2=2970")
    assert 2980 <= ran.numbers(0)[0] <= 3020, "300 samples of 10 us"
    assert ran.numbers(1) == [25, 127, 230] * 2


FLASH = """
import rp2, time
from machine import PWM, Pin
PWM(Pin(2), freq=1000, duty_u16=32768)
device = rp2.Flash()
device.ioctl(6, 100)
page = bytearray(b"\\xf0" * 256)
begin = time.ticks_us()
device.writeblocks(100, page, 0)
first = time.ticks_diff(time.ticks_us(), begin)
page[:] = b"\\x3c" * 256
device.writeblocks(100, page, 0)
device.readblocks(100, page, 0)
print(page[0], first)
time.sleep_ms(5)
begin = time.ticks_us()
Pin(6, Pin.OUT, value=1)
device.ioctl(6, 100)
Pin(6, Pin.OUT, value=0)
print(time.ticks_diff(time.ticks_us(), begin))
device.readblocks(100, page, 0)
print(page[0], page[255])
"""


def test_flash_takes_its_time_and_only_clears_bits(run):
    """W25Q16JV 9.6: 45 ms a sector, 0.7 ms a page, the processor stands and PWM goes on."""
    ran = run(FLASH, "--trace", "2,6")
    value, page_us = ran.numbers(0)
    assert value == 0xF0 & 0x3C
    assert 700 <= page_us <= 900
    assert 45000 <= ran.numbers(1)[0] <= 45300
    assert ran.numbers(2) == [255, 255]
    begin, end = ran.rises(6)[-1], ran.falls(6)[-1]
    meanwhile = [at for at in ran.rises(2) if begin < at < end]
    assert len(meanwhile) >= 45
    for a, b in pairwise(meanwhile):
        close(b - a, 1.0, 3e-6)


def test_a_cut_leaves_half_an_erased_sector(run, tmp_path):
    flash = tmp_path / "flash.img"
    script = """
import rp2
from machine import Pin
device = rp2.Flash()
block = device.ioctl(4, 0) - 1
device.ioctl(6, block)
device.writeblocks(block, bytes(4096), 0)
while not Pin(7, Pin.IN).value():
    pass
device.ioctl(6, block)
print("too late")
"""
    ran = run(script, "--flash", str(flash), "--pin", "7=0", "--at", "400:7=1", "--cut", "420")
    assert ran.ended[0] == "power cut" and not ran.lines
    sector = flash.read_bytes()[(2 << 20) - 4096 : 2 << 20]
    assert sector == b"\xff" * 2048 + bytes(2048)


def test_watchdog_counts_from_the_last_feed(run):
    script = """
import time
from machine import WDT
dog = WDT(timeout=500)
for _ in range(4):
    time.sleep_ms(400)
    dog.feed()
print("fed", time.ticks_ms())
time.sleep_ms(2000)
"""
    ran = run(script)
    assert ran.lines[0].startswith("fed")
    why, at = ran.ended
    assert why == "watchdog"
    assert 2100 <= at <= 2160, at


def test_a_reset_that_is_asked_for_is_another_one(run):
    assert run("import machine\nmachine.reset()").ended[0] == "reset"


def test_uart_bytes_take_their_bits(run):
    script = """
import time
from machine import UART, Pin
uart = UART(1, 9600, tx=Pin(4), rx=Pin(5))
begin = time.ticks_us()
uart.write(b"0123456789")
uart.flush()
print(time.ticks_diff(time.ticks_us(), begin))
time.sleep_ms(20)
print(uart.read())
"""
    ran = run(script, "--echo", "1")
    assert abs(ran.numbers(0)[0] - 10 * 10 * 1e6 / 9600) < 700
    assert ran.lines[1] == "b'0123456789'"


ALARM = """
const { Board } = await import('%s/board.mjs');
const board = new Board({ rom: Buffer.alloc(16384), image: Buffer.alloc(256) });
board.core.halted = true;
board.run(1234567); // 1234.567 us
board.mcu.writeUint32(0x40054014, 1300);
const raw = () => board.mcu.readUint32(0x40054034) >>> 1 & 1;
board.run(1299999);
const before = raw();
board.run(1300000);
console.log(before, raw());
"""


def test_an_alarm_is_never_early():
    """4.6.3: it fires when the counter has reached it."""
    command = ["node", "--input-type=module", "-e", ALARM % EMULATOR]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.stdout == "0 1\n", done.stdout + done.stderr


def test_identity_and_randomness(run):
    script = """
import os, machine
print(machine.unique_id().hex())
words = [os.urandom(8) for _ in range(20)]
print(len(set(words)), sum(bin(byte).count("1") for word in words for byte in word))
"""
    ran = run(script)
    assert ran.lines[0] == "e660c0d1a5b0f1c2"
    different, ones = ran.numbers(1)
    assert different == 20
    assert 500 < ones < 780, "of 1280 bits"
