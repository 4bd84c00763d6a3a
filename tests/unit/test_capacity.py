# heap: chip + 656k, a flash of 256 KiB in RAM
"""How much of a long outage 256 KiB keep: the outbox on a real journal, as the station uses both.

The messages, ids and notes are of the size the station makes them (test_billing.py has them).
"""

import gc

from firmware.ocpp.v16.vocabulary import SHAPES, WORDS
from firmware.store.journal import Journal
from firmware.tasks.upkeep import beat
from tests.unit.flash_rig import Flash
from tests.unit.test_outbox import outbox_on

BLOCKS = 64  # of 4 KiB
TAG = "04A2B3C4D5E6F7"
FLASH = []  # one for all: MicroPython does not easily find another large piece of memory


def flash():
    gc.collect()
    if not FLASH:
        FLASH.append(Flash(BLOCKS, 4096))
    for block in range(BLOCKS):
        FLASH[0].ioctl(6, block)
    FLASH[0].erases = [0] * BLOCKS
    return FLASH[0]


class Ids:
    """As long as the firmware's own."""

    def __init__(self):
        self.last = 0

    def __call__(self):
        self.last += 1
        return "%08x%08x9e3779b97f4a7c15" % (self.last * 2654435761 & 0xFFFFFFFF, self.last)


def sample(value, measurand, unit, phase=None):
    entry = {"value": value, "context": "Sample.Periodic", "measurand": measurand, "unit": unit}
    if phase:
        entry["phase"] = phase
    return entry


def energy(n):
    return [sample(str(1234567 + 917 * n), "Energy.Active.Import.Register", "Wh")]


def default_list(n):
    """MeterValuesSampledData as the factory sets it, on three phases."""
    values = energy(n) + [sample(str(11040 - n % 99), "Power.Active.Import", "W")]
    for phase in "123":
        values.append(sample("15.%d" % (n % 9 + 1), "Current.Import", "A", "L" + phase))
        values.append(sample("230.%d" % (n % 9 + 1), "Voltage", "V", "L" + phase + "-N"))
    return values


class Site:
    """What the station tells its outbox in charge after charge."""

    def __init__(self, device, samples, **more):
        self.more = more
        self.journal = Journal(device, WORDS, SHAPES, **more)
        self.outbox = outbox_on(self.journal, ids=Ids())
        self.samples = samples
        self.count = 0

    def keep(self, transaction):
        # Billing.keep(): no room for a note costs exactness, not the bill
        note = [1, TAG, None, 1234567, 1234567 + self.count, "", None, None]
        try:
            self.outbox.note(transaction, note)
        except OSError:
            return

    def put(self, action, payload, transaction):
        self.outbox.put_billable(action, payload, transaction, 0)

    def charge(self, values, after=None):
        """One transaction; `after` is called behind each of its messages."""
        after = after or (lambda: None)
        transaction = self.outbox.new_transaction()
        time = "2026-11-22T10:%02d:00Z"
        start = {"connectorId": 1, "idTag": TAG, "meterStart": 1234567, "timestamp": time % 0}
        self.put("StartTransaction", start, transaction)
        self.keep(transaction)
        after()
        for n in range(values):
            self.count += 1
            self.keep(transaction)
            value = {"timestamp": time % (n % 60), "sampledValue": self.samples(self.count)}
            self.put("MeterValues", {"connectorId": 1, "meterValue": [value]}, transaction)
            after()
        self.keep(transaction)
        stop = {"meterStop": 1260000, "timestamp": time % 59, "reason": "Local", "idTag": TAG}
        self.put("StopTransaction", stop, transaction)
        after()

    def deliver(self):
        """The backend takes everything."""
        entry = self.outbox.next(0)
        while entry:
            self.outbox.confirmed(entry, {"transactionId": entry.number}, 0)
            entry = self.outbox.next(0)

    def roles(self):
        counts = [0, 0, 0, 0]
        for _, _, role in self.outbox._backlog.pending:
            counts[role] += 1
        return counts


def on_again(site):
    """After a reboot everything is there that was, and nothing is thought unfinished."""
    again = outbox_on(Journal(FLASH[0], WORDS, SHAPES, **site.more), ids=Ids())
    assert again.pending == site.outbox.pending
    for ours, theirs in zip(again._backlog.pending, site.outbox._backlog.pending):
        assert ours == theirs
    assert again.full == site.outbox.full and again.unfinished() == []


