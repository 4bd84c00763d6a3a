"""pymodbus as the meter: its server on a pty answers our questions, and its CRC agrees.

An independent implementation of Modbus RTU, and Python's own struct as the judge of the floats.
"""

import asyncio
import os
import pty
import select
import struct
import threading
import time
import tty

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer.rtu import FramerRTU
from pymodbus.server import ModbusSerialServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hal.meter import find
from hal.meter.modbus_meter import ModbusMeter
from hal.meter.poller import Poller
from hal.meter.register_map import decode
from hal.modbus import crc16

# address: values from there on
FLOATS = {
    0x00: [230.4, 231.5, 229.6, 16.12, 15.98, 0.0, 3712.4, 3699.6, 0.0],
    0x34: [7412.0],
    0x3E: [0.998],
    0x46: [49.98, 12345.67, 0.25],
}
SPAN = 0x50  # an SDM630 answers with zero for what it does not measure


def floats(values, span):
    """SimData of float32 at these addresses, zeros between."""
    registers = [0] * span
    for address, row in values.items():
        for i, value in enumerate(row):
            high, low = struct.unpack(">HH", struct.pack(">f", value))
            registers[address + 2 * i:address + 2 * i + 2] = [high, low]
    return [SimData(0, values=registers, datatype=DataType.REGISTERS)]


def sdm630(unit):
    none = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
    holding = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
    return SimDevice(id=unit, simdata=(none, none, holding, floats(FLOATS, SPAN)))


class Server:
    """pymodbus's serial server behind a pty; `fd` is our end of the line."""

    def __init__(self, *devices, baud=9600):
        self.fd, self._peer = pty.openpty()
        tty.setraw(self.fd)
        tty.setraw(self._peer)
        self._devices = list(devices)
        self._baud = baud
        self._up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()))

    async def _serve(self):
        self._loop = asyncio.get_running_loop()
        server = ModbusSerialServer(self._devices, port=os.ttyname(self._peer),
                                    baudrate=self._baud)
        self._stop = asyncio.Event()
        await server.serve_forever(background=True)
        self._up.set()
        await self._stop.wait()
        await server.shutdown()

    def __enter__(self):
        self._thread.start()
        assert self._up.wait(5)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)
        os.close(self.fd)
        os.close(self._peer)

    def poll(self, line, until, limit_s=10):
        """Carry bytes between the poller and the pty until `until()`."""
        began = time.monotonic()
        while not until():
            assert time.monotonic() - began < limit_s, "the peer did not answer"
            now = int(time.monotonic() * 1000)
            out = line.tick(now)
            if out is not None:
                os.write(self.fd, out)
            if select.select([self.fd], [], [], 0.002)[0]:
                line.feed(os.read(self.fd, 64), int(time.monotonic() * 1000))


def nearest(value, num):
    """The float32 nearest to value, times num, rounded as a double."""
    return round(struct.unpack(">f", struct.pack(">f", value))[0] * num)


def test_pymodbus_serves_an_sdm630():
    meter = ModbusMeter(find("SDM630"), 7)
    with Server(sdm630(7)) as server:
        server.poll(Poller((meter,), timeout_ms=2000), lambda: meter.reading)
    r = meter.reading
    values = FLOATS[0]
    assert r.voltage_dv == [nearest(v, 10) for v in values[:3]]
    assert r.current_ma == [nearest(v, 1000) for v in values[3:6]]
    assert r.power_phase_w == [nearest(v, 1) for v in values[6:]]
    assert (r.power_w, r.power_factor_pm, r.frequency_chz) == (7412, 998, 4998)
    assert (r.energy_wh, r.energy_export_wh) == (12345670, 250)
    assert (meter.timeouts, meter.refusals) == (0, 0)


def test_two_meters_beside_a_third_that_refuses():
    """pymodbus answers for a unit it does not have with exception 4: that costs nobody else."""
    first, second, third = (ModbusMeter(find(model), unit)
                            for model, unit in (("SDM630", 1), ("SDM72", 2), ("SDM630", 9)))
    line = Poller((first, third, second), interval_ms=300, timeout_ms=2000, baud=115200)
    with Server(sdm630(1), sdm630(2), baud=115200) as server:
        server.poll(line, lambda: first.reading and second.reading and third.refusals)
    assert first.reading.energy_wh == second.reading.energy_wh == 12345670
    assert (third.reading, third.refused) == (None, 4)


def test_pymodbus_refuses_an_address():
    """A B23 is asked at 0x5B00 of a device that ends at 0: exception 2."""
    meter = ModbusMeter(find("ABB B23"), 1)
    with Server(sdm630(1)) as server:
        server.poll(Poller((meter,), timeout_ms=2000), lambda: meter.refusals)
    assert meter.refused == 2
    assert meter.reading is None


@given(st.binary(max_size=256))
def test_crc_agrees(data):
    assert crc16(data) == int.from_bytes(FramerRTU.compute_CRC(data).to_bytes(2, "big"), "little")


@given(st.integers(0, 0xFFFFFFFF), st.sampled_from((1, 10, 100, 1000)))
def test_float_agrees_with_struct(raw, num):
    """A float32 times a thousand fits a double without rounding, so round() is an exact judge."""
    value = struct.unpack(">f", raw.to_bytes(4, "big"))[0]
    got = decode([raw >> 16, raw & 0xFFFF], 0, "f32", num, 1)
    if value != value or value in (float("inf"), float("-inf")):
        assert got is None
        return
    exact = value * num
    if abs(exact) % 1 == 0.5:  # round() goes to even, we go away from zero
        exact += 0.25 if exact > 0 else -0.25
    assert got == round(exact)


@given(st.integers(0, 99_999_999))
def test_every_centi_kilowatt_hour_survives_while_a_float_can_tell(hundredths):
    """The error of the register is the float's own; ours adds at most half a watt-hour."""
    value = hundredths / 100
    raw = struct.unpack(">I", struct.pack(">f", value))[0]
    got = decode([raw >> 16, raw & 0xFFFF], 0, "f32", 1000, 1)
    exact = struct.unpack(">f", struct.pack(">f", value))[0] * 1000
    assert abs(got - exact) <= 0.5
    if value < 16384:  # the step of the float is below 2 Wh: the meter's 10 Wh are kept
        assert (got + 5) // 10 == hundredths
