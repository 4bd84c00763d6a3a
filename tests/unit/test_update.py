# heap: chip + 208k, slots and bundles in RAM
"""UpdateFirmware from the request to Installed, and every way it can fail."""

from tests.unit.update_rig import FILE, GOOD, HOME, bundle, held, ready


def test_from_the_request_to_the_new_firmware():
    """5.19: answered at once, FirmwareStatusNotification for each step, automatic reboot, then
    BootNotification and Installed."""
    box = ready()
    assert box.ask() == {}
    box.until(box.finished)
    assert box.told() == GOOD
    assert box.tree == "a" and box.boots == 2
    names = [action for action, _ in box.calls()]
    assert names.index("FirmwareStatusNotification") < len(names) - names[::-1].index(
        "BootNotification"
    )
    last_boot = len(names) - 1 - names[::-1].index("BootNotification")
    assert names[last_boot:].count("FirmwareStatusNotification") == 1
    slots = box.charger.station.slots
    assert slots.running == "a" and not slots.on_trial and slots.version("a") == "0.2.0"
    box.run(5)
    assert box.told() == GOOD


def test_the_next_one_goes_into_the_other_slot():
    box = ready()
    box.ask()
    box.until(box.finished)
    box.server.body = bundle("0.3.0")
    assert box.ask() == {}
    box.until(lambda: len(box.finals()) == 2 and FILE not in box.names)
    assert box.told() == GOOD * 2 and box.tree == "b"
    assert box.charger.station.slots.version("b") == "0.3.0"


def test_not_before_the_retrieve_date():
    """6.55, erratum 3.63: the date and time after which the charge point is allowed to retrieve
    the firmware."""
    box = ready()
    at = "2026-01-01T13:02:00Z"  # the boot was at 13:00
    assert box.ask(retrieveDate=at) == {}
    box.run(100)
    assert box.server.jobs == [] and box.told() == []
    box.until(box.finished)
    assert 119000 <= box.server.jobs[0][0] <= 122000


def test_the_retrieve_date_waits_for_the_clock():
    """After a reboot offline nobody knows the time."""
    box = ready()
    box.ask(retrieveDate="2026-01-01T13:01:00Z")
    box.off()
    box.step()
    box.charger.link(False)
    box.run(100)
    assert box.server.jobs == []
    box.charger.link(True)
    box.until(box.finished)
    assert box.told() == GOOD


def test_the_slot_is_erased_ahead_while_no_contactor_is_closed():
    """An erase masks every interrupt: never while power flows."""
    box = ready()
    c = box.charger
    c.charge()
    box.ask()
    erases = box.devices[0].erases
    box.run(10)
    assert box.devices[0].erases == erases and box.server.jobs == []
    c.unplug()
    box.until(lambda: box.devices[0].erases >= 5, 30, 20)
    box.until(box.finished)
    assert box.told() == GOOD


def test_one_block_is_erased_at_a_time():
    """45 ms on a chip, with everything else standing still."""
    box = ready()
    before = 0
    box.ask()
    for _ in range(4):
        assert box.devices[0].erases <= before + 1
        before = box.devices[0].erases
        box.run(0.2, 20)
    assert before >= 3


def test_a_download_that_fails_is_tried_again_and_resumed():
    """6.55: retries and retryInterval; what has arrived is kept."""
    box = ready()
    box.server.faults = ["404 Not Found", 1500, 2048]
    box.ask(retries=3, retryInterval=30)
    box.until(box.finished, 200)
    assert box.told() == GOOD
    times = [at for at, _, _ in box.server.jobs]
    assert len(times) == 4
    for i in range(3):
        assert 30000 <= times[i + 1] - times[i] <= 32500
    # The second attempt broke behind 1500 bytes or a little more, and that was not lost.
    assert [offset >= 1500 for _, _, offset in box.server.jobs] == [False, False, True, True]


def test_when_the_retries_are_used_up_it_failed():
    """6.55, erratum 3.50: so many retries after the first attempt."""
    for retries, attempts in ((0, 1), (2, 3)):
        box = ready()
        box.server.faults = ["404 Not Found"] * 9
        box.ask(retries=retries, retryInterval=10)
        box.until(box.finished)
        box.run(60)
        assert box.told() == ["Downloading", "DownloadFailed"]
        assert len(box.server.jobs) == attempts
        assert box.tree == "factory" and box.boots == 1


