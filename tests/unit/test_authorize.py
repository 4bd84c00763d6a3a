from firmware.ocpp import authorize
from firmware.ocpp.authorize import ACCEPT, ASK, CACHE, LIST, REFUSE, UNKNOWN, Authorizer
from firmware.store.id_cache import IdCache
from firmware.store.id_table import IdTable
from tests.unit.id_rig import RamFiles, apply

UTC = 1750000000
FLAGS = (
    "LocalPreAuthorize",
    "LocalAuthorizeOffline",
    "AllowOfflineTxForUnknownId",
    "LocalAuthListEnabled",
    "AuthorizationCacheEnabled",
)
FOREVER = ("Accepted", "Group", None)
FUTURE = ("Accepted", "Group", UTC + 1)
PAST = ("Accepted", "Group", UTC)
BLOCKED = ("Blocked", "Group", None)
ENTRIES = (
    None,
    FOREVER,
    FUTURE,
    PAST,
    BLOCKED,
    ("Invalid", None, None),
    ("Expired", None, None),
    ("ConcurrentTx", None, None),
)
ASKED = (ASK, None, None)


class Counting(IdTable):
    gets = 0

    def get(self, id_tag):
        self.gets += 1
        return super().get(id_tag)


class Unreadable:
    def get(self, *_):
        raise OSError(5, "dead")


def station(listed=None, cached=None, **flags):
    """An Authorizer and its parts; flags not named are true."""
    table = Counting("list", RamFiles(), 10)
    if listed is not None:
        apply(table, 1, {"card": listed}, True)
    cache = IdCache("cache", RamFiles(), 10)
    if cached is not None:
        cache.put("card", cached, 0)
    return Authorizer(lambda key: flags.get(key, True), table, cache), table, cache


def decide(listed, cached, online, utc=UTC, **flags):
    return station(listed, cached, **flags)[0].decide("CARD", online, utc)


def every_flags():
    for bits in range(1 << len(FLAGS)):
        yield {FLAGS[n]: bool(bits >> n & 1) for n in range(len(FLAGS))}


def test_online_without_pre_authorisation_the_csms_is_asked():
    """§9.1.13 LocalPreAuthorize false: no start without an Authorize.conf; the flash is not even
    read."""
    for listed in ENTRIES:
        for flags in every_flags():
            if flags["LocalPreAuthorize"]:
                continue
            authorizer, table, _ = station(listed, FOREVER, **flags)
            assert authorizer.decide("card", True, UTC) == ASKED
            assert table.gets == 0


def test_online_only_a_valid_entry_spares_the_question():
    """TC_007, TC_008: a valid id in cache or list, no Authorize. TC_023, §3.5.1: "stored as
    NOT-valid, and the Charge Point is online: an Authorize.req SHOULD be sent"."""
    for flags in every_flags():
        flags["LocalPreAuthorize"] = True
        for entry in ENTRIES:
            good = entry in (FOREVER, FUTURE)
            in_list = good and flags["LocalAuthListEnabled"]
            expected = (ACCEPT, "Group", LIST) if in_list else ASKED
            assert decide(entry, None, True, **flags) == expected, (entry, flags)
            in_cache = good and flags["AuthorizationCacheEnabled"]
            expected = (ACCEPT, "Group", CACHE) if in_cache else ASKED
            assert decide(None, entry, True, **flags) == expected, (entry, flags)


def test_the_list_has_priority_over_the_cache():
    """§3.5.3: "SHALL treat Local Authorization List entries as having priority"."""
    for good, bad in ((FOREVER, BLOCKED), (FUTURE, PAST)):
        assert decide(bad, good, True) == ASKED
        assert decide(bad, good, False)[0] == REFUSE
        for online in (True, False):
            assert decide(good, bad, online) == (ACCEPT, "Group", LIST)
            # A list switched off is no list.
            on_cache = decide(bad, good, online, LocalAuthListEnabled=False)
            assert on_cache == (ACCEPT, "Group", CACHE)


def test_offline_what_is_known_as_not_valid_is_refused():
    """§3.5.4: "a status other than Accepted MUST be rejected", "expired due to passage of time
    MUST also be rejected": also where unknown ones are allowed."""
    for flags in every_flags():
        for entry in ENTRIES:
            if entry in (None, FOREVER, FUTURE):
                continue
            status = "Expired" if entry is PAST else entry[0]
            if flags["LocalAuthListEnabled"]:
                assert decide(entry, FOREVER, False, **flags) == (REFUSE, status, LIST)
            if flags["AuthorizationCacheEnabled"]:
                assert decide(None, entry, False, **flags) == (REFUSE, status, CACHE)


def test_offline_what_is_known_as_valid_charges_where_allowed():
    """§9.1.12 LocalAuthorizeOffline: "when offline, will start for locally-authorized ids"."""
    for entry in (FOREVER, FUTURE):
        for flags in every_flags():
            for source, key in ((LIST, FLAGS[3]), (CACHE, FLAGS[4])):
                listed, cached = (entry, None) if source == LIST else (None, entry)
                got = decide(listed, cached, False, **flags)
                if flags[key] and flags["LocalAuthorizeOffline"]:
                    assert got == (ACCEPT, "Group", source)
                elif flags["AllowOfflineTxForUnknownId"]:
                    assert got[0] == ACCEPT and got[2] == UNKNOWN
                else:
                    assert got == (REFUSE, "Invalid", UNKNOWN)


