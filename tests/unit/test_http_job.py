"""firmware.ocpp.job"""

from firmware.ocpp.job import Job


def test_a_job_brings_or_sends():
    assert Job("http://h/f", sink="s").upload is False
    assert Job("http://h/f", source="s").upload is True
    for ends in ((None, None), ("a", "b")):
        try:
            Job("http://h/f", ends[0], ends[1])
        except ValueError:
            continue
        raise AssertionError(ends)


def test_a_room_must_say_what_follows():
    job = Job("http://h/f", sink="s")
    assert not job.cancelled and job.started(0) is None
    try:
        job.finished(None, 0)
    except NotImplementedError:
        return
    raise AssertionError