def test_200_offline_transactions_of_two_hours():
    """A value each five minutes. Not one Start or Stop is given up; of 4,800 MeterValues as many
    stay as stand here."""
    for samples, stay in ((energy, 1249), (default_list, 923)):
        site = Site(flash(), samples)
        for _ in range(200):
            assert not site.outbox.full
            site.charge(24)
        gc.collect()
        assert site.roles() == [200, 200, 0, stay], site.roles()
        assert stay + site.outbox.thinned == 24 * 200
        on_again(site)


def test_when_it_is_full_the_next_transaction_is_refused():
    """And what belongs to the running one is still taken."""
    site = Site(flash(), default_list, outcome_bytes=400)  # full sooner
    charges = 0
    while not site.outbox.full:
        site.charge(3)
        charges += 1
    assert charges > 200 and 90 <= site.journal.used_percent() < 95
    assert site.roles()[:2] == [charges, charges]
    assert site.roles()[3] <= 2 and site.roles()[3] + site.outbox.thinned == 3 * charges
    on_again(site)


def test_a_lap_over_the_ring_while_offline():
    """Boots and refused messages make a lap; what is kept is kept."""
    site = Site(flash(), energy)
    for _ in range(20):
        site.charge(24)
    before = list(site.outbox._backlog.pending)
    for n in range(12000):
        site.outbox.note(1 << 20, ["n" * 20, n])
        if n % 50 == 0:
            site.journal.prepare()
    assert site.journal.erases > 64 and len(site.journal._moved) == len(before)
    assert list(site.outbox._backlog.pending) == before
    assert list(outbox_on(Journal(FLASH[0], WORDS, SHAPES))._backlog.pending) == before


class Thing:
    """Attributes, as a station has them."""

    def __init__(self, **attributes):
        for name in attributes:
            setattr(self, name, attributes[name])


class Idle:
    """What upkeep looks at: one connector, a cache that has nothing to write, and a clock."""

    def __init__(self, journal):
        self.journal = journal
        self.facts = Thing(closed=False)
        connectors = [Thing(kernel=Thing(facts=self.facts))]
        self.station = Thing(
            connectors=connectors,
            clock=Thing(at=lambda now: now),
            cache=Thing(flush=self.flush),
            events=None,
            slots=None,
            security_ring=None,
        )
        self.flushes = 0

    def flush(self, now, at):
        self.flushes += 1

    def beats(self, count):
        """How often it erased in these many beats, and how often it flushed."""
        erases, flushes = self.journal.erases, self.flushes
        for _ in range(count):
            beat(self.journal, self.station, 0)
        return self.journal.erases - erases, self.flushes - flushes


def used_before(percent, samples=default_list):
    """A journal that has been in use for laps, with a backlog of so much, after a reboot."""
    site = Site(flash(), samples)
    for _ in range(60):
        site.charge(24, site.deliver)
    while site.journal.used_percent() < percent:
        site.charge(24)
    again = Site(FLASH[0], samples)
    assert again.outbox.pending == site.outbox.pending
    return again


def test_no_erase_while_a_contactor_is_closed():
    """Prepared while it was open; then eight hours of a value a minute online, or an hour on top
    of a backlog of two days, and not one erase."""
    for percent, values in ((0, 480), (40, 60), (70, 60)):
        site = used_before(percent)
        idle = Idle(site.journal)
        erases, flushes = idle.beats(200)
        assert erases > 8 and flushes == 200
        assert idle.beats(100)[0] == 0, "it comes to rest"
        before = sum(FLASH[0].erases)
        idle.facts.closed = True

        def after(site=site, idle=idle, online=percent == 0):
            assert idle.beats(1) == (0, 0)
            if online:
                site.deliver()

        site.charge(values, after)
        assert sum(FLASH[0].erases) == before and site.journal.forced_erases == 0
        idle.facts.closed = False
        assert idle.beats(200)[0] > 0
        assert idle.beats(100)[0] == 0


def test_erasing_ahead_comes_to_rest_however_full_it_is():
    for percent in (3, 5, 60):
        idle = Idle(used_before(percent, energy).journal)
        idle.beats(300)
        assert idle.beats(100)[0] == 0, percent
