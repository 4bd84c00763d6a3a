# heap: chip + 224k, slots and bundles in RAM
"""From Downloaded on: waiting for transactions, the switch, the trial, and the way back."""

from tests.unit.update_rig import FILE, GOOD, held, ready


def words(box):
    return [c.word for c in box.charger.connectors]


def test_it_waits_for_the_end_of_a_transaction():
    """5.19: it is RECOMMENDED to wait until the charging session has ended, and to set connectors
    that are not in use to UNAVAILABLE meanwhile."""
    box = held(connectors=2)
    box.run(30)
    assert box.told() == ["Downloading", "Downloaded"] and box.boots == 1
    assert words(box) == ["Charging", "Unavailable"]
    assert box.charger.statuses(2)[-1] == "Unavailable"
    box.charger.plug(2)
    box.charger.swipe("OTHER", 2)
    box.run(3, 20)
    assert words(box) == ["Charging", "Unavailable"]
    answer = box.charger.ask("RemoteStartTransaction", {"idTag": "T", "connectorId": 2})
    assert answer == {"status": "Rejected"}
    box.charger.unplug(2)
    box.charger.unplug(1)
    box.until(box.finished, 120, 20)
    assert box.told() == GOOD and box.tree == "a"
    stops = [payload for name, payload in box.calls() if name == "StopTransaction"]
    assert [stop["reason"] for stop in stops] == ["EVDisconnected"]
    box.run(3)
    assert words(box) == ["Available", "Available"]  # the withdrawal ends with the reboot


def test_told_to_it_stops_transactions():
    """UpdateDuringTransaction true: StopTransaction with reason Reboot, billed before the
    reboot."""
    box = held(connectors=2, keys={"UpdateDuringTransaction": "true"})
    box.until(box.finished, 120, 20)
    assert box.told() == GOOD
    names = [name for name, _ in box.calls()]
    stops = [payload for name, payload in box.calls() if name == "StopTransaction"]
    assert [stop["reason"] for stop in stops] == ["Reboot"]
    last_boot = len(names) - names[::-1].index("BootNotification")
    assert names.index("StopTransaction") < last_boot


def test_a_card_presented_is_waited_for():
    """Who has been let in may plug; ConnectionTimeOut ends it."""
    box = ready(connectors=2, keys={"ConnectionTimeOut": "90"})
    box.charger.swipe()
    box.run(2)
    box.ask()
    box.run(60)
    assert box.told() == ["Downloading", "Downloaded"]
    assert words(box) == ["Preparing", "Unavailable"]
    box.until(box.finished)
    assert box.told() == GOOD


def test_a_card_presented_is_not_waited_for_when_told_so():
    box = ready(keys={"UpdateDuringTransaction": "true", "ConnectionTimeOut": "90"})
    box.charger.swipe()
    box.run(2)
    box.ask()
    box.until(lambda: box.tree == "a", 60)


def test_without_the_backend_it_waits_and_charges():
    """Reaching the CSMS is what a trial proves; until that can be proved nobody is sent away."""
    box = held(connectors=2)
    box.charger.link(False)
    box.run(3)
    assert words(box) == ["Charging", "Available"]
    box.charger.unplug(1)
    box.run(60, 20)
    assert words(box) == ["Available", "Available"] and box.boots == 1
    box.charger.link(True)
    box.until(box.finished)
    assert box.tree == "a"


def test_the_link_goes_while_installing_is_told():
    box = ready()
    box.charger.backend.override["FirmwareStatusNotification"] = lambda payload: (
        None if payload["status"] == "Installing" else {}
    )
    box.ask()
    box.until(lambda: box.told()[-1:] == ["Installing"], 60, 20)
    box.charger.link(False)
    box.run(30)
    assert box.boots == 1 and not box.charger.connectors[0].withdrawn
    box.charger.backend.override.clear()
    box.charger.link(True)
    box.until(box.finished)
    assert box.finals() == ["Installed"]


def test_installing_is_not_waited_for_for_ever():
    """A backend that does not answer it cannot keep the update from being made."""
    box = ready()
    box.charger.backend.override["FirmwareStatusNotification"] = lambda payload: (
        None if payload["status"] == "Installing" else {}
    )
    box.ask()
    box.until(lambda: box.told()[-1:] == ["Installing"], 60, 20)
    at = box.charger.now
    box.until(lambda: box.boots == 2 or box.charger.station.reset.pending, 60)
    assert box.boots == 1 and 8000 <= box.charger.now - at <= 12000
    box.until(box.finished)
    assert box.finals() == ["Installed"]


def test_somebody_is_quicker():
    """A card that was being asked about when the last transaction ended."""
    box = ready()
    c = box.charger
    box.server.faults = ["404"]
    box.ask(retryInterval=20)
    box.until(lambda: box.server.jobs)
    c.backend.override["FirmwareStatusNotification"] = lambda payload: (
        None if payload["status"] == "Installing" else {}
    )
    box.until(lambda: box.told()[-1:] == ["Installing"], 60, 20)
    c.connectors[0].session.authorise("TAG", None, c.now, 60000)
    c.plug()
    box.until(lambda: c.connectors[0].word == "Charging", 30, 20)
    box.run(50, 50)  # a reset waits for the bill, and that for the status: 30 s
    assert box.boots == 1
    c.backend.override.clear()
    c.unplug()
    box.until(box.finished, 120, 20)
    assert box.finals() == ["Installed"]


