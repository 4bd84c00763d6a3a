"""The conformance cases of a charge point in OCPP 1.6: which scenario shows each, or why none.

Promise: every id that is known, once; a test named here exists (tests/host/test_ocpp_table.py) and
`make test` runs it, so that a case with a test is one that passes. Boundary: data only; the cases
are known by their ids and from what implementers wrote about them, the test cases themselves are
for members of the OCA.
"""

_AUTH = "conformance_authorization."
_KEYS = "conformance_configuration."
_LIST = "local_list."

NO_FIRMWARE = "firmware and diagnostics are not built yet"
NO_RESERVATION = "reservation is not built yet"
NO_SMART = "smart charging is not built yet"
NO_SECURITY = "the security extensions are not built yet"
UNKNOWN = "no meaning is known: retired, or a case of the backend"

# id, what it checks, tests as file.test (both without "test_"), why there is none or what differs
CASES = (
    ("001", "cold boot", ("boot.tc_001_boot_says_who_it_is",), ""),
    (
        "002",
        "cold boot, Pending",
        ("boot.tc_002_pending", "boot.tc_002_pending_is_called_by_trigger"),
        "",
    ),
    ("003", "session, plug first", ("session.tc_003_plug_first",), ""),
    ("004_1", "session, card first", ("session.tc_004_1_card_first",), ""),
    ("004_2", "card first, ConnectionTimeOut", ("session.tc_004_2_connection_time_out",), ""),
    (
        "005_1",
        "unplugged at the car: stop, unlock",
        ("session.tc_005_1_unplugged_at_the_car",),
        "",
    ),
    (
        "005_2",
        "unplugged at the car, fixed cable",
        (
            "session.tc_005_2_tethered_cable_unplugged",
            "remote.tc_005_2_unlock_of_a_tethered_cable",
        ),
        "",
    ),
    (
        "005_3",
        "unplugged at the car, no stop",
        ("session.tc_005_3_unplugged_at_the_car_without_stop",),
        "",
    ),
    (
        "006",
        "one reader, several connectors",
        (_AUTH + "tc_006_one_reader_for_two_connectors", _AUTH + "tc_006_card_first"),
        "",
    ),
    ("007", "cached id, no Authorize", (_AUTH + "tc_007_cached_id",), ""),
    ("008_1", "listed id, no Authorize", (_LIST + "tc_008_id_in_the_local_list",), ""),
    (
        "008_2",
        "listed id, no Authorize",
        (_LIST + "tc_008_id_in_the_local_list", _LIST + "tc_008_2_list_survives_a_power_cut"),
        "what sets it apart from 008_1 is not known",
    ),
    ("009", "", (), UNKNOWN),
    ("010", "remote start, cable first", ("remote.tc_010_remote_start_cable_first",), ""),
    ("011_1", "remote start first", ("remote.tc_011_1_remote_start_first",), ""),
    ("011_2", "remote start, ConnectionTimeOut", ("remote.tc_011_2_remote_start_times_out",), ""),
    ("012", "remote stop", ("remote.tc_010_remote_start_cable_first",), ""),
    ("013", "hard reset", ("remote.tc_013_reset_idle",), ""),
    (
        "014",
        "soft reset; Unavailable survives",
        ("remote.tc_013_reset_idle", "remote.tc_014_unavailable_over_a_reboot"),
        "",
    ),
    ("015", "hard reset in a transaction", ("remote.tc_015_reset_in_a_transaction",), ""),
    ("016", "soft reset in a transaction", ("remote.tc_015_reset_in_a_transaction",), ""),
    ("017_1", "unlock, socket", ("remote.tc_017_1_unlock_without_transaction",), ""),
    ("017_2", "unlock, fixed cable", ("remote.tc_005_2_unlock_of_a_tethered_cable",), ""),
    (
        "018_1",
        "unlock in a transaction, socket",
        ("remote.tc_018_1_unlock_ends_the_transaction",),
        "",
    ),
    (
        "018_2",
        "unlock in a transaction, fixed cable",
        (_AUTH + "tc_018_2_unlock_of_a_fixed_cable_in_a_transaction",),
        "",
    ),
    ("019_1", "all keys", ("configuration.tc_019_1_get_all", _KEYS + "tc_021_every_key"), ""),
    ("019_2", "named keys", ("configuration.tc_019_2_get_some",), ""),
    ("020", "", (), UNKNOWN),
    (
        "021",
        "a key is changed",
        ("configuration.tc_021_change_survives_a_reset", _KEYS + "tc_021_every_key"),
        "",
    ),
    ("022", "", (), UNKNOWN),
    (
        "023_1",
        "invalid id",
        ("session.tc_023_1_refused_card", _LIST + "tc_023_blocked_in_the_local_list"),
        "",
    ),
    ("023_2", "blocked id", ("session.tc_023_1_refused_card",), ""),
    ("023_3", "expired id", ("session.tc_023_1_refused_card",), ""),
    ("024", "lock failure at the start", ("faults.tc_024_lock_that_does_not_close",), ""),
    ("025", "", (), UNKNOWN),
    ("026", "remote start, occupied", ("remote.tc_026_remote_start_that_cannot_be",), ""),
    ("027", "remote start, connector 0", ("remote.tc_026_remote_start_that_cannot_be",), ""),
    ("028", "remote stop, unknown id", ("remote.tc_028_remote_stop_of_another",), ""),
    ("029", "", (), UNKNOWN),
    ("030", "unlock fails", ("remote.tc_030_unlock_that_sticks",), ""),
    ("031", "unlock, unknown connector", ("remote.tc_031_unlock_of_no_connector",), ""),
    (
        "032_1",
        "power failure, stop before the boot",
        (_AUTH + "tc_032_power_failure",),
        "without a supply of its own it behaves as 032_2",
    ),
    ("032_2", "power failure, stop after the boot", (_AUTH + "tc_032_power_failure",), ""),
    ("033", "", (), UNKNOWN),
    ("034", "power failure, Unavailable", ("remote.tc_034_unavailable_over_a_power_cut",), ""),
    ("035", "link lost, idle", ("boot.tc_035_no_second_boot_on_reconnect",), ""),
    ("036", "link lost in a transaction", ("link.tc_036_link_lost_while_charging",), ""),
    (
        "037_1",
        "offline start, valid id",
        (
            _LIST + "tc_037_1_offline_start_of_a_listed_card",
            _AUTH + "tc_037_1_offline_start_of_a_cached_card",
        ),
        "",
    ),
    (
        "037_2",
        "offline start, invalid id, no stop",
        (
            _AUTH + "tc_037_2_offline_start_turns_out_invalid",
            _AUTH + "tc_037_2_max_energy_on_invalid_id",
        ),
        "",
    ),
    ("037_3", "offline start, invalid id", ("link.tc_037_3_offline_card_turns_out_invalid",), ""),
    ("038", "offline stop", ("link.tc_038_stop_while_offline",), ""),
    ("039", "a whole transaction offline", ("link.tc_039_whole_session_offline",), ""),
    ("040_1", "unknown key", ("configuration.tc_040_1_unknown_key",), ""),
    ("040_2", "bad value", ("configuration.tc_040_2_bad_values", _KEYS + "tc_021_every_key"), ""),
    (
        "041",
        "a fault is told",
        ("faults.tc_041_fault_while_idle", "faults.tc_041_fault_while_charging"),
        "",
    ),
    ("042_1", "list version, switched off", (_LIST + "tc_042_list_version",), ""),
    ("042_2", "list version, empty", (_LIST + "tc_042_list_version",), ""),
    ("043", "full and differential update", (_LIST + "tc_043_send_local_list",), ""),
    ("043_1", "list: NotSupported", (_LIST + "tc_043_1_to_3_send_local_list_refused",), ""),
    ("043_2", "list: VersionMismatch", (_LIST + "tc_043_1_to_3_send_local_list_refused",), ""),
    ("043_3", "list: Failed", (_LIST + "tc_043_1_to_3_send_local_list_refused",), ""),
    ("044_1 to 044_3", "firmware: good, not downloaded, not installed", (), NO_FIRMWARE),
    ("045_1, 045_2", "diagnostics: good, not uploaded", (), NO_FIRMWARE),
    ("046_1, 046_2", "reservation, then local or remote start", (), NO_RESERVATION),
    ("047", "reservation expires", (), NO_RESERVATION),
    ("048_1 to 048_4", "reservation refused", (), NO_RESERVATION),
    ("049", "reservation of connector 0", (), NO_RESERVATION),
    ("050_1 to 050_4", "reservation of connector 0, variants", (), NO_RESERVATION),
    ("051", "reservation cancelled", (), NO_RESERVATION),
    ("052", "cancelling refused", (), NO_RESERVATION),
    ("053", "reservation by parentIdTag", (), NO_RESERVATION),
    (
        "054",
        "every message triggered",
        ("remote.tc_054_trigger", "remote.tc_054_trigger_in_a_transaction"),
        "those of the profiles that are built",
    ),
    ("055", "trigger refused", ("remote.tc_055_trigger_that_cannot_be",), ""),
    ("056 to 060", "charging profiles", (), NO_SMART),
    ("061", "clear cache", (_AUTH + "tc_061_clear_cache", "remote.tc_061_clear_cache"), ""),
    (
        "062",
        "DataTransfer to the charge point",
        ("remote.tc_062_data_transfer", _KEYS + "tc_062_parked_messages"),
        "",
    ),
    ("063", "", (), UNKNOWN),
    ("064", "DataTransfer to the backend", (), "there is nothing it would say by itself"),
    ("065", "", (), UNKNOWN),
    ("066, 067, 072, 082", "charging profiles", (), NO_SMART),
    ("068", "only the same idTag stops", ("session.tc_068_other_card_does_not_stop",), ""),
    (
        "069",
        "parentIdTag stops",
        ("session.tc_069_card_of_the_same_group_stops", _LIST + "tc_069_group_card_stops_offline"),
        "",
    ),
    (
        "070",
        "sampled values",
        ("metering.tc_070_every_measurand_per_phase", "metering.tc_070_periodic"),
        "",
    ),
    ("071", "clock-aligned values", ("metering.tc_071_clock_aligned",), ""),
    ("073 to 081, 083, 085 to 088", "security", (), NO_SECURITY),
    ("084", "", (), UNKNOWN),
)
