"""The points of OCPP 1.6 and its errata that are often missed: which test shows each, or why none.

Promise and form: as tools/ocpp_cases.py. Boundary: data only.
"""

_SMART = "smart_charging."

# where it is written, what is checked, tests as file.test or unit/file.test, a remark
POINTS = (
    (
        "1.6 3.7.1, J 3.3",
        "only a CALLERROR counts as an attempt; silence drops nothing",
        (
            "trouble.billable_message_not_answered_rightly",
            "unit/outbox.silence_is_no_attempt",
            "conformance_configuration.operator_gives_up_on_silence",
        ),
        "",
    ),
    (
        "1.6 3.7.1",
        "retry wait grows with each attempt; then only that message is put aside",
        ("trouble.callerror_is_tried_again", "trouble.stop_that_is_never_taken"),
        "parked, not discarded",
    ),
    (
        "3.18",
        "a Start that is never confirmed: the rest with -1",
        ("trouble.start_that_is_never_taken",),
        "",
    ),
    (
        "J 2025-04 3.1",
        "message ids are unique over all connections; a retry keeps its own",
        ("trouble.answer_after_the_time_out", "unit/journal_outbox.power_cuts_anywhere"),
        "every scenario is held against it",
    ),
    (
        "3.23",
        "ClearCache without a cache: Rejected",
        ("unit/command.without_a_cache_nothing_is_cleared",),
        "",
    ),
    (
        "1.6 3.7",
        "live messages do not wait for the queue",
        ("unit/outbox.a_refused_message_does_not_hold_up_live_ones",),
        "",
    ),
    (
        "J 5.3, 5.4, 3.22",
        "no boot on a reconnect, all statuses after Accepted, a Heartbeat a day",
        (
            "boot.tc_035_no_second_boot_on_reconnect",
            "boot.tc_001_boot_says_who_it_is",
            "unit/boot.the_clock_is_asked_for_once_a_day_all_the_same",
        ),
        "",
    ),
    (
        "3.35",
        "BootNotification triggered after Accepted: Rejected",
        ("trigger.tc_055_trigger_that_cannot_be",),
        "",
    ),
    (
        "3.14.4, 3.14.5, 3.91",
        "measurand lists: refused whole, empty ones say nothing, both ends are kept",
        (
            "configuration.tc_040_2_bad_values",
            "metering.no_transaction_data",
            "metering.transaction_data_is_thinned",
        ),
        "",
    ),
    (
        "3.8",
        "a new TxDefaultProfile onto a running transaction",
        (_SMART + "tc_082_default_profile_onto_a_running_transaction",),
        "",
    ),
    (
        "3.24, 3.38, 3.39",
        "wrong words and connectors of charging profiles",
        (
            _SMART + "bad_profiles_change_nothing",
            _SMART + "composite_schedule_that_cannot_be_told",
        ),
        "",
    ),
    (
        "3.25, 3.26",
        "ClearChargingProfile: all fields that are given",
        (_SMART + "tc_067_clear_charging_profile",),
        "",
    ),
    (
        "3.28 to 3.30, 3.57",
        "GetCompositeSchedule: from now on, no startSchedule, connector 0",
        (_SMART + "tc_066_composite_schedule",),
        "",
    ),
    (
        "3.34, 3.69",
        "phases; watts at the nominal voltage",
        (_SMART + "more_phases_than_there_are",),
        "",
    ),
    (
        "3.37",
        "profiles survive a power cut",
        (
            _SMART + "profiles_survive_a_power_cut",
            _SMART + "accepted_while_charging_survives_a_power_cut",
        ),
        "",
    ),
    (
        "3.41, 3.42, 3.67",
        "the profile of a RemoteStartTransaction",
        (_SMART + "tc_059_remote_start_with_profile",),
        "",
    ),
    (
        "3.43 to 3.45, 3.79",
        "recurrence, duration, lower levels",
        (_SMART + "daily_profile", _SMART + "tc_072_stacking"),
        "",
    ),
    (
        "3.84, 3.85, 3.87",
        "unlock: unknown connector NotSupported; fixed cable false, read-only",
        (
            "remote.tc_031_unlock_of_no_connector",
            "unit/configuration.a_fixed_cable_has_nothing_to_unlock",
        ),
        "",
    ),
    (
        "3.52, 3.16",
        "listVersion 0 and -1 refused; no transactionId outside of one",
        ("local_list.tc_043_1_to_3_send_local_list_refused", "metering.tc_071_clock_aligned"),
        "",
    ),
    (
        "J 2.1, 5.1, 5.2, 3.86",
        "known misspellings stay on the wire; Frequency has no unit",
        ("metering.tc_070_every_measurand_per_phase", "messages.wrong_calls"),
        "",
    ),
    (
        "3.10, J 3.4",
        "any UTC offset, percent-encoded identity, 404 is tried again",
        (
            "unit/timestamp.reads_fractions_and_any_offset",
            "boot.identity_in_the_url",
            "conformance_configuration.http_404_is_tried_again",
        ),
        "",
    ),
    (
        "J 3.11",
        "ping interval below attempts x retry interval",
        (),
        "so by default (60 s, 3 x 60 s); an operator may choose otherwise",
    ),
    (
        "3.36",
        "hard reset need not stop transactions first",
        ("remote.tc_015_reset_in_a_transaction",),
        "it stops them, then reboots",
    ),
    (
        "whitepaper A01, A05",
        "the key is never told; a profile is never lowered; what fails falls back",
        (
            "security_changes.tc_073_a_new_key_is_used_from_the_next_connection_on",
            "security_changes.tc_083_the_profile_rises",
        ),
        "",
    ),
)
