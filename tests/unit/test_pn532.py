"""The PN532: frames in any split, one idTag a presentation, a reader that comes and goes."""

import random

from hal import ProtocolError
from hal.reader.pn532 import PN532, FrameReader, frame

ACK = b"\x00\x00\xff\x00\xff\x00"
NACK = b"\x00\x00\xff\xff\x00\x00"
EXTENDED = b"\x00\x00\xff\xff\xff\x01\x00\xff\xd5\x03"
SYNTAX_ERROR = b"\x00\x00\xff\x01\xff\x7f\x81\x00"  # UM0701-02 §6.2.1.5
FIRMWARE = b"\x00\x00\xff\x06\xfa\xd5\x03\x32\x01\x06\x07\xe8\x00"  # a PN532 v1.6
SAM_DONE = b"\x00\x00\xff\x02\xfe\xd5\x15\x16\x00"
RF_DONE = b"\x00\x00\xff\x02\xfe\xd5\x33\xf8\x00"
NO_CARD = b"\x00\x00\xff\x03\xfd\xd5\x4b\x00\xe0\x00"


def answer(body):
    data = b"\xd5" + body
    return (bytes((0, 0, 0xFF, len(data), -len(data) & 255)) + data
            + bytes((-sum(data) & 255, 0)))


def card(uid, ats=b""):
    """Tag 1, ATQA, SAK, the UID and what an ISO 14443-4 card adds."""
    return answer(b"\x4b\x01\x01\x00\x04\x08" + bytes((len(uid),)) + uid + ats)


UID4 = b"\x14\xe0\x99\x2c"
UID7 = b"\x04\xa2\xb3\xc4\xd5\xe6\xf7"
UID10 = bytes(range(0x10, 0x1A))


class Rig:
    """A reader and its driver, one millisecond a step. `field` is the card held there."""

    def __init__(self, **options):
        self.driver = PN532(**options)
        self.now = 1000
        self.powered = True
        self.field = None
        self.heard = []
        self.tags = []

    def run(self, ms):
        for _ in range(ms):
            out = self.driver.tick(self.now)
            if out is not None:
                self.heard.append((self.now, out))
                if self.powered:
                    self.driver.feed(self.reply(out), self.now)
            tag = self.driver.next()
            if tag is not None:
                self.tags.append(tag)
            self.now += 1
        return self.tags

    def reply(self, out):
        command = out[out.find(b"\x00\xff") + 5]
        if command == 0x14:
            return ACK + SAM_DONE
        if command == 0x32:
            return ACK + RF_DONE
        assert command == 0x4A
        return ACK + (card(self.field) if self.field else NO_CARD)


def read_three_ways(data, expected):
    whole = FrameReader()
    whole.feed(data)
    assert whole.next() == expected and whole.next() is None

    slow = FrameReader()
    got = []
    for i in range(len(data)):
        slow.feed(data[i:i + 1])
        body = slow.next()
        if body is not None:
            got.append(body)
    assert got == [expected]

    neighbour = FrameReader()
    neighbour.feed(data + NO_CARD)
    assert neighbour.next() == expected
    assert neighbour.next() == b"\x4b\x00"


def test_commands():
    """Frames published for GetFirmwareVersion, SAMConfiguration and InListPassiveTarget."""
    assert frame(b"\x02") == b"\x00\x00\xff\x02\xfe\xd4\x02\x2a\x00"
    assert frame(b"\x14\x01\x00\x00") == b"\x00\x00\xff\x05\xfb\xd4\x14\x01\x00\x00\x17\x00"
    assert frame(b"\x4a\x01\x00") == b"\x00\x00\xff\x04\xfc\xd4\x4a\x01\x00\xe1\x00"
    assert (frame(b"\x32\x05\xff\x01\x01")
            == b"\x00\x00\xff\x06\xfa\xd4\x32\x05\xff\x01\x01\xf4\x00")
    for body in (b"", bytes(254)):
        try:
            frame(body)
        except ValueError:
            continue
        raise AssertionError(len(body))


def test_frames_three_ways():
    read_three_ways(FIRMWARE, b"\x03\x32\x01\x06\x07")
    read_three_ways(card(UID7), b"\x4b\x01\x01\x00\x04\x08\x07" + UID7)


