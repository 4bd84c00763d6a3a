"""firmware.crypto.chain: who may be trusted, and the reason why not"""

from firmware.crypto import chain, run
from firmware.crypto.algorithm import encode_p256
from firmware.crypto.der import encode, encode_integer
from firmware.crypto.name import encode as name
from firmware.crypto.x509 import Certificate, from_pem
from tests.unit import certificate_rig as rig
from tests.unit.certificate_forge import (
    AUTHORITY,
    CERT_SIGN,
    CLIENT_AUTH,
    CODE_SIGNING,
    DIGITAL_SIGNATURE,
    KEYS,
    NOW,
    SERVER_AUTH,
    ca,
    extension,
    parsed,
    purposes,
    refusal,
    usage,
)

try:
    from time import ticks_us
except ImportError:
    from time import perf_counter_ns

    def ticks_us():
        return perf_counter_ns() // 1000


(A, A_PUBLIC), (B, B_PUBLIC), (C, C_PUBLIC) = KEYS
ROOT_NAME, SUB_NAME = name("Org", "Root"), name("Org", "Sub")
# As much as an extension may say.
WIDE = (extension(17, encode(0x30, *[encode(0x82, b"a" * 60)] * 64)),)
START, END = 1767225600, 2398377600


def root(**fields):
    fields.setdefault("extensions", AUTHORITY)
    return parsed(subject=ROOT_NAME, key=encode_p256(A_PUBLIC), signer=A, **fields)


def sub(**fields):
    fields.setdefault("extensions", AUTHORITY)
    return parsed(subject=SUB_NAME, key=encode_p256(B_PUBLIC), signer=A, **fields)


def leaf(signer=A, **fields):
    return parsed(key=encode_p256(C_PUBLIC), signer=signer, **fields)


ROOT, SUB, LEAF = root(), sub(), leaf()
DEEP = leaf(B, issuer=SUB_NAME)


def why(certificates, roots=(ROOT,), at=NOW, purpose=chain.CLIENT, earliest=None):
    """The reason; none where it is trusted, and then by one of the roots."""
    by, reason = run(chain.verify(certificates, roots, at, purpose, earliest))
    assert (by in roots) == (reason == "") and (by is None) == (reason != "")
    return reason


def test_chains_made_elsewhere():
    roots = from_pem(rig.MAKER + rig.ROOT)
    own = from_pem(rig.LEAF + rig.SUB)
    assert run(chain.verify(own, roots, NOW, chain.CLIENT)) == (roots[1], "")
    for signer in from_pem(rig.SIGNER + rig.SIGNER_PSS):
        assert run(chain.verify([signer], roots, NOW, chain.FIRMWARE)) == (roots[0], "")
        assert why([signer], roots[1:], NOW, chain.FIRMWARE) == "issuer unknown"
    assert why(own[:1], roots) == "issuer unknown"
    assert why(own, roots[:1]) == "issuer unknown"
    assert why(own[:1], own[1:]) == ""  # whatever is installed is where a chain may end


def test_intermediates_in_any_order():
    sub_2 = parsed(
        subject=name("Org", "Sub 2"), issuer=SUB_NAME, signer=B, extensions=AUTHORITY,
        key=encode_p256(A_PUBLIC),
    )  # fmt: skip
    last = leaf(A, issuer=name("Org", "Sub 2"))
    assert why([last, sub_2, SUB]) == "" and why([last, SUB, sub_2]) == ""
    assert why([last, SUB, sub_2, ROOT]) == "" and why([DEEP, SUB]) == ""
    assert why([DEEP, ROOT]) == "issuer unknown" and why([last, SUB]) == "issuer unknown"
    assert why([LEAF, SUB, SUB, SUB]) == ""
    assert why([]) == "0 certificates" and why([LEAF] * 5) == "5 certificates"


def test_a_root_that_was_only_sent_along_is_none():
    assert why([LEAF, ROOT], ()) == "issuer unknown"
    assert why([LEAF, ROOT], (SUB,)) == "issuer unknown"


