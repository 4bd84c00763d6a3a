"""The processes of this machine as /proc tells them: born when, children of whom.

Promise: a process is named by its pid and its birth, so that one that came later under the same
pid is never taken for it. Boundary: it looks; to end one is the caller's business.
"""

import ctypes
import signal
from pathlib import Path

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


def end_with_parent():
    """In the child before exec: SIGTERM when its parent dies, however that dies."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def birth(pid):
    """When a process began, None once it is gone: a pid alone may be somebody else's by now."""
    try:
        text = Path("/proc/%d/stat" % pid).read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return text.rpartition(")")[2].split()[19]


def parents():
    """pid -> the pid of its parent, of every process there is."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            text = path.read_text(encoding="ascii", errors="replace")
        except OSError:
            continue  # gone meanwhile
        found[int(path.parent.name)] = int(text.rpartition(")")[2].split()[1])
    return found


def descendants(pid):
    """(pid, birth) of all children of a process, and theirs."""
    tree, found, left = parents(), [], [pid]
    while left:
        parent = left.pop()
        for child, its_parent in tree.items():
            if its_parent == parent:
                found.append((child, birth(child)))
                left.append(child)
    return found
