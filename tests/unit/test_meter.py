"""Meters: exact integers from registers, whole cycles only, one question at a time on the line."""

import random
import struct

from hal.meter import abb, eastron, find, gavazzi
from hal.meter.modbus_meter import ModbusMeter
from hal.meter.poller import Poller
from hal.meter.reading import Reading
from hal.meter.register_map import decode
from hal.modbus import crc16

KINDS = ("f32", "u16", "i16", "i32l", "u16n", "i16n", "u32n", "i32n", "u64n")
MAPS = (eastron.SDM630, eastron.SDM72, eastron.SDM230, abb.B23, gavazzi.EM340)


def framed(body):
    crc = crc16(body)
    return bytes(body) + bytes((crc & 255, crc >> 8))


def words(data):
    return [data[i] << 8 | data[i + 1] for i in range(0, len(data), 2)]


def answer(request, memory):
    """What a meter with these registers (address -> word) says to this question."""
    start = request[2] << 8 | request[3]
    count = request[5]
    body = bytearray((request[0], request[1], 2 * count))
    for address in range(start, start + count):
        word = memory.get(address, 0)
        body.append(word >> 8)
        body.append(word & 255)
    return framed(body)


def store(memory, address, data):
    for i, word in enumerate(words(data)):
        memory[address + i] = word


def eastron_memory():
    memory = {}
    for address, value in ((0x00, 230.25), (0x02, 231.5), (0x04, 229.75), (0x06, 16.125),
                           (0x08, 15.875), (0x0A, 0.0), (0x0C, 3712.5), (0x0E, -3670.0),
                           (0x10, 0.25), (0x34, 42.75), (0x3E, -0.5), (0x46, 49.96875),
                           (0x48, 1234.5625), (0x4A, 0.0625), (0x1E, 0.96875)):
        store(memory, address, struct.pack(">f", value))
    return memory


def cycle(meter, memory, now=0):
    meter.start()
    questions = 0
    while True:
        request = meter.next_request()
        if request is None:
            return questions
        questions += 1
        assert meter.next_request() is None  # one at a time
        meter.feed(answer(request, memory), now)


# raw bits, num, den -> value; the float's exact decimal value is in the comment
FLOATS = (
    ("00000000", 1000, 1, 0), ("80000000", 1000, 1, 0),
    ("3F800000", 1000, 1, 1000),
    ("BF800000", 1000, 1, -1000),
    ("43663333", 10, 1, 2302),  # 230.1999969482421875
    ("3A03126F", 1000, 1, 1),  # 0.001
    ("3A000000", 1000, 1, 0),  # 0.00048828125 kWh: below half a Wh
    ("3A03126E", 1000, 2, 0),  # half a Wh, from below
    ("3F000000", 1, 1, 1), ("BF000000", 1, 1, -1),  # halves go away from zero
    ("4640E6AE", 1000, 1, 12345670),  # 12345.669921875: what float32 makes of 12345.67
    ("497423FE", 1000, 1, 999999875),  # 999999.875 kWh: single precision times 1000 is 999999872
    ("4B189680", 1000, 1, 10000000000),  # 10 GWh
    ("4B7FFFFF", 1000, 1, 16777215000),
    ("00000001", 1000, 1, 0), ("807FFFFF", 1000, 1, 0),  # subnormal
    ("00000001", 1 << 150, 1, 2), ("00800000", 1 << 126, 1, 1),
    ("7F800000", 1, 1, None), ("FF800000", 1, 1, None), ("7FC00000", 1, 1, None),
    ("FFFFFFFF", 1, 1, None), ("7F800001", 1, 1, None),
)


def test_float_table():
    for text, num, den, expected in FLOATS:
        raw = int(text, 16)
        assert decode([raw >> 16, raw & 0xFFFF], 0, "f32", num, den) == expected, text


def test_float_largest_is_finite():
    assert decode([0x7F7F, 0xFFFF], 0, "f32", 1, 1) == ((1 << 24) - 1) << 104


