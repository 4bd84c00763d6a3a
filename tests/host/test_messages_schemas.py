"""Holds the field table against the official JSON schemas (package `ocpp`), both ways."""

import copy
import json
import random
import struct
from decimal import Decimal
from pathlib import Path

import jsonschema
import ocpp
import pytest

from firmware.ocpp.v16.fields import FIELDS
from firmware.ocpp.v16.messages import (
    _decimal,
    check_request,
    check_response,
    row,
    split_field,
)

SCHEMAS = Path(ocpp.__file__).parent / "v16" / "schemas"

MESSAGES = [line.split(":")[0] for line in FIELDS.split("\n") if "A" <= line[:1] <= "Z"]

PERIODS = ".chargingSchedule.chargingSchedulePeriod minItems"

# Where we differ from the files on purpose: (message, path) -> (theirs, ours), and why.
DIFFERENCES = {
    # Erratum 3.86: OCPP 1.6 has no unit for frequency. The package's MeterValues adds Hertz, its
    # StopTransaction does not; ours is one enumeration, that of §7.45.
    ("MeterValues", "meterValue[].sampledValue[].unit enum"): ("Hertz", None),
    # §7.33 and §7.13: cardinality 1..*, which these files forgot (MeterValues has it).
    ("StopTransaction", "transactionData[].sampledValue minItems"): (0, 1),
    ("GetCompositeSchedule.conf", "chargingSchedule.chargingSchedulePeriod minItems"): (0, 1),
    ("RemoteStartTransaction", "chargingProfile" + PERIODS): (0, 1),
    ("SetChargingProfile", "csChargingProfiles" + PERIODS): (0, 1),
}
# Where one text is valid for a schema and not for us, without standing in its structure:
# "format" is not checked by a plain validator (we do); CiString is printable ASCII (§2.2);
# integers end at 64 bits. The generator below makes no such texts, test_stricter_* do.


def schema_of(name):
    file = name.replace(".conf", "Response") + ".json"
    # Decimals, or 16.1 would be no multiple of 0.1.
    return inlined(json.loads((SCHEMAS / file).read_text(), parse_float=Decimal))


def inlined(schema):
    """Those of the security whitepaper name their classes; the others spell them out."""
    definitions = schema.pop("definitions", {})

    def walk(node):
        if isinstance(node, dict) and "$ref" in node:
            return walk(definitions[node["$ref"].rpartition("/")[2]])
        if isinstance(node, dict):
            return {name: walk(child) for name, child in node.items()}
        return [walk(child) for child in node] if isinstance(node, list) else node

    return walk(schema)


def validator(name):
    return jsonschema.Draft4Validator(schema_of(name))


def walk_schema(node, path, out):
    """Flatten a schema into {path + aspect: value}."""
    kind = node["type"]
    out[path + " type"] = kind
    if kind == "object":
        assert node["additionalProperties"] is False, path
        out[path + " properties"] = sorted(node.get("properties", {}))
        out[path + " required"] = sorted(node.get("required", []))
        for name, child in node.get("properties", {}).items():
            walk_schema(child, f"{path}.{name}".lstrip("."), out)
    elif kind == "array":
        out[path + " minItems"] = node.get("minItems", 0)
        walk_schema(node["items"], path + "[]", out)
    else:
        out[path + " enum"] = sorted(node.get("enum", []))
        out[path + " maxLength"] = node.get("maxLength")
        out[path + " format"] = node.get("format")
        out[path + " multipleOf"] = node.get("multipleOf")
    known = {"type", "additionalProperties", "properties", "required", "items", "minItems", "enum"}
    known |= {"maxLength", "format", "multipleOf", "$schema", "id", "$id", "title"}
    known |= {"description", "javaType", "comment", "additionalItems"}
    assert set(node) <= known, (path, set(node) - known)


WORDS = {"i": "integer", "n": "number", "b": "boolean"}


