# heap: chip + 656k, seeded walks, all frames kept
"""Seeded random walks over reservations: made, replaced, cancelled, expiring, used by card and by
remote start, with strangers, groups, plugs, outages and power cuts; held against a book of its own
kept from the answers alone.

No transaction of a stranger at a reserved connector; one connector remains for each reservation of
connector 0; never more connectors Reserved than reservations; whoever uses one has its id in his
StartTransaction, each id of the book once; every word by the table of 4.9; in the end all is free.
"""

import random

from firmware.ocpp.timestamp import format_time
from firmware.ocpp.v16 import messages
from firmware.ocpp.v16.reserved import PATH
from tests.transitions import permitted
from tests.unit.day_rig import Box, World

FAMILY = ("KIN", "SIS")
CARDS = ("VIP", "TOP", "KIN", "SIS", "ODD")
GRACE_S = 3  # the backend tells whole seconds, and the station looks once in one


def pick(choices):
    return choices[random.getrandbits(16) % len(choices)]


def info(id_tag):
    found = {"status": "Accepted"}
    if id_tag in FAMILY:
        found["parentIdTag"] = "FAM"
    return found


class Town(World):
    """A backend that knows families."""

    def hear(self, message_id, action, payload, now):
        answer = World.hear(self, message_id, action, payload, now)
        if "idTagInfo" in answer:
            answer["idTagInfo"] = info(payload["idTag"])
        return answer


class Booking:
    def __init__(self, request, until, length):
        self.id = request["reservationId"]
        self.number = request["connectorId"]
        self.tag = request["idTag"]
        self.group = "parentIdTag" in request
        self.until = until
        self.length = length
        self.late = None  # since when it is known to have expired, in ms of this boot

    def fits(self, id_tag):
        return id_tag == self.tag or (self.group and id_tag in FAMILY)