def test_offline_the_unknown_charge_only_where_allowed():
    """§3.5.4, TC_037: AllowOfflineTxForUnknownId; and no group is known of a stranger."""
    for flags in every_flags():
        got = decide(None, None, False, **flags)
        if flags["AllowOfflineTxForUnknownId"]:
            assert got == (ACCEPT, None, UNKNOWN)
        else:
            assert got == (REFUSE, "Invalid", UNKNOWN)


def test_without_a_clock():
    """Nothing is apparently expired, so offline an entry keeps its word; online somebody can be
    asked, so what ends some day is not trusted."""
    for source in (LIST, CACHE):
        for entry in (FUTURE, PAST):
            listed, cached = (entry, None) if source == LIST else (None, entry)
            assert decide(listed, cached, False, None) == (ACCEPT, "Group", source)
            assert decide(listed, cached, True, None) == ASKED
        listed, cached = (FOREVER, None) if source == LIST else (None, FOREVER)
        assert decide(listed, cached, True, None) == (ACCEPT, "Group", source)


def test_what_is_not_built():
    nothing = Authorizer(lambda key: True, None, None)
    assert nothing.decide("card", True, UTC) == ASKED
    assert nothing.decide("card", False, UTC) == (ACCEPT, None, UNKNOWN)
    assert nothing.learn("card", FOREVER, 0, UTC) is False


def test_a_list_that_cannot_be_read():
    """It might say Blocked: ask who can be asked, refuse otherwise."""
    cache = IdCache("cache", RamFiles(), 10)
    cache.put("card", FOREVER, 0)
    authorizer = Authorizer(lambda key: True, Unreadable(), cache)
    assert authorizer.decide("card", True, UTC) == ASKED
    assert authorizer.decide("card", False, UTC) == (REFUSE, "Invalid", LIST)
    assert authorizer.learn("other", FOREVER, 0, UTC) is False
    assert cache.count == 1


def test_what_is_no_id_tag_is_unknown():
    authorizer, _, cache = station(FOREVER, FOREVER)
    for bad in ("x" * 21, "caf\u00e9"):
        assert authorizer.decide(bad, True, UTC) == ASKED
        assert authorizer.decide(bad, False, UTC) == (ACCEPT, None, UNKNOWN)
        assert authorizer.learn(bad, FOREVER, 0, UTC) is False
    assert cache.count == 1
    # An answer is read leniently: an odd parent must not keep a Blocked out.
    authorizer.learn("other", ("Blocked", "x" * 21, None), 0, UTC)
    assert cache.get("other", UTC) == ("Blocked", None, None)


def test_the_cache_learns_every_word():
    """§3.5.1: "The Cache is updated using all received IdTagInfo"."""
    for entry in ENTRIES[1:]:
        authorizer, _, cache = station()
        assert authorizer.learn("Card", entry, 0, UTC - 1) is False
        assert cache.get("card", UTC - 1) == entry
        authorizer.learn("CARD", BLOCKED, 0, UTC)
        assert cache.get("card", UTC) == BLOCKED
    authorizer, _, cache = station(AuthorizationCacheEnabled=False)
    authorizer.learn("card", FOREVER, 0, UTC)
    assert cache.count == 0


def test_what_the_list_knows_is_not_cached():
    """§3.5.3: "Identifiers known in the Local Authorization List SHALL NOT be added"."""
    authorizer, table, cache = station(FOREVER, BLOCKED)
    authorizer.learn("CARD", FOREVER, 0, UTC)
    assert cache.count == 0
    assert table.get("card") == FOREVER  # §3.5.2: SHALL NOT be modified by any other means
    authorizer, _, cache = station(FOREVER, None, LocalAuthListEnabled=False)
    authorizer.learn("card", BLOCKED, 0, UTC)
    assert cache.count == 1


def test_a_conflict_with_the_list_is_told():
    """§3.5.2: "Conflicts between the local authorization list and the validity reported": the
    CSMS is to be informed. Accepted and ConcurrentTx both mark a valid identifier."""
    for listed in ENTRIES[1:]:
        valid = listed in (FOREVER, FUTURE) or listed[0] == "ConcurrentTx"
        for said in ENTRIES[1:]:
            authorizer, _, _ = station(listed)
            expected = valid != (said[0] in ("Accepted", "ConcurrentTx"))
            assert authorizer.learn("card", said, 0, UTC) is expected, (listed, said)
    assert station(BLOCKED, LocalAuthListEnabled=False)[0].learn("card", FOREVER, 0, 0) is False
    assert station(None, BLOCKED)[0].learn("card", FOREVER, 0, UTC) is False


def test_a_cached_card_that_was_blocked_no_longer_charges():
    """§4.8: the identifier "may have been blocked since it was added to the cache"."""
    authorizer, _, _ = station(None, FOREVER)
    for online in (True, False):
        assert authorizer.decide("card", online, UTC) == (ACCEPT, "Group", CACHE)
    authorizer.learn("card", BLOCKED, 0, UTC)
    assert authorizer.decide("card", True, UTC) == ASKED
    assert authorizer.decide("card", False, UTC) == (REFUSE, "Blocked", CACHE)
    authorizer.learn("card", FOREVER, 0, UTC)
    assert authorizer.decide("card", False, UTC) == (ACCEPT, "Group", CACHE)


def test_the_verdicts_are_three():
    assert sorted({authorize.ACCEPT, authorize.REFUSE, authorize.ASK}) == [1, 2, 3]
