# heap: chip + 408k, slots and bundles in RAM, twice
"""The power goes at every write of an update, half-way through it: it goes on, and exactly one
last status is told."""

import random

from tests.unit.update_rig import FILE, GOOD, HOME, Box, Cut, bundle, held, ready

BODY = bundle(pages=4)


def writes():
    """How many there are in an update that nothing disturbs; and of which kind."""
    box = ready(body=BODY)
    before = box.power.writes
    box.ask()
    box.until(box.finished)
    return box.power.writes - before, box.power.seen[before:]


def test_the_power_goes_at_every_write():
    count, kinds = writes()
    assert count >= 20
    assert {"program", "erase", "file write", "file rename", "file remove"} == set(kinds)
    asked = 0
    for cut in range(count):
        box = ready(body=BODY)
        box.power.cut_in = cut
        if box.ask() is None:
            box.run(3)
            if FILE not in box.names:
                asked += 1
                assert box.ask() == {}  # nobody promised anything yet
        box.until(box.finished, 180)
        assert box.tree == "a" and not box.charger.station.slots.on_trial, cut
        box.run(2)
        assert box.told()[-1] == "Installed" and box.ends()[-1] == ["Installed"], (cut, box.told())
        assert box.power.cut_in is None, cut
    assert asked == 2  # the two writes of the request itself


def test_the_power_goes_at_every_write_of_an_update_that_fails():
    """What cannot be started is given up whatever happens meanwhile."""
    box = ready(body=BODY)
    box.imports = False
    before = box.power.writes
    box.ask()
    box.until(box.finished)
    for cut in range(2, box.power.writes - before):
        box = ready(body=BODY)
        box.imports = False
        assert box.ask() == {}
        box.power.cut_in = cut - 2
        box.until(box.finished, 180)
        assert box.ends() == [["InstallationFailed"]], (cut, box.told())
        assert box.tree == "factory"


def test_the_download_goes_on_behind_what_the_slot_has():
    box = ready(body=bundle(pages=12))
    box.server.faults = [2100]
    box.ask(retryInterval=1000)
    box.until(lambda: box.server.jobs and box.server.job is None)
    box.off()
    box.until(box.finished)
    assert box.server.jobs[1][2] == 2048  # whole blocks
    assert box.told() == ["Downloading"] + GOOD


def test_what_was_told_before_the_cut_is_not_the_end():
    """The last status has not been answered when the power goes: it is told again after the
    accepted BootNotification."""
    box = ready()
    box.charger.backend.override["FirmwareStatusNotification"] = None
    box.server.faults = ["404"]
    box.ask(retries=0)
    box.until(lambda: box.charger.calls("FirmwareStatusNotification"))
    box.charger.backend.silent = True
    box.run(15)
    box.off()
    box.until(box.finished)
    names = [name for name, _ in box.calls()]
    last_boot = len(names) - names[::-1].index("BootNotification")
    assert box.told()[-1] == "DownloadFailed"
    assert "FirmwareStatusNotification" in names[last_boot:]
    box.off()
    count = len(box.finals())
    box.run(10)
    assert len(box.finals()) == count  # once it is answered it is over


def test_two_ends_at_once_are_both_told():
    """What is over is taken for told only by its own name: the second survives a cut."""
    box = ready()
    box.ask()
    box.until(lambda: box.tree == "a")
    answers = [None, {}]
    box.charger.backend.override["FirmwareStatusNotification"] = lambda payload: (
        answers.pop(0) if answers else None
    )
    box.until(lambda: len(answers) == 1)
    assert box.ask(location="gopher://192.0.2.1/") == {}
    box.until(lambda: len(box.charger.calls("FirmwareStatusNotification")) == 3, 120, 20)
    assert box.told()[-1] == "DownloadFailed"  # on its way, not answered
    box.off()
    box.run(5)
    assert box.told().count("DownloadFailed") == 2 and FILE not in box.names


def test_what_the_slot_has_of_another_file_is_forgotten():
    """The power goes before the slot is."""
    box = ready()
    box.server.faults = [1500]
    box.ask(location=HOME + "1", retryInterval=1000)
    box.until(lambda: box.server.jobs and box.server.job is None)
    request = {"location": HOME, "retrieveDate": "2020-01-01T00:00:00Z"}
    box.charger.station.call("UpdateFirmware", request, box.charger.now)
    box.off()
    box.until(box.finished)
    assert box.server.jobs[1][1:] == (HOME, 0)
    assert box.finals() == ["Installed"]


