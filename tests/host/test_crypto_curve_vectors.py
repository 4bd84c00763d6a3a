"""The vectors published with the `cryptography` library: NIST's CAVS and RFC 6979.

Every P-256 case, whatever its hash: ECDSA takes the first 256 bits of a longer digest, and a
shorter one as the number it is. Every RSA case of SHA-256; those of under 2048 bits are refused.
The counts are asserted, so that none is left out in silence.
"""

import hashlib
import os
import re

import pytest
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography_vectors import open_vector_file

from firmware.crypto import curve, p256, rsa, run

ECDSA = "asymmetric/ECDSA/"
RSA = "asymmetric/RSA/"


def records(path, last):
    """Each record of a CAVS file, ended by its field `last`, with the fields of its section."""
    section, record = {}, {}
    with open_vector_file(path, "r") as file:
        for line in map(str.strip, file):
            if line.startswith("# Salt len:"):
                section["salt_len"] = int(line.split(":")[1])
            elif line.startswith("[mod = "):
                section["mod"] = int(line[7:-1])
            elif re.match(r"\[[BKP]-", line):
                section["curve"], _, section["hash"] = line[1:-1].partition(",")
            elif " =" in line and not line.startswith("#"):
                name, _, value = line.partition(" =")
                # These hold until they are said again.
                (section if name in ("n", "e") else record)[name] = value.strip()
                if name == last:
                    yield {**section, **record}
                    record = {}


def test_records_of_a_section():
    """RSA keeps n (and e, where it stands above) over many messages."""
    rows = list(records(RSA + "FIPS_186-2/SigGen15_186-3.rsp", "S"))
    assert len(rows) == 250
    assert {row["mod"] for row in rows} == {1024, 1536, 2048, 3072, 4096}
    assert len({row["n"] for row in rows}) == 5 and {row["e"] for row in rows} == {"1001"}


def of_p256(path, last, digests=True):
    for row in records(ECDSA + path, last):
        if row["curve"] == "P-256":
            yield row, thirty_two(row["Msg"], row["hash"] or "SHA-1") if digests else None


def thirty_two(message, algorithm):
    """The number ECDSA makes of a digest (FIPS 186-5 6.4.1 step 2), as 32 bytes."""
    digest = hashlib.new(algorithm.replace("-", ""), bytes.fromhex(message)).digest()
    return digest[:32].rjust(32, b"\0")


def public_of(row):
    both = [row[name].rjust(64, "0") for name in ("Qx", "Qy")]
    # One of more digits does not go into 32 bytes; then the key is longer.
    return b"\x04" + b"".join(bytes.fromhex("0" * (len(text) % 2) + text) for text in both)


@pytest.mark.parametrize(("folder", "count", "good"), [("2", 15, 3), ("3", 75, 15)])
def test_ecdsa_verify(folder, count, good):
    rows = list(of_p256(f"FIPS_186-{folder}/SigVer.rsp", "Result"))
    for row, digest in rows:
        r, s = int(row["R"], 16), int(row["S"], 16)
        verdict = run(p256.verify(public_of(row), digest, r, s))
        assert verdict == row["Result"].startswith("P"), row
    assert (len(rows), sum(row["Result"].startswith("P") for row, _ in rows)) == (count, good)


@pytest.mark.parametrize(("folder", "last", "count"), [("2", "S", 15), ("3", "S", 75)])
def test_ecdsa_sign(folder, last, count):
    """The published signatures are good, and what makes them is ours: Q of d, R of k."""
    rows = list(of_p256(f"FIPS_186-{folder}/SigGen.txt", last))
    for row, digest in rows:
        r, s = int(row["R"], 16), int(row["S"], 16)
        assert run(p256.verify(public_of(row), digest, r, s)), row
        assert run(p256.public_key(int(row["d"], 16), os.urandom)) == public_of(row)
        x, _ = run(curve.times_base(int(row["k"], 16), os.urandom))
        assert x % curve.ORDER == r
    assert len(rows) == count


