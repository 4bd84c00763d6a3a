# heap: chip + 72k, a key of 120 KB, to be refused
"""Two slots of secrets: what worked comes back, over failures, power cuts and broken files."""

from firmware.store.access import Access
from firmware.store.credentials import TRIAL_MS, TRIES, Credentials
from tests.unit.disk_rig import Files

PATH = "secrets"
KEY, OTHER = b"the-key-that-works", b"the-key-asked-for-"
FACTORY = Access(1, "ws://h/ocpp", KEY, b"CERT-1", b"PRIVATE-1")


class Cut(Exception):
    """The power is gone."""


class Disk(Files):
    """`left`: changes until the power goes or, with `fail`, until one is refused."""

    def __init__(self, names=None):
        super().__init__({} if names is None else dict(names), self.look)
        self.left, self.fail, self.writes = None, False, 0

    def look(self, operation):
        if operation[0] == "write":
            self.writes += 1
        if self.left is not None:
            if self.left == 0:
                raise OSError(28) if self.fail else Cut()
            self.left -= 1


def fields(one):
    return one and (one.profile, one.url, one.key, one.cert, one.private)


def opened(disk, factory=FACTORY):
    return Credentials(PATH, disk, factory)


def told(credentials):
    return (
        fields(credentials.proven),
        fields(credentials.candidate),
        credentials.take_pending(),
    )


def test_the_first_boot_keeps_what_was_provisioned():
    disk = Disk()
    assert fields(opened(disk).attempt(0)) == fields(FACTORY)
    assert list(disk.names) == [PATH] and disk.writes == 1
    again = opened(disk)
    assert fields(again.proven) == fields(FACTORY) and again.candidate is None
    assert disk.writes == 1, "a boot that changes nothing writes nothing"


def test_a_candidate_is_next_and_worked():
    disk = Disk()
    credentials = opened(disk)
    assert credentials.offer(key=OTHER) is True
    assert credentials.proven.key == KEY and credentials.latest.key == OTHER
    assert credentials.attempt(0).key == OTHER and credentials.trying
    assert credentials.proved() == "proven"
    for one in (credentials, opened(disk)):
        assert one.proven.key == OTHER and one.candidate is None and one.attempt(9).key == OTHER
    assert credentials.proved() == ""


def test_a_connection_from_before_says_nothing_of_a_candidate():
    """It was asked for over this very connection."""
    credentials = opened(Disk())
    credentials.attempt(0)
    assert credentials.proved() == ""
    credentials.offer(key=OTHER)
    assert credentials.proved() == "" and credentials.candidate is not None
    credentials.failed(0)
    credentials.offer(profile=2)
    assert [credentials.attempt(n).key for n in range(3)] == [OTHER] * 3


def attempts(credentials, count, blameless=False, step=1000):
    """Keys of so many connections that all fail."""
    keys = []
    for n in range(count):
        keys.append(credentials.attempt(n * step).key)
        credentials.failed(n * step, blameless)
    return keys


def test_after_the_bound_they_take_turns():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    assert attempts(credentials, TRIES) == [OTHER] * TRIES
    assert attempts(credentials, 6) == [KEY, OTHER] * 3
    assert credentials.attempt(0).key == KEY and not credentials.trying
    assert credentials.proved() == "dropped"
    assert credentials.candidate is None and credentials.latest.key == KEY


def test_time_is_a_bound_too():
    """From its first failure: however slow these are."""
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    for now in (0, 1000, TRIAL_MS - 1):
        assert credentials.attempt(now).key == OTHER
        credentials.failed(now)
    assert credentials.attempt(TRIAL_MS).key == KEY
    credentials.failed(TRIAL_MS)
    assert credentials.attempt(TRIAL_MS + 1).key == OTHER
    assert credentials.proved() == "proven"


def test_what_is_nobodys_fault_does_not_count():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    assert attempts(credentials, 50, True, TRIAL_MS) == [OTHER] * 50
    assert attempts(credentials, TRIES) == [OTHER] * TRIES
    assert attempts(credentials, 2) == [KEY, OTHER]