def test_wrong_signature():
    assert why([leaf(B)]) == "wrong signature"
    assert why([DEEP, sub(issuer=name("Org", "Sub"))]) == "issuer unknown"
    other = parsed(subject=SUB_NAME, signer=C, extensions=AUTHORITY, key=encode_p256(B_PUBLIC))
    assert why([DEEP, other]) == "wrong signature"
    changed = bytearray(LEAF.der)
    changed[changed.find(b"Leaf")] ^= 1
    assert why([Certificate(changed)]) == "wrong signature"
    for garbage in (b"", b"none", encode(0x30, encode_integer(0), encode_integer(0))):
        assert why([parsed(signature=garbage)]) == "wrong signature"


def test_of_two_issuers_of_one_name_the_right_one():
    other = parsed(subject=ROOT_NAME, signer=B, extensions=AUTHORITY, key=encode_p256(B_PUBLIC))
    assert why([LEAF], (other, ROOT)) == "" and why([LEAF], (ROOT, other)) == ""
    marked = root(extensions=AUTHORITY + (extension(14, b"\x04\x01a"),))
    right = leaf(extensions=(extension(35, b"\x30\x03\x80\x01a"),))
    wrong = leaf(extensions=(extension(35, b"\x30\x03\x80\x01b"),))
    assert why([right], (marked,)) == "" and why([wrong], (marked,)) == "issuer unknown"
    assert why([wrong]) == ""  # a root without the identifier


def test_validity():
    assert why([LEAF], at=START) == "" and why([LEAF], at=END) == ""
    assert why([LEAF], at=START - 1) == "not yet valid" and why([LEAF], at=END + 1) == "expired"
    short = encode(0x30, encode(0x17, b"260101000000Z"), encode(0x17, b"270101000000Z"))
    assert why([LEAF], (root(validity=short),)) == "expired"
    assert why([leaf(validity=short)]) == "expired"
    assert why([DEEP, sub(validity=short)]) == "expired"
    late = encode(0x30, encode(0x17, b"300101000000Z"), encode(0x17, b"400101000000Z"))
    assert why([LEAF], (root(validity=late),)) == "not yet valid"


def test_a_clock_that_was_never_set_opens_no_door():
    for purpose in (chain.CLIENT, chain.SERVER, chain.FIRMWARE, chain.AUTHORITY):
        assert why([LEAF], at=None, purpose=purpose) == "time unknown"
    assert why([LEAF], at=None, earliest=START - 1) == ""
    assert why([LEAF], at=None, earliest=END) == ""
    assert why([LEAF], at=None, earliest=END + 1) == "expired"
    signer = leaf(extensions=(purposes(CODE_SIGNING),))
    assert why([signer], at=NOW, purpose=chain.FIRMWARE) == ""
    assert why([signer], at=None, purpose=chain.FIRMWARE, earliest=NOW) == "time unknown"
    # A clock that is behind what has surely passed is wrong.
    assert why([LEAF], at=START, earliest=END + 1) == "expired"
    assert why([LEAF], at=START - 1, earliest=START) == ""
    assert chain.earliest_now(5, []) == 5
    assert chain.earliest_now(5, [ROOT]) == START and chain.earliest_now(NOW, [ROOT]) == NOW


def test_only_a_ca_issues():
    for flags in ((), (usage(CERT_SIGN),), (ca(None, b"\x00"), usage(CERT_SIGN))):
        assert why([LEAF], (root(extensions=flags),)) == "issuer is not a CA"
        assert why([DEEP, sub(extensions=flags)]) == "issuer is not a CA"
    flags = (ca(), usage(DIGITAL_SIGNATURE))
    assert why([LEAF], (root(extensions=flags),)) == "issuer may not sign certificates"
    assert why([LEAF], (root(extensions=(ca(),)),)) == ""
    assert why([LEAF], (root(version=b"", extensions=()),)) == "issuer is not a CA"


