# heap: chip + 88k, floods of frames kept
"""Where security events arise: clock, reset, memory, messages, a log that was lost; and floods."""

from firmware.store.events import COUNT
from tests.unit.flash_rig import Flash
from tests.unit.test_security_events import INVALID, STARTUP, Home, kept, ready, texts, told


def test_a_log_that_was_lost():
    home = Home()
    home.flash = Flash(8, 1024, fill=0x5A)
    c = home.boot(started=False).run(3)
    c.ring.prepare(0)
    c.run(1)
    assert kept(c) == [("SecurityLogWasCleared", "unreadable")]
    assert told(c) == ["SecurityLogWasCleared"]
    assert told(home.boot(started=False).run(3)) == []


def test_a_reset():
    """ResetOrReboot: when it is asked for, so that it is on flash before the reboot."""
    c = ready()
    c.ask("Reset", {"type": "Soft"})
    c.run(3)
    assert c.reboots and kept(c)[1:] == [("ResetOrReboot", "asked for")]


def test_the_clock():
    """SettingSystemTime: what was known is changed; not what was never known, nor drift."""
    c = ready()
    c.backend.at += 5
    c.ask("ChangeConfiguration", {"key": "HeartbeatInterval", "value": "10"})
    c.run(15)
    assert told(c, c.since) == []
    c.backend.at += 3600
    c.run(15)
    assert told(c, c.since) == ["SettingSystemTime"] and texts(c, c.since) == ["3600 s"]
    c.backend.at -= 7200
    c.run(15)
    assert texts(c, c.since) == ["3600 s", "-7200 s"]


def test_memory():
    """MemoryExhaustion: heap, once until there is enough again; flash, once per occasion."""
    c = ready()
    watch = c.station.security_events.watch
    for free in (40000, 16384, 16383, 100, 20000, 100, 32768, 16000):
        watch.memory(free, c.now)
        c.run(0.5)
    c.run(1)
    # within an hour the second time is counted
    assert kept(c)[1:] == [("MemoryExhaustion", "heap")]
    assert [(row[1], row[2]) for row in c.ring.counted()] == [("heap", 1)]
    c.outbox._capacity = 1
    c.charge()
    c.link(False)
    c.unplug()
    c.run(3)
    assert c.outbox.full
    assert kept(c)[2:] == [("MemoryExhaustion", "flash: no room for another transaction")]


def test_messages_that_are_none():
    """InvalidMessages: no JSON, no OCPP-J, no field table; never the peer's own words."""
    c = ready()
    room = c.station.security_events
    room.garbage("not JSON", c.now)
    room.garbage("message exceeds memory", c.now)
    for action, code in (
        ("Reset", "PropertyConstraintViolation"),
        ("Reset", "FormationViolation"),
        ("Evil\nname", "NotImplemented"),
        ("GetLocalListVersion2", "NotImplemented"),
        ("Reset", "NotSupported"),
        ("Reset", "InternalError"),
    ):
        room.refused(action, code, c.now)
    assert kept(c)[1:] == [
        (INVALID, "not JSON"),
        ("MemoryExhaustion", "message exceeds memory"),
        (INVALID, "Reset PropertyConstraintViolation"),
        (INVALID, "Reset FormationViolation"),
        (INVALID, "unknown action NotImplemented"),
    ]
    room.refused("PublishFirmware", "NotImplemented", c.now)
    assert len(kept(c)) == 6, "counted"


def test_a_call_that_comes_again():
    """AttemptedReplayAttacks: the same CALL to the letter, on the same connection."""
    c = ready()
    room = c.station.security_events
    for text in ('[2,"1","Reset",{"type":"Hard"}]', '[2,"2","Reset",{"type":"Hard"}]'):
        room.called(text, "Reset", c.now)
    for i in range(14):
        room.called('[2,"%d","ClearCache",{}]' % (i + 3), "ClearCache", c.now)
    assert len(kept(c)) == 1
    room.called('[2,"2","Reset",{"type":"Hard"}]', "Reset", c.now)
    assert kept(c)[1:] == [("AttemptedReplayAttacks", "Reset")]
    room.called('[2,"99","ClearCache",{}]', "ClearCache", c.now)
    room.called('[2,"1","Reset",{"type":"Hard"}]', "Reset", c.now)
    assert len(list(c.ring.counted())) == 0, "the 17th last is forgotten"
    c.link(False)
    c.run(1)
    c.link(True)
    c.run(1)
    room.called('[2,"99","ClearCache",{}]', "ClearCache", c.now)
    assert len(kept(c)) == 2, "another connection may begin at 1 again"


def test_a_flood_is_one_event_and_a_count():
    c = ready()
    for _ in range(1000):
        c.station.security_events.garbage("not JSON", c.now)
        c.tick(20)
    c.run(1)
    assert told(c, c.since) == [INVALID]
    c.skip(3700)
    assert texts(c, c.since) == ["not JSON", "not JSON (999 times)"]


def test_what_was_not_kept_is_told():
    """Room for critical ones only: how many others there were is an event of its own."""
    home = Home(4, 1024)
    c = home.boot(online=False).run(1)
    c.station.security("ResetOrReboot", "first", c.now)
    for hour in range(150):
        now = c.now + hour * 3600000
        c.station.security(INVALID, "hour %d" % hour, now)
        c.ring.prepare(now)
    assert c.ring.thinned > 50 and not c.ring.overwritten
    c.link(True)
    c.run(30)
    assert told(c)[:2] == [STARTUP, "ResetOrReboot"]
    assert texts(c)[-1] == "%d security events counted only" % c.ring.thinned


def test_what_was_overwritten_is_told():
    home = Home(4, 1024)
    c = home.boot(online=False).run(1)
    for hour in range(150):
        now = hour * 3600000
        c.station.security("SettingSystemTime", "%d s" % hour, now)
        c.ring.prepare(now)
    c.run(1)
    c.link(True)
    c.run(30)
    seconds = [text for text in texts(c) if text.endswith(" s")]
    assert seconds == ["%d s" % i for i in range(150 - len(seconds), 150)] and len(seconds) > 20
    assert texts(c)[-1] == "security events overwritten untold"


def test_counts_are_kept_over_the_hour_while_nobody_prepares():
    """A contactor is closed for hours: the count of an hour is told at its end all the same."""
    c = ready()
    for _ in range(3):
        c.station.security(INVALID, "x", c.now)
    c.skip(3700)
    assert [row[COUNT] for row in c.ring.history()][-1] == 2
    assert texts(c)[-1] == "x (2 times)"
