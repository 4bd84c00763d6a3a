"""JSON values as few bytes, and back: the same values, nothing lost.

The caller supplies what it says often: `words` (strings) and `shapes` (the keys of a dict; a key
may come with its value), one byte each. Both may only grow at the end: flash holds their places.
What is built from digits is packed (`digits.py`); whatever a packed form does not give back
exactly stays as it is. No word of any protocol here. ValueError on what JSON cannot hold, and on
bytes that are not ours. Nothing recurses: a chip's stack has room for some thirty calls.
"""

import binascii
import json

from micropython import const

from firmware.store.digits import (
    byte, pack_text, put_bytes, put_rising, put_varint, rising, unpack_text, varint,
)  # fmt: skip

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
        self._longest = max([len(word) for word in words] or [0])

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
        waiting = [_DEEPEST, value]  # how deep it may be, and what; the next one is the last here
        while waiting:
            value, depth = waiting.pop(), waiting.pop() - 1
            if depth < 0:
                raise ValueError("pack: too deep")
            if isinstance(value, str):
                if len(value) <= self._longest and value in self._words:
                    place = self._words.index(value)
                    _put_count(out, place, _WORD, _WORDS, _FAR_WORD)
                else:
                    out.extend(pack_text(value) or _plain_text(value))
                continue
            inside = self._put(out, value)
            for i in range(len(inside) - 1, -1, -1):
                waiting.append(depth)
                waiting.append(inside[i])
        return out

    def decode(self, data: "bytes | bytearray", heads: "dict | None" = None):
        """The value. `heads`: first value of a list, a text: how many of its values are enough.
        When a journal is read after a boot, the rest is nine tenths of the work."""
        value, left, at = self._get(data, 0)
        above = []  # what is not whole yet, the outermost first: _wants() knows it
        while True:
            if left is not None:
                above.append([value, left, None, None])
            elif above:
                _take(above[-1], value)
            while above and not _wants(above[-1]):
                value = above.pop()[0]
                if above:
                    _take(above[-1], value)
            if not above:
                break
            if heads is not None and len(above) == 1 and _enough(above[0][0], heads):
                return above[0][0]
            if len(above) >= _DEEPEST:
                raise ValueError("pack: too deep")
            value, left, at = self._get(data, at)
        if at != len(data):
            raise ValueError("pack: bytes left over")
        return value

    # To bytes

    def _put(self, out: bytearray, value) -> "list | tuple":
        """The first bytes of what is no text; the values inside of it, which follow."""
        if value is None or isinstance(value, bool):
            out.append(_NONE if value is None else _TRUE if value else _FALSE)
        elif isinstance(value, int):
            _put_integer(out, value)
        elif isinstance(value, dict):
            return self._put_dict(out, value)
        elif isinstance(value, (list, tuple)):
            return _put_list(out, value)
        elif isinstance(value, float) and value - value == 0:  # neither NaN nor infinite
            put_bytes(out, _FLOAT, json.dumps(value).encode())
        else:
            raise ValueError("pack: not a JSON value")
        return ()

    def _put_dict(self, out: bytearray, value: dict) -> list:
        for i, shape in enumerate(self._shapes):
            if len(shape) == len(value) and _fits(shape, value):
                _put_count(out, i, _SHAPE, _SHAPES, _FAR_SHAPE)
                return [value[key] for key in shape if isinstance(key, str)]
        out.append(_DICT)
        put_varint(out, len(value))
        inside = []
        for key in value:
            if not isinstance(key, str):
                raise ValueError("pack: a key that is no text")
            inside.append(key)
            inside.append(value[key])
        return inside

    # From bytes

    def _get(self, data, at: int) -> tuple:
        """(value, None or an iterator of what it still wants, see _wants(); place behind it)."""
        tag = byte(data, at)
        at += 1
        if tag < _WORD:
            return tag, None, at
        if tag < _SHAPE:
            return _item(self._words, tag - _WORD), None, at
        if tag < _LIST:
            return {}, iter(_item(self._shapes, tag - _SHAPE)), at
        if tag < _TEXT:
            return [], iter(range(tag - _LIST)), at
        if _NONE <= tag <= _TRUE:
            return (None, False, True)[tag - _NONE], None, at
        if tag in (_LONG_LIST, _DICT, _FAR_SHAPE):
            return self._get_large(tag, data, at)
        if tag < _NONE:
            value, at = _text(data, at, tag - _TEXT)
        elif tag >= _DIGITS:
            value, at = unpack_text(tag, data, at)
        else:
            value, at = self._get_counted(tag, data, at)
        return value, None, at

    def _get_large(self, tag: int, data, at: int) -> tuple:
        count, at = varint(data, at)
        if tag == _FAR_SHAPE:
            return {}, iter(_item(self._shapes, count)), at
        if count > len(data) - at:  # a byte each, at least: nothing is made for a count that lies
            raise ValueError("pack: ends early")
        if tag == _DICT:
            return {}, iter(range(2 * count)), at
        return [], iter(range(count)), at

    def _get_counted(self, tag: int, data, at: int) -> tuple:
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
        if tag == _FAR_WORD:
            return _item(self._words, count), at
        return rising(data, count, at)


def _enough(whole: "list | dict", heads: dict) -> bool:
    if not isinstance(whole, list) or not whole or not isinstance(whole[0], str):
        return False
    return len(whole) == heads.get(whole[0])


def _wants(unfinished: list) -> bool:
    """One more value? `unfinished`: [list or dict, iterator, what the next value is for, a key].
    The iterator gives the keys of a shape; of a dict 0 for a key, 1 for its value and so on."""
    whole, left = unfinished[0], unfinished[1]
    for place in left:
        if isinstance(place, tuple):  # a key that comes with its value
            whole[place[0]] = place[1]
            continue
        unfinished[2] = place
        return True
    return False


def _take(unfinished: list, value) -> None:
    whole, _, place, key = unfinished
    if isinstance(whole, list):
        whole.append(value)
    elif isinstance(place, str):
        whole[place] = value
    elif place & 1:
        whole[key] = value
    elif not isinstance(value, str):
        raise ValueError("pack: a key that is no text")
    else:
        unfinished[3] = value


def _put_list(out: bytearray, values: "list | tuple") -> "list | tuple":
    if not _rising(values):
        _put_count(out, len(values), _LIST, 16, _LONG_LIST)
        return values
    out.append(_RISING)
    put_rising(out, values)
    return ()


def _fits(shape: tuple, value: dict) -> bool:
    for key in shape:
        if isinstance(key, str):
            if key not in value:
                return False
        elif value.get(key[0]) != key[1]:
            return False
    return True


def _plain_text(text: str) -> bytearray:
    out, data = bytearray(), text.encode()
    _put_count(out, len(data), _TEXT, 16, _LONG_TEXT)
    out.extend(data)
    return out


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
