from firmware.ocpp.v16.slices import Queue, Slices


class Clock:
    """Microseconds that pass only in the work; it counts as a port's does, round and round."""

    def __init__(self, us=0):
        self.us = us

    def __call__(self):
        return self.us & 0x3FFFFFFF


def work(clock, pieces, us, result="done"):
    for _ in range(pieces):
        clock.us += us
        yield
    return result


def drive(slices, clock):
    """(microseconds of each call, the result)."""
    took = []
    while True:
        began = clock.us
        done, result = slices.step()
        took.append(clock.us - began)
        if done:
            return took, result
        assert result is None


def test_a_call_takes_at_most_five_milliseconds():
    """Pieces of up to 2 ms: as many as fit, never one too many, whatever the clock reads."""
    for start in (0, 0x3FFFFFFF - 1500, 0x3FFFFFFF, (1 << 30) + 5):
        for us in (10, 300, 1000, 1740, 1900, 2000):
            clock = Clock(start)
            took, result = drive(Slices(work(clock, 100, us), clock), clock)
            assert result == "done"
            assert sum(took) == 100 * us
            assert max(took) < 5000
            # and it is not slower than it may be
            assert min(took[:-1] + [3000]) >= 3000, (us, took)


def test_without_a_clock_one_piece_a_call():
    clock = Clock()
    took, result = drive(Slices(work(clock, 5, 7)), clock)
    assert took == [7] * 5 + [0] and result == "done"


def test_what_the_work_raises_comes_through():
    def broken():
        yield
        raise ValueError("no")

    slices = Slices(broken())
    assert slices.step() == (False, None)
    try:
        slices.step()
    except ValueError as error:
        assert str(error) == "no"
        return
    raise AssertionError("swallowed")


def test_a_queue_does_one_after_the_other():
    clock = Clock()
    queue = Queue(clock, 3)
    jobs = [queue.put(work(clock, 3, 2000, n)) for n in range(3)]
    assert queue.put(work(clock, 1, 1)) is None  # full
    done = []
    for _ in range(20):
        began = clock.us
        queue.step()
        assert clock.us - began < 5000
        done.append([job.done for job in jobs].count(True))
    assert done[:7] == [0, 1, 1, 2, 2, 3, 3]
    assert [job.result() for job in jobs] == [0, 1, 2]
    assert queue.put(work(clock, 1, 1)) is not None  # room again


def test_a_job_that_fails_does_not_stop_the_queue():
    """Its exception is for whoever polls it; the next one goes on."""

    def broken():
        yield
        raise OSError(28, "full")

    clock = Clock()
    queue = Queue(clock)
    bad, good = queue.put(broken()), queue.put(work(clock, 1, 1))
    for _ in range(4):
        queue.step()
    assert bad.done and good.done and good.result() == "done"
    for _ in range(2):
        try:
            bad.result()
        except OSError as error:
            assert error.errno == 28
        else:
            raise AssertionError("swallowed")
