"""One end of the line: what is news, what is a replay, a reboot, an echo, and how old it is."""

import random

from hal.remote import Line
from hal.remote_frame import VERSION, Order, Report, frame
from tests.unit.remote_rig import uarts


class Ends:
    """Both ends, sending every 100 ms; `met` after two of them."""

    def __init__(self):
        self.ua, self.ub = uarts()
        self.a = Line(self.ua, Order(), Report(), 11)
        self.b = Line(self.ub, Report(), Order(), 22)

    def step(self, ms=100):
        """Time passes at both, and who is due sends."""
        news = (self.a.poll(ms), self.b.poll(ms))
        for end in (self.a, self.b):
            if end.due:
                end.send()
        return news

    def meet(self):
        for _ in range(4):
            self.step()
        assert not self.a.lost and not self.b.lost
        return self


def test_nothing_is_believed_before_it_answers_us():
    """The first frame of each end is heard and not believed; the third makes both sure."""
    ends = Ends()
    assert ends.a.lost and ends.b.lost
    assert ends.step() == (False, False)
    assert ends.step() == (False, False)  # each heard the other, neither is answered yet
    assert ends.step() == (True, True)
    assert not ends.a.lost and ends.a.peer == 22 and ends.b.peer == 11


def test_the_age_is_that_of_our_frame_which_is_answered():
    ends = Ends().meet()
    assert ends.a.age_ms == 200 and ends.b.age_ms == 200  # there and back, 100 ms each
    ends.ua.channel = ends.ub.channel = lambda data: ()
    ends.ua.inbox = ends.ub.inbox = b""
    for k in range(28):
        assert ends.a.age_ms == 200 + 100 * k, k
        assert not ends.a.lost
        ends.step()
    assert ends.a.age_ms == 3000 and ends.a.lost


def test_a_frame_that_waited_in_a_buffer_is_as_old_as_its_wait():
    ends = Ends().meet()
    ends.b.poll(0)
    ends.a.poll(1200)  # this end stood still: what it finds was sent before
    ends.b.send()
    assert ends.a.poll(0) and ends.a.age_ms == 1200


def test_a_replay_is_no_news():
    """The frames of 20 s, played again, keep no link alive."""
    ends, tape = Ends().meet(), []
    for _ in range(200):
        ends.step()
        tape.append(ends.ua.frames[-1])
    refused = ends.b.refused
    for data in tape:
        ends.ub.inbox = data
        assert not ends.b.poll(100)
    assert ends.b.lost and ends.b.refused == refused + 200


def test_a_duplicate_and_an_older_frame_are_no_news():
    ends = Ends().meet()
    first = ends.ua.frames[-1]
    ends.step()
    second = ends.ua.frames[-1]
    ends.ub.inbox = second + second + first
    assert ends.b.poll(1)
    assert ends.b.refused == 3  # one of the greeting, the duplicate, the older one
    ends.ub.inbox = first
    assert not ends.b.poll(1)


def test_the_sequence_may_wrap():
    ends = Ends()
    ends.a._sequence = ends.b._sequence = 65530
    ends.meet()
    for _ in range(20):
        assert ends.step() == (True, True)
    assert ends.a._sequence < 100


def test_a_reboot_of_the_peer_is_seen_and_taken_over():
    ends = Ends().meet()
    ends.b = Line(ends.ub, Report(), Order(), 33)
    for _ in range(4):
        ends.step()
    assert ends.a.peer == 33 and ends.a.reboots == 1 and not ends.a.lost
    assert ends.b.reboots == 0


def test_a_frame_of_a_boot_that_is_over_does_not_end_the_present_one():
    ends = Ends().meet()
    old = ends.ub.frames[-1]
    ends.b = Line(ends.ub, Report(), Order(), 33)
    for _ in range(4):
        ends.step()
    ends.ua.inbox = old
    assert not ends.a.poll(1) and ends.a.peer == 33
    for _ in range(3):
        ends.step()
    assert ends.a.reboots == 1 and not ends.a.lost


