"""When is what was built still that which would be built: sums of files, kept beside it.

Knows nothing of MicroPython. Also the one way all builds run a command, so that one that fails
says one line and where the rest is.
"""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLCHAIN = ROOT / "build/toolchain"


class Refused(Exception):
    """Nothing can be built; the text says why. `status` is the exit status of the tool."""

    status = 1


class NotHere(Refused):
    """This machine lacks what that takes."""

    status = 3


def sum_of(paths, *facts):
    """One word for the content and names of these files, and some facts besides."""
    total = hashlib.sha256(repr(facts).encode())
    for path in sorted(paths):
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{path} {digest}\n".encode())
    return total.hexdigest()


def holds(stamp, key):
    """Was that which `stamp` stands beside made from exactly this?"""
    return stamp.exists() and stamp.read_text() == key


@contextlib.contextmanager
def alone(folder):
    """One build at a time in a folder: benches that start together wait for the first."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def run(what, command, log, **environment):
    """Everything a command says goes to `log`; when it fails its first error is the reason."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("a") as said:
        said.write(f"$ {' '.join(map(str, command))}\n")
        said.flush()
        ended = subprocess.run(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            env={**os.environ, **environment},
        )
    if ended.returncode:
        raise Refused(
            f"{what} failed: {first_error(log.read_text(errors='replace'))} -- see {log}"
        )


def first_error(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("$ ")]
    worst = (r"\berror:", r"error|cannot|overflowed")
    found = [line for mark in worst for line in lines if re.search(mark, line, re.I)]
    return (found or lines[-1:] or ["it said nothing"])[0].strip()


def toolchain(*parts):
    """What a build needs, there once it was asked for (tools/toolchain.sh). Its stamps' sum."""
    command = ["sh", str(ROOT / "tools/toolchain.sh"), str(TOOLCHAIN), *parts]
    ended = subprocess.run(command, stdout=None, stderr=subprocess.PIPE, text=True)
    if ended.returncode:
        lines = ended.stderr.strip().splitlines()
        raise NotHere(lines[-1] if lines else "tools/toolchain.sh failed and said nothing")
    return sum_of([TOOLCHAIN / f"{part}.stamp" for part in parts])


def fresh(folder):
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