def test_what_waits_for_a_transaction_waits_on_after_a_cut():
    """It is not fetched again, and however often the power goes it is not given up."""
    box = held()
    box.linked = False
    for _ in range(12):
        box.off()
        box.run(3)
    box.linked = True
    box.charger.link(True)
    box.until(box.finished)
    assert box.finals() == ["Installed"] and len(box.server.jobs) == 2


def test_a_cut_between_the_plan_and_the_switch():
    """That an earlier update failed says nothing of this one."""
    box = ready()
    box.imports = False
    box.ask()
    box.until(box.finished)
    box.imports = True

    def cut():
        raise Cut

    box.charger.station.slots.begin_trial = cut
    box.ask()
    box.until(lambda: box.boots == 3)
    box.until(lambda: len(box.finals()) == 2)
    assert box.finals() == ["InstallationFailed", "Installed"] and len(box.server.jobs) == 2


def test_a_plan_that_cannot_be_understood_is_none():
    for left in (
        b'[1, "fetching", "http://h/f", 0, 9, 9, 0, "a"',
        b'[2, "fetching", "http://h/f", 0, 9, 9, 0, "a"]',
        b'[1, "fetching", 7, 0, 9, 9, 0, "a"]',
        b'[1, null, "http://h/f", 0, 9, 9, 0, "a"]',
        b'[1, "fetching", "http://h/f", 0, 9, 9, {}, "a"]',
        b'[1, "Installed"]',
        b'{"a": 1}',
        b"\xff\xfe",
        b"",
    ):
        box = ready()
        box.off()
        box.names[FILE] = left
        box.run(20)
        assert box.told() == [] and box.server.jobs == []
        box.ask()
        box.until(box.finished)
        assert box.told() == GOOD


def test_no_update_keeps_a_charger_rebooting():
    """A download that ends in a reboot each time is given up."""
    box = ready()
    box.server.faults = [300] * 50
    box.ask(retries=50, retryInterval=1)
    for _ in range(30):
        if box.finals():
            break
        box.until(lambda: (box.server.jobs and box.server.job is None) or box.finals(), 60)
        box.server.jobs = []
        box.off()
        box.run(3)
    assert 10 <= box.boots <= 13
    box.until(box.finished)
    assert box.finals() == ["DownloadFailed"]


def test_reboots_while_it_waits_for_its_time_do_not_count():
    box = ready()
    box.ask(retrieveDate="2026-01-02T12:00:00Z")
    for _ in range(15):
        box.off()
        box.run(3)
    assert box.told() == []
    box.until(box.finished, 40000, 1000)
    assert box.told() == GOOD


def test_a_trial_that_the_power_interrupts():
    """Two starts of a trial may be lost to the power, the third is the last."""
    for starts, last in ((2, "Installed"), (3, "InstallationFailed")):
        box = ready()
        box.status = "Pending"
        box.ask()
        box.until(lambda box=box: box.tree == "a")
        for _ in range(starts):
            box.run(5)
            box.off()
            box.step()
        box.status = "Accepted"
        box.charger.backend.status = "Accepted"
        box.until(box.finished)
        assert box.finals() == [last]


def happens(box):
    """One thing or another."""
    event = random.randrange(8)
    if event < 2 and box.charger.linked and FILE not in box.names:
        box.server.faults = list([(), ("404",), (700,), ("404",) * 9][random.randrange(4)])
        box.imports = random.randrange(3) > 0
        box.ask(retries=2, retryInterval=5)
        if FILE not in box.names:
            box.asked.pop()  # the power went before it was kept
    elif event < 4:
        box.power.cut_in = random.randrange(12)
    elif event == 4:
        box.off()
    elif event == 5:
        box.charger.link(not box.charger.linked)
    elif event == 6 and box.charger.words() == ["Available"]:
        box.charger.plug()
        box.charger.swipe()
        box.run(5, 20)
    elif event == 7:
        box.charger.unplug()
        box.run(2, 20)


def test_any_order_of_events_ends_in_one_last_status_each():
    """Requests, cuts, lost links, sessions, bad servers and bad firmware in any order: each
    request ends in exactly one of the three, and the charger is in service."""
    random.seed(6)
    for _ in range(6):
        box = Box(body=BODY)
        box.run(3)
        for _ in range(12):
            if box.on:
                happens(box)
            box.run(random.randrange(20))
        box.power.cut_in = None
        box.run(1)
        box.charger.unplug()
        if not box.charger.linked:
            box.charger.link(True)
        box.run(60, 50)
        box.until(lambda box=box: FILE not in box.names, 300)
        box.run(3)
        assert [len(ends) for ends in box.ends()] == [1] * len(box.asked), box.told()
        assert box.charger.words() == ["Available"]
