"""The conformance cases of the security whitepaper. Form, promise and boundary:
tools/ocpp_cases.py.
"""

_PROFILES = "security_profiles."
_CHANGES = "security_changes."
_CERTIFICATES = "certificates."
_LOG = "security_log."
_SIGNED = "signed_firmware."

# fmt: off
SECURITY = (
    ("073", "a new key", (_CHANGES + "tc_073_a_new_key_is_used_from_the_next_connection_on",), ""),
    ("074", "certificate of the charge point",
     (_CERTIFICATES + "tc_074_update_of_the_charge_point_certificate",),
     "ECDSA; keys of RSA are not made here"),
    ("075_1", "manufacturer root", (_CERTIFICATES + "tc_075_a_root_is_installed",), ""),
    ("075_2", "root of the backend", (_CERTIFICATES + "tc_075_a_root_is_installed",), ""),
    ("076", "a root is deleted", (_CERTIFICATES + "tc_076_a_root_is_deleted",), ""),
    ("077", "invalid charge point certificate",
     (_CERTIFICATES + "tc_077_an_invalid_charge_point_certificate",), ""),
    ("078", "invalid certificate of the backend",
     (_PROFILES + "tc_086_a_server_nobody_should_believe",), ""),
    ("079", "security log",
     (_LOG + "tc_079_get_security_log", _LOG + "tc_079_by_ftp"), ""),
    ("080", "signed firmware",
     (_SIGNED + "tc_080_signed_firmware", _SIGNED + "tc_080_at_its_hour",
      _SIGNED + "tc_080_waits_for_the_transaction"), ""),
    ("081", "signed firmware: bad signature",
     (_SIGNED + "tc_081_bad_signature", _SIGNED + "tc_081_bad_certificate"), ""),
    ("083", "a higher profile", (_CHANGES + "tc_083_the_profile_rises",), ""),
    ("085", "Basic authentication",
     (_PROFILES + "tc_085_basic_authentication",
      _PROFILES + "tc_085_a_wrong_key_is_told_once_and_tried_again"), ""),
    ("086", "certificate of the server",
     (_PROFILES + "tc_086_a_server_with_a_good_certificate",
      _PROFILES + "tc_086_a_server_nobody_should_believe"), ""),
    ("087", "certificate of the client",
     (_PROFILES + "tc_087_client_certificate",
      _PROFILES + "tc_087_a_client_certificate_the_csms_does_not_know"), ""),
    ("088", "subprotocol", ("boot.identity_in_the_url",), ""),
)