class Walk:
    def __init__(self, seed, connectors):
        random.seed(seed)
        self.world = Town(connectors)
        self.book = {}  # id: Booking
        self.used = []  # ids, in the order of their Starts
        self.ids = 0
        self.counts = {"used": 0, "zero": 0, "strangers": 0, "expired": 0, "cuts": 0}
        self.boot()

    def boot(self):
        self.box = Box(self.world, True)
        for booking in self.book.values():
            booking.late = None
        self.words = self.box.words()
        self.tags = [None] * len(self.words)
        self.plugged = [False] * len(self.words)
        put = self.box.outbox.put_billable

        def seen(action, payload, transaction, now):
            if action == "StartTransaction":
                self.begun(payload)
            put(action, payload, transaction, now)

        self.box.outbox.put_billable = seen
        self.run(1.5)

    def run(self, seconds):
        end = self.box.now + int(seconds * 1000)
        while self.box.now < end:
            self.ripe()
            self.box.tick(25 if seconds < 20 else 250)
            self.look()

    # --- the book ---------------------------------------------------------------------------

    def left_s(self, booking):
        """Until it expires, as the station can know it."""
        if not self.box.clock.known:
            return booking.length - self.box.now // 1000
        return booking.until - (self.world.utc_ms + self.box.now) // 1000

    def ripe(self):
        for booking in list(self.book.values()):
            if self.left_s(booking) > 0:
                booking.late = None
            elif booking.late is None:
                booking.late = self.box.now
            elif self.box.now - booking.late > GRACE_S * 1000:
                del self.book[booking.id]
                self.counts["expired"] += 1

    def sure(self):
        """None expires about now."""
        return not [one for one in self.book.values() if self.left_s(one) <= GRACE_S]

    def of(self, number):
        return [one for one in self.book.values() if one.number == number]

    def look(self):
        """After each tick: the words, who has been let in, what has ended by itself."""
        words = self.box.words()
        for k, word in enumerate(words):
            assert word == self.words[k] or permitted(self.words[k], word), (self.words[k], word)
            if word in ("Faulted", "Unavailable"):
                for one in self.of(k + 1):
                    del self.book[one.id]
        in_use = [word for word in words if word not in ("Faulted", "Unavailable")]
        if not in_use or not self.box.station.operative:
            self.book.clear()
        assert words.count("Reserved") <= len(self.book), (words, self.book)
        tags = [connector.session.id_tag for connector in self.box.connectors]
        for k, tag in enumerate(tags):
            if tag is not None and self.tags[k] is None:
                self.let_in(k, tag)
        self.words, self.tags = words, tags
        self.plugged = [connector.kernel.plugged for connector in self.box.connectors]

    def let_in(self, k, tag):
        """Somebody may charge at connector k + 1 from now on, by what was so until now."""
        if not self.sure():
            return
        mine = self.of(k + 1)
        assert not mine or mine[0].fits(tag), (tag, mine[0].tag)
        if mine:
            return
        owed = self.of(0)
        for other, there in enumerate(self.tags):
            if there is not None and other != k and not self.of(other + 1):
                # By his tag, else by his group: one that is being redeemed there.
                found = [one for one in owed if one.tag == there]
                found = found or [one for one in owed if one.fits(there)]
                if found:
                    owed.remove(found[0])
        if [one for one in owed if one.fits(tag)]:
            return
        idle = 0
        for other, word in enumerate(self.words):
            if other != k and word in ("Available", "Reserved") and not self.plugged[other]:
                idle += not self.of(other + 1)
        assert idle >= len(owed), (tag, k + 1, self.words, len(owed))
        self.counts["strangers"] += len(owed) > 0

    def begun(self, start):
        """A transaction begins, whenever it is told."""
        number, tag, said = start["connectorId"], start["idTag"], start.get("reservationId")
        if said is not None:
            assert said in self.book, "an id that is none any more"
            one = self.book.pop(said)
            assert one.number in (0, number) and one.fits(tag), (start, one.tag)
            self.used.append(said)
            self.counts["used"] += 1
            self.counts["zero"] += one.number == 0
        elif self.sure():
            assert self.of(number) == [], start
            assert [one for one in self.of(0) if one.tag == tag] == [], start

    # --- what happens -----------------------------------------------------------------------

    def card(self):
        """Whoever comes: half of them have a reservation."""
        tags = [one.tag for one in self.book.values()]
        return pick(tags) if tags and random.getrandbits(1) else pick(CARDS)

    def step(self):
        number = 1 + random.getrandbits(8) % len(self.words)
        kind = random.getrandbits(5)
        if kind < 9:
            self.reserve(pick((0, number)))
        elif kind < 10:
            self.cancel()
        elif kind < 19:
            self.box.swipe(self.card(), number)
        elif kind < 23:
            self.box.plug(number)
        elif kind < 27:
            self.box.unplug(number)
        elif kind < 29:
            payload = {"idTag": self.card()}
            if random.getrandbits(1):
                payload["connectorId"] = number
            self.ask("RemoteStartTransaction", payload)
        elif kind == 29:
            self.box.link(not self.box.linked)
        elif kind == 30:
            self.cut()
        else:
            word = pick(("Operative", "Operative", "Inoperative"))
            self.ask("ChangeAvailability", {"connectorId": pick((0, number)), "type": word})
        self.run(pick((0.1, 1, 3, 8, 30)))

    def cut(self):
        self.counts["cuts"] += 1
        linked = self.box.linked
        self.box.power_off()
        self.boot()
        if not linked:
            self.box.link(False)

    def ask(self, action, payload):
        if not self.box.linked or not self.box.station.registration.accepted:
            return None
        assert messages.check_request(action, payload) is None
        return self.box.station.call(action, payload, self.box.now)

    def reserve(self, number):
        known = list(self.book)
        if known and not random.getrandbits(2):
            chosen = pick(known)
        else:
            self.ids += 1
            chosen = self.ids
        length = pick((20, 90, 600))
        until = (self.world.utc_ms + self.box.now) // 1000 + length
        request = {
            "connectorId": number,
            "expiryDate": format_time(until),
            "idTag": pick(CARDS),
            "reservationId": chosen,
        }
        if random.getrandbits(1):
            request["parentIdTag"] = "FAM"
        expected = self.expected(request)
        answer = self.ask("ReserveNow", request)
        if answer is None:
            return
        assert expected in (None, answer["status"]), (expected, answer, request, self.words)
        if answer["status"] == "Accepted":
            self.book[chosen] = Booking(request, until, length)

    def expected(self, request):
        """The status, where it takes no arithmetic over connector 0."""
        number, old = request["connectorId"], self.book.get(request["reservationId"])
        if not self.sure() or not self.box.station.operative:
            return None
        if old is not None and old.number == number:
            return "Accepted"
        if number == 0 or self.of(0):
            return None
        word = self.words[number - 1]
        if word in ("Available", "Unavailable"):
            return "Accepted" if word == "Available" else word
        # A word on its way to another is not what is true; Reserved is.
        return "Occupied" if word == "Reserved" else None

    def cancel(self):
        number = pick(list(self.book) + [9999])
        here = self.sure() and number in self.book
        answer = self.ask("CancelReservation", {"reservationId": number})
        if answer is None:
            return
        if number == 9999:
            assert answer["status"] == "Rejected"
        elif here:
            assert answer["status"] == "Accepted"
        self.book.pop(number, None)

    def end(self):
        """Everybody goes home, the last reservation expires."""
        box = self.box
        if not box.linked:
            box.link(True)
        self.run(70)
        self.ask("ChangeAvailability", {"connectorId": 0, "type": "Operative"})
        for number in range(len(self.words)):
            box.unplug(number + 1)
        self.run(610)
        box.until(box.idle, 200, 250)
        assert box.words() == ["Available"] * len(self.words)
        assert self.book == {} and PATH not in self.world.names
        starts = [payload for _, action, payload in self.world.said if "Start" in action]
        told = [start["reservationId"] for start in starts if "reservationId" in start]
        assert sorted(told) == sorted(self.used)
        assert len(set(told)) == len(told)


def walk(seed, connectors, steps=130):
    one = Walk(seed, connectors)
    for _ in range(steps):
        one.step()
        one.box.frames = []
    one.end()
    return one.counts


def total(walks):
    counts = {}
    for each in walks:
        for key in each:
            counts[key] = counts.get(key, 0) + each[key]
    return counts


def test_walks_with_one_connector():
    counts = total([walk(seed, 1) for seed in range(4)])
    assert min([counts[key] for key in ("used", "expired", "cuts")]) > 0, counts


def test_walks_with_two_and_three_connectors():
    counts = total([walk(10 + seed, 2 + seed % 2) for seed in range(4)])
    assert min(counts.values()) > 0, counts