def test_tries_are_counted_over_reboots():
    """A set that brings the charger down is not tried for ever."""
    disk = Disk()
    opened(disk).offer(key=OTHER)
    for n in range(TRIES):
        credentials = opened(disk)
        assert credentials.attempt(0).key == OTHER, n
        credentials.failed(0)
    credentials = opened(disk)
    first, second = attempts(credentials, 2)
    assert sorted((first, second)) == sorted((KEY, OTHER))
    disk.writes = 0
    attempts(credentials, 20)
    assert disk.writes == 0, "the flash has no part in what goes on for ever"


def test_changes_add_up_before_they_worked():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    credentials.offer(profile=2, url="wss://h/ocpp")
    chosen = credentials.attempt(0)
    assert (chosen.profile, chosen.url, chosen.key) == (2, "wss://h/ocpp", OTHER)


def test_a_new_wish_has_its_tries_anew():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    attempts(credentials, TRIES + 1)
    credentials.offer(key=b"the third of them")
    assert attempts(credentials, TRIES) == [b"the third of them"] * TRIES


def test_a_new_wish_is_not_bound_by_the_time_of_the_last():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    for now in (0, TRIAL_MS):
        credentials.attempt(now)
        credentials.failed(now)
    credentials.offer(key=b"the third of them")
    for n in range(TRIES):
        assert credentials.attempt(TRIAL_MS + n).key == b"the third of them", n
        credentials.failed(TRIAL_MS + n)


def test_the_end_of_an_older_try_does_not_count():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    credentials.attempt(0)
    credentials.offer(key=b"the third of them")
    credentials.failed(0)
    assert attempts(credentials, TRIES + 1) == [b"the third of them"] * TRIES + [KEY]


def test_a_change_beside_a_candidate_makes_it_no_fact():
    credentials = opened(Disk())
    credentials.offer(key=OTHER)
    assert credentials.offer(cert=b"CERT-2") is False
    assert (credentials.proven.key, credentials.proven.cert) == (KEY, b"CERT-1")
    assert (credentials.latest.key, credentials.latest.cert) == (OTHER, b"CERT-2")


def test_a_password_counts_in_profile_2():
    credentials = opened(Disk(), FACTORY.altered(profile=2))
    assert credentials.offer(key=OTHER) is True
    assert credentials.offer(cert=b"CERT-2") is False


def test_what_no_connection_uses_is_in_force_at_once():
    """A certificate under profile 1; a password under profile 3."""
    disk = Disk()
    credentials = opened(disk)
    assert credentials.offer(cert=b"CERT-2", private=b"PRIVATE-2") is False
    assert credentials.candidate is None and credentials.proven.cert == b"CERT-2"
    credentials.offer(profile=3)
    credentials.attempt(0)
    credentials.proved()
    assert credentials.offer(key=OTHER) is False and credentials.candidate is None
    assert credentials.offer(cert=b"CERT-3") is True
    assert opened(disk).latest.cert == b"CERT-3"
    assert opened(disk).proven.key == OTHER


def test_a_private_key_waits_for_its_certificate():
    disk = Disk()
    credentials = opened(disk)
    assert credentials.take_pending() is None
    credentials.pending(b"PRIVATE-2")
    for one in (credentials, opened(disk), opened(disk)):
        assert one.take_pending() == b"PRIVATE-2"
    credentials.offer(cert=b"CERT-2", private=b"PRIVATE-2")
    assert credentials.take_pending() is None and opened(disk).take_pending() is None
    credentials.pending(b"PRIVATE-3")
    credentials.pending(None)
    assert opened(disk).take_pending() is None


def test_what_is_provisioned_anew_counts():
    """Somebody stood in front of it; what was not changed there stays as the CSMS has set it."""
    disk = Disk()
    credentials = opened(disk)
    credentials.offer(key=OTHER, profile=2)
    credentials.attempt(0)
    credentials.proved()
    credentials.offer(url="ws://else/")
    moved = opened(disk, FACTORY.altered(url="ws://new/ocpp", key=b"", profile=0))
    assert fields(moved.proven) == (2, "ws://new/ocpp", OTHER, b"CERT-1", b"PRIVATE-1")
    assert moved.candidate is None
    back = opened(disk, FACTORY)
    assert back.proven.url == "ws://h/ocpp" and back.candidate is None


