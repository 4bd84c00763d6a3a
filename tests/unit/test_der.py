"""firmware.crypto.der"""

from firmware.crypto import der
from tests.unit.certificate_forge import refusal

# (bytes, what is wrong): X.690 §8, §10, §11
BAD = (
    (b"", "cut off"),
    (b"\x30", "cut off"),
    (b"\x30\x02\x05", "cut off"),
    (b"\x30\x81", "cut off"),
    (b"\x30\x82\x01", "cut off"),
    (b"\x30\x80\x00\x00", "length form"),  # indefinite: BER
    (b"\x30\x81\x05abcde", "shortest form"),
    (b"\x30\x81\x7f" + bytes(0x7F), "shortest form"),
    (b"\x30\x82\x00\x85" + bytes(0x85), "shortest form"),
    (b"\x30\x83\x01\x00\x00" + b"abc", "length form"),
    (b"\x30\xff", "length form"),
    (b"\x31\x00", "tag 31 where 30 belongs"),
    (b"\x30\x00\x00", "left over"),
)


def test_values_one_after_the_other_and_inside():
    data = b"\x30\x06\x02\x01\x05\x04\x01x\x05\x00"
    outer = der.Reader(data)
    assert outer.peek() == der.SEQUENCE
    assert der.Reader(data).raw(der.SEQUENCE) == data[:8]
    inner = outer.enter()
    assert inner.take(der.INTEGER) == b"\x05" and inner.take(der.OCTET_STRING) == b"x"
    assert inner.peek() == -1
    inner.end()
    assert outer.take(der.NULL) == b""
    outer.end()


def test_only_definite_lengths_in_their_shortest_form():
    for data, why in BAD:
        said = refusal(lambda data=data: der.whole(data))
        assert said and why in said, (data[:8], said)
    assert "several bytes" in refusal(der.Reader(b"\x3f\x81\x01\x00").take, 0x3F)
    assert "too long" in refusal(der.Reader, bytes(0x4001))


def test_lengths_of_one_two_and_three_bytes():
    for size in (0, 1, 0x7F, 0x80, 0xFF, 0x100, 0x1234):
        data = der.encode(der.OCTET_STRING, bytes(size))
        assert len(der.Reader(data).take(der.OCTET_STRING)) == size
        assert len(data) == size + (2 if size < 0x80 else 3 if size < 0x100 else 4)
        assert refusal(der.Reader(data[:-1]).take, der.OCTET_STRING) == "DER: cut off"
    assert "too long" in refusal(der.encode, der.OCTET_STRING, bytes(0x4001))


def test_depth_is_bounded():
    data = b""
    for _ in range(13):
        data = der.encode(der.SEQUENCE, data)
    reader = der.Reader(data)
    for _ in range(12):
        reader = reader.enter()
    assert "deeply" in refusal(reader.enter)


def test_no_byte_is_copied():
    data = bytearray(b"\x30\x03\x02\x01\x05")
    value = der.whole(data).take(der.INTEGER)
    data[4] = 7
    assert value == b"\x07"


def test_integers():
    cases = ((b"\x00", 0), (b"\x7f", 127), (b"\x00\x80", 128), (b"\x01\x00", 256))
    for contents, value in cases:
        assert der.integer(contents) == value
        assert der.encode_integer(value) == der.encode(der.INTEGER, contents)
    assert der.integer(b"\x7f" + bytes(31)) == 127 << 248
    for bad in (b"", b"\x80", b"\xff\xff", b"\x00\x7f", b"\x00\x00"):
        assert refusal(der.integer, bad), bad
    assert der.small(b"\x01\x00\x00") == 65536 and refusal(der.small, b"\x01\x00\x00\x00")


def test_booleans():
    assert der.boolean(b"\xff") is True and der.boolean(b"\x00") is False
    for bad in (b"", b"\x01", b"\xff\xff"):
        assert refusal(der.boolean, bad), bad


def test_bit_strings():
    assert der.octets(b"\x00ab") == b"ab" and der.octets(b"\x00") == b""
    for bad in (b"", b"\x01\x80", b"\x08"):
        assert refusal(der.octets, bad), bad
    # keyUsage: digitalSignature; keyCertSign and cRLSign; decipherOnly
    cases = ((b"\x07\x80", 1), (b"\x01\x06", 0x60), (b"\x07\x00\x80", 0x100), (b"\x00", 0))
    for contents, value in cases:
        assert der.flags(contents) == value, contents
    for bad in (b"", b"\x01", b"\x08\x80", b"\x07\x00", b"\x06\x80", b"\x00\x80", b"\x07\x81"):
        assert refusal(der.flags, bad), bad
    assert refusal(der.flags, b"\x00\x00\x00\x01")


def test_object_identifiers():
    assert der.oid(b"\x55\x1d\x0f") == b"\x55\x1d\x0f"
    assert der.dotted(b"\x55\x1d\x0f") == "2.5.29.15"
    assert der.dotted(b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b") == "1.2.840.113549.1.1.11"
    assert der.dotted(b"\x60\x86\x48") == "2.16.840" and der.dotted(b"\x09") == "0.9"
    assert der.dotted(b"\x88\x37\x03") == "2.999.3"
    for bad in (b"", b"\x2a\x86", b"\x80\x01", b"\x2a\x80\x01", b"\x01" * 65):
        assert refusal(der.oid, bad), bad