def walk_table(kind, path, out):
    """The same map from our table."""
    if kind[0] in "*+":
        out[path + " type"] = "array"
        out[path + " minItems"] = 1 if kind[0] == "+" else 0
        walk_table(kind[1:], path + "[]", out)
    elif kind[0] == "@" or "A" <= kind[0] <= "Z":
        fields = [split_field(word) for word in row(kind)]
        out[path + " type"] = "object"
        out[path + " properties"] = sorted(name for name, _, _ in fields)
        out[path + " required"] = sorted(name for name, required, _ in fields if required)
        for name, _, child in fields:
            walk_table(child, f"{path}.{name}".lstrip("."), out)
    else:
        out[path + " type"] = WORDS.get(kind, "string")
        out[path + " enum"] = sorted(row(kind)) if kind[0] == "#" else []
        out[path + " maxLength"] = int(kind[1:]) if kind[0] in "cx" else None
        out[path + " format"] = {"t": "date-time", "u": "uri"}.get(kind)
        out[path + " multipleOf"] = Decimal("0.1") if kind == "n" else None


def test_the_table_has_the_39_messages():
    """OCPP 1.6 §6: 28 requests and their responses; security whitepaper §4: 11 more."""
    assert len(MESSAGES) == len(set(MESSAGES)) == 78
    requests = [name for name in MESSAGES if not name.endswith(".conf")]
    assert sorted(MESSAGES) == sorted(requests + [name + ".conf" for name in requests])


def test_every_line_of_the_table_is_used_and_there():
    lines = {line.split(":")[0] for line in FIELDS.split("\n") if line}
    used = set(MESSAGES)
    for name in lines:
        if name[0] != "#":
            used |= {split_field(word)[2].lstrip("*+") for word in row(name)}
    classes = {name for name in used if name[0] in "@#"}
    assert lines == set(MESSAGES) | classes


@pytest.mark.parametrize("name", MESSAGES)
def test_same_structure(name):
    theirs, ours = {}, {}
    walk_schema(schema_of(name), "", theirs)
    walk_table(name, "", ours)
    for (message, path), (their, our) in DIFFERENCES.items():
        if message != name:
            continue
        if path.endswith(" enum"):
            assert their in theirs[path] and their not in ours[path], "no such difference any more"
            theirs[path].remove(their)
        else:
            assert (theirs[path], ours[path]) == (their, our), "no such difference any more"
            theirs[path] = our
    assert theirs == ours


class Generator:
    """Valid payloads of a schema; with `break_at`, the n-th opportunity is made invalid."""

    def __init__(self, rng, break_at=None):
        self.rng = rng
        self.left = break_at
        self.broken = None

    def strike(self, how):
        if self.left is None or self.broken:
            return False
        self.left -= 1
        if self.left < 0:
            self.broken = how
        return self.left < 0

    def make(self, node, path=""):
        kind = node["type"]
        if self.strike((path, "type")):
            return self.rng.choice([w for w in self.wrong(kind)])
        return getattr(self, "make_" + kind)(node, path)

    @staticmethod
    def wrong(kind):
        values = {
            "object": {}, "array": [], "string": "Accepted", "integer": 5, "boolean": True,
            "number": 5, "null": None, "half": 0.5,
        }  # fmt: skip
        fits = {kind} | ({"integer", "half"} if kind == "number" else set())
        fits |= {"number"} if kind == "integer" else set()
        return [value for name, value in values.items() if name not in fits]

    def make_object(self, node, path):
        made = {}
        for name, child in node.get("properties", {}).items():
            required = name in node.get("required", [])
            if required and self.strike((path + "." + name, "missing")):
                continue
            if required or self.rng.random() < 0.6:
                made[name] = self.make(child, path + "." + name)
        if self.strike((path, "extra")):
            made["surplus"] = 1
        return made

    def make_array(self, node, path):
        if node.get("minItems") and self.strike((path, "empty")):
            return []
        # Never empty: the schemas forgot some of the 1..* (DIFFERENCES).
        return [self.make(node["items"], path + "[]") for _ in range(self.rng.randrange(1, 4))]

    def make_string(self, node, path):
        if "enum" in node:
            if self.strike((path, "enum")):
                return self.rng.choice(node["enum"]).swapcase()
            return self.rng.choice([word for word in node["enum"] if word != "Hertz"])
        if node.get("format") == "date-time":
            return self.rng.choice(["2024-02-29T12:00:00Z", "2013-02-01T20:53:32.486+01:00"])
        if node.get("format") == "uri":
            return "https://example.com/firmware.bin"
        limit = node.get("maxLength", 700)
        if "maxLength" in node and self.strike((path, "length")):
            return "x" * (limit + 1)
        length = self.rng.choice([0, 1, limit - 1, limit])
        return "".join(chr(self.rng.randrange(32, 127)) for _ in range(length))

    def make_integer(self, node, path):
        return self.rng.choice([0, 1, -1, 2**31 - 1, 2**31, -(2**31), 2**40])

    def make_number(self, node, path):
        if self.strike((path, "multipleOf")):
            return self.rng.randrange(3000) / 10 + 0.05
        return self.rng.choice([0, 16, self.rng.randrange(3000) / 10, 22000.1])

    def make_boolean(self, node, path):
        return self.rng.random() < 0.5


