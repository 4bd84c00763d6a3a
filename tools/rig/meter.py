"""The energy meter: an Eastron SDM630 as a Modbus RTU slave. pymodbus decodes and encodes every
frame.

Promise: the answer carries the values of the moment the request arrived, and leaves when a 9600
Bd line would have carried it. The register is an integer Wh; the float32 kWh served is that Wh
/ 1000, which a reader gets back exactly by rounding up to 16384 kWh (above that a float32 has
no room for every Wh).
Boundary: one bus, unit ids 1..connectors.
"""

import struct

from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu.register_message import ReadInputRegistersResponse

from .store import UJ_PER_WH

NOMINAL_DV, SAG_DV = 2300, 1700
FREQUENCY_HZ = 50.0
REGISTERS = 0x17E  # the manual's last input register, exclusive
TURNAROUND_MS = 20
BYTE_US = 1042  # 9600 Bd, 10 bits
SILENCE_MS = 30  # more than 3.5 characters without the rest: a broken frame
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2


class Meter:
    """One meter's measuring element. Sits before the contactor: voltage is always there."""

    def __init__(self, store, index, phases):
        self._store, self._index = store, index
        self.phases = phases
        self.silent = False
        self.sagging = False
        self._uj = store.energy_uj(index)
        self._ma = (0, 0, 0)

    def step(self, amps_ma, dt_ms):
        self._ma = amps_ma
        mw10 = sum(amps_ma) * self._dv()  # tenths of a milliwatt
        if mw10:
            self._uj += mw10 * dt_ms // 10
            self._store.set_energy_uj(self._index, self._uj)

    def _dv(self):
        return SAG_DV if self.sagging else NOMINAL_DV

    @property
    def wh(self):
        return self._uj // UJ_PER_WH

    @wh.setter
    def wh(self, wh):
        self._uj = wh * UJ_PER_WH
        self._store.set_energy_uj(self._index, self._uj)

    def registers(self):
        """The input registers as a dict of float: SDM630 Modbus protocol, table of input
        registers.
        """
        volt = self._dv() / 10
        values = dict.fromkeys(range(0, REGISTERS, 2), 0.0)
        for i in range(self.phases):
            amps = self._ma[i] / 1000
            values[0x00 + 2 * i] = volt
            values[0x06 + 2 * i] = amps
            values[0x0C + 2 * i] = volt * amps
            values[0x12 + 2 * i] = volt * amps
            values[0x1E + 2 * i] = 1.0
        total_w = volt * sum(self._ma) / 1000
        values[0x2A] = volt
        values[0x2E] = values[0x30] = sum(self._ma) / 1000
        values[0x34] = values[0x38] = total_w
        values[0x3E] = 1.0
        values[0x46] = FREQUENCY_HZ
        values[0x48] = values[0x156] = self.wh / 1000
        return values


class Slave:
    """The bus end of all meters."""

    def __init__(self, meters):
        self._meters = meters
        self._framer = FramerRTU(DecodePDU(True))
        self.restart()

    def restart(self):
        self._data = b""
        self._heard = 0
        self._answer = None

    def receive(self, data, now):
        if now - self._heard > SILENCE_MS:
            self._data = b""
        self._heard = now
        self._data += data
        try:
            used, request = self._framer.handleFrame(self._data, 0, 0)
        except ModbusIOException:
            used, request = len(self._data), None
        self._data = self._data[used:]
        if request is None or not 1 <= request.dev_id <= len(self._meters):
            return
        meter = self._meters[request.dev_id - 1]
        if not meter.silent:
            frame = self._framer.buildFrame(self._reply(request, meter))
            at = now + TURNAROUND_MS + (8 + len(frame)) * BYTE_US // 1000
            self._answer = (at, frame)

    def _reply(self, request, meter):
        """Function 4 is the only one a billing register is read with."""
        if request.function_code != ReadInputRegistersResponse.function_code:
            return ExceptionResponse(
                request.function_code, ILLEGAL_FUNCTION, device_id=request.dev_id
            )
        first, count = request.address, request.count
        if first % 2 or count % 2 or first + count > REGISTERS:
            return ExceptionResponse(
                request.function_code, ILLEGAL_ADDRESS, device_id=request.dev_id
            )
        values = meter.registers()
        raw = b"".join(struct.pack(">f", values[at]) for at in range(first, first + count, 2))
        words = list(struct.unpack(">%dH" % count, raw))
        return ReadInputRegistersResponse(registers=words, dev_id=request.dev_id)

    def due(self, now):
        if self._answer is None or now < self._answer[0]:
            return b""
        frame, self._answer = self._answer[1], None
        return frame
