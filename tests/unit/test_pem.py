# heap: chip + 56k, the largest text it decodes, and copies of it
"""firmware.crypto.pem"""

from firmware.crypto import pem
from tests.unit.certificate_forge import refusal

DER = bytes(range(100))
ONE = pem.encode(DER)
BODY = ONE.split("\n")[1:-2]


def block(body, label="CERTIFICATE", end=None):
    return "-----BEGIN %s-----\n%s\n-----END %s-----\n" % (label, body, end or label)


def test_there_and_back():
    """RFC 7468 §2: lines of 64 characters."""
    assert ONE.startswith("-----BEGIN CERTIFICATE-----\nAAECAwQF")
    assert ONE.endswith("\n-----END CERTIFICATE-----\n")
    assert [len(line) for line in BODY] == [64, 64, 8]
    for size in range(1, 60):
        assert pem.decode(pem.encode(DER[:size])) == [DER[:size]], size
    assert pem.decode(pem.encode(DER, "CERTIFICATE REQUEST"), pem.CERTIFICATE_REQUEST) == [DER]


def test_several_blocks_with_text_between():
    """RFC 7468 §2: parsers must not malfunction on data around the blocks."""
    text = "leaf:\n" + ONE + "\ns:/CN=root\n" + pem.encode(b"x") + "bye - -----"
    assert pem.decode(text) == [DER, b"x"]
    assert pem.decode(text.encode()) == [DER, b"x"]


def test_any_white_space_inside():
    for text in (
        ONE.replace("\n", "\r\n"),
        ONE.replace("\n", " "),
        ONE[:-1],
        block("".join(BODY)),
        block("\n\n".join(BODY) + "\n \t"),
    ):
        assert pem.decode(text) == [DER], text


def test_nothing_but_what_was_asked_for():
    key = block("YQ==", "EC PRIVATE KEY")
    for bad in (
        "",
        "AAEC",
        key,
        ONE + key,
        block("YQ==", "X509 CERTIFICATE"),
        block("YQ==", "CERTIFICATE", "CERTIFICATE REQUEST"),
        block("YQ==").replace("BEGIN CERT", "BEGIN TREC"),
        block("YQ==").replace("-----END", "----END"),
        ONE[:-10],
        ONE[: len(ONE) // 2] + ONE,
        block("Proc-Type: 4,ENCRYPTED\n\nYQ=="),
    ):
        assert refusal(pem.decode, bad), bad


def test_base64_is_canonical():
    """RFC 4648 §3.5: pad bits zero. Two texts never mean one certificate."""
    assert pem.decode(block("YQ==")) == [b"a"]
    for bad in (
        "",
        "=",
        "YQ=",
        "YQ",
        "Y",
        "YR==",
        "YQ==YQ==",
        "YQ==A",
        "Y!Q==",
        "YWJ-",
        "YQ===",
        "Y\u00fc==",
    ):
        assert refusal(pem.decode, block(bad)), bad


def test_counts_and_sizes_are_bounded():
    assert len(pem.decode(ONE * 4)) == 4
    assert refusal(pem.decode, ONE * 5) == "PEM: more than 4 blocks"
    assert refusal(pem.decode, ONE * 2, pem.CERTIFICATE, 1) == "PEM: more than 1 blocks"
    assert pem.decode(pem.encode(bytes(8192))) == [bytes(8192)]
    assert "too long" in refusal(pem.decode, pem.encode(bytes(8193)))
    assert pem.decode(ONE + " " * (16384 - len(ONE))) == [DER]
    assert refusal(pem.decode, ONE + " " * (16385 - len(ONE))) == "PEM: too long"