def test_path_length():
    """RFC 5280 §4.2.1.9: how many intermediates that are not self-issued may follow."""
    none = (root(extensions=(ca(0), usage(CERT_SIGN))),)
    one = (root(extensions=(ca(1), usage(CERT_SIGN))),)
    assert why([LEAF], none) == "" and why([DEEP, SUB], none) == "path too long"
    assert why([DEEP, SUB], one) == ""
    self_issued = parsed(
        subject=ROOT_NAME, signer=A, extensions=AUTHORITY, key=encode_p256(B_PUBLIC)
    )
    assert why([leaf(B), self_issued], none) == ""


def test_purposes():
    for purpose, oid in ((chain.CLIENT, CLIENT_AUTH), (chain.SERVER, SERVER_AUTH)):
        for oids in ((oid,), (b"\x2a", oid), (b"\x55\x1d\x25\x00",)):
            assert why([leaf(extensions=(purposes(*oids),))], purpose=purpose) == ""
        for oids in ((CODE_SIGNING,), (b"\x2a",)):
            said = why([leaf(extensions=(purposes(*oids),))], purpose=purpose)
            assert said == "not for this purpose"
    assert why([leaf(extensions=(purposes(SERVER_AUTH),))]) == "not for this purpose"
    limited = AUTHORITY + (purposes(SERVER_AUTH),)
    assert why([DEEP, sub(extensions=limited)]) == "not for this purpose"
    assert why([DEEP, sub(extensions=limited)], purpose=chain.SERVER) == ""


def test_key_usage_of_a_leaf():
    encipher = usage(b"\x03\x02\x05\x20")
    assert why([leaf(extensions=(usage(DIGITAL_SIGNATURE),))]) == ""
    assert why([leaf(extensions=(encipher,))]) == "key usage"
    assert why([leaf(extensions=(encipher,))], purpose=chain.SERVER) == ""
    assert why([leaf(extensions=(usage(CERT_SIGN),))], purpose=chain.SERVER) == "key usage"
    assert why([leaf(extensions=(ca(),))]) == "a CA, not an end entity"


def test_a_leaf_of_ours_names_its_organization():
    """A00.FR.509. Public CAs leave it out, so not for servers."""
    pair = encode(0x30, encode(6, b"\x55\x04\x03"), encode(0x0C, b"CP"))
    nameless = leaf(subject=encode(0x30, encode(0x31, pair)))
    assert why([nameless]) == "no organization in the subject"
    assert why([nameless], purpose=chain.FIRMWARE) == "no organization in the subject"
    assert why([nameless], purpose=chain.SERVER) == ""


def test_firmware_signing():
    """L01, remarks: no intermediate certificates for the firmware signing certificate."""

    def said(*certificates):
        return why(certificates, purpose=chain.FIRMWARE)

    code = (purposes(CODE_SIGNING), usage(DIGITAL_SIGNATURE))
    deep = leaf(B, issuer=SUB_NAME, extensions=code)
    assert said(leaf(extensions=code)) == "" and said(LEAF) == ""
    assert said(deep, SUB) == "intermediate certificates" and said(deep) == "issuer unknown"
    assert said(leaf(extensions=(purposes(b"\x55\x1d\x25\x00"),))) == "not for this purpose"
    assert said(leaf(extensions=(purposes(CLIENT_AUTH),))) == "not for this purpose"
    assert said(ROOT) == "a CA, not an end entity"
    p384 = encode(
        0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x02\x01"), encode(6, b"\x2b\x81\x04\x00\x22")
    )
    other = parsed(key=encode(0x30, p384, b"\x03\x01\x00"), signer=A)
    assert said(other) == "key P-384" and why([other], purpose=chain.SERVER) == ""


