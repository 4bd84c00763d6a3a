"""Runs the tests of one file inside MicroPython.

    micropython -X heapsize=141276 tests/upy.py tests/unit/test_x.py [TEST...]

Prints, for tests/conftest.py to read, `RUN test`, then `PASS test`, `SKIP test why`, or a
traceback and `FAIL test`. A process that dies after RUN has failed that test and all after it.
With EVSE_COVER, tools/cover.py's folder, the firmware and hal of there, which tell what ran.
"""

import gc
import os
import sys

ROOT = sys.argv[0].rpartition("tests/")[0] or "."
COVER = os.getenv("EVSE_COVER")
# The firmware as it is frozen, where it is; not what this machine has in /usr/lib/micropython.
sys.path[:] = [".frozen", ROOT]

from tests.skip import Skip  # noqa: E402


def run(name, test):
    print("RUN", name)
    try:
        test()
    except Skip as e:
        print("SKIP", name, e)
    except Exception as e:
        sys.print_exception(e, sys.stdout)
        print("FAIL", name)
    else:
        print("PASS", name)
    gc.collect()


def main(path, names):
    try:
        module = __import__(path[:-3].replace("/", "."), None, None, ("*",))
    except Skip as e:
        for name in names:
            print("SKIP", name, e)
        return
    gc.collect()
    for name in names or [n for n in dir(module) if n.startswith("test_")]:
        run(name, getattr(module, name))


def main_covered(path, names):
    import marks

    told = os.getenv("EVSE_COVER_OUT")
    try:
        main(path, names)
    finally:
        marks.write(told)


if COVER:
    sys.path.insert(0, COVER)
(main_covered if COVER else main)(sys.argv[1], sys.argv[2:])
