"""JSON values as few bytes, and back: the same values, nothing lost.

The caller supplies what it says often: `words` (strings) and `shapes` (the keys of a dict; a key
may come with its value), one byte each. Both may only grow at the end: flash holds their places.
What is built from digits is packed (`digits.py`); whatever a packed form does not give back
exactly stays as it is. No word of any protocol here. ValueError on what JSON cannot hold, and on
bytes that are not ours.
"""

import binascii
import json

from micropython import const

from firmware.store.digits import byte, pack_text, put_bytes, put_varint, unpack_text, varint

_DEEPEST = const(12)

# The first byte of a value.
_WORD = const(0x30)  # below: the integer itself
_SHAPE = const(0xA0)
_LIST = const(0xC0)
_TEXT = const(0xD0)
_NONE = const(0xE0)
_FALSE = const(0xE1)
_TRUE = const(0xE2)
_INTEGER = const(0xE3)
_NEGATIVE = const(0xE4)
_FLOAT = const(0xE5)
_LONG_TEXT = const(0xE6)
_LONG_LIST = const(0xE7)
_DICT = const(0xE8)
_FAR_WORD = const(0xE9)
_FAR_SHAPE = const(0xEA)
_RISING = const(0xEB)  # a list of integers, none below the one before
_DIGITS = const(0xEC)  # from here on: firmware/store/digits.py

_WORDS = const(112)
_SHAPES = const(32)


class Codec:
    """`words`: strings. `shapes`: tuples, each the keys of a dict, a key or (key, its value as
    text); of two that fit the first is taken. At most 65535 and 255."""

    def __init__(self, words: tuple = (), shapes: tuple = ()):
        self._words = words
        self._shapes = shapes
        self.size = (len(words), len(shapes))

    def signature(self, size: tuple) -> int:
        """A checksum of so many words and shapes: what was packed with them can be read here."""
        crc = 0
        for word in self._words[: size[0]]:
            crc = binascii.crc32(word.encode() + b"\0", crc)
        for shape in self._shapes[: size[1]]:
            for key in shape:
                text = key if isinstance(key, str) else "\1".join(key)
                crc = binascii.crc32(text.encode() + b"\0", crc)
            crc = binascii.crc32(b"\2", crc)
        return crc

    def encode(self, value) -> bytearray:
        out = bytearray()
        self._put(out, value, _DEEPEST)
        return out

    def decode(self, data: "bytes | bytearray"):
        value, at = self._get(data, 0, _DEEPEST)
        if at != len(data):
            raise ValueError("pack: bytes left over")
        return value

    # To bytes

    def _put(self, out: bytearray, value, depth: int) -> None:
        if depth == 0:
            raise ValueError("pack: too deep")
        if isinstance(value, str):
            self._put_text(out, value)
        elif value is None or isinstance(value, bool):
            out.append(_NONE if value is None else _TRUE if value else _FALSE)
        elif isinstance(value, int):
            _put_integer(out, value)
        elif isinstance(value, dict):
            self._put_dict(out, value, depth)
        elif isinstance(value, (list, tuple)):
            self._put_list(out, value, depth)
        elif isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
            put_bytes(out, _FLOAT, json.dumps(value).encode())
        else:
            raise ValueError("pack: not a JSON value")

    def _put_list(self, out: bytearray, values: "list | tuple", depth: int) -> None:
        if _rising(values):
            out.append(_RISING)
            put_varint(out, len(values))
            last = 0
            for value in values:
                put_varint(out, value - last)
                last = value
            return
        _put_count(out, len(values), _LIST, 16, _LONG_LIST)
        for value in values:
            self._put(out, value, depth - 1)

    def _put_dict(self, out: bytearray, value: dict, depth: int) -> None:
        for i, shape in enumerate(self._shapes):
            if len(shape) == len(value) and _fits(shape, value):
                _put_count(out, i, _SHAPE, _SHAPES, _FAR_SHAPE)
                for key in shape:
                    if isinstance(key, str):
                        self._put(out, value[key], depth - 1)
                return
        out.append(_DICT)
        put_varint(out, len(value))
        for key in value:
            if not isinstance(key, str):
                raise ValueError("pack: a key that is no text")
            self._put_text(out, key)
            self._put(out, value[key], depth - 1)

    def _put_text(self, out: bytearray, text: str) -> None:
        if text in self._words:
            _put_count(out, self._words.index(text), _WORD, _WORDS, _FAR_WORD)
            return
        packed = pack_text(text)
        if packed is not None:
            out.extend(packed)
            return
        data = text.encode()
        _put_count(out, len(data), _TEXT, 16, _LONG_TEXT)
        out.extend(data)

    # From bytes

    def _get(self, data, at: int, depth: int) -> tuple:
        if depth == 0:
            raise ValueError("pack: too deep")
        tag = byte(data, at)
        at += 1
        if tag < _WORD:
            return tag, at
        if tag < _SHAPE:
            return _item(self._words, tag - _WORD), at
        if tag < _LIST:
            return self._get_shape(data, tag - _SHAPE, at, depth)
        if tag < _TEXT:
            return self._get_list(data, tag - _LIST, at, depth)
        if tag < _NONE:
            return _text(data, at, tag - _TEXT)
        if tag <= _TRUE:
            return (None, False, True)[tag - _NONE], at
        if tag >= _DIGITS:
            return unpack_text(tag, data, at)
        return self._get_counted(tag, data, at, depth)

    def _get_counted(self, tag: int, data, at: int, depth: int) -> tuple:
        count, at = varint(data, at)
        if tag == _INTEGER:
            return count + _WORD, at
        if tag == _NEGATIVE:
            return -1 - count, at
        if tag == _FLOAT:
            text, at = _text(data, at, count)
            return json.loads(text), at
        if tag == _LONG_TEXT:
            return _text(data, at, count)
        if tag == _LONG_LIST:
            return self._get_list(data, count, at, depth)
        if tag == _DICT:
            return self._get_dict(data, count, at, depth)
        if tag == _FAR_WORD:
            return _item(self._words, count), at
        if tag == _FAR_SHAPE:
            return self._get_shape(data, count, at, depth)
        return _get_rising(data, count, at)

    def _get_list(self, data, count: int, at: int, depth: int) -> tuple:
        values = []
        for _ in range(count):  # the data ends before a count that lies does
            value, at = self._get(data, at, depth - 1)
            values.append(value)
        return values, at

    def _get_shape(self, data, place: int, at: int, depth: int) -> tuple:
        shape = _item(self._shapes, place)
        value = {}
        for key in shape:
            if isinstance(key, str):
                value[key], at = self._get(data, at, depth - 1)
            else:
                value[key[0]] = key[1]
        return value, at

    def _get_dict(self, data, count: int, at: int, depth: int) -> tuple:
        value = {}
        for _ in range(count):
            key, at = self._get(data, at, 1)
            if not isinstance(key, str):
                raise ValueError("pack: a key that is no text")
            value[key], at = self._get(data, at, depth - 1)
        return value, at


