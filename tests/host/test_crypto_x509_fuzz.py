"""Whatever bytes claim to be a certificate: ValueError at most, soon, with little memory."""

import random
import time
import tracemalloc

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from firmware.crypto import algorithm, chain, der, ec_key, instant, name, pem, run, signature
from firmware.crypto.extension import Extensions
from firmware.crypto.x509 import Certificate, from_pem
from tests.host.certificate_maker import CA, CLIENT_AUTH, NOW, PSS, made, usage
from tests.host.certificate_maker import der as der_of
from tests.host.certificate_maker import key as key_of
from tests.host.certificate_maker import name as name_of

ROUNDS = 400  # mutants of each seed
SLOW_S = 0.05  # hundreds of times what the largest good one takes on a desk
MEMORY = 200_000  # CPython's objects; the input is 8 KiB at most


def seeds():
    rich = (
        *CA,
        (x509.ExtendedKeyUsage([CLIENT_AUTH]), False),
        (x509.SubjectAlternativeName([x509.DNSName("a.example")]), False),
        (x509.SubjectKeyIdentifier.from_public_key(key_of().public_key()), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(key_of().public_key()), False),
    )
    yield der_of(made(extensions=rich))
    yield der_of(made(own=key_of("RSA-2048"), rsa_padding=PSS))
    yield der_of(made(own=key_of("P-384"), extensions=((usage("digital_signature"), True),)))


SEEDS = list(seeds())


def mutant(rng, data):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4, 16))):
        at = rng.randrange(len(data)) if data else 0
        kind = rng.randrange(6)
        if kind == 0 and data:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[at] = rng.choice((0, 1, 0x7F, 0x80, 0x81, 0x82, 0x84, 0xFF, 0x1F, 0x30, 0x31))
        elif kind == 2:
            del data[at : at + rng.choice((1, 2, 50))]
        elif kind == 3:
            data[at:at] = rng.randbytes(rng.choice((1, 2, 50)))
        elif kind == 4:
            data[at:at] = data[at : at + rng.choice((4, 60, 400))]
        elif rng.random() < 0.2:
            del data[at:]
    return bytes(data)


def values_in(data, at=0, end=None):
    """(start, end) of every value, as deep as they go."""
    end = len(data) if end is None else end
    while at + 2 <= end:
        size, start = data[at + 1], at + 2
        if size & 0x80:
            count = size & 0x7F
            size, start = int.from_bytes(data[start : start + count], "big"), start + count
        if start + size > end:
            return
        yield at, start, start + size
        if data[at] & 0x20:
            yield from values_in(data, start, start + size)
        at = start + size


def reshaped(rng, data):
    """DER still, mostly: one value gone, doubled, or another's in its place; lengths put right."""
    values = list(values_in(data))
    at, _, end = rng.choice(values[1:])
    other = rng.choice(values)
    new = rng.choice(
        (b"", data[at:end] * 2, data[other[0] : other[2]], der.encode(4, rng.randbytes(3)))
    )
    for start, inside, stop in sorted(values, reverse=True):
        if start < at and stop >= end:  # a parent: from the innermost to the whole
            new = der.encode(data[start], data[inside:at], new, data[end:stop])
            at, end = start, stop
    return new


def read(data):
    """Its Certificate; None when it is refused. Nothing else may happen, and not slowly."""
    begun = time.perf_counter()
    try:
        return Certificate(data)
    except ValueError as refusal:
        assert 0 < len(str(refusal)) < 120
        return None
    finally:
        assert time.perf_counter() - begun < SLOW_S


@pytest.mark.parametrize("change", [mutant, reshaped])
@pytest.mark.parametrize("seed", range(len(SEEDS)))
def test_mutated_certificates(seed, change):
    rng = random.Random(seed)
    root = Certificate(der_of(made(extensions=CA)))
    taken = 0
    for _ in range(ROUNDS):
        data = change(rng, SEEDS[seed])
        certificate = read(data)
        if certificate is None or data == SEEDS[seed]:
            continue
        taken += 1
        by, why = run(chain.verify([certificate], [root], NOW, chain.CLIENT))
        assert by is None and why
        why = run(chain.check_root(certificate, NOW))
        assert why or certificate.tbs == Certificate(SEEDS[seed]).tbs
    assert 0 < taken < ROUNDS