def accepted_by_us(name, payload):
    if name.endswith(".conf"):
        return check_response(name[:-5], payload, strict=True)
    return check_request(name, payload)


def accepted_by_schema(name, payload):
    return validator(name).is_valid(json.loads(json.dumps(payload), parse_float=Decimal))


@pytest.mark.parametrize("name", MESSAGES)
def test_valid_payloads_are_valid_to_both(name):
    schema = schema_of(name)
    rng = random.Random(name)
    for _ in range(60):
        payload = Generator(rng).make(schema)
        before = copy.deepcopy(payload)
        assert accepted_by_schema(name, payload), payload
        assert accepted_by_us(name, payload) is None, payload
        assert payload == before


CODE = {
    "type": "TypeConstraintViolation",
    "missing": "OccurenceConstraintViolation",
    "empty": "OccurenceConstraintViolation",
    "extra": "FormationViolation",
    "enum": "PropertyConstraintViolation",
    "length": "PropertyConstraintViolation",
    "multipleOf": "PropertyConstraintViolation",
}


@pytest.mark.parametrize("name", MESSAGES)
def test_each_single_fault_is_refused_by_both(name):
    schema = schema_of(name)
    for seed in range(8):
        n = 0
        while True:
            generator = Generator(random.Random(seed), break_at=n)
            payload = generator.make(schema)
            if generator.broken is None:
                break
            n += 1
            path, how = generator.broken
            assert not accepted_by_schema(name, payload), (generator.broken, payload)
            bad = accepted_by_us(name, payload)
            assert bad, (generator.broken, payload)
            code, text = bad
            assert code == CODE[how], (generator.broken, bad)
            where = "".join(c for c in text.split(":")[0] if c not in "[]0123456789")
            if how == "extra":
                path += ".surplus"
            assert where == (path.lstrip(".").replace("[]", "") or "payload"), (path, text)
    assert n > 0


@pytest.mark.parametrize(
    ("name", "payload"),
    [
        ("ReserveNow", {"expiryDate": "tomorrow"}),  # format is not checked by a plain validator
        ("GetDiagnostics", {"location": "not a uri"}),
        ("RemoteStartTransaction", {"idTag": "caf\u00e9"}),  # §2.2 CiString: printable ASCII
        ("RemoteStopTransaction", {"transactionId": 2**64}),
        ("MeterValues", {"meterValue": [{"timestamp": "2024-01-01T00:00:00Z", "sampledValue": [
            {"value": "50.0", "unit": "Hertz"}]}]}),
        ("StopTransaction", {"transactionData": [
            {"timestamp": "2024-01-01T00:00:00Z", "sampledValue": []}]}),
    ],
)  # fmt: skip
def test_stricter_than_the_schemas(name, payload):
    whole = Generator(random.Random(1)).make(schema_of(name)) | payload
    assert accepted_by_schema(name, whole)
    assert accepted_by_us(name, whole)[0] in set(CODE.values())


def test_tenths_in_single_precision():
    """ESP32 and RP2040 hold 24 bits of a float: every limit of one digit must still pass."""

    def single(value):
        return struct.unpack("f", struct.pack("f", value))[0]

    for tenths in range(0, 500000, 7):
        assert _decimal(single(tenths / 10)) is None, tenths
    for limit in (8.15, 16.05, 230.55, 1000.05, 22000.05):
        assert _decimal(single(limit))[0] == "PropertyConstraintViolation", limit