# --- power cuts and broken flash ------------------------------------------------------------


def prepared():
    disk = Disk()
    credentials = opened(disk)
    credentials.offer(key=OTHER)
    credentials.attempt(0)
    return disk, credentials


ACTS = (
    lambda credentials: credentials.offer(profile=2, url="wss://h/ocpp"),
    lambda credentials: credentials.offer(cert=b"CERT-2", private=b"PRIVATE-2"),
    lambda credentials: credentials.proved(),
    lambda credentials: credentials.failed(0),
    lambda credentials: credentials.pending(b"PRIVATE-2"),
)


def test_a_power_cut_at_every_operation_leaves_the_old_or_the_new():
    seen = 0
    for act in ACTS:
        disk, credentials = prepared()
        before = told(opened(Disk(disk.names)))
        act(credentials)
        after = told(opened(Disk(disk.names)))
        for cut in range(10):
            disk, credentials = prepared()
            disk.left = cut
            try:
                act(credentials)
            except Cut:
                seen += 1
            else:
                break
            files = Disk(disk.names)
            assert told(opened(files)) in (before, after)
            assert list(files.names) == [PATH], "half a secret is left behind"
        else:
            raise AssertionError("it never ends")
    assert seen == 2 * len(ACTS)


def test_a_power_cut_at_the_first_boot():
    for cut in range(2):
        disk = Disk()
        disk.left = cut
        try:
            opened(disk)
            raise AssertionError("no cut")
        except Cut:
            pass
        again = opened(Disk(disk.names))
        assert fields(again.proven) == fields(FACTORY) and not again.corrupt


def test_a_flash_that_refuses_changes_nothing():
    for act in (ACTS[0], ACTS[1], ACTS[4]):
        disk, credentials = prepared()
        before = told(credentials)
        disk.left, disk.fail = 0, True
        try:
            act(credentials)
            raise AssertionError("taken")
        except OSError:
            pass
        assert told(credentials) == before and told(opened(Disk(disk.names))) == before


def test_what_worked_is_in_force_without_a_flash():
    disk, credentials = prepared()
    disk.left, disk.fail = 0, True
    assert credentials.proved() == "proven"
    assert credentials.attempt(0).key == OTHER


def test_a_broken_file_is_set_aside():
    disk, _ = prepared()
    whole = disk.names[PATH]
    for at in list(range(len(whole))) + [None]:
        broken = bytearray(whole)
        if at is None:
            broken = broken[:-7]
        else:
            broken[at] ^= 4
        broken = bytes(broken)
        files = Disk({PATH: broken})
        credentials = opened(files, FACTORY.altered(profile=2))
        assert credentials.corrupt and credentials.proven.profile == 2
        assert files.names[PATH + ".bad"] == broken
        assert not opened(Disk(files.names)).corrupt
    for broken in (b"", b"EVK1", b"EVK1EVK1"):
        assert opened(Disk({PATH: broken})).corrupt


def test_nothing_kept_where_there_are_no_files():
    credentials = Credentials(PATH, None, FACTORY)
    credentials.offer(key=OTHER)
    assert credentials.attempt(0).key == OTHER and credentials.proved() == "proven"


def test_no_repr_and_no_exception_says_a_secret():
    disk, credentials = prepared()
    texts = [repr(credentials), str(credentials), repr(credentials.proven), str(FACTORY)]
    try:
        credentials.offer(key=b"SECRET" * 20000)
        raise AssertionError("taken")
    except ValueError as error:
        texts.append(repr(error))
    try:
        FACTORY.altered(secret=b"SECRET")
    except TypeError as error:
        texts.append(repr(error))
    for text in texts:
        for secret in ("SECRET", "the-key", "PRIVATE", "CERT-1"):
            assert secret not in text, text
    assert told(credentials) == told(opened(disk))
