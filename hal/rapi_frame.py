"""RAPI, the serial protocol of OpenEVSE's controller: commands out, lines in. No UART, no clock.

`$GS :0A^12` and a carriage return: two letters, words, a number that the answer repeats, and the
XOR of all before `^` in two hexadecimal digits. Answers are $OK and $NK, what it says by itself
begins with $A. From the protocol's own description (open_evse, rapi_proc.h, FW 8.2.3; numbers
since 3.0.0); a line without its check is not believed, an answer without its number not matched.
"""

from micropython import const

_START = b"$"
_END = b"\r"
_MOST_BYTES = const(96)  # of a line: the longest answer used here has 45


def check(data) -> int:
    """XOR of all bytes."""
    value = 0
    for byte in data:
        value ^= byte
    return value


def command(words: str, number: int) -> bytes:
    """`words`: "GS", "SC 16 V". `number`: 1..255, 0 is reserved."""
    if not 1 <= number <= 255 or not words or len(words) > 24:
        raise ValueError("rapi command")
    for letter in words:
        if not " " <= letter <= "~" or letter in "$^*:":
            raise ValueError("rapi command")
    body = ("$%s :%02X" % (words, number)).encode()
    return body + b"^%02X\r" % check(body)


class LineReader:
    """(word, arguments, number or None) for each line that is whole; .broken counts the others."""

    def __init__(self):
        self._buf = b""
        self.broken = 0

    def feed(self, data) -> None:
        """Bytes that arrived, in any split."""
        self._buf = self._buf + bytes(data)

    def next(self) -> "tuple | None":
        while True:
            end = self._buf.find(_END)
            if end < 0:
                if len(self._buf) > _MOST_BYTES:  # noise, or the end of a line too long
                    self.broken += 1
                    self._buf = b""
                return None
            line = self._buf[:end]
            self._buf = self._buf[end + 1 :]
            start = line.rfind(_START)  # an interrupted line ends where another begins
            if start < 0 and not line.strip():
                continue
            item = _opened(line[start:]) if start >= 0 else None
            if item is not None:
                return item
            self.broken += 1


def _opened(line: bytes) -> "tuple | None":
    mark = line.rfind(b"^")
    if len(line) != mark + 3 or len(line) > _MOST_BYTES:
        return None
    if _hex(line[mark + 1 :]) != check(line[:mark]):
        return None
    words = _text(line[1:mark])
    if not words:
        return None
    number = None
    if words[-1][:1] == ":":
        number = _hex(words.pop()[1:].encode())
        if number is None or not words:
            return None
    return words[0], words[1:], number


def _text(data: bytes) -> "list | None":
    """The words, None where a byte is none of a word."""
    for byte in data:
        if not 0x20 <= byte <= 0x7E:
            return None
    return data.decode().split()


def _hex(digits: bytes) -> "int | None":
    if len(digits) != 2:
        return None
    for byte in digits:
        if not (0x30 <= byte <= 0x39 or 0x41 <= byte <= 0x46 or 0x61 <= byte <= 0x66):
            return None
    return int(digits.decode(), 16)


def numbers_of(values: list, bases: tuple) -> "list | None":
    """The arguments in these bases, None when they are not that."""
    if len(values) != len(bases):
        return None
    numbers = []
    for value, base in zip(values, bases):
        digits = value[1:] if value[:1] == "-" and base == 10 else value
        for letter in digits:
            if letter not in ("0123456789ABCDEFabcdef" if base == 16 else "0123456789"):
                return None
        if not 1 <= len(digits) <= 9:
            return None
        numbers.append(int(value, base))
    return numbers