# kind, registers, num, den -> value
INTEGERS = (
    ("u16", [0xFFFF], 1, 1, 65535), ("u16n", [0xFFFF], 1, 1, None), ("u16", [500], 10, 1, 5000),
    ("i16", [0xFFFF], 1, 1, -1), ("i16", [0x7FFF], 1, 1, 32767), ("i16n", [0x7FFF], 1, 1, None),
    ("i16n", [0x8000], 1, 1, -32768),
    ("u32n", [0x0001, 0x0002], 1, 1, 65538), ("u32n", [0xFFFF, 0xFFFF], 1, 1, None),
    ("u32n", [0xFFFF, 0xFFFE], 1, 1, 4294967294),
    ("i32n", [0xFFFF, 0xFFFF], 1, 100, 0), ("i32n", [0xFFFF, 0xFFCE], 1, 100, -1),
    ("i32n", [0xFFFF, 0xFFCF], 1, 100, 0),  # -0.49 W
    ("i32n", [0x0005, 0xC8A1], 1, 100, 3790), ("i32n", [0x7FFF, 0xFFFF], 1, 100, None),
    ("i32l", [0x0002, 0x0001], 1, 1, 65538), ("i32l", [0xFFFF, 0xFFFF], 1, 1, -1),
    ("i32l", [0xFFFF, 0x7FFF], 1, 1, 2147483647),
    ("u64n", [0, 0, 0, 123], 10, 1, 1230), ("u64n", [0, 1, 0, 0], 10, 1, 42949672960),
    ("u64n", [0xFFFF] * 4, 10, 1, None),
    ("u64n", [0xFFFF] * 3 + [0xFFFE], 1, 1, 18446744073709551614),
)


def test_integer_table():
    for kind, registers, num, den, expected in INTEGERS:
        assert decode(registers, 0, kind, num, den) == expected, (kind, registers)
        assert decode([7] + registers + [7], 1, kind, num, den) == expected, (kind, "offset")


def test_maps_are_sound():
    """Every row lies inside one question and names a field; counts differ (late answers)."""
    for function, questions, rows in MAPS:
        assert function in (3, 4)
        counts = [count for _, count in questions]
        assert len(set(counts)) == len(counts)
        assert max(counts) <= 80
        seen = []
        for field, phase, address, kind, num, den in rows:
            assert kind in KINDS
            size = int(kind[1:3]) // 16
            homes = [q for q in questions if q[0] <= address and address + size <= q[0] + q[1]]
            assert len(homes) == 1, (field, address)
            value = getattr(Reading(), field)
            assert value is None if phase is None else len(value) == 3 and 0 <= phase < 3
            assert num > 0 and den > 0
            seen.append((field, phase))
        assert len(set(seen)) == len(rows)
        assert ("energy_wh", None) in seen and ("power_w", None) in seen


def test_find():
    for family in (eastron, abb, gavazzi):
        for name, register_map in family.MODELS:
            assert find(name) is register_map
    for name in ("", "SDM", "ABB", "EM999"):
        try:
            find(name)
        except ValueError:
            continue
        raise AssertionError(name)


def test_sdm630_reading():
    meter = ModbusMeter(find("SDM630"), 2)
    assert cycle(meter, eastron_memory(), 77) == 1
    r = meter.reading
    assert meter.next() is r and meter.next() is None
    assert (r.energy_wh, r.energy_export_wh, r.power_w) == (1234563, 63, 43)
    assert r.voltage_dv == [2303, 2315, 2298]
    assert r.current_ma == [16125, 15875, 0]
    assert r.power_phase_w == [3713, -3670, 0]
    assert (r.frequency_chz, r.power_factor_pm) == (4997, -500)
    assert r.at_ms == meter.fresh_at == 77


def test_sdm72_asks_for_no_more_than_thirty_values():
    meter = ModbusMeter(find("SDM72"))
    assert cycle(meter, eastron_memory()) == 2
    one = ModbusMeter(find("SDM630"))
    cycle(one, eastron_memory())
    for field in ("energy_wh", "energy_export_wh", "power_w", "power_factor_pm", "frequency_chz",
                  "voltage_dv", "current_ma", "power_phase_w"):
        assert getattr(meter.reading, field) == getattr(one.reading, field)


def test_single_phase_has_no_other_phases():
    meter = ModbusMeter(find("SDM120"))
    cycle(meter, eastron_memory())
    r = meter.reading
    assert r.voltage_dv == [2303, None, None]
    assert r.current_ma == [16125, None, None]
    assert r.power_phase_w == [3713, None, None]
    assert (r.power_w, r.power_factor_pm, r.energy_wh) == (3713, 969, 1234563)


