"""Line coverage of firmware/ and hal/ by tests/unit inside MicroPython, added to CPython's.

    python tools/cover.py [--jobs N]      after pytest --cov, whose build/coverage.data it adds to

MicroPython runs each file of tests/unit once more, on a copy of firmware/ and hal/ in build/cover
where every statement first marks its line. Judges no test: marks take heap and time. What only a
chip runs (hal/rp2*) and what only the scenarios run is not seen from here.

Not sys.settrace: MicroPython 1.25 gives what follows the body of an `if` or a loop the last line
of that body (py/emitbc.c, mp_emit_bc_set_source_line): a branch not taken would count as taken.
And under heap_lock it makes no frame to trace (py/profile.c). Marks need no build of their own.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from coverage import Coverage, CoverageData

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build/cover"
CPYTHON = ROOT / "build/coverage.data"
ROOMS = ("firmware", "hal")
HEAP = "8M"
HANG_S = 600
# Runs in MicroPython: hands each marked module its bytes, which outlive a second import of it.
MARKS = """
ROOMS = {}

def of(path, count):
    return ROOMS.setdefault(path, bytearray(count))

def write(name):
    with open(name, "w") as out:
        for path, marks in ROOMS.items():
            lines = [str(line) for line, hit in enumerate(marks) if hit]
            out.write(" ".join([path] + lines) + "\\n")
"""


class Marks:
    """`_at_line[N] = 1` before each statement of a source, whose own lines stay as they are: it
    allocates nothing, so it may stand under heap_lock, and in viper."""

    def __init__(self, text):
        self.lines = text.splitlines()
        self.before = {}  # line: [text]
        self.after = {}  # line: [(indent, text)]

    def put(self, statement, lines):
        first = first_of(statement)
        space = self.lines[first - 1][: statement.col_offset]
        if space.strip():
            raise ValueError("line %d has two statements" % first)
        self.before.setdefault(first, []).extend("%s_at_line[%d] = 1" % (space, n) for n in lines)

    def block(self, body, reached=()):
        """A block, whose start tells as well that the lines `reached` ran."""
        if reached:
            self.put(body[0], reached)
        for statement in body:
            if not is_docstring(statement):
                self.put(statement, range(first_of(statement), statement.lineno + 1))
            if not is_assembly(statement):
                self.within(statement)

    def within(self, statement):
        if isinstance(statement, ast.If):
            self.ladder(statement)
            return
        for field in ("body", "orelse", "finalbody"):
            self.block(getattr(statement, field, ()))
        handlers = getattr(statement, "handlers", ())
        for at, handler in enumerate(handlers):
            self.block(handler.body, [each.lineno for each in handlers[: at + 1]])

    def ladder(self, top):
        """Nothing fits before an `elif`: the block that is taken tells which were reached."""
        step, reached = top, []
        self.block(top.body)
        while len(step.orelse) == 1 and self.is_elif(step.orelse[0]):
            step = step.orelse[0]
            reached.append(step.lineno)
            self.block(step.body, reached)
        if step.orelse:
            self.block(step.orelse, reached)
        elif reached:
            space = " " * top.col_offset
            marks = ["%s    _at_line[%d] = 1" % (space, n) for n in reached]
            self.after.setdefault(top.end_lineno, []).append((space, [space + "else:", *marks]))

    def is_elif(self, statement):
        return self.lines[statement.lineno - 1][statement.col_offset :].startswith("elif")

    def text(self):
        out = []
        for number, line in enumerate(self.lines, 1):
            out += [*self.before.get(number, ()), line]
            for _, lines in sorted(self.after.get(number, ()), reverse=True):  # the inner first
                out += lines
        return "\n".join(out) + "\n"


def first_of(statement):
    """The line it starts in; coverage.py counts its decorators too."""
    return min(
        [each.lineno for each in getattr(statement, "decorator_list", ())] + [statement.lineno]
    )


def is_docstring(statement):
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def is_assembly(function):
    """Its words are a program of another machine, which nothing can be put into."""
    return any("asm_" in ast.unparse(each) for each in getattr(function, "decorator_list", ()))


def with_marks(text, path):
    """The source of a module that tells which of its lines ran."""
    body = ast.parse(text, path).body
    if not body:
        return text
    marks = Marks(text)
    first = body[1] if is_docstring(body[0]) and len(body) > 1 else body[0]
    if not is_docstring(first):
        size = len(marks.lines) + 1
        marks.before[first_of(first)] = [
            "import marks as _at_line",
            "_at_line = _at_line.of(%r, %d)" % (path, size),
        ]
        marks.block(body)
    return marks.text()


def files_of(root):
    return sorted(path for room in ROOMS for path in (root / room).rglob("*.py"))


def make_tree(root, folder):
    """The marked copy: first in sys.path of tests/upy.py, where EVSE_COVER names it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "marks.py").write_text(MARKS)
    for path in files_of(root):
        name = path.relative_to(root)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(with_marks(path.read_text(), str(name)))


