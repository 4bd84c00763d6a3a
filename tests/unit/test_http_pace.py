"""firmware.tasks.pace"""

from firmware.tasks.pace import Pace

RATE = 256  # bytes a second, the floor


def test_an_answer_is_due_as_a_whole():
    pace = Pace(0)
    pace.wait("connection", 1000)
    assert pace.late(30999) is None and pace.late(31000) == "no connection within 30 s"
    pace.wait("answer", 31000)
    assert pace.late(60999) is None and pace.late(61000) == "no answer within 30 s"


def test_content_may_not_fall_silent():
    pace = Pace(0)
    pace.wait("answer", 0)
    pace.flow(20000)
    assert pace.late(49999) is None and pace.late(50000) == "no data within 30 s"
    pace.moved(100000, 49000)
    assert pace.late(78999) is None and pace.late(79000) == "no data within 30 s"


def flows(bytes_a_piece, every_ms, until_ms, pause=None):
    """When the transfer is given up, None: never."""
    pace = Pace(0)
    pace.flow(0)
    now = 0
    while now < until_ms:
        now += every_ms
        if pause and pause[0] <= now < pause[1]:
            pace.pause(now)
            if pace.late(now):
                return now
            continue
        pace.go_on(now)
        if pace.late(now):
            return now
        pace.moved(bytes_a_piece, now)
    return None


def test_a_trickle_is_given_up_within_two_minutes():
    assert flows(1, 10000, 10**6) == 60000
    assert flows(RATE - 1, 1000, 10**6) == 60000
    assert flows(RATE * 13, 10000, 600_000) is None
    assert flows(RATE + 5, 1000, 10**6) is None


def test_a_server_may_not_live_on_a_good_start():
    pace = Pace(0)
    pace.flow(0)
    pace.moved(1_000_000, 10)
    now = 10
    while pace.late(now) is None:
        now += 10000
        pace.moved(1, now)
        assert now < 200_000
    assert pace.late(now) == "too slow" and now > 60000


def test_our_own_pause_does_not_count():
    assert flows(RATE + 5, 1000, 10**6, (45_000, 800_000)) is None
    # and buys no time either
    assert flows(1, 10000, 10**6, (45_000, 145_000)) == 160_000
    pace = Pace(0)
    pace.flow(0)
    pace.pause(29000)
    pace.pause(99000)
    assert pace.late(10**6) is None
    pace.go_on(10**6)
    assert pace.late(10**6 + 29999) is None
    assert pace.late(10**6 + 30000) == "no data within 30 s"
