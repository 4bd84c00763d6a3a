"""Modbus RTU: the CRC, requests, answers in any split, and nothing accepted that is not one."""

import random

from hal import ProtocolError
from hal.modbus import Reply, crc16, read_request


def framed(body):
    crc = crc16(body)
    return bytes(body) + bytes((crc & 255, crc >> 8))


def bitwise_crc16(data):
    """The definition (Modbus over Serial Line V1.02 §6.2.2), bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0xA001 if crc & 1 else crc >> 1
    return crc


ANSWER = framed(b"\x01\x04\x04\x43\x66\x33\x34")  # Eastron's own example: 230.2 V
REGISTERS = [0x4366, 0x3334]
REFUSAL = framed(b"\x01\x84\x02")


def reply():
    return Reply(1, 4, 2)


def read_three_ways(data, expected):
    whole = reply()
    whole.feed(data)
    assert whole.next() == expected and whole.next() is None

    slow = reply()
    for i in range(len(data)):
        assert slow.next() is None
        slow.feed(data[i:i + 1])
    assert slow.next() == expected

    neighbour = reply()
    neighbour.feed(data + framed(b"\x01\x04\x04\x00\x01\x00\x02"))
    assert neighbour.next() == expected
    assert neighbour.next() == [1, 2]


def refusal_of(data):
    r = reply()
    r.feed(data)
    try:
        r.next()
    except ProtocolError as e:
        return e
    raise AssertionError("not refused")


def test_crc_check_value():
    """CRC-16/MODBUS of "123456789" is 0x4B37."""
    assert crc16(b"123456789") == 0x4B37
    assert crc16(b"") == 0xFFFF


def test_crc_equals_its_definition():
    random.seed(16)
    for size in range(40):
        data = bytes(random.getrandbits(8) for _ in range(size))
        assert crc16(data) == bitwise_crc16(data)
        assert crc16(framed(data)) == 0


def test_request_of_the_specification():
    """Unit 17, holding registers 107..109 (Application Protocol V1.1b3 §6.3): CRC 0x8776."""
    assert read_request(0x11, 3, 0x6B, 3) == b"\x11\x03\x00\x6b\x00\x03\x76\x87"


def test_request_refuses_what_cannot_be_asked():
    for arguments in ((0, 3, 0, 1), (248, 3, 0, 1), (1, 5, 0, 1), (1, 3, 0, 0), (1, 3, 0, 126),
                      (1, 3, -1, 1), (1, 3, 0xFFFF, 2)):
        try:
            read_request(*arguments)
        except ValueError:
            continue
        raise AssertionError(arguments)
    assert len(read_request(247, 4, 0xFFFF, 1)) == 8


def test_answer_three_ways():
    read_three_ways(ANSWER, REGISTERS)


def test_longest_answer():
    body = bytes((1, 4, 250)) + bytes(range(250))
    r = Reply(1, 4, 125)
    r.feed(framed(body))
    assert r.next() == [i << 8 | i + 1 for i in range(0, 250, 2)]


def test_echo_and_noise_in_front_are_skipped():
    """A half-duplex line may hand us our own question, and a glitch as the driver turns round."""
    echo = read_request(1, 4, 0, 2)
    for noise in (echo, b"\x00", b"\x01", b"\x01\x04", b"\xff" * 300, echo + b"\x01\x84",
                  framed(b"\x02\x04\x04\x00\x01\x00\x02")):
        read_three_ways(noise + ANSWER, REGISTERS)


def test_echo_that_looks_like_an_answer():
    """A question whose start address reads as the byte count of the answer: its CRC tells."""
    echo = read_request(1, 4, 0x0401, 2)
    read_three_ways(echo + ANSWER, REGISTERS)


def test_other_units_and_functions_are_not_ours():
    for body in (b"\x02\x04\x04\x43\x66\x33\x34", b"\x01\x03\x04\x43\x66\x33\x34",
                 b"\x01\x04\x02\x43\x66", b"\x01\x04\x06\x43\x66\x33\x34", b"\x01\x83\x02"):
        r = reply()
        r.feed(framed(body))
        assert r.next() is None
        r.feed(ANSWER)
        assert r.next() == REGISTERS


def test_refusal():
    """Application Protocol §7: the function with its top bit, and why."""
    e = refusal_of(REFUSAL)
    assert (e.code, e.reason) == (2, "illegal data address")
    assert refusal_of(framed(b"\x01\x84\x63")).reason == "exception"
    assert refusal_of(framed(b"\x01\x84\x00")).reason == "exception"
    slow = reply()
    for i in range(len(REFUSAL)):
        assert slow.next() is None
        slow.feed(REFUSAL[i:i + 1])
    try:
        slow.next()
    except ProtocolError:
        slow.feed(ANSWER)
        assert slow.next() == REGISTERS  # it is not stuck
    else:
        raise AssertionError("not refused")


def test_no_flipped_bit_is_accepted():
    """Every single-bit error of an answer and of a refusal."""
    for frame in (ANSWER, REFUSAL):
        for bit in range(8 * len(frame)):
            broken = bytearray(frame)
            broken[bit // 8] ^= 1 << bit % 8
            r = reply()
            r.feed(broken)
            assert r.next() is None, bit


def test_end_of_file_changes_nothing():
    r = reply()
    r.feed(ANSWER[:4])
    r.feed(b"")
    r.feed(ANSWER[4:])
    assert r.next() == REGISTERS


def test_fuzz():
    """Any bytes give registers, a refusal or silence; never more memory than two frames."""
    random.seed(485)
    r = reply()
    for _ in range(2000):
        # Mostly bytes of the alphabet that gets deep into the reader.
        r.feed(bytes((1, 4, 4, 0x84, 0, random.getrandbits(8))[random.getrandbits(8) % 6]
                     for _ in range(random.getrandbits(4))))
        try:
            got = r.next()
        except ProtocolError:
            continue
        assert got is None or len(got) == 2
        assert len(r._buf) < r.size
    r.feed(b"\x00" * 20 + ANSWER)
    assert r.next() == REGISTERS
