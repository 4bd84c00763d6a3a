"""The frames of a satellite: any split, nothing accepted that is not one, values that can be."""

import random

from hal import ProtocolError
from hal.modbus import crc16
from hal.remote_frame import VERSION, FrameReader, Order, Report, frame

STAMP = (513, 7, 1027, 65535)


def order():
    it = Order()
    it.armed = True
    it.permit_ma = 16000
    it.current_ma = 15870
    it.voltage_dv = 2301
    it.reading_ms = 340
    return it


ORDER = frame(Order.KIND, STAMP, order().pack())
REPORT = frame(Report.KIND, (9, 8, 7, 6), Report().pack())


def opened(data):
    reader = FrameReader()
    reader.feed(data)
    return reader.next()


def test_the_bytes_of_an_order_are_these():
    """Documented in docs/remote.md: a change of a byte is a change of the version."""
    body = (
        b"\xa5\x11\x11\x01\x02\x07\x00\x03\x04\xff\xff"
        b"\x01\x80\x3e\x00\x00\xfe\x3d\x00\x00\xfd\x08\x54\x01\x00\x00\x00\x00"
    )
    assert ORDER == body + bytes((crc16(body) & 255, crc16(body) >> 8))


def test_a_report_is_as_long_as_the_document_says():
    assert len(REPORT) == 13 + 36 and len(ORDER) == 13 + 17


def test_whole_byte_by_byte_and_with_a_neighbour():
    expected = (VERSION, Order.KIND, STAMP, order().pack())
    assert opened(ORDER) == expected
    slow = FrameReader()
    for i in range(len(ORDER)):
        assert slow.next() is None
        slow.feed(ORDER[i : i + 1])
    assert slow.next() == expected and slow.next() is None
    both = FrameReader()
    both.feed(ORDER + REPORT)
    assert both.next() == expected
    assert both.next()[1] == Report.KIND and both.next() is None
    assert both.skipped == 0


def test_any_split_of_any_stream_gives_the_same_frames():
    random.seed(5)
    noise = bytes(random.getrandbits(8) for _ in range(40))
    stream = noise + ORDER + REPORT + b"\xa5" + ORDER + b"\xa5\x03" + REPORT + ORDER + bytes(80)
    for _ in range(200):
        reader, seen, at = FrameReader(), [], 0
        while at < len(stream):
            step = random.randrange(1, 20)
            reader.feed(stream[at : at + step])
            at += step
            item = reader.next()
            while item is not None:
                seen.append(item[1])
                item = reader.next()
        assert seen == [1, 2, 1, 2, 1], seen


def test_noise_is_skipped_counted_and_not_kept():
    reader = FrameReader()
    for _ in range(50):
        reader.feed(b"\x00\xa5\xff" * 40)
        assert reader.next() is None
    assert reader.skipped >= 50 * 120 - 2 and len(reader._buf) < 80


def test_every_single_bit_error_is_refused():
    """A CRC of 16 bits finds them all; none may become an order."""
    for k in range(8 * len(ORDER)):
        data = bytearray(ORDER)
        data[k >> 3] ^= 1 << (k & 7)
        assert opened(bytes(data) + bytes(80)) is None, k


def test_every_burst_of_16_bits_is_refused():
    random.seed(6)
    for _ in range(500):
        data = bytearray(ORDER)
        at = random.randrange(len(ORDER) - 1)
        data[at] ^= random.randrange(1, 256)
        data[at + 1] ^= random.getrandbits(8)
        assert opened(bytes(data) + bytes(80)) is None


def test_a_frame_behind_a_broken_one_is_found():
    for k in range(len(ORDER)):
        assert opened(ORDER[:k] + REPORT + bytes(80))[1] == Report.KIND, k


def test_values_come_back_and_out_of_range_is_said_as_the_nearest():
    sent, got = order(), Order()
    got.unpack(sent.pack())
    for name in ("armed", "held", "permit_ma", "current_ma", "voltage_dv", "reading_ms"):
        assert getattr(got, name) == getattr(sent, name), name
    sent.permit_ma, sent.current_ma, sent.reading_ms = 10**9, -5, 10**12
    got.unpack(sent.pack())
    assert (got.permit_ma, got.current_ma, got.reading_ms) == (80000, 0, 86400000)


def test_every_flag_and_number_of_a_report_comes_back():
    sent = Report()
    for k, name in enumerate(Report._FLAGS):
        setattr(sent, name, k % 2 == 0)
    for k, (name, least, _) in enumerate(Report._NUMBERS):
        setattr(sent, name, max(least, 0) + k % 7)
    sent.temperature_dc = -251
    got = Report()
    got.unpack(sent.pack())
    for name in Report._FLAGS + tuple(row[0] for row in Report._NUMBERS):
        assert getattr(got, name) == getattr(sent, name), name


def refused(data):
    it = order()
    before = it.pack()
    try:
        it.unpack(data)
    except ProtocolError:
        assert it.pack() == before  # nothing of it was taken
        return True
    return False


def test_what_cannot_be_true_is_refused_whole():
    """A big number would allocate in the interrupt, and an unknown flag may mean anything."""
    good = order().pack()
    assert not refused(good)
    assert refused(good[:-1]) and refused(good + b"\0") and refused(b"")
    assert refused(b"\x04" + good[1:])  # a flag of a later version
    assert refused(good[:1] + b"\x81\x38\x01\x00" + good[5:])  # 80001 mA
    assert refused(good[:5] + b"\xff\xff\xff\x7f" + good[9:])
    assert refused(good[:11] + b"\xff\xff\xff\xff" + good[15:])


def test_builder_refuses_our_own_mistakes():
    for arguments in ((16, STAMP, b""), (-1, STAMP, b""), (1, STAMP, bytes(65))):
        try:
            frame(*arguments)
        except ValueError:
            continue
        raise AssertionError(arguments)
