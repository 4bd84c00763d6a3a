"""The last lines and frames in fixed RAM: whatever is said, and never a secret."""

import random

from firmware.store import log
from firmware.store.log import Log


def lines(ring):
    return [data.decode() for _, data in ring.entries()]


def test_the_last_lines_are_there_oldest_first():
    """A ring of bytes against a plain list: any lengths, any content, as much as fits."""
    random.seed(3)
    ring, said = Log(512, 100), []
    letters = 'ab \u00e4\u20ac\U0001f600\u0000"\\{'
    for i in range(300):
        text = "%d" % i + "".join(random.choice(letters) for _ in range(random.randrange(25)))
        ring.keep(text)
        said = said[-30:] + [text]
        kept = lines(ring)
        assert kept == said[-len(kept) :] and ring.count == i + 1
        assert ring.gone == i + 1 - len(kept)
        size = sum(len(line.encode()) + 8 for line in kept)
        assert size <= 512 and (not ring.gone or size > 512 - 120)


def test_a_long_line_is_cut_between_characters():
    for pad in range(8):
        ring = Log(256, 40)
        ring.keep("x" * pad + "\u20ac\u00e4\U0001f600" * 20)
        (line,) = lines(ring)
        assert line.endswith("...") and 36 <= len(line.encode()) <= 40
        assert ("x" * pad + "\u20ac\u00e4\U0001f600" * 20).startswith(line[:-3])
    ring.keep("y" * 40)
    assert lines(ring)[-1] == "y" * 40


def test_a_line_can_be_as_long_as_the_ring():
    ring = Log(64, 1000)
    for text in ("a" * 90, "", "b" * 56, "c"):
        ring.keep(text)
    assert lines(ring) == ["c"] and ring.gone == 3
    ring.keep("d" * 57)
    assert lines(ring) == ["d" * 53 + "..."]


def test_a_text_cannot_forge_a_line():
    """A traceback stays readable, but what a peer says begins no line of its own."""
    ring = Log(256, 200)
    ring.keep("refused\r\n1.000 link up\n")
    assert lines(ring) == ["refused\n    1.000 link up"]


def test_half_a_character_does_no_harm():
    ring = Log(256, 200)
    ring.keep("a\ud83db")
    (line,) = ring.lines()
    assert line.startswith("- a") and line.endswith("b")


def test_each_line_has_its_time():
    """Seconds since boot; - before there is a clock; longer than any counter of 32 bits."""
    ring = Log(512, 100)
    ring.keep("early")
    for ms in (0, 61001, 400 * 86400000):
        ring.clock = lambda ms=ms: ms
        ring.keep("x")
    assert [ms for ms, _ in ring.entries()] == [None, 0, 61001, 400 * 86400000]
    assert list(ring.lines()) == ["- early", "0.000 x", "61.001 x", "34560000.000 x"]


def test_a_ring_grows_with_what_it_keeps():
    ring = Log(128, 60)
    ring.keep("early")
    ring.clock = lambda: 5
    for i in range(20):
        ring.keep("line %d" % i)
    kept, gone = list(ring.entries()), ring.gone
    ring.grow(256)
    assert list(ring.entries()) == kept and ring.gone == gone and ring.count == 21
    ring.grow(64)  # never smaller
    for i in range(20, 27):
        ring.keep("line %d" % i)
    assert list(ring.entries())[: len(kept)] == kept and ring.gone == gone


def test_a_ring_grows_without_a_clock():
    ring = Log(128, 60)
    ring.keep("early")
    ring.grow(256)
    assert list(ring.entries()) == [(None, b"early")]


def test_reading_goes_on_while_lines_come():
    """Those that go meanwhile are missed, those that come are not told; an end may be set."""
    ring = Log(256, 100)
    for i in range(10):
        ring.keep("line %d" % i)
    seen = []
    for i, (_, line) in enumerate(ring.entries(ring.count)):
        seen.append(int(line.decode()[5:]))
        if i == 2:
            for k in range(10, 22):
                ring.keep("line %d" % k)
            first = ring.gone
    assert seen == [0, 1, 2] + list(range(first, 10)) and first > 3, seen
    assert [line.decode() for _, line in ring.entries()][-1] == "line 21"


def test_note_and_frame_keep_what_they_print():
    """Words as print takes them; of an address no password; of a frame no secret."""
    log.note("link:", OSError(5), 7, None)
    log.note("to ftp://user:hunter2@host/x?sig=hunter3")
    said = lines(log.LOG)
    assert said[-2] == "link: %s 7 None" % OSError(5)
    assert said[-1] == "to ftp://***@host/x?***"
    log.frame(">", '[2,"1","Heartbeat",{}]')
    log.frame("<", '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"hunter2"}]')
    kept = lines(log.FRAMES)
    assert kept[-2] == '> [2,"1","Heartbeat",{}]'
    assert kept[-1].startswith('< [2,"1","ChangeConfiguration",{"key":"AuthorizationKey"')
    assert "hunter" not in "".join(said + kept)
    log.set_clock(lambda: 5)
    try:
        log.note("a")
        assert list(log.LOG.lines())[-1] == "0.005 a"
    finally:
        log.set_clock(None)