def test_what_is_signed_otherwise_is_refused_by_name():
    sha1 = encode(0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x04\x01"))
    assert why([leaf(inner=sha1, outer=sha1)]) == "signature ecdsa-with-SHA1"
    pkcs1 = encode(0x30, encode(6, b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"), encode(5))
    assert why([leaf(inner=pkcs1, outer=pkcs1)]) == "key EC, signature sha256WithRSA"


def test_a_new_root_is_signed_by_the_old_one():
    """M05.FR.09."""
    new = sub()
    assert why([new], purpose=chain.AUTHORITY) == ""
    assert why([LEAF], purpose=chain.AUTHORITY) == "issuer is not a CA"
    alone = parsed(
        subject=SUB_NAME, issuer=SUB_NAME, signer=B, extensions=AUTHORITY,
        key=encode_p256(B_PUBLIC),
    )  # fmt: skip
    assert why([alone], purpose=chain.AUTHORITY) == "issuer unknown"


def test_what_may_be_installed_as_a_root():
    """M05.FR.06."""

    def said(certificate, at=NOW, earliest=None):
        return run(chain.check_root(certificate, at, earliest))

    for text in (rig.ROOT, rig.MAKER):
        assert said(from_pem(text)[0]) == ""
    assert said(ROOT) == "" and said(SUB) == "not self-signed"
    assert said(LEAF) == "issuer is not a CA" and said(root(extensions=(ca(),))) == ""
    assert said(root(extensions=(ca(), usage(DIGITAL_SIGNATURE)))).startswith("issuer may not")
    assert said(ROOT, END + 1) == "expired" and said(ROOT, START - 1) == "not yet valid"
    assert said(ROOT, None) == "time unknown" and said(ROOT, None, NOW) == ""
    assert said(ROOT, None, END + 1) == "expired"
    liar = parsed(subject=ROOT_NAME, signer=B, extensions=AUTHORITY, key=encode_p256(A_PUBLIC))
    assert said(liar) == "wrong signature"
    sha1 = encode(0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x04\x01"))
    assert said(root(inner=sha1, outer=sha1)) == "signature ecdsa-with-SHA1"
    sha384 = encode(0x30, encode(6, b"\x2a\x86\x48\xce\x3d\x04\x03\x03"))
    assert said(root(inner=sha384, outer=sha384)) == ""  # the TLS stack can, this room cannot


def test_hash_data():
    """Edition 3, §6.1; values by the OCSP requests of cryptography."""
    root, sub, leaf = from_pem(rig.ROOT + rig.SUB + rig.LEAF)
    key = "6359119223B206082351190D481963602E6485207FCA481A9D1FB4788E61A228"
    assert chain.hash_data(sub, root) == {
        "hashAlgorithm": "SHA256",
        "issuerNameHash": "3B1ECC4320525127FCBEFC485F7ADA344D891F4C97970EB96CBCA776C40DA232",
        "issuerKeyHash": key,
        "serialNumber": "FFF",
    }
    assert chain.hash_data(root, root)["serialNumber"] == "1"
    assert chain.hash_data(root, root)["issuerKeyHash"] == key
    assert chain.hash_data(leaf, sub)["serialNumber"] == "80AABB01020304050607"
    assert refusal(chain.hash_data, leaf, root) == "not its issuer"


def test_no_slice_holds_the_loop():
    """At most 5 ms of this port's time, of a good chain as of a hostile one."""
    wide = leaf(subject=name("\u20ac" * 64, "\u20ac" * 64), extensions=WIDE)
    for certificates in ([DEEP, SUB], [wide, ROOT, ROOT, ROOT], from_pem(rig.SIGNER)):
        roots = [ROOT] + from_pem(rig.MAKER)
        for purpose in (chain.CLIENT, chain.FIRMWARE):
            assert longest(certificates, roots, purpose) < 5000
    assert len(wide.der) > 4000
    assert min([duration(Certificate, wide.der) for _ in range(5)]) < 5000


def duration(function, *arguments):
    begun = ticks_us()
    function(*arguments)
    return ticks_us() - begun


def longest(certificates, roots, purpose):
    """us of the longest slice. Others use this machine too: of five runs, each at its best."""
    best = []
    for _ in range(5):
        work, slices = chain.verify(certificates, roots, NOW, purpose), 0
        over = False
        while not over:
            begun = ticks_us()
            over = next(work, work) is work
            took = ticks_us() - begun
            if slices < len(best):
                best[slices] = min(best[slices], took)
            else:
                best.append(took)
            slices += 1
    return max(best)