def test_ack_nack_extended_and_noise_are_skipped():
    for noise in (ACK, NACK, EXTENDED, b"\x00", b"\xff", b"\x00\xff", b"\x00\xff\x02",
                  b"\x55" * 99, ACK + ACK, frame(b"\x4a\x01\x00"), b"\x00\x00\xff\x00\x00"):
        read_three_ways(noise + FIRMWARE, b"\x03\x32\x01\x06\x07")


def test_error_frame():
    r = FrameReader()
    r.feed(SYNTAX_ERROR + FIRMWARE)
    try:
        r.next()
    except ProtocolError as e:
        assert e.code == 0x7F
    else:
        raise AssertionError("taken for an answer")
    assert r.next() == b"\x03\x32\x01\x06\x07"


def test_no_flipped_bit_gives_another_answer():
    good = card(UID4)
    expected = b"\x4b\x01\x01\x00\x04\x08\x04" + UID4
    for bit in range(8 * len(good)):
        broken = bytearray(good)
        broken[bit // 8] ^= 1 << bit % 8
        r = FrameReader()
        r.feed(broken)
        # The first preamble byte and the postamble are not needed: a flip there does no harm.
        spare = bit // 8 in (0, len(good) - 1)
        assert r.next() == (expected if spare else None), bit


def test_start_wakes_configures_and_polls():
    rig = Rig()
    assert not rig.driver.alive
    rig.run(500)
    sent = [out for _, out in rig.heard]
    assert sent[0][:2] == b"\x55\x55" and sent[0].endswith(frame(b"\x14\x01\x14\x01"))
    assert sent[1] == frame(b"\x32\x05\xff\x01\x01")
    assert set(sent[2:]) == {frame(b"\x4a\x01\x00")}
    polls = [at for at, _ in rig.heard[2:]]
    assert [b - a for a, b in zip(polls, polls[1:])] == [150] * (len(polls) - 1)
    assert rig.driver.alive and rig.tags == [] and rig.driver.errors == 0


def test_uid_lengths():
    """OCPP 1.6 idToken is CiString20: ten bytes of UID just fit."""
    for uid, tag in ((UID4, "14E0992C"), (UID7, "04A2B3C4D5E6F7"),
                     (UID10, "10111213141516171819")):
        rig = Rig()
        rig.field = uid
        assert rig.run(500) == [tag]
        assert len(tag) <= 20 and not rig.driver.random
        rig = Rig(reversed_bytes=True)
        rig.field = uid
        assert rig.run(500) == ["".join("%02X" % b for b in reversed(uid))]


def test_card_with_ats():
    d = PN532()
    d.tick(0)
    d.feed(SAM_DONE, 0)
    d.tick(0)
    d.feed(RF_DONE, 0)
    d.tick(0)
    d.feed(card(UID7, b"\x06\x75\x77\x81\x02\x80"), 0)
    assert d.next() == "04A2B3C4D5E6F7"


def test_broken_answers_are_no_card():
    for body in (b"\x4b\x01\x01\x00\x04\x08\x05" + bytes(5), b"\x4b\x01\x01\x00\x04\x08\x07\x01",
                 b"\x4b\x01", b"\x4b\x02\x01\x00\x04\x08\x04\x01\x02\x03\x04", b"\x4b"):
        rig = Rig()
        rig.run(100)
        rig.driver.tick(2000)
        rig.driver.feed(answer(body), 2000)
        assert rig.driver.next() is None and rig.driver.errors == 1, body


def test_one_event_for_each_presentation():
    rig = Rig()
    rig.field = UID4
    rig.run(10000)
    assert rig.tags == ["14E0992C"]
    rig.field = None
    rig.run(400)  # a hand that trembles
    rig.field = UID4
    rig.run(1000)
    assert rig.tags == ["14E0992C"]
    rig.field = None
    rig.run(1500)
    rig.field = UID4
    rig.run(1000)
    assert rig.tags == ["14E0992C"] * 2


def test_another_card_counts_at_once():
    rig = Rig()
    rig.field = UID4
    rig.run(500)
    rig.field = UID7
    rig.run(200)
    assert rig.tags == ["14E0992C", "04A2B3C4D5E6F7"]


def test_two_cards_in_a_wallet():
    rig = Rig()
    for _ in range(20):
        rig.field = UID7 if rig.field == UID4 else UID4
        rig.run(150)
    assert sorted(rig.tags) == ["04A2B3C4D5E6F7", "14E0992C"]


def test_random_uid_is_flagged():
    """A 4-byte UID that begins with 08 is made up; a phone may change it while held there."""
    rig = Rig()
    rig.field = b"\x08\x11\x22\x33"
    rig.run(400)
    assert rig.driver.random
    rig.field = b"\x08\x44\x55\x66"
    rig.run(400)
    assert rig.tags == ["08112233"]
    rig.field = b"\x08" + UID7[1:]
    rig.run(400)
    assert rig.tags[-1] == "08A2B3C4D5E6F7" and not rig.driver.random
    rig = Rig(reversed_bytes=True)
    rig.field = b"\x08\x11\x22\x33"
    rig.run(400)
    assert rig.tags == ["33221108"] and rig.driver.random


def test_reader_that_dies_and_returns():
    """After silence it is woken and configured again, for ever."""
    rig = Rig()
    rig.run(300)
    rig.powered = False
    rig.run(600)
    assert rig.driver.alive  # one lost answer is not death
    rig.run(1500)
    assert not rig.driver.alive
    assert rig.heard[-1][1][:2] == b"\x55\x55"
    rig.powered = True
    rig.field = UID4
    rig.run(1500)
    assert rig.driver.alive and rig.tags == ["14E0992C"]


def test_syntax_error_starts_again():
    rig = Rig()
    rig.run(300)
    heard = len(rig.heard)
    while len(rig.heard) == heard:
        rig.powered = False
        rig.run(1)
    rig.driver.feed(SYNTAX_ERROR, rig.now)
    said_at = rig.now
    assert rig.driver.errors == 1
    rig.powered = True
    rig.run(500)
    again_at, again = rig.heard[heard + 1]
    assert again[:2] == b"\x55\x55" and again_at - said_at <= 200
    assert rig.driver.alive


def test_late_and_stray_answers_are_not_cards():
    d = PN532()
    d.feed(card(UID4), 0)  # before anything was asked
    assert d.next() is None and not d.alive
    d.tick(0)
    d.feed(card(UID4), 0)  # not the answer to this command
    assert d.next() is None and not d.alive
    d.feed(SAM_DONE, 0)
    d.tick(0)
    d.feed(RF_DONE, 0)
    d.tick(0)
    d.feed(NO_CARD + card(UID4), 0)  # answered already
    assert d.next() is None and d.alive


def test_half_an_answer_does_not_swallow_the_next():
    d = PN532()
    d.tick(0)
    d.feed(b"\x00\x00\xff\x40\xc0\xd5", 0)  # the head of 64 bytes, and then silence
    assert d.tick(499) is None
    assert d.tick(500) is not None
    d.feed(SAM_DONE, 510)
    assert d.alive


def test_an_endless_complaint_is_not_life():
    d = PN532()
    for now in range(0, 2000, 10):
        if d.tick(now) is not None:
            d.feed(ACK + SYNTAX_ERROR, now)
    assert not d.alive and d.errors > 5


def test_fuzz():
    """Any bytes give idTags or silence, and the driver goes on asking."""
    random.seed(532)
    d = PN532(gone_ms=100)
    asked = 0
    alphabet = (0, 0, 0xFF, 0x03, 0xFD, 0xD5, 0x4B, 0x15, 0x33, 0x01, 0x7F, 0x81)
    frames = (ACK, NACK, EXTENDED, SYNTAX_ERROR, SAM_DONE, RF_DONE, NO_CARD, card(UID10))
    tags = 0
    for now in range(0, 100000, 25):
        asked += d.tick(now) is not None
        kind = random.getrandbits(2)
        if kind == 0:
            d.feed(bytes(alphabet[random.getrandbits(8) % 12]
                         for _ in range(random.getrandbits(5))), now)
        elif kind < 3:
            data = bytearray(frames[random.getrandbits(3)])
            if random.getrandbits(1) == 0:
                data[random.getrandbits(8) % len(data)] = random.getrandbits(8)
            d.feed(data[:random.getrandbits(6)], now)
        tag = d.next()
        if tag is not None:
            tags += 1
            assert len(tag) in (8, 14, 20)
        assert len(d._frames._buf) < 70
    assert asked > 150 and tags > 2
