"""Packing against JSON itself, on whatever hypothesis thinks of."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.store.pack import Codec
from firmware.ocpp.v16.vocabulary import SHAPES, WORDS

CODEC = Codec(WORDS, SHAPES)

TEXT = st.one_of(
    st.text(max_size=40),
    st.sampled_from(WORDS),
    st.from_regex(r"-?[0-9]{0,12}(\.[0-9]{0,4})?", fullmatch=True),
    st.from_regex(r"[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}(\.[0-9]{3})?Z?", fullmatch=True),
    st.from_regex(r"([0-9a-f]{2}){3,20}|([0-9A-F]{2}){3,20}", fullmatch=True),
    st.uuids().map(str),
)
KEYS = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXT
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=20),
        st.lists(st.integers(min_value=0), max_size=30).map(sorted),
        st.dictionaries(KEYS, inner, max_size=6),
        st.sampled_from(SHAPES).flatmap(lambda shape: shaped(shape, inner)),
    ),
    max_leaves=30,
)


def shaped(shape, inner):
    return st.fixed_dictionaries({
        (key if isinstance(key, str) else key[0]): (
            inner if isinstance(key, str) else st.one_of(st.just(key[1]), inner)
        )
        for key in shape
    })  # fmt: skip


def depth(value):
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max([depth(v) for v in value], default=0) if isinstance(value, list) else 1


def same(a, b):
    """Equal, and 1 is not 1.0 or True."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@settings(max_examples=400, deadline=None)
@given(VALUES)
def test_what_comes_back_is_what_json_gives_back(value):
    wire = json.loads(json.dumps(value))
    if depth(wire) <= 12:
        assert same(CODEC.decode(CODEC.encode(value)), wire)


@settings(max_examples=400, deadline=None)
@given(TEXT)
def test_every_text_comes_back_and_grows_by_two_bytes_at_most(text):
    data = CODEC.encode(text)
    assert CODEC.decode(data) == text
    assert len(data) <= len(text.encode()) + 2


@settings(max_examples=400, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes_are_a_value_or_a_value_error(data):
    try:
        CODEC.decode(data)
    except ValueError:
        return