def test_without_retries_in_the_request_they_are_ours():
    """6.55: left to the charge point: three, a minute apart."""
    box = ready()
    box.server.faults = ["404 Not Found"] * 9
    box.ask()
    box.until(box.finished, 300)
    times = [at for at, _, _ in box.server.jobs]
    assert len(times) == 4 and 60000 <= times[1] - times[0] <= 62500


def test_what_can_never_be_installed_is_not_fetched_again():
    for body in (
        b"no bundle" * 100,
        bundle(board="OTHER"),
        bundle(mpy=5),
        bundle(pages=40),
    ):
        box = ready(body=body)
        box.ask(retries=5, retryInterval=1)
        box.until(box.finished)
        assert box.told() == ["Downloading", "DownloadFailed"]
        assert len(box.server.jobs) == 1 and box.tree == "factory"


def test_a_damaged_bundle_is_found_by_its_digest_and_fetched_anew():
    good = bundle()
    bad = bytearray(good)
    bad[1000] ^= 1
    box = ready(body=bytes(bad))
    box.ask(retries=1, retryInterval=20)
    box.until(lambda: len(box.server.jobs) == 1 and box.server.job is None)
    box.run(3)
    box.server.body = good
    box.until(box.finished)
    assert [offset for _, _, offset in box.server.jobs] == [0, 0]
    assert box.told() == GOOD

    box = ready(body=bytes(bad))
    box.ask(retries=1, retryInterval=20)
    box.until(box.finished)
    assert box.told() == ["Downloading", "DownloadFailed"]
    slots = box.charger.station.slots
    assert len(box.server.jobs) == 2 and slots.failed is None
    assert not slots.prepare()  # nothing is erased for a download that nobody wants


def test_a_file_that_ends_too_early_is_not_whole():
    for length, attempts in ((None, 2), (2816, 2), (2560, 1)):
        box = ready(body=bundle()[:-256])
        box.server.length = length
        box.ask(retries=1, retryInterval=10)
        box.until(box.finished)
        assert box.told() == ["Downloading", "DownloadFailed"]
        assert len(box.server.jobs) == attempts


def test_another_file_behind_the_same_name_is_fetched_from_its_start():
    box = ready()
    box.server.faults = [1500]
    box.ask(retries=2, retryInterval=5)
    box.until(lambda: box.server.jobs and box.server.job is None)
    box.server.body = bundle("0.5.0", pages=12)
    box.server.length = len(box.server.body)
    box.server.rude = True
    box.until(box.finished)
    assert [offset > 0 for _, _, offset in box.server.jobs] == [False, True, False]
    assert box.told() == GOOD and box.charger.station.slots.version("a") == "0.5.0"


def test_a_protocol_that_is_not_spoken():
    """Erratum 3.90: SupportedFileTransferProtocols."""
    for location in ("ftps://192.0.2.1/fw", "file:///etc/passwd", "https:/x"):
        box = ready()
        assert box.ask(location=location, retries=5) == {}
        box.until(box.finished)
        assert box.told() == ["DownloadFailed"] and box.server.jobs == []
    for location in ("HTTPS://192.0.2.1/fw", "ftp://192.0.2.1/fw"):
        box = ready()
        box.ask(location=location)
        box.until(box.finished)
        assert box.told() == GOOD


def test_numbers_out_of_range_change_nothing():
    for wrong in ({"retries": -1}, {"retryInterval": -1}):
        box = ready()
        assert box.ask(**wrong) == "PropertyConstraintViolation"
        box.run(5)
        assert box.told() == [] and FILE not in box.names
    box = ready()
    for wrong in ({"retries": "3"}, {"retrieveDate": "tomorrow"}, {"location": 5}):
        assert box.ask(**wrong) in ("TypeConstraintViolation", "PropertyConstraintViolation",
                                    "FormationViolation")  # fmt: skip
        assert FILE not in box.names
    box.server.faults = ["404"] * 3
    assert box.ask(retries=1, retryInterval=1 << 40) == {}
    box.until(lambda: len(box.server.jobs) == 2, 90000, 1000)
    assert box.server.jobs[1][0] - box.server.jobs[0][0] < 86403000  # a day, then it ends


