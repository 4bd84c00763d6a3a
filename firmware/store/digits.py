"""Text of digits as few bytes: numbers, times, hex, UUIDs. Packed only when unpacking gives back
the very same text. The first byte says which; firmware/store/pack.py has the bytes below 0xEC.
"""

import binascii
import struct

from micropython import const

_TIME = const(0xEC)  # 2026-11-22T23:16:53Z
_TIME_MS = const(0xED)  # 2026-11-22T23:16:53.000Z
_UUID = const(0xEE)
_HEX = const(0xEF)
_HEX_UPPER = const(0xF0)
_HEX_16 = const(0xF1)  # of 16 bytes
_NUMBER = const(0xF2)  # + decimals: 0 to 3
_NUMBER_NEGATIVE = const(0xF6)

_LONGEST = const(256)  # text worth a try
_YEAR = const(2020)  # six bits: until 2083


def put_varint(out: bytearray, value: int) -> None:
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    out.append(value)


def put_rising(out: bytearray, values: "list | tuple") -> None:
    """How many, then each as what it is above the one before."""
    put_varint(out, len(values))
    last = 0
    for value in values:
        put_varint(out, value - last)
        last = value


def put_bytes(out: bytearray, tag: int, data: bytes) -> None:
    out.append(tag)
    put_varint(out, len(data))
    out.extend(data)


def byte(data, at: int) -> int:
    if at >= len(data):
        raise ValueError("pack: ends early")
    return data[at]


def varint(data, at: int) -> tuple:
    value = shift = 0
    while True:
        if at >= len(data):
            raise ValueError("pack: ends early")
        more = data[at]
        at += 1
        value |= (more & 127) << shift
        if more < 128:
            return value, at
        shift += 7


def rising(data, count: int, at: int) -> tuple:
    """(the `count` values of `put_rising`, place behind them)"""
    values = []
    last = 0
    for _ in range(count):
        more, at = varint(data, at)
        last += more
        values.append(last)
    return values, at


def pack_text(text: str) -> "bytearray | None":
    if len(text) > _LONGEST or (len(text) and text[0] > "f"):
        return None
    for pack in (_pack_time, _pack_number, _pack_hex):
        try:
            packed = pack(text)
            if packed is not None and unpack_text(packed[0], packed, 1) == (text, len(packed)):
                return packed
        except ValueError:
            continue  # not of digits after all
    return None


def _pack_time(text: str) -> "bytearray | None":
    if len(text) not in (20, 24) or text[10] != "T":
        return None
    word = int(text[:4]) - _YEAR
    if not 0 <= word < 64:
        return None
    for at, bits in ((5, 4), (8, 5), (11, 5), (14, 6), (17, 6)):
        word = word << bits | int(text[at : at + 2]) & (1 << bits) - 1
    packed = bytearray(5)
    struct.pack_into("<BI", packed, 0, _TIME if len(text) == 20 else _TIME_MS, word)
    if len(text) == 24:
        put_varint(packed, abs(int(text[20:23])))
    return packed


def _pack_number(text: str) -> "bytearray | None":
    if len(text) > 18:
        return None
    digits = text[1:] if text[:1] == "-" else text
    whole, _, decimals = digits.partition(".")
    if len(decimals) > 3 or not (whole + decimals).isdigit():
        return None
    packed = bytearray([(_NUMBER if digits is text else _NUMBER_NEGATIVE) + len(decimals)])
    put_varint(packed, abs(int(whole + decimals)))
    return packed


def _pack_hex(text: str) -> "bytearray | None":
    if len(text) < 6:
        return None
    uuid = len(text) == 36 and text[8] == "-"
    data = binascii.unhexlify(text.replace("-", "") if uuid else text)
    upper = text.lower() != text
    if uuid or (len(data) == 16 and not upper):
        return bytearray([_UUID if uuid else _HEX_16]) + data
    packed = bytearray([_HEX_UPPER if upper else _HEX])
    put_varint(packed, len(data))
    return packed + data


def unpack_text(tag: int, data, at: int) -> tuple:
    if tag in (_TIME, _TIME_MS):
        return _unpack_time(tag, data, at)
    if tag < _NUMBER:
        return _unpack_hex(tag, data, at)
    if tag > _NUMBER_NEGATIVE + 3:
        raise ValueError("pack: not ours")
    decimals = (tag - _NUMBER) & 3
    value, at = varint(data, at)
    text = str(value)
    if decimals:
        text = "0" * (decimals + 1 - len(text)) + text
        text = text[:-decimals] + "." + text[-decimals:]
    return ("-" + text if tag >= _NUMBER_NEGATIVE else text), at


def _unpack_time(tag: int, data, at: int) -> tuple:
    if at + 4 > len(data):
        raise ValueError("pack: ends early")
    word = struct.unpack_from("<I", data, at)[0]
    day = word >> 17
    text = "%04d-%02d-%02dT" % (_YEAR + (day >> 9), day >> 5 & 15, day & 31)
    text += "%02d:%02d:%02d" % (word >> 12 & 31, word >> 6 & 63, word & 63)
    at += 4
    if tag == _TIME:
        return text + "Z", at
    ms, at = varint(data, at)
    return text + ".%03dZ" % ms, at


def _unpack_hex(tag: int, data, at: int) -> tuple:
    size = 16
    if tag in (_HEX, _HEX_UPPER):
        size, at = varint(data, at)
    if at + size > len(data):
        raise ValueError("pack: ends early")
    text = binascii.hexlify(bytes(data[at : at + size])).decode()
    if tag == _UUID:
        cuts = (text[:8], text[8:12], text[12:16], text[16:20], text[20:])
        text = "-".join(cuts)
    return (text.upper() if tag == _HEX_UPPER else text), at + size
