# heap: chip + 160k, the ESP32's flash in RAM
"""The whole firmware on an ESP32 in RAM: it boots from a provisioned flash and charges offline,
through the pins; after the watchdog it knows why it was reset and what it has still to bill.

Its time is real; the world's clock follows it.
"""

import sys

from tests.skip import Skip

if sys.implementation.name != "micropython":
    raise Skip("the firmware's main runs on MicroPython alone")

import asyncio
import time

from hal.meter.reading import Reading
from tests.unit import fake_esp32 as fake

chip = fake.chip
PROVISION = """{"url": "ws://csms.example/ocpp", "cpid": "CP1",
"wifi": {"ssid": "yard", "key": "x"}, "keys": {"AllowOfflineTxForUnknownId": "true"}}"""


def facts():
    board = fake.Board(network="wifi")
    board.NAME = "ESP32_TEST"
    board.meter, board.meter_units = "SDM630", (1,)
    board.reader, board.shared_reader = "pn532", False
    return board


class Rig:
    """One boot. The chip's clock follows the real one."""

    def __init__(self, cause, board):
        chip.boot(cause)
        self.world = fake.World(board)
        fake.hal()
        sys.modules["board"] = board
        for name in ("firmware.main", "firmware.start"):
            sys.modules.pop(name, None)
        import firmware.main as main

        self.firmware = main.Firmware()
        self.reading = Reading()
        self.reading.energy_wh = 1000
        self.reading.current_ma = [0, 0, 0]
        self.tokens = []
        self.firmware.port.reader_inbox = self._inbox  # a card held to the reader

    def _inbox(self, index):
        return self.tokens.pop() if self.tokens else None

    async def clock(self):
        began = time.ticks_ms()
        start_us = chip.clock.us
        while True:
            us = start_us + time.ticks_diff(time.ticks_ms(), began) * 1000
            chip.clock.us = max(chip.clock.us, us)  # a burst may be a little ahead
            connector = self.firmware.connectors[0]
            connector.metered(self.reading, self.firmware.uptime.ms())  # as if it had answered
            await asyncio.sleep_ms(1)

    async def until(self, done, bound_ms):
        began = time.ticks_ms()
        while not done():
            assert time.ticks_diff(time.ticks_ms(), began) < bound_ms, "not in time"
            await asyncio.sleep_ms(10)

    def play(self, story):
        async def all_of_it():
            tasks = [asyncio.create_task(self.clock()), asyncio.create_task(self.firmware.run())]
            try:
                await story(self)
            finally:
                for task in tasks:
                    task.cancel()

        asyncio.run(all_of_it())
        asyncio.new_event_loop()


async def charge(rig):
    world, firmware = rig.world, rig.firmware
    await rig.until(lambda: firmware.station is not None, 5000)
    fed = chip.wdt.fed
    world.letter, world.ohm = "B", 220
    await asyncio.sleep_ms(500)
    assert chip.wdt.fed - fed > 20 and not world.coil
    rig.tokens.append("04A2B3C4")
    await rig.until(lambda: 0 < world.duty < 65535, 8000)
    assert not world.coil and world.bolt
    world.letter = "C"
    await rig.until(lambda: world.coil, 3000)
    await asyncio.sleep_ms(300)
    assert firmware.safety.faulted is None


async def stop(rig):
    rig.world.letter = "B"
    await rig.until(lambda: not rig.world.coil, 1000)  # how soon: test_esp32_session.py


def test_it_boots_charges_and_remembers():
    board = facts()
    chip.power_on()
    chip.partitions = {"evse": 384}
    fake.World(board)
    port = fake.hal().Port(board)
    port.mount(board.file_blocks)
    with open("/flash/provision.json", "w") as file:
        file.write(PROVISION)

    async def first(rig):
        assert rig.firmware.port.reset_cause == 1
        await charge(rig)
        await stop(rig)
        assert chip.nic.asked[0] == ("yard", "x")
        assert "no network" in rig.firmware.link.why

    Rig(1, board).play(first)

    async def second(rig):
        firmware = rig.firmware
        await rig.until(lambda: firmware.station is not None, 5000)
        assert firmware.port.reset_cause == 2
        assert not rig.world.coil
        # the transaction was begun and not ended: both are in the journal now
        assert firmware.stores.journal.next_number() > 2

    Rig(3, board).play(second)


def test_the_boot_guard_counts_crashes_in_rtc_memory():
    """Only the base of the port: no UART, no network, no driver; outputs at rest in any pause."""
    board = facts()
    chip.power_on()
    chip.partitions = {"evse": 384}
    fake.hal()
    sys.modules["board"] = board
    sys.modules.pop("firmware.start", None)
    import firmware.start as start

    for crashes in range(4):
        chip.boot(3 if crashes else 1)
        fake.hal()
        port = start._port()
        start._cool_down(port)
        assert port.retained >> 24 & 31 == crashes
        assert start._decide(port) == ("factory", False)
        assert chip.levels[board.pins["contactor"][0]] == 0
        assert not chip.uarts and not chip.pwm and chip.nic is None


def test_a_charge_point_with_a_satellite_speaks_to_it():
    """The whole firmware with kernel "remote": orders on the line, and nobody there is a fault."""
    board = facts()
    board.kernel, board.link_uart = "remote", (2, 115200)
    board.reader = board.reader_uart = None
    kept = ("meter_tx", "meter_rx", "meter_direction", "button")
    board.pins = {role: board.pins[role] for role in kept}
    board.pins["link_tx"] = (17, "LINK_TX", "uart", None)
    board.pins["link_rx"] = (18, "LINK_RX", "uart", None)
    chip.power_on()
    chip.partitions = {"evse": 384}
    port = fake.hal().Port(board)
    port.mount(board.file_blocks)
    with open("/flash/provision.json", "w") as file:
        file.write(PROVISION)

    async def story(rig):
        firmware = rig.firmware
        await rig.until(lambda: firmware.station is not None, 5000)
        uart = chip.uarts[2]
        await rig.until(lambda: len(uart.sent) >= 3 * 30, 2000)
        assert uart.sent.count(b"\xa5\x11\x11") >= 3  # orders of 17 bytes
        assert firmware.kernels[0].lost and firmware.safety.faulted is None
        assert firmware.port.beat is None and chip.wdt.fed > 20 and not chip.pwm

    Rig(1, board).play(story)
