# heap: chip + 552k, seeded walks, all frames kept
"""Security events, outages, refusals, silence and reboots in any order."""

import random

from tests.unit.test_security_events import ACTION, STARTUP, Home


def test_at_random():
    """Whatever events, outages, refusals and reboots come: of those that happened each is told at
    least once, the first time in order, and at the end none waits."""
    for seed in range(3):
        random.seed(seed)
        home = Home()
        c = home.boot(online=False, started=False)
        happened, heard = [], []

        def answer(payload, heard=heard):
            if random.randrange(5) == 0:
                return "GenericError" if random.randrange(2) else None
            heard.append(payload["techInfo"])
            return {}

        c.backend.override[ACTION] = answer
        for _ in range(150):
            what = random.randrange(12)
            if what < 6:
                happened.append("event %d" % len(happened))
                c.station.security(STARTUP, happened[-1], len(happened) * 3600000 + c.now)
            elif what < 8:
                c.link(not c.linked)
            elif what == 8:
                c = home.boot(online=bool(random.getrandbits(1)), started=False)
                c.backend.override[ACTION] = answer
            else:
                c.run(random.randrange(1, 20), 100)
            c.frames.clear()
        if not c.linked:
            c.link(True)
        c.skip(4 * 3600)
        assert c.ring.next() is None, seed
        first = [text for i, text in enumerate(heard) if text not in heard[:i]]
        assert first == [text for text in happened if text in first]
        # Three refusals in a row give one up; that is an answer, too.
        assert len(first) > len(happened) * 9 // 10, (seed, len(first), len(happened))
