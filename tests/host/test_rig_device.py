"""The virtual meter, reader and flash against the specification of the real ones, without a
firmware.
"""

import os
import signal
import struct
import subprocess
import time

from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import ReadHoldingRegistersRequest, ReadInputRegistersRequest

from tests.host.rig_bench import ROOT
from tools.rig import reader
from tools.rig.meter import Meter, Slave
from tools.rig.store import Store

HOUR_MS = 3_600_000


def asked(slave, request, now=1000):
    """What the slave answers within a second, and when."""
    slave.receive(FramerRTU(DecodePDU(True)).buildFrame(request), now)
    for at in range(now, now + 1000):
        data = slave.due(at)
        if data:
            return FramerRTU(DecodePDU(False)).handleFrame(data, 0, 0)[1], at - now
    return None, None


def floats(pdu):
    return struct.unpack(
        ">%df" % (len(pdu.registers) // 2),
        struct.pack(">%dH" % len(pdu.registers), *pdu.registers),
    )


def meters(tmp_path, count=2, phases=3):
    store = Store(str(tmp_path / "d"))
    return store, [Meter(store, i, phases) for i in range(count)]


def test_meter_serves_the_sdm630_map(tmp_path):
    """Eastron SDM630 input registers in one read, at the pace of 9600 Bd."""
    _, (one, two) = meters(tmp_path)
    two.wh = 4321
    two.step((16000, 16000, 10000), 0)
    pdu, took = asked(Slave([one, two]), ReadInputRegistersRequest(address=0, count=76, dev_id=2))
    values = floats(pdu)
    assert values[0:3] == (230.0,) * 3 and values[3:6] == (16.0, 16.0, 10.0)
    assert values[6:9] == (3680.0, 3680.0, 2300.0) and values[0x34 // 2] == 9660.0
    assert (
        values[0x46 // 2] == 50.0
        and round(values[0x48 // 2] * 1000) == 4321
        and values[0x4A // 2] == 0.0
    )
    assert 150 < took < 250


def test_meter_refuses_what_the_real_one_refuses(tmp_path):
    _, (one, two) = meters(tmp_path)
    slave = Slave([one, two])
    assert (
        asked(slave, ReadInputRegistersRequest(address=1, count=2, dev_id=1))[0].exception_code
        == 2
    )
    assert (
        asked(slave, ReadHoldingRegistersRequest(address=0, count=2, dev_id=1))[0].exception_code
        == 1
    )
    assert asked(slave, ReadInputRegistersRequest(address=0, count=2, dev_id=3))[0] is None
    one.silent = True
    assert asked(slave, ReadInputRegistersRequest(address=0, count=2, dev_id=1))[0] is None
    slave.receive(b"\x01\x04\x00", 5000)  # half a frame, then silence
    one.silent = False
    assert (
        asked(slave, ReadInputRegistersRequest(address=0, count=2, dev_id=1), 6000)[0] is not None
    )


def test_every_watt_hour_is_served_exactly_up_to_16_mwh():
    """A float32 of kWh gives the integer Wh back by rounding; the limit the manual states is
    true.
    """
    step = 16384_000 // 50000
    for wh in [*range(0, 16384_000, step), *range(16383_000, 16384_000)]:
        assert round(struct.unpack(">f", struct.pack(">f", wh / 1000))[0] * 1000) == wh
    wrong = [
        wh
        for wh in range(20_000_000, 20_001_000)
        if round(struct.unpack(">f", struct.pack(">f", wh / 1000))[0] * 1000) != wh
    ]
    assert wrong


def test_register_integrates_exactly_and_survives(tmp_path):
    """One hour of 3 x 16 A at 230 V is 11040 Wh, in steps of 10 ms, over a kill of the bench."""
    store, (one, _) = meters(tmp_path)
    for _ in range(HOUR_MS // 10 // 2):
        one.step((16000,) * 3, 10)
    store.close()
    store, (one, _) = meters(tmp_path)
    for _ in range(HOUR_MS // 10 // 2):
        one.step((16000,) * 3, 10)
    assert one.wh == 11040


def heard(chip, data, now, until):
    chip.receive(data, now)
    return b"".join(chip.due(at) for at in range(now, until))


def test_pn532_speaks_its_frames():
    """UM0701-02 section 6.2: ACK first, then the answer; known frames of the manual, byte by
    byte.
    """
    chip = reader.PN532(reader.Field(None))
    wake = b"\x55\x55" + bytes(14)
    sam = bytes.fromhex("0000ff05fbd4140100001700")
    answer = reader.ACK + bytes.fromhex("0000ff02fed5151600")
    assert heard(chip, wake + sam, 0, 50) == answer
    for byte in sam[:-1]:
        chip.receive(bytes((byte,)), 100)
    assert heard(chip, sam[-1:], 100, 150) == answer
    firmware = heard(chip, bytes.fromhex("0000ff02fed4022a00"), 200, 250)
    assert firmware == reader.ACK + bytes.fromhex("0000ff06fad50332010607e800")
    assert heard(chip, bytes.fromhex("0000ff02fed402ff00"), 300, 350) == reader.ERROR_FRAME
    assert (
        heard(chip, bytes.fromhex("0000ff02fed4fe2e00"), 400, 450)
        == reader.ACK + reader.ERROR_FRAME
    )


def test_pn532_lists_a_card_while_it_is_there():
    injected = []
    field = reader.Field(injected.append)
    chip = reader.PN532(field)
    listing = reader.frame(b"\xd4\x4a\x01\x00")
    assert heard(chip, listing, 0, 1000) == reader.ACK  # waits for a card
    for token in ("04A2B3C4", "04A2B3C4D5E6F7", "04A2B3C4D5E6F7081920"):
        field.present(token)
    field.present("john doe")
    seen = []
    for now in range(1000, 10000, 10):
        field.step(now)
        data = chip.due(now)
        if b"\xd5\x4b\x01\x01" in data:
            at = data.index(b"\xd5\x4b") + 7
            seen.append(data[at + 1 : at + 1 + data[at]].hex().upper())
            chip.receive(listing, now)
    assert [token for i, token in enumerate(seen) if seen[i - 1 : i] != [token]] == [
        "04A2B3C4",
        "04A2B3C4D5E6F7",
        "04A2B3C4D5E6F7081920",
    ]
    assert injected == ["john doe"] and field.uid is None
    heard(
        chip, reader.frame(b"\xd4\x32\x05\xff\x01\x02"), 11000, 11100
    )  # two more tries, then "none"
    assert reader.frame(b"\xd5\x4b\x00") in heard(chip, listing, 11100, 11300)


def test_what_a_uid_cannot_say_is_not_a_uid():
    for token in ("04a2b3c4", "04A2B3C", "04A2B3C4D5", "ABCDEFGH", "04A2B3C4D5E6F70819201"):
        assert reader.uid_of(token) is None, token


def test_a_kill_leaves_whole_pages(tmp_path):
    """SIGKILL at any moment: what was programmed before is there, what was not is erased,
    nothing between.
    """
    path = tmp_path / "flash.img"
    code = (
        "from hal.unix_flash import Flash\n"
        "flash = Flash(%r, [0, 0, 0], 0)\nprint('go')\n"
        "for block in range(1024):\n"
        "    flash.writeblocks(block, bytes((block & 127,)) * 4096, 0)\n" % str(path)
    )
    for wait_s in (0.002, 0.005, 0.01, 0.02):
        path.write_bytes(b"\xff" * (1024 * 4096))
        ran = subprocess.Popen(
            [str(ROOT / "build/micropython/bin/micropython"), "-c", code],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            env=dict(os.environ, MICROPYPATH=str(ROOT)),
        )
        assert ran.stdout.readline() == b"go\n"
        time.sleep(wait_s)
        ran.send_signal(signal.SIGKILL)
        ran.wait()
        data = path.read_bytes()
        end = data.index(b"\xff" * 256)
        assert end % 256 == 0 and data[end:] == b"\xff" * (len(data) - end)
        assert data[:end] == b"".join(
            bytes((at // 4096 & 127,)) * 256 for at in range(0, end, 256)
        )
