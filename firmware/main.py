"""The composition root: board to port, port to hardware, hardware to tasks.

Knows every room, decides nothing.  However it ends, the contactors are left open.
"""

import asyncio
import gc
import time

import micropython

import board
from firmware.evse.connector import Connector
from firmware.evse.kernel import Kernel
from firmware.evse.limit import Limit
from firmware.ocpp.v16 import rooms
from firmware.ocpp.v16.card_guard import CardGuard
from firmware.ocpp.v16.station import Station
from firmware.ocpp.watch import Watch
from firmware.stores import FILES, Stores, content
from firmware.store import crash, log
from firmware.tasks.card import button, cards
from firmware.tasks.charging import charging
from firmware.tasks.csms import Link
from firmware.tasks.csms_access import Access
from firmware.tasks.diagnostics import Diagnostics
from firmware.tasks.metering import metering
from firmware.tasks.quiet import Quiet
from firmware.tasks.safety import Safety
from firmware.tasks.transfers import transfers
from firmware.tasks.upkeep import upkeep
from firmware.tasks.uptime import Uptime
from firmware.version import VERSION
from firmware.wire import url
from hal import meter
from hal.meter.modbus_meter import ModbusMeter
from hal.meter.poller import Poller
from hal.reader.pn532 import PN532

_IDENTITY = {
    "vendor": ("chargePointVendor", "MicroPython EVSE"),
    "model": ("chargePointModel", board.NAME),
    "serial": ("chargePointSerialNumber", None),
    "firmware": ("firmwareVersion", VERSION),
}
_CAUSES = {1: "power on", 2: "watchdog", 3: "reset asked", 4: "crash"}
_UNASKED = (2, 4)  # of these resets nobody has told before
_GC_SHARE = 26  # collected after so much of the heap, 8 KB on an RP2040
_GC_SHARE_BOOT = 9  # while the stores are built: a collection of a nearly full heap takes 20 ms
_GC_MOST = 16384
# The rooms are imported here, not by the task that builds the station: imports nest, and the
# stack of a chip holds about forty calls.
rooms.built()
_ROOT = "CentralSystemRootCertificate"


def _port():
    """The port this board names."""
    if board.PORT == "unix":
        from hal.unix import Port
    elif board.PORT == "rp2":
        from hal.rp2 import Port
    elif board.PORT == "esp32":
        from hal.esp32 import Port
    else:
        raise ValueError("no port file for " + board.PORT)
    return Port(board)


def _kernels(port) -> list:
    """A kernel per connector; a weld found before the last reset is not forgotten."""
    kernels = []
    for k in range(board.connectors):
        limit = Limit(
            max_ma=board.max_ma, socket=board.socket, ventilation=board.ventilation, **board.limits
        )
        kernels.append(_kernel(port, k, limit))
    return kernels


def _kernel(port, k: int, limit):
    """Whoever owns the contactor: this chip, a satellite beside it, or OpenEVSE's controller."""
    kind = getattr(board, "kernel", "local")
    if kind == "local":
        return Kernel(port.connectors[k], limit, bool(port.retained & 1 << k))
    port.beat = None  # a stand-in speaks over a UART: no work for an interrupt
    if kind == "remote":
        from firmware.evse.remote import RemoteKernel
        from hal.remote import Line
        from hal.remote_frame import Order, Report

        boot = int.from_bytes(port.entropy(2), "little") or 1
        return RemoteKernel(Line(port.link_uart, Order(), Report(), boot), limit)
    if kind == "rapi":
        from firmware.evse.rapi import CHECKS, RapiKernel
        from hal.rapi import OpenEVSE

        return RapiKernel(OpenEVSE(port.link_uart), limit, getattr(board, "rapi_checks", CHECKS))
    raise ValueError("no such kernel: " + kind)