def test_an_answer_to_our_boot_before_is_none():
    """It knows our sequence of then; that we have sent one of that number since proves nothing."""
    ends = Ends().meet()
    ends.a = Line(ends.ua, Order(), Report(), 12)
    for _ in range(8):
        ends.a.poll(10)
        ends.a.send()
    ends.ua.inbox = frame(Report.KIND, (22, 200, 11, 4), Report().pack())
    assert not ends.a.poll(1)
    ends.ua.inbox = frame(Report.KIND, (22, 201, 12, 4), Report().pack())
    assert ends.a.poll(1)


def test_an_answer_to_a_sequence_long_gone_or_not_yet_sent_is_none():
    ends = Ends().meet()
    for _ in range(100):
        ends.step()
    for k, answered in enumerate((-64, -128, 1, 64, -30)):
        stamp = (22, 200 + k, 11, (ends.a._sequence + answered) & 0xFFFF)
        ends.ua.inbox = frame(Report.KIND, stamp, Report().pack())
        assert not ends.a.poll(0), answered
    ends.ua.inbox = frame(Report.KIND, (22, 300, 11, ends.a._sequence - 28), Report().pack())
    assert ends.a.poll(0)


def test_a_line_that_reflects_keeps_the_link():
    """Our own frame after the peer's is not what we have heard."""
    ends = Ends().meet()
    for _ in range(40):
        ends.ua.inbox += ends.ua.frames[-1]
        ends.step()
    assert not ends.a.lost and not ends.b.lost


def test_two_boots_of_one_number_meet_again_after_a_silence():
    """Chance 1 in 65536: the sequence of the second begins below the first's."""
    ends = Ends().meet()
    for _ in range(50):
        ends.step()
    ends.b = Line(ends.ub, Report(), Order(), 22)
    for _ in range(40):
        ends.step()
    assert not ends.a.lost


def test_our_own_echo_is_no_news():
    ends = Ends().meet()
    for _ in range(40):
        ends.a.poll(100)
        ends.a.send()
        ends.ua.inbox = ends.ua.frames[-1]
    assert ends.a.lost


def test_another_version_is_told_and_not_believed():
    ends = Ends().meet()
    data = bytearray(frame(Report.KIND, (22, 90, 11, ends.a._sequence), Report().pack()))
    data[2] = (VERSION + 1) << 4 | Report.KIND
    from hal.modbus import crc16

    body = bytes(data[:-2])
    ends.ua.inbox = body + bytes((crc16(body) & 255, crc16(body) >> 8))
    before = ends.a.age_ms
    assert not ends.a.poll(7)
    assert ends.a.version == VERSION + 1 and ends.a.age_ms == before + 7


def test_a_payload_that_cannot_be_is_no_news_and_renews_nothing():
    ends = Ends().meet()
    payload = b"\x00" * 35 + b"\xff"  # release 0xFF000000
    ends.ua.inbox = frame(Report.KIND, (22, 90, 11, ends.a._sequence), payload)
    assert not ends.a.poll(1) and ends.a.refused


def test_a_line_that_never_falls_silent_does_not_hold_its_reader():
    ends = Ends().meet()
    ends.ua.inbox = b"\xa5" * 5000
    ends.a.poll(1)
    assert len(ends.ua.inbox) == 5000 - 1024


def test_random_bytes_are_never_news():
    """A million bytes, half of them after a sync byte; nothing is taken for a frame of now."""
    random.seed(7)
    ends = Ends().meet()
    for _ in range(1000):
        ends.ub.inbox = bytes(random.getrandbits(8) for _ in range(100)) + b"\xa5\x11\x11"
        assert not ends.b.poll(1)


def test_a_wrong_boot_or_bound_is_our_mistake():
    for boot, bound_ms in ((0, 3000), (65536, 3000), (1, 6301)):
        try:
            Line(None, Order(), Report(), boot, bound_ms=bound_ms)
        except ValueError:
            continue
        raise AssertionError((boot, bound_ms))