def run(root, folder, interpreter, test):
    """One file of tests, every test of it. -> {path: lines}, or None: it died before it told."""
    told = folder / (test.stem + ".lines")
    command = [interpreter, "-X", "heapsize=" + HEAP, "tests/upy.py", str(test.relative_to(root))]
    env = {**os.environ, "EVSE_COVER": str(folder), "EVSE_COVER_OUT": str(told)}
    nothing = subprocess.DEVNULL
    try:
        with told.with_suffix(".log").open("w") as log:
            pipe = {"stdin": nothing, "stdout": log, "stderr": log}
            subprocess.run(command, cwd=root, env=env, timeout=HANG_S, **pipe)
    except subprocess.TimeoutExpired:
        return None
    return read(told.read_text()) if told.exists() else None


def read(text):
    words = (line.split(" ") for line in text.splitlines())
    return {path: set(map(int, lines)) for path, *lines in words}


def measure(root, folder, interpreter, tests, jobs=1):
    """-> ({absolute path: lines that ran}, the tests that could not tell)"""
    make_tree(root, folder)
    total, silent = {}, []
    with ThreadPoolExecutor(jobs) as pool:
        answers = pool.map(lambda test: run(root, folder, interpreter, test), tests)
        for test, answer in zip(tests, answers, strict=True):
            if answer is None:
                silent.append(test.name)
            for path, lines in (answer or {}).items():
                total.setdefault(str(root / path), set()).update(lines)
    return total, silent


def combined(parts, out):
    """A new file of data from several {path: lines}. Lines only: a mark knows no branch."""
    data = CoverageData(str(out))
    for part in parts:
        data.add_lines(part)
    data.write()


def lines_in(path):
    data = CoverageData(str(path))
    data.read()
    return {file: set(data.lines(file) or ()) for file in data.measured_files()}


def coverage_of(path):
    cover = Coverage(data_file=str(path), config_file=False)
    cover.load()
    return cover


def main(arguments):
    parser = argparse.ArgumentParser(description="Line coverage inside MicroPython.")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    told = parser.parse_args(arguments)
    interpreter = os.environ.get("MICROPYTHON") or str(ROOT / "build/micropython/bin/micropython")
    for needed in interpreter, CPYTHON:
        if not os.path.exists(needed):
            print(f"cover: no {needed}: it takes `make setup` and `make cover`", file=sys.stderr)
            return 1
    tests = sorted((ROOT / "tests/unit").glob("test_*.py"))
    lines, silent = measure(ROOT, WORK, interpreter, tests, told.jobs)
    for name in silent:
        print(f"cover: {name} ended before it told its lines (build/cover/{name[:-3]}.log)")
    report(lines)
    return 0


def report(lines):
    """CPython's share in one line; the whole as a table and in build/coverage/."""
    every = {str(path): () for path in files_of(ROOT) if not path.match("hal/rp2*.py")}
    parts = {"CPython": [lines_in(CPYTHON)], "MicroPython": [lines]}
    parts["both"] = [*parts["CPython"], *parts["MicroPython"]]
    for name, found in parts.items():
        combined([every, *found], WORK / (name + ".data"))
    cover = coverage_of(WORK / "both.data")
    cover.html_report(directory=str(ROOT / "build/coverage"))
    cover.report(show_missing=True, skip_covered=True)
    for name in parts:
        with open(os.devnull, "w") as nowhere:
            share = coverage_of(WORK / (name + ".data")).report(file=nowhere)
        print(f"cover: lines of firmware and hal run on {name}: {share:.1f} %")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