def test_abb_reading_and_its_missing_values():
    memory = {}
    store(memory, 0x5000, b"\x00\x00\x00\x00\x00\x01\xe2\x40")  # 1234.56 kWh
    store(memory, 0x5004, b"\xff" * 8)  # a meter without an export register
    store(memory, 0x5B00, struct.pack(">IIIIII", 2301, 2302, 0xFFFFFFFF, 0, 0, 0))
    store(memory, 0x5B0C, struct.pack(">IIII", 1601, 0, 0xFFFFFFFF, 0))
    store(memory, 0x5B14, struct.pack(">iiii", 368050, -100, 0x7FFFFFFF, 149))
    store(memory, 0x5B2C, struct.pack(">H", 5001))
    store(memory, 0x5B3A, struct.pack(">h", -998))
    meter = ModbusMeter(find("ABB B23"))
    assert cycle(meter, memory) == 3
    r = meter.reading
    assert (r.energy_wh, r.energy_export_wh) == (1234560, None)
    assert r.voltage_dv == [2301, 2302, None]
    assert r.current_ma == [16010, 0, None]
    assert (r.power_w, r.power_phase_w) == (3681, [-1, None, 1])
    assert (r.frequency_chz, r.power_factor_pm) == (5001, -998)


def test_gavazzi_reading_low_word_first():
    memory = {}

    def low_first(address, value):
        memory[address] = value & 0xFFFF
        memory[address + 1] = value >> 16 & 0xFFFF

    for address, value in ((0x00, 2299), (0x02, 2300), (0x04, 2301), (0x0C, 70000), (0x0E, 1),
                           (0x10, 0), (0x12, 161000), (0x14, -15), (0x16, 4), (0x28, 160990),
                           (0x34, 123456), (0x4E, 7)):
        low_first(address, value)
    memory[0x31] = 0xFFFF  # -0.001
    memory[0x33] = 500
    meter = ModbusMeter(find("EM340"))
    assert cycle(meter, memory) == 3
    r = meter.reading
    assert r.voltage_dv == [2299, 2300, 2301]
    assert r.current_ma == [70000, 1, 0]
    assert (r.power_w, r.power_phase_w) == (16099, [16100, -2, 0])
    assert (r.energy_wh, r.energy_export_wh) == (12345600, 700)
    assert (r.frequency_chz, r.power_factor_pm) == (5000, -1)


def test_a_unit_must_be_one():
    for unit in (0, 248):
        try:
            ModbusMeter(eastron.SDM630, unit)
        except ValueError:
            continue
        raise AssertionError(unit)


def test_a_lost_cycle_leaves_the_last_reading():
    memory = eastron_memory()
    meter = ModbusMeter(find("SDM72"))
    cycle(meter, memory, 5)
    before = meter.reading
    store(memory, 0x00, struct.pack(">f", 111.0))

    meter.start()
    meter.feed(answer(meter.next_request(), memory), 6)
    meter.next_request()
    meter.timeout()
    assert meter.reading is before and meter.fresh_at == 5
    assert before.voltage_dv[0] == 2303  # not touched by the half cycle
    assert meter.next_request() is None
    assert (meter.timeouts, meter.refusals) == (1, 0)

    meter.start()
    request = meter.next_request()
    meter.feed(framed(bytes((request[0], request[1] | 0x80, 6))), 7)
    assert meter.next_request() is None and meter.reading is before
    assert (meter.timeouts, meter.refusals, meter.refused) == (1, 1, 6)
    meter.timeout()  # nothing is open any more
    assert meter.timeouts == 1

    assert cycle(meter, memory, 9) == 2
    assert (meter.reading.voltage_dv[0], meter.fresh_at) == (1110, 9)


def test_meter_takes_any_split():
    memory = eastron_memory()
    meter = ModbusMeter(find("SDM230"))
    meter.start()
    while True:
        request = meter.next_request()
        if request is None:
            break
        for byte in request + answer(request, memory) + b"\x00":  # echo in front, a glitch behind
            meter.feed(bytes((byte,)), 3)
    assert meter.reading.energy_wh == 1234563


