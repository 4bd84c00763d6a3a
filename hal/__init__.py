"""The metal: drivers for what a charge point is wired to.

A driver is handed pins, ADCs, PWMs and UARTs as objects. It offers volts, amps, watt-hours, open
and closed, and raises OSError when the hardware fails. It never imports `machine` and never hears
of `firmware`. Byte grammars (modbus, meter, reader) are sans-I/O: bytes in, values out.
"""


class ProtocolError(Exception):
    """The peer broke the grammar or refused the request. `code` is its number, `reason` words."""

    def __init__(self, code: int, reason: str):
        super().__init__(code, reason)
        self.code = code
        self.reason = reason