def _fits(shape: tuple, value: dict) -> bool:
    for key in shape:
        if isinstance(key, str):
            if key not in value:
                return False
        elif value.get(key[0]) != key[1]:
            return False
    return True


def _put_count(out: bytearray, count: int, near: int, limit: int, far: int) -> None:
    """In the first byte, when it is small."""
    if count < limit:
        out.append(near + count)
    else:
        out.append(far)
        put_varint(out, count)


def _put_integer(out: bytearray, value: int) -> None:
    if value < 0:
        out.append(_NEGATIVE)
        put_varint(out, -1 - value)
    elif value < _WORD:
        out.append(value)
    else:
        out.append(_INTEGER)
        put_varint(out, value - _WORD)


def _rising(values: "list | tuple") -> bool:
    last = 0
    for value in values:
        if not isinstance(value, int) or isinstance(value, bool) or value < last:
            return False
        last = value
    return len(values) > 2


def _item(table: tuple, place: int):
    if place >= len(table):
        raise ValueError("pack: a word of a newer firmware")
    return table[place]


def _text(data, at: int, size: int) -> tuple:
    if at + size > len(data):
        raise ValueError("pack: ends early")
    return bytes(data[at : at + size]).decode(), at + size


def _get_rising(data, count: int, at: int) -> tuple:
    values = []
    last = 0
    for _ in range(count):
        more, at = varint(data, at)
        last += more
        values.append(last)
    return values, at