def test_poller_one_question_at_a_time():
    """A dead meter costs its own cycle only; frames are 3.5 characters apart."""
    good, dead = ModbusMeter(find("SDM72"), 1), ModbusMeter(find("ABB B23"), 2)
    memory = eastron_memory()
    line = Poller((good, dead), interval_ms=1000, timeout_ms=200, baud=9600)
    asked, fresh, quiet_at = [], [], None
    for now in range(5000, 9000):
        request = line.tick(now)
        if request is not None:
            assert quiet_at is None or now - quiet_at >= 6, "4.01 ms, and the clock's grain"
            asked.append((now, request[0]))
            open_until = now + 40 if request[0] == 1 else None
            reply_to = request
        if reply_to is not None and reply_to[0] == 1 and now == open_until:
            line.feed(answer(reply_to, memory), now)
            quiet_at = now
            reply_to = None
        meter = line.next()
        if meter is not None:
            fresh.append((meter, now))
    times = [at for at, unit in asked if unit == 1]
    assert len(times) == 8 and times[0] == 5000
    assert times[::2] == [5000, 6000, 7000, 8000]
    assert [m for m, _ in fresh] == [good] * 4
    assert good.reading.at_ms == good.fresh_at == fresh[-1][1]
    assert (good.timeouts, dead.timeouts) == (0, 4)
    assert dead.reading is None and dead.fresh_at is None


def test_poller_waits_as_long_as_the_line_needs():
    """76 registers take 190 ms at 9600 baud, 760 ms at 2400: that is not silence."""
    for baud, least, most in ((9600, 380, 420), (2400, 940, 1000), (115200, 200, 220)):
        meter = ModbusMeter(find("SDM630"))
        line = Poller((meter,), timeout_ms=200, baud=baud)
        assert line.tick(0) is not None
        now = 0
        while not meter.timeouts:
            now += 1
            line.tick(now)
        assert least <= now <= most, (baud, now)


def test_poller_ignores_what_nobody_asked_for():
    meter = ModbusMeter(find("SDM630"))
    line = Poller((meter,), interval_ms=1000)
    line.feed(b"\x01\x04\x00", 0)
    assert line.tick(5) is None  # the line was busy
    request = line.tick(6)
    line.feed(b"", 7)
    line.feed(answer(request, eastron_memory()), 10)
    assert line.next() is meter and line.next() is None
    late = meter.reading
    line.feed(answer(request, {}), 20)
    assert line.next() is None and meter.reading is late
    line.feed(b"", 1005)  # nothing arrived
    assert line.tick(1005) is None
    assert line.tick(1006) == request


def test_poller_gap_of_a_fast_line():
    """Above 19200 baud the silence is 1.75 ms, however short a character is (V1.02 §2.5.1.1)."""
    line = Poller((ModbusMeter(find("SDM630")),), baud=115200)
    line.feed(b"\x00", 0)
    assert line.tick(2) is None
    assert line.tick(3) is not None


def test_poller_of_nothing():
    line = Poller(())
    line.feed(b"\x00", 0)
    assert line.tick(100) is None and line.next() is None


def test_poller_that_is_late_does_not_hurry():
    meter = ModbusMeter(find("SDM630"))
    line = Poller((meter,), interval_ms=100)
    request = line.tick(0)
    line.feed(answer(request, {}), 1)
    assert line.tick(5000) == request
    line.feed(answer(request, {}), 5001)
    assert line.tick(5099) is None
    assert line.tick(5100) == request
    line.feed(answer(request, {}), 5101)
    assert line.tick(5300) == request  # one whole beat late
    line.feed(answer(request, {}), 5301)
    assert line.tick(5399) is None
    assert line.tick(5450) == request  # half a beat late: the beat is kept
    line.feed(answer(request, {}), 5451)
    assert line.tick(5499) is None
    assert line.tick(5500) == request


def test_fuzz():
    """Any bytes on the line give readings or silence, and the poller never stands still."""
    random.seed(120)
    meters = [ModbusMeter(m, i + 1) for i, m in enumerate(MAPS)]
    line = Poller(meters, interval_ms=50, timeout_ms=20, baud=115200)
    request = None
    for now in range(3000):
        request = line.tick(now) or request
        kind = random.getrandbits(5)
        if kind == 0:
            data = bytearray(answer(request, {}))
            data[random.getrandbits(16) % len(data)] = random.getrandbits(8)
            line.feed(data, now)
        elif kind == 1:
            line.feed(bytes(random.getrandbits(8) for _ in range(random.getrandbits(3))), now)
        elif kind < 4:
            line.feed(answer(request, {})[:random.getrandbits(8)], now)
        line.next()
    for meter in meters:
        assert meter.timeouts > 1 and meter.reading is not None
        assert meter.reading.energy_wh is not None
