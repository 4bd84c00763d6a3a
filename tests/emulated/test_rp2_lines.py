"""The serial lines of the RP2040 port: RS-485 on UART1 with its direction on GP10, and the UART
made of PIO on GP18 and GP19.
"""

import pytest

from tests.emulated import board, rp2_port


@pytest.fixture(scope="module", autouse=True)
def _parts():
    board.needed()


@pytest.fixture
def run(tmp_path):
    return lambda script, *options: rp2_port.run(tmp_path, script, *options)


METER = """
port.beat(lambda ms, news: None)
time.sleep_ms(2)
begun = time.ticks_us()
port.meter_uart.write(b"\\x01\\x04\\x00\\x00\\x00\\x02\\x71\\xcb")
print(time.ticks_diff(time.ticks_us(), begun))
"""


def test_a_question_blocks_nobody_and_frees_the_line(run):
    """8 bytes at 9600 baud are 8.33 ms on the line. The direction falls within 1 ms after it, and
    the answer may come 3.5 characters, 3.6 ms, after the last bit."""
    ran = run(METER + "time.sleep_ms(30)\n", "--trace", "10")
    assert ran.numbers()[0] < 1000
    sent_ms = ran.falls(10)[-1] - ran.rises(10)[-1]
    assert 8.33 < sent_ms < 9.5


def test_an_answer_is_read_without_waiting(run):
    """UART1 hears itself here."""
    script = (
        METER
        + """
time.sleep_ms(12)
uart = port.meter_uart
print(uart.any())
begun = time.ticks_us()
got = uart.read(64)
print(time.ticks_diff(time.ticks_us(), begun))
print(got == b"\\x01\\x04\\x00\\x00\\x00\\x02\\x71\\xcb", uart.read(64), uart.any())
"""
    )
    ran = run(script, "--echo", "1")
    assert ran.lines[1] == "8" and ran.numbers(2)[0] < 500  # a character at 9600 is 1 ms
    assert ran.lines[3] == "True None 0"


LOOP = """
one.eye.expect(1000000, 1000000, 1000000)
def tick(ms, news):
    one.pilot.sample()
    one.proximity.read_ohm()
    one.contactor.drive(False)
port.beat(tick)
uart = port.reader_uart(0)
time.sleep_ms(2)
"""


def test_pio_uart_without_a_fault_while_the_beat_runs(run):
    """Every byte value, three times a full buffer, in one piece and by DMA; TX heard by RX."""
    script = (
        LOOP
        + """
sent = bytes(i & 255 for i in range(256))
bad = 0
for turn in range(3):
    begun = time.ticks_us()
    uart.write(sent)
    took = time.ticks_diff(time.ticks_us(), begun)
    got = b""
    for _ in range(12):
        time.sleep_ms(2)
        gc.collect()
        got += uart.read(100) or b""
    got += uart.read(300) or b""
    bad += got != sent
print(bad, took, uart.read(9), uart.any())
"""
    )
    ran = run(script, "--wire", "18=19")
    assert ran.lines[0].startswith("0 ") and ran.lines[0].endswith("None 0"), ran.lines
    assert ran.numbers()[1] < 3000  # 256 bytes are 22 ms on the line


def test_pio_uart_speed(run):
    """115200 baud within 0.2 %: 80 bits of alternating levels."""
    script = LOOP + "uart.write(b'U' * 8)\ntime.sleep_ms(5)\n"
    ran = run(script, "--trace", "18")
    falls = [at for at in ran.falls(18) if at > ran.falls(18)[-40]]
    assert abs((falls[-1] - falls[0]) / (len(falls) - 1) * 115.2 / 2 - 1) < 0.002


def test_pio_uart_drops_a_broken_byte(run):
    """The line held low, as by a reader without power: no byte, and the next one is whole."""
    script = (
        LOOP
        + """
time.sleep_ms(300)
print(uart.read(9))
"""
    )
    assert run(script, "--at", "150:19=0", "--at", "200:19=1").lines == ["None"]


def test_pio_uart_waits_for_its_own_last_write(run):
    script = (
        LOOP
        + """
uart.write(b"a" * 20)
uart.write(b"b" * 20)
time.sleep_ms(10)
print(uart.read(64))
"""
    )
    ran = run(script, "--wire", "18=19")
    assert ran.lines == [str(b"a" * 20 + b"b" * 20)]


def test_a_fast_uart_loses_nothing_to_the_beat(run):
    """PPP's line: 921600 baud, where 16 bytes come in 0.17 ms, under a kernel of 0.5 ms."""
    script = """
one.eye.expect(1000000, 1000000, 1000000)
def tick(ms, news, us=time.ticks_us, diff=time.ticks_diff):
    begun = us()  # no global: the names that come below make their table grow under the beat
    while diff(us(), begun) < 500:
        pass
port.beat(tick)
uart = machine.UART(0, 921600, tx=machine.Pin(0), rx=machine.Pin(1), rxbuf=4096, txbuf=4096)
sent = bytes(i * 7 & 255 for i in range(3000))
import rp2
dma = rp2.DMA()  # a sender that does not wait for the interrupt: the line is heard back
machine.mem32[0x40034048] = 2
dma.config(read=sent, write=0x40034000, count=len(sent), trigger=True,
           ctrl=dma.pack_ctrl(size=0, inc_write=False, treq_sel=20))
time.sleep_ms(100)
print(uart.any(), uart.read(4096) == sent)
"""
    assert run(script, "--echo", "0").lines == ["3000 True"]