def _identity(given: dict, slots) -> dict:
    """The BootNotification fields: what provisioning says, else our own. Of the firmware it can
    only have named the factory's."""
    fields = {}
    updated = slots is not None and slots.running != "factory"
    for key in _IDENTITY:
        name, default = _IDENTITY[key]
        value = default if updated and key == "firmware" else given.get(key, default)
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
        log.set_clock(self.uptime.ms)
        self.kernels = _kernels(self.port)
        self.safety = Safety(self.port, self.kernels, self.uptime)
        self.quiet = Quiet(self.port, self.kernels, self.uptime)
        self.connectors = [Connector(k + 1, kernel) for k, kernel in enumerate(self.kernels)]
        self.station: "Station" = None
        self.link: "Link" = None

    async def run(self):
        # Safety first: it runs while everything below is still being built.
        safety = asyncio.create_task(self.safety.run())
        await asyncio.sleep_ms(0)
        gc.collect()
        heap = gc.mem_alloc() + gc.mem_free()
        # What stays would lie scattered in the garbage of a journal's reading: no room for TLS.
        gc.threshold(heap // _GC_SHARE_BOOT)
        self._build(self.port.provisioning)
        tasks = [safety] + self._tasks()
        gc.collect()
        gc.threshold(min(_GC_MOST, heap // _GC_SHARE))
        log.note("boot: %d bytes of heap in use, %d free" % (gc.mem_alloc(), gc.mem_free()))
        await asyncio.gather(*tasks)

    def _build(self, provisioning: dict):
        """Stores, station and link."""
        facts = {"NumberOfConnectors": str(board.connectors)}
        keys = provisioning.get("keys") or {}
        breathe = self.safety.breathe
        self.stores = stores = Stores(self.port, board, facts, keys, __file__, breathe)
        cpid, files = provisioning["cpid"], provisioning.get("tls") or {}
        credentials = stores.credentials(provisioning["url"], files)
        self.station = station = Station(
            self.connectors,
            stores.settings,
            stores.outbox(lambda: self.link.new_id()),
            _identity(provisioning.get("identity") or {}, stores.slots),
            self._reboot,
            stores.known(),
            stores.clock,
            stores.rooms,
            self._plant(provisioning, credentials, files),
        )
        if station.certificates is not None and files.get("ca"):
            station.certificates.seed(_ROOT, lambda: content(files["ca"]))
        if stores.events is not None:
            stores.events.add("boot", "%s, %s" % (self._cause(), VERSION), 0)
        station.security("StartupOfTheDevice", "%s, %s" % (self._cause(), VERSION), 0)
        if self.port.reset_cause in _UNASKED:
            station.security("ResetOrReboot", self._cause(), 0)
        self.tls = lambda: self.port.tls({"ca": self._roots(files)})
        access = Access(station, credentials, cpid, lambda chosen: self._context(files, chosen))
        limit = stores.message_bytes
        self.link = Link(self.port, station, access, self.uptime, self.quiet, limit)

    def _plant(self, provisioning: dict, credentials, files: dict):
        """What the rooms are given."""
        stores, cpid = self.stores, provisioning["cpid"]
        return rooms.Plant(
            FILES,
            stores.slots,
            stores.events,
            stores.wear,
            lambda start, stop, now: self._archive(cpid, now, start, stop),
            self._facts,
            phases=board.phases,
            credentials=credentials,
            trusted=lambda: bool(self._roots(files)),
            parse_url=url.parse,
            entropy=self.port.entropy,
            ticks_us=time.ticks_us,
            serial_number=(provisioning.get("identity") or {}).get("serial", cpid),
            security_ring=stores.security,
            message_bytes=stores.message_bytes,
        )

    def _roots(self, files: dict) -> list:
        """By which the CSMS is known: what is installed, and the provisioned file until it was
        taken among these."""
        given = [files["ca"]] if files.get("ca") else []
        room = self.station.certificates
        if room is None:
            return given
        return room.store.roots(_ROOT) + ([] if room.store.seeded(_ROOT) else given)

    def _context(self, files: dict, chosen):
        """TLS for these credentials; only profile 3 shows a certificate."""
        own = {"cert": chosen.cert, "key": chosen.private} if chosen.profile == 3 else {}
        return self.port.tls(dict(own, ca=self._roots(files)))

    def _tasks(self) -> list:
        station, uptime, events = self.station, self.uptime, self.stores.events
        watch = None if events is None else Watch(station, events, lambda: self.link.why)
        # The link first: what the network takes to answer, the others have for their beginnings.
        tasks = [self.link.run(), self._metering()]
        for k, connector in enumerate(self.connectors):
            if board.reader and (k == 0 or not board.shared_reader):
                tasks.append(self._cards(k, connector))
            if self.port.connectors[k].button is not None:
                tasks.append(button(self.port.connectors[k].button.pressed, connector, uptime))
        return tasks + [
            charging(station, uptime),
            upkeep(self.stores.journal, station, watch, uptime, self.port.set_clock),
            transfers(self.port, station, uptime, self.tls, self.quiet),
            Diagnostics(station, uptime).run(),
            self._lives(),
        ]

    async def _lives(self):
        """The boot guard is told that this boot is none of those that die at once."""
        while crash.lived(self.port, self.uptime.ms()):
            await asyncio.sleep_ms(1000)

    def _cause(self) -> str:
        """Of this boot, in words."""
        return _CAUSES.get(self.port.reset_cause, "unknown cause")

    def _archive(self, cpid: str, now: int, start, stop):
        """Of GetDiagnostics; imported when it is asked for, which is rare."""
        from firmware.ocpp import archive

        return archive.build(self.station, cpid, now, start, stop)

    def _facts(self) -> dict:
        """For the archive of GetDiagnostics."""
        return {
            "version": VERSION,
            "board": board.NAME,
            "cause": self._cause(),
            "heap_used": gc.mem_alloc(),
            "heap_free": gc.mem_free(),
        }

    def stop(self):
        """The program ends, whatever the reason: no contactor stays closed behind it."""
        for kernel in self.kernels:
            kernel.fail()

    def _reboot(self):
        """Reset on request: cache and events are written first, the journal always is."""
        for ring in (self.stores.security, self.stores.events):
            if ring is not None:
                ring.flush()
        try:
            self.station.cache.save()
        except OSError as error:
            log.note("reboot: the cache is not saved:", error)
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
        shared = board.shared_reader
        room = station.shared_reader if shared else station.authorization
        guard = CardGuard(station, room, self.connectors if shared else [connector], k + 1)
        return cards(self.port.reader_uart(k), PN532(), inbox, connector, guard, self.uptime)


def run():
    """Boot.  An exception ends the program with open contactors; the watchdog then reboots it."""
    if hasattr(micropython, "alloc_emergency_exception_buf"):  # no interrupts on unix
        micropython.alloc_emergency_exception_buf(100)
    firmware = Firmware()
    try:
        # What asyncio.run() does, one call less deep (docs/memory.md).
        task = asyncio.create_task(firmware.run())
        asyncio.run_until_complete(task)  # type: ignore[attr-defined]
    finally:
        firmware.stop()