def test_a_firmware_that_cannot_be_started():
    """The guard goes back to what ran before, and that tells it: InstallationFailed."""
    box = ready()
    box.imports = False
    box.ask()
    box.until(box.finished)
    assert box.told() == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert box.tree == "factory" and box.charger.station.slots.failed == ("a", "ImportError")
    box.run(30)
    assert box.finals() == ["InstallationFailed"] and box.boots == 2
    box.imports = True
    box.ask()
    box.until(lambda: len(box.finals()) == 2)
    assert box.finals()[1] == "Installed" and box.tree == "a"


def test_the_same_failure_twice_is_told_twice():
    """What was given up before is no answer to the present request."""
    box = ready()
    box.imports = False
    for count in (1, 2):
        box.ask()
        box.until(lambda count=count: len(box.finals()) == count and FILE not in box.names)
    assert box.finals() == ["InstallationFailed"] * 2 and box.boots == 3


def test_a_firmware_that_the_backend_does_not_accept():
    """UpdateTrialTimeout: not Accepted in that time: what ran before comes back."""
    for status in ("Pending", "Rejected"):
        box = ready(keys={"UpdateTrialTimeout": "120"})
        box.status = status
        box.ask()
        box.until(lambda box=box: box.tree == "a")
        box.run(100, 500)
        assert box.tree == "a" and box.charger.station.slots.on_trial
        box.until(box.finished, 120)
        assert box.tree == "factory" and box.finals() == ["InstallationFailed"]
        assert box.charger.station.slots.failed == ("a", "not accepted in 120 s")


def test_no_trial_ends_in_a_transaction():
    box = ready(keys={"UpdateTrialTimeout": "60"})
    box.status = "Pending"
    box.ask()
    box.until(lambda: box.tree == "a")
    c = box.charger
    c.run(1)
    c.connectors[0].session.authorise("TAG", None, c.now, 60000)
    c.plug()
    box.until(lambda: c.connectors[0].word == "Charging", 30, 20)
    box.run(90, 100)
    assert box.on and box.charger is c and c.connectors[0].word == "Charging"
    c.unplug()
    box.until(lambda: box.tree == "factory", 30, 20)
    box.until(box.finished)
    assert box.finals() == ["InstallationFailed"]


def test_accepted_late_is_accepted():
    box = ready(keys={"UpdateTrialTimeout": "120"})
    box.status = "Pending"
    box.ask()
    box.until(lambda: box.tree == "a")
    box.charger.backend.interval = 10
    box.charger.run(100, 500)
    box.charger.backend.status = "Accepted"
    box.until(box.finished)
    assert box.told() == GOOD and box.boots == 2


def test_a_reset_by_the_backend_is_as_good_as_ours():
    """Whoever reboots: the switch is made, or everything goes on after it."""
    for when in ("Downloading", "Downloaded", "Installing"):
        box = ready()
        box.ask()
        box.until(lambda box=box, when=when: box.told()[-1:] == [when], 60, 20)
        box.charger.send("Reset", {"type": "Hard"})
        box.until(box.finished, 120, 20)
        assert box.finals() == ["Installed"] and box.tree == "a"


def test_a_port_that_does_not_reboot():
    """The trial is taken back: it must not begin at the next power cut, whenever that is."""
    box = ready(keys={"ResetRetries": "1"})
    box.charger._reboot = box.charger.station.reset._reboot = lambda: None
    box.ask()
    box.until(box.finished)
    assert box.told() == ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
    assert box.charger.station.slots.pending is None
    assert not box.charger.connectors[0].withdrawn
    box.off()
    box.run(5)
    assert box.tree == "factory" and box.finals() == ["InstallationFailed"]


def test_a_verdict_that_flash_does_not_take_is_given_again():
    box = ready()
    box.ask()
    box.until(lambda: box.tree == "a")
    slots = box.charger.station.slots
    confirm, asked = slots.confirm, []

    def failing():
        asked.append(box.charger.now)
        if len(asked) < 3:
            raise OSError(5)
        confirm()

    slots.confirm = failing
    box.until(box.finished)
    assert box.told() == GOOD and len(asked) == 3 and asked[2] - asked[0] >= 20000


def test_a_firmware_whose_plan_is_lost_is_confirmed_all_the_same():
    for left in (
        None,
        b"",
        b"[1, ",
        b"{}",
        b"[9, 1, 2, 3, 4, 5, 6, 7]",
        b'[1, 2, "", 1, 1, 1, 1, 1]',
    ):
        box = ready()
        box.ask()
        box.until(lambda box=box: box.tree == "a")
        box.off()
        if left is None:
            del box.names[FILE]
        else:
            box.names[FILE] = left
        box.until(box.finished)
        assert box.finals() == ["Installed"]
        assert not box.charger.station.slots.on_trial


def test_the_event_history_has_each_step():
    """What an operator asks a year later: when was it, which, and why not."""
    box = ready()
    box.history = []
    box.off()
    box.run(2)
    box.imports = False
    box.server.faults = ["404 Not Found"]
    box.ask(retries=0)
    box.until(box.finished)
    box.ask()
    box.until(lambda: len(box.finals()) == 2)
    box.imports = True
    box.ask()
    box.until(lambda: len(box.finals()) == 3)
    assert box.history == [
        ("firmware", "DownloadFailed 404 Not Found"),
        ("rollback", "a: ImportError"),
        ("firmware", "InstallationFailed ImportError"),
        ("trial", "0.2.0"),
        ("firmware", "Installed 0.2.0"),
    ]
