"""RAPI's lines: commands as described, answers in any split, nothing without its check."""

import random

from hal.rapi_frame import LineReader, check, command


def line(text):
    body = text.encode()
    return body + b"^%02X\r" % check(body)


def read(data):
    reader = LineReader()
    reader.feed(data)
    return reader.next()


STATE = line("$OK 03 754 03 0140 :1F")
NEWS = line("$AT 02 02 16 0100")


def test_the_check_is_that_of_the_description():
    """$GS^30, $G0^53, $GU^36, $SK 0^2C are its own examples."""
    examples = (("$GS", 0x30), ("$G0", 0x53), ("$GU", 0x36), ("$GG", 0x24), ("$F0 1", 0x43))
    for body, value in examples:
        assert check(body.encode()) == value, body


def test_a_command_carries_a_number_and_a_check():
    assert command("SC 16 V", 10) == line("$SC 16 V :0A")
    assert command("GS", 255) == line("$GS :FF")


def test_a_command_refuses_our_own_mistakes():
    for words, number in (("GS", 0), ("GS", 256), ("", 1), ("FP 0 0 a^b", 1), ("GS\r", 1),
                          ("G$", 1), ("FP 0 0 :11", 1), ("x" * 25, 1)):
        try:
            command(words, number)
        except ValueError:
            continue
        raise AssertionError(words)


def test_whole_byte_by_byte_and_with_a_neighbour():
    state = ("OK", ["03", "754", "03", "0140"], 0x1F)
    news = ("AT", ["02", "02", "16", "0100"], None)
    assert read(STATE) == state
    slow = LineReader()
    for i in range(len(STATE)):
        assert slow.next() is None
        slow.feed(STATE[i : i + 1])
    assert slow.next() == state and slow.next() is None
    both = LineReader()
    both.feed(STATE + NEWS)
    assert both.next() == state and both.next() == news and both.broken == 0


def test_any_split_gives_the_same_lines():
    random.seed(9)
    stream = b"boot!\x00\xff\r\n" + STATE + b"\n" + NEWS + b"$OK 0" + STATE + b"\r\r" + NEWS
    for _ in range(200):
        reader, seen, at = LineReader(), [], 0
        while at < len(stream):
            step = random.randrange(1, 15)
            reader.feed(stream[at : at + step])
            at += step
            item = reader.next()
            while item is not None:
                seen.append(item[0])
                item = reader.next()
        assert seen == ["OK", "AT", "OK", "AT"], seen


def test_every_single_bit_error_is_refused():
    """XOR finds every odd number of errors in a column. A flip that only changes the case of a
    digit of the check says the same number and is none."""
    for k in range(8 * (len(STATE) - 1)):
        data = bytearray(STATE)
        data[k >> 3] ^= 1 << (k & 7)
        item = read(bytes(data))
        assert item is None or (k >> 3 >= len(STATE) - 3 and item == read(STATE)), k


def test_no_check_no_answer():
    """Format 3 of the description, "for testing only", and the additive check of old versions."""
    for data in (b"$OK 02 0 02 0100\r", b"$OK*0E\r", b"$OK^\r", b"$^24\r", b"^00\r", b"$OK^2\r"):
        reader = LineReader()
        reader.feed(data)
        assert reader.next() is None and reader.broken == 1, data


def test_a_number_that_is_none_is_no_line():
    for text in ("$OK :", "$OK :1", "$OK :GG", "$:01", "$OK :001"):
        assert read(line(text)) is None, text


def test_bytes_of_no_word_are_no_line_even_with_a_right_check():
    for body in (b"$OK \xff\xfe", b"$OK \x07", b"$\x80 1", b"$AB 00 8.2\xc3"):
        assert read(body + b"^%02X\r" % check(body)) is None, body


def test_what_never_ends_is_not_kept():
    reader = LineReader()
    for _ in range(100):
        reader.feed(b"$" * 50)
        reader.next()
    assert len(reader._buf) <= 96 and reader.broken


def test_random_bytes_are_no_lines():
    random.seed(10)
    reader = LineReader()
    for _ in range(3000):
        reader.feed(bytes(random.getrandbits(8) for _ in range(30)) + b"\r")
        assert reader.next() is None