def test_another_request_takes_the_place_of_the_first():
    """What the first one has begun is void; of it nothing more is told."""
    box = ready()
    box.ask(location=HOME + "1")
    box.until(lambda: box.server.job is not None and box.server.job.sink.offset > 0, 60, 20)
    first = box.server.job
    box.server.body = bundle("0.9.0")
    box.charger.ask("UpdateFirmware", {"location": HOME, "retrieveDate": "2020-01-01T00:00:00Z"})
    assert first.cancelled
    for write in (
        first.sink.restart,
        lambda: first.sink.write(b"x"),
        lambda: first.sink.begin(1, ""),
    ):
        try:
            write()
            raise AssertionError("a cancelled job reaches the slot")
        except OSError:
            assert not first.sink.ready()
    box.until(box.finished)
    assert box.told() == ["Downloading"] + GOOD
    assert [location for _, location, _ in box.server.jobs] == [HOME + "1", HOME]
    assert box.charger.station.slots.version("a") == "0.9.0"


def test_the_same_request_again_goes_on_where_it_was():
    box = ready()
    box.server.faults = [1500]
    box.ask(retryInterval=1000)
    box.until(lambda: box.server.jobs and box.server.job is None)
    box.ask()
    box.until(box.finished)
    assert box.server.jobs[1][2] >= 1500
    assert box.told() == ["Downloading"] + GOOD


def test_the_same_request_again_of_a_whole_file_fetches_it_anew():
    """Behind the same address there may be another file by now."""
    box = held()
    box.server.body = bundle("0.4.0")
    assert len(box.server.jobs) == 2 and box.ask() == {}
    box.charger.unplug()
    box.until(box.finished, 120, 20)
    assert len(box.server.jobs) == 3 and box.server.jobs[2][2] == 0
    assert box.told() == ["Downloading", "Downloaded"] + GOOD
    assert box.charger.station.slots.version("a") == "0.4.0"


def test_a_request_while_it_is_installed_is_refused():
    """A status does not say whose it is: two at once could not be told apart."""
    box = ready()
    box.ask()
    box.until(lambda: "Installing" in box.told(), 60, 20)
    assert box.charger.ask("UpdateFirmware", {
        "location": HOME, "retrieveDate": "2020-01-01T00:00:00Z"}) == "GenericError"  # fmt: skip
    box.until(box.finished)
    assert box.finals() == ["Installed"]


def test_a_request_that_cannot_be_kept_is_refused():
    box = ready()

    def full(change):
        raise OSError(28, "full")

    box.charger.station.files.before = full
    assert box.ask() == "InternalError"
    box.run(10)
    assert box.told() == [] and box.server.jobs == []


def test_the_password_is_forgotten_at_the_end():
    box = ready()
    box.charger.backend.override["FirmwareStatusNotification"] = None
    box.ask(location="gopher://u:secret@192.0.2.1/")
    assert b"secret" in box.names[FILE]
    box.run(3)
    assert b"DownloadFailed" in box.names[FILE] and b"secret" not in box.names[FILE]
    assert FILE + ".new" not in box.names


def test_a_slot_that_cannot_be_opened_costs_an_attempt_each_time():
    """Flash that fails at the worst moments keeps nobody from charging."""
    box = ready()
    slots = box.charger.station.slots
    sink = slots.sink

    def broken():
        raise OSError(5)

    slots.sink = broken
    assert box.ask(retries=1, retryInterval=10) == {}
    box.until(box.finished)
    assert box.told() == ["DownloadFailed"] and box.server.jobs == []
    slots.sink = sink
    box.ask()
    box.until(box.finished)
    assert box.tree == "a"


def test_an_erase_that_fails_is_an_attempt_that_failed():
    box = ready()
    slots = box.charger.station.slots
    prepare, failures = slots.prepare, [OSError(5), OSError(5)]

    def failing():
        if failures:
            raise failures.pop()
        return prepare()

    slots.prepare = failing
    box.ask(retries=2, retryInterval=10)
    box.until(box.finished)
    assert box.told() == GOOD