def test_cut_off_certificates():
    for data in SEEDS:
        for end in range(len(data)):
            assert read(data[:end]) is None


def test_any_bytes():
    rng = random.Random(7)
    for _ in range(3000):
        assert read(rng.randbytes(rng.randrange(300))) is None
        assert read(b"\x30\x82\x01\x00" + rng.randbytes(256)) is None


READERS = (
    algorithm.signature,
    algorithm.public_key,
    name.texts,
    ec_key.decode,
    lambda data: Extensions().read(der.Reader(data)),
    lambda data: instant.read(der.Reader(data)),
    lambda data: der.dotted(der.oid(data)),
    der.flags,
    from_pem,
)


@pytest.mark.parametrize("reader", range(len(READERS)))
def test_every_reader_alone(reader):
    rng = random.Random(reader)
    for _ in range(2000):
        data = rng.choice(SEEDS)
        start, _, end = rng.choice(list(values_in(data)))
        data = mutant(rng, data[start:end][:600])
        try:
            READERS[reader](data)
        except ValueError:
            continue


def test_pem_with_anything_in_it():
    rng = random.Random(11)
    good = made().public_bytes(Encoding.PEM)
    for _ in range(1500):
        text = mutant(rng, good)
        try:
            found = pem.decode(text)
        except ValueError:
            continue
        assert 1 <= len(found) <= 4


def hostile():
    """The most work that fits into a certificate: many small values, deep ones, long numbers."""
    for tag, filling in (
        (0x30, der.encode(0x31, b"") * 3900),
        (0x30, b"\x05\x00" * 3900),
        (0x31, der.encode(0x30, b"\x06\x01\x2a\x0c\x01x") * 800),
        (0x02, b"\x7f" * 8000),
        (0x06, b"\x81" * 8000),
        (0x03, b"\x00" + b"\xff" * 8000),
    ):
        yield der.encode(tag, filling)
    deep = b""
    while len(deep) < 8000:
        deep = der.encode(0x30, deep)
    yield deep


def everywhere(seed, value):
    """`seed` with `value` in the place of each of its values."""
    values = list(values_in(seed))
    for at, _, end in values[1:]:
        new = value
        for start, inside, stop in sorted(values, reverse=True):
            if start < at and stop >= end:
                new = der.encode(seed[start], seed[inside:at], new, seed[end:stop])
                at, end = start, stop
        yield new


def test_the_most_work_that_fits_in():
    for value in hostile():
        for data in everywhere(SEEDS[0], value):
            read(data)
    n = der.encode(2, b"\x7f" * 4000)
    keys = der.encode(0x30, n, n)
    oid = der.encode(0x30, der.encode(6, bytes.fromhex("2a864886f70d010101")), b"\x05\x00")
    key, _ = algorithm.public_key(der.encode(0x30, oid, der.encode_bits(keys)))
    begun = time.perf_counter()
    assert not run(signature.verify_file(key, bytes(32), bytes(4000)))
    assert algorithm.key_fault(key).startswith("RSA key of")
    assert time.perf_counter() - begun < SLOW_S


def test_memory_is_bounded():
    tracemalloc.start()
    try:
        for value in hostile():
            for data in everywhere(SEEDS[0], value):
                tracemalloc.reset_peak()
                before = tracemalloc.get_traced_memory()[0]
                read(data)
                assert tracemalloc.get_traced_memory()[1] - before < MEMORY
    finally:
        tracemalloc.stop()


def test_the_signature_of_a_chain_costs_only_what_names_fit():
    """A bundle of strangers is refused without one signature looked at."""
    root = Certificate(der_of(made(name_of("Root"), extensions=CA)))
    strangers = [Certificate(data) for data in SEEDS]
    steps = len(list(chain.verify(strangers, [root], NOW, chain.SERVER)))
    assert steps == 0
