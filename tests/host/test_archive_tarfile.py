"""The archive as other people's programs read it: Python's tarfile and tar."""

import io
import json
import shutil
import subprocess
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.ocpp import archive
from firmware.store import log
from firmware.store.archive import Archive
from firmware.store.events import Events
from tests.unit.flash_rig import Flash
from tests.unit.station_rig import ready

AT = 1767268800
NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789._-", min_size=1, max_size=100)


def drained(source, n=1000):
    return b"".join(iter(lambda: source.read(n), b""))


def of(bodies, at=AT):
    """An archive of {name: bytes}, in pieces of 333."""

    def pieces(body):
        return lambda: iter([body[i : i + 333] for i in range(0, len(body), 333)])

    return Archive("x.tar", tuple((name, pieces(body)) for name, body in bodies.items()), at)


@settings(deadline=None)
@given(st.dictionaries(NAMES, st.binary(max_size=3000), max_size=5), st.integers(1, 4096))
def test_tarfile_reads_what_was_put_in(bodies, n):
    """Strictly: errorlevel 2, the whole length, no name, no byte more."""
    source = of(bodies)
    data = drained(source, n)
    assert len(data) == source.size and len(data) % 512 == 0
    with tarfile.open(fileobj=io.BytesIO(data), errorlevel=2) as tar:
        assert tar.getnames() == list(bodies)
        for member in tar:
            assert member.isreg() and member.mtime == AT and member.mode == 0o644
            assert tar.extractfile(member).read() == bodies[member.name]


@pytest.mark.skipif(shutil.which("tar") is None, reason="no tar here")
def test_tar_reads_it_without_a_word(tmp_path):
    bodies = {"a.txt": b"x" * 700, "empty": b"", "b.txt": b"y" * 512}
    path = tmp_path / "x.tar"
    path.write_bytes(drained(of(bodies)))
    command = ["tar", "-xvf", str(path), "-C", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == list(bodies) and done.stderr == ""
    for name, body in bodies.items():
        assert (tmp_path / name).read_bytes() == body


def test_the_archive_of_a_charger():
    """All members of a charger that has worked; no read gives more than it was asked for."""
    log.grow(4096)  # as a board says it; another test in this process may have, or not
    charger = ready()
    charger.station.events = Events(Flash(4, 4096), 41, charger.station.clock.at)
    for i in range(300):
        log.note("line", i, "x" * (i % 90))
        log.frame("<", json.dumps([2, str(i), "Authorize", {"idTag": "TAG%08d" % i}]))
        charger.station.events.add("link lost", "cause %d \u20ac" % i, i * 3600000)
        charger.station.events.prepare(i * 3600000)
    charger.charge()
    source = archive.build(charger.station, "CP001", charger.now)
    data = drained(source, 512)
    assert source.size == len(data) > 20000
    with tarfile.open(fileobj=io.BytesIO(data), errorlevel=2) as tar:
        texts = {member.name: tar.extractfile(member).read().decode() for member in tar}
    assert json.loads(texts["station.json"])["connectors"][0]["status"] == "Charging"
    kept = len(list(charger.station.events.records()))
    assert len(texts["events.txt"].splitlines()) == kept
    assert texts["log.txt"].startswith("(") and texts["log.txt"].endswith("x" * 29 + "\n")
    assert 3500 < len(texts["frames.txt"]) and "TAG0" not in texts["frames.txt"]
    keys = [row[0] for row in charger.settings._rows if row[2] != "-"]
    assert [line.split()[1] for line in texts["configuration.txt"].splitlines()] == keys
