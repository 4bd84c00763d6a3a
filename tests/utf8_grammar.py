"""UTF-8 as RFC 3629 §4 writes it, one byte at a time: slow, and easy to compare with the RFC."""

_TAIL = (0x80, 0xBF)

# first byte from, to; then the range of each byte that follows
_CHARACTERS = (
    (0x00, 0x7F),
    (0xC2, 0xDF, _TAIL),
    (0xE0, 0xE0, (0xA0, 0xBF), _TAIL),
    (0xE1, 0xEC, _TAIL, _TAIL),
    (0xED, 0xED, (0x80, 0x9F), _TAIL),
    (0xEE, 0xEF, _TAIL, _TAIL),
    (0xF0, 0xF0, (0x90, 0xBF), _TAIL, _TAIL),
    (0xF1, 0xF3, _TAIL, _TAIL, _TAIL),
    (0xF4, 0xF4, (0x80, 0x8F), _TAIL, _TAIL),
)

# Both sides of every border in the table.
EDGES = (
    b"\x00\x7f\x80\x8f\x90\x9f\xa0\xbf\xc0\xc1\xc2\xdf"
    b"\xe0\xe1\xec\xed\xee\xef\xf0\xf1\xf3\xf4\xf5\xff"
)


def verdict(data):
    """True: text. False: it ends inside a character. None: no text begins like this."""
    expected = []
    for byte in data:
        if expected:
            low, high = expected.pop(0)
            if not low <= byte <= high:
                return None
            continue
        for character in _CHARACTERS:
            if character[0] <= byte <= character[1]:
                expected = list(character[2:])
                break
        else:
            return None
    return not expected