@pytest.mark.parametrize("folder", ["2", "3"])
def test_key_pairs(folder):
    rows = list(of_p256(f"FIPS_186-{folder}/KeyPair.rsp", "Qy", digests=False))
    for row, _ in rows:
        assert run(p256.public_key(int(row["d"], 16), os.urandom)) == public_of(row)
    assert len(rows) == 10


@pytest.mark.parametrize(("folder", "good"), [("2", 4), ("3", 4)])
def test_public_keys(folder, good):
    rows = list(of_p256(f"FIPS_186-{folder}/PKV.rsp", "Result", digests=False))
    for row, _ in rows:
        found = curve.decode(public_of(row))
        assert (found is not None) == row["Result"].startswith("P"), row
    assert (len(rows), sum(row["Result"].startswith("P") for row, _ in rows)) == (12, good)


def test_rfc_6979():
    """P-256: signed as published with SHA-256; with every hash, good and bad ones told apart."""
    with open_vector_file(ECDSA + "RFC6979/evppkey_ecdsa_rfc6979.txt", "r") as file:
        text = file.read()
    pem = re.search(r"PrivateKey=P-256_PRIV\n(-.*?END PRIVATE KEY-----\n)", text, re.S)[1]
    private = load_pem_private_key(pem.encode(), None).private_numbers().private_value
    public = run(p256.public_key(private, os.urandom))
    signed = checked = bad = 0
    for block in text.split("\n\n"):
        row = dict(line.split(" = ", 1) for line in block.splitlines() if " = " in line)
        if row.get("Key") not in ("P-256_PRIV", "P-256_PUB"):
            continue
        algorithm = row.get("DigestSign") or row["DigestVerify"]
        digest = thirty_two(row["Input"].strip('"').encode().hex(), algorithm)
        r, s = utils.decode_dss_signature(bytes.fromhex(row["Output"]))
        if "DigestVerify" in row:
            assert run(p256.verify(public, digest, r, s)) == ("Result" not in row)
            checked, bad = checked + 1, bad + ("Result" in row)
        elif algorithm == "SHA256":
            assert run(p256.sign(private, digest, os.urandom)) == (r, s)
            signed += 1
    assert (signed, checked, bad) == (2, 20, 10)


def of_rsa(path, last, pss):
    """[(bits, verdict, whether it is good)], of SHA-256."""
    found = []
    for row in records(RSA + path, last):
        if row["SHAAlg"] == "SHA256":
            digest = hashlib.sha256(bytes.fromhex(row["Msg"])).digest()
            key, signature = (int(row["n"], 16), int(row["e"], 16)), bytes.fromhex(row["S"])
            if pss:
                work = rsa.verify_pss(*key, digest, signature, row["salt_len"])
            else:
                work = rsa.verify_pkcs1(*key, digest, signature)
            good = row.get("Result", "P").startswith("P")
            found.append((row["mod"], run(work), good))
    return found


@pytest.mark.parametrize(
    ("path", "last", "pss", "counts"),
    [  # counts: cases of 2048 bits and more, good ones of them, cases of fewer bits
        ("FIPS_186-2/SigVer15_186-3.rsp", "Result", False, (54, 9, 36)),
        ("FIPS_186-2/SigVerPSS_186-3.rsp", "Result", True, (54, 9, 36)),
        ("SigVer15EMTest.txt", "Result", False, (18, 0, 12)),
        ("FIPS_186-2/SigGen15_186-2.rsp", "S", False, (30, 30, 20)),
        ("FIPS_186-2/SigGen15_186-3.rsp", "S", False, (30, 30, 20)),
        ("FIPS_186-2/SigGenPSS_186-2.rsp", "S", True, (30, 30, 20)),
        ("FIPS_186-2/SigGenPSS_186-3.rsp", "S", True, (30, 30, 20)),
    ],
)
def test_rsa(path, last, pss, counts):
    found = of_rsa(path, last, pss)
    large = [(verdict, good) for bits, verdict, good in found if bits >= 2048]
    small = [verdict for bits, verdict, _ in found if bits < 2048]
    assert all(verdict == good for verdict, good in large), large
    assert not any(small)
    assert (len(large), sum(good for _, good in large), len(small)) == counts
