"""The composition root: board to port, port to hardware, hardware to tasks.

Knows every room, decides nothing.  However it ends, the contactors are left open.
"""

import asyncio
import gc

import micropython

import board
from firmware.evse.connector import Connector
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
from firmware.ocpp.v16 import rooms
from firmware.ocpp.v16.station import Station
from firmware.stores import FILES, Stores
from firmware.tasks.card import button, cards
from firmware.tasks.charging import charging
from firmware.tasks.csms import Link
from firmware.tasks.diagnostics import Diagnostics
from firmware.tasks.metering import metering
from firmware.tasks.safety import Safety
from firmware.tasks.upkeep import upkeep
from firmware.tasks.uptime import Uptime
from hal import meter
from hal.meter.modbus_meter import ModbusMeter
from hal.meter.poller import Poller
from hal.reader.pn532 import PN532

VERSION = "0.1.0"
_IDENTITY = {
    "vendor": ("chargePointVendor", "MicroPython EVSE"),
    "model": ("chargePointModel", board.NAME),
    "serial": ("chargePointSerialNumber", None),
    "firmware": ("firmwareVersion", VERSION),
}
_GC_THRESHOLD = 16384


def _port():
    """The port this board names."""
    if board.PORT == "unix":
        from hal.unix import Port

        return Port()
    raise ValueError("no port file for " + board.PORT)


def _kernels(port) -> list:
    """A kernel per connector; a weld found before the last reset is not forgotten."""
    kernels = []
    for k in range(board.connectors):
        limit = Limit(
            max_ma=board.max_ma, socket=board.socket, ventilation=board.ventilation, **board.limits
        )
        kernels.append(Kernel(port.connectors[k], limit, bool(port.retained & 1 << k)))
    return kernels


def _identity(given: dict) -> dict:
    """The BootNotification fields: what provisioning says, else our own."""
    fields = {}
    for key in _IDENTITY:
        name, default = _IDENTITY[key]
        value = given.get(key, default)
        if value is not None:
            fields[name] = value
            if key == "serial":
                fields["chargeBoxSerialNumber"] = value
    return fields


class Firmware:
    """Everything, wired.  `run()` never returns."""

    def __init__(self):
        self.port = _port()
        self.uptime = Uptime(self.port.ticks_ms)
        self.kernels = _kernels(self.port)
        self.safety = Safety(self.port, self.kernels, self.uptime)
        self.connectors = [Connector(k + 1, kernel) for k, kernel in enumerate(self.kernels)]
        self.link: "Link" = None

    async def run(self):
        # Safety first: it runs while everything below is still being built.
        safety = asyncio.create_task(self.safety.run())
        await asyncio.sleep_ms(0)
        provisioning = self.port.provisioning
        self.stores = stores = Stores(
            self.port,
            board.file_blocks,
            board.journal_blocks,
            {"NumberOfConnectors": str(board.connectors)},
            provisioning.get("keys") or {},
        )
        self.station = station = Station(
            self.connectors,
            stores.settings,
            stores.outbox(lambda: self.link.new_id()),
            _identity(provisioning.get("identity") or {}),
            self._reboot,
            stores.known(),
            stores.clock,
            stores.rooms,
            rooms.Plant(FILES, phases=board.phases),
        )
        target = (provisioning["url"], provisioning["cpid"])
        tls = provisioning.get("tls") or {}
        self.link = Link(self.port, station, target, self.uptime, lambda: self.port.tls(tls))
        tasks = [safety, self._metering()]
        for k, connector in enumerate(self.connectors):
            if k == 0 or not board.shared_reader:
                tasks.append(self._cards(k, connector))
            pressed = self.port.connectors[k].button.pressed
            tasks.append(button(pressed, connector, self.uptime))
        tasks.append(charging(station, self.uptime))
        tasks.append(upkeep(stores.journal, station.cache, station, self.uptime))
        tasks.append(Diagnostics(station, self.uptime).run())
        tasks.append(self.link.run())
        gc.collect()
        print("boot: %d bytes of heap in use, %d free" % (gc.mem_alloc(), gc.mem_free()))
        await asyncio.gather(*tasks)

    def stop(self):
        """The program ends, whatever the reason: no contactor stays closed behind it."""
        for kernel in self.kernels:
            kernel.fail()

    def _reboot(self):
        """Reset on request: the cache is written first, the journal always is."""
        try:
            self.station.cache.save()
        except OSError as error:
            print("reboot: the cache is not saved:", error)
        self.port.reset()

    def _metering(self):
        register_map = meter.find(board.meter)
        meters = {}
        for k, connector in enumerate(self.connectors):
            meters[ModbusMeter(register_map, board.meter_units[k])] = connector
        poller = Poller(list(meters))
        return metering(self.port.meter_uart, poller, meters, self.uptime)

    def _cards(self, k: int, connector):
        def inbox():
            return self.port.reader_inbox(k)

        station = self.station
        room = station.shared_reader if board.shared_reader else station.authorization
        return cards(self.port.reader_uart(k), PN532(), inbox, connector, room, self.uptime)


def run():
    """Boot.  An exception ends the program with open contactors; the watchdog then reboots it."""
    if hasattr(micropython, "alloc_emergency_exception_buf"):  # no interrupts on unix
        micropython.alloc_emergency_exception_buf(100)
    gc.threshold(_GC_THRESHOLD)
    firmware = Firmware()
    try:
        asyncio.run(firmware.run())
    finally:
        firmware.stop()
