"""A charge point of 100 lines for the bench's own tests: everybody may charge, a card starts
and stops.

Not the product. It uses every part of hal.unix once, so that the rig can be tested without the
firmware.
"""

import asyncio
import json

import board

from hal.unix import Port

TICK_MS = 10
DUTY_16A = 2667


class Kernel:
    def __init__(self, port):
        self.port = port
        self.permit = True
        self.loop_forever = False

    def tick(self, one):
        one.pilot.sample()
        high = one.pilot.high_mv
        plugged = 1500 < high < 10500
        asks = 1500 < high < 7500 and one.pilot.low_mv < -10000
        tripped = one.residual_current.tripped()
        one.pilot.drive(DUTY_16A if plugged and self.permit else 10000)
        one.contactor.drive(asks and self.permit and not tripped)
        if one.lock is not None:
            one.lock.drive(plugged and self.permit)
            one.lock.tick(TICK_MS)

    async def run(self):
        while True:
            for one in self.port.connectors:
                self.tick(one)
            self.port.feed_watchdog()
            while self.loop_forever:
                pass
            await asyncio.sleep_ms(TICK_MS)


def modbus_request(unit, start, count):
    frame = bytes((unit, 4, start >> 8, start & 255, count >> 8, count & 255))
    crc = 0xFFFF
    for byte in frame:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
    return frame + bytes((crc & 255, crc >> 8))


class Words:
    """What the diagnostics line shows."""

    def __init__(self):
        self.answer = None
        self.uid = None
        self.inbox = None
        self.peer = None
        self.notes = []


async def metering(port, words):
    while True:
        port.meter_uart.write(modbus_request(1, 0x48, 2))
        data = b""
        for _ in range(30):
            await asyncio.sleep_ms(TICK_MS)
            data += port.meter_uart.read(64) or b""
            if len(data) >= 9:
                break
        words.answer = data[3:7].hex() if len(data) == 9 else None
        await asyncio.sleep_ms(500)


async def reading(port, words):
    uart = port.reader_uart(0)
    uart.write(b"\x55\x55" + bytes(14) + bytes.fromhex("0000ff05fbd41401000017") + b"\x00")
    await asyncio.sleep_ms(50)
    uart.read(64)
    uart.write(bytes.fromhex("0000ff04fcd44a0100e100"))
    data = b""
    while True:
        data += uart.read(64) or b""
        at = data.find(b"\xd5\x4b\x01\x01")
        if at >= 0 and len(data) > at + 7 and len(data) >= at + 8 + data[at + 7]:
            words.uid = data[at + 8 : at + 8 + data[at + 7]].hex().upper()
            data = b""
            await asyncio.sleep_ms(1000)
            uart.write(bytes.fromhex("0000ff04fcd44a0100e100"))
        words.inbox = port.reader_inbox(0) or words.inbox
        await asyncio.sleep_ms(50)


async def talking(port, words, kernel):
    """An echo of commands over the network: the test is the peer."""
    scheme, _, where = port.provisioning["url"].split("/")[:3]
    host, number = where.split(":")
    context = port.tls(port.provisioning["tls"]) if scheme == "wss:" else None
    while True:
        try:
            link = await port.connect(host, int(number), context)
            words.peer = True
            await link.write(b"hello\n")
            while True:
                data = await link.read(100)
                if not data:
                    break
                await obey(data.decode().strip(), port, words, kernel, link)
            link.close()
        except OSError as err:
            words.notes.append(str(err))
            words.notes = words.notes[-3:]
        words.peer = False
        await asyncio.sleep_ms(1000)


async def obey(word, port, words, kernel, link):
    if word == "reset":
        port.reset()
    elif word == "crash":
        port._exit(1)
    elif word == "loop":
        kernel.loop_forever = True
    elif word == "pause":
        kernel.permit = False
    elif word == "permit":
        kernel.permit = True
    elif word == "write":
        with open("/flash/note.txt", "w") as file:
            file.write("kept")
    await link.write(b"did " + word.encode() + b"\n")


async def telling(port, words):
    while True:
        own = [
            {
                "id": i + 1,
                "ocpp_status": "Charging" if one.contactor.closed() else "Available",
                "error_code": "NoError",
                "transaction": {"id": 1, "id_tag": words.uid} if words.uid else None,
            }
            for i, one in enumerate(port.connectors)
        ]
        print(
            "@"
            + json.dumps(
                {
                    "boot": "Accepted",
                    "online": words.peer,
                    "queue": 0,
                    "parked": 0,
                    "utc": None,
                    "heap_free": 1,
                    "heap_low": 1,
                    "uptime_ms": port.ticks_ms(),
                    "connectors": own,
                    "answer": words.answer,
                    "inbox": words.inbox,
                    "cause": port.reset_cause,
                    "retained": port.retained,
                    "notes": words.notes,
                }
            )
        )
        await asyncio.sleep_ms(100)


async def main():
    port = Port(None)
    print("fake firmware on", board.NAME, "cause", port.reset_cause)
    port.mount()
    port.retained = port.retained + 1
    port.arm_watchdog(2000)
    words, kernel = Words(), Kernel(port)
    asyncio.create_task(metering(port, words))
    asyncio.create_task(reading(port, words))
    asyncio.create_task(talking(port, words, kernel))
    asyncio.create_task(telling(port, words))
    await kernel.run()


def run():
    asyncio.run(main())
