"""The OCPP coverage table, from the code: what is sent, what is answered, which test shows it.

    python tools/ocpp_table.py            writes docs/ocpp-coverage.md and the table in README.md
    python tools/ocpp_table.py --check    exits 1 when one of them is not what the code says

It reads sources as text: the field table, the handlers of the station, the calls that queue a
message, the scenario tests that name it.  It claims nothing that is not there.
"""

import ast
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.ocpp_cases import CASES
from tools.ocpp_points import POINTS

ROOT = Path(__file__).resolve().parent.parent
V16 = ROOT / "firmware/ocpp/v16"
BEGIN, END = "<!-- coverage: make table -->\n", "<!-- /coverage -->"
QUEUES = ("put", "put_billable", "_put")


def messages():
    """The messages of the field table, in its order."""
    text = (V16 / "fields.py").read_text()
    return re.findall(r"^([A-Z]\w+): ", text, re.MULTILINE) + [
        name for name in re.findall(r"^([A-Z]\w+):$", text, re.MULTILINE)
    ]


def handled():
    """Messages with a handler: those of the station itself and those of its rooms."""
    names = set()
    for path in V16.glob("*.py"):
        table = "_CORE" if path.name == "station.py" else "HANDLERS"
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == table:
                names |= {row.elts[0].value for row in node.value.elts}  # type: ignore[attr-defined]
    return names


def sent():
    """Messages some room queues, by itself or by a Progress (progress.py) of that name."""
    names = set()
    for path in V16.glob("*.py"):
        tree = ast.parse(path.read_text())
        constants = _constants(tree)
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            named = node.args[:1] if getattr(node.func, "attr", "") in QUEUES else []
            if getattr(node.func, "id", "") == "Progress":
                named = node.args[1:3]
            for arg in named:
                name = constants.get(arg.id) if isinstance(arg, ast.Name) else None
                name = arg.value if isinstance(arg, ast.Constant) else name
                if isinstance(name, str):
                    names.add(name)
    return names


def _named(node, constants):
    """The capitalised words among the texts of a piece of code, and among the constants of its
    file that it uses: messages and much else."""
    words = set()
    for part in ast.walk(node):
        text = constants.get(part.id, "") if isinstance(part, ast.Name) else ""
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            text = part.value
        words.update(re.findall(r"\b[A-Z][a-z]+[A-Za-z]+\b", text))
    return words


def _constants(tree):
    """The texts a file gives a name."""
    return {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }


def _called(node):
    """The names of the functions and methods a piece of code calls."""
    calls = [part.func for part in ast.walk(node) if isinstance(part, ast.Call)]
    return {getattr(call, "attr", getattr(call, "id", "")) for call in calls}


def _vocabulary(trees):
    """What the helpers of the scenarios say: function name -> messages it names."""
    said = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("test_"):
                said.setdefault(node.name, set()).update(_named(node, _constants(tree)))
    return said


def scenarios():
    """Per message the scenario tests that name it, or call a helper that does: [(file, test)]."""
    trees = {
        path.name: ast.parse(path.read_text())
        for path in sorted((ROOT / "tests/scenarios").glob("*.py"))
    }
    said = _vocabulary(trees.values())
    found: dict = {}
    for file, tree in trees.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = _named(node, _constants(tree))
                words = words.union(*(said.get(name, set()) for name in _called(node)))
                for name in words:
                    found.setdefault(name, []).append((file, node.name))
    return found


def rows():
    """(message, direction and state, tests) of every message of OCPP 1.6."""
    answers, speaks, tests = handled(), sent(), scenarios()
    for name in sorted(messages()):
        ways = []
        if name in speaks:
            ways.append("sent")
        if name in answers:
            ways.append("answered")
        yield name, " and ".join(ways) or "no", tests.get(name, [])


def table(link):
    """The short table of the README."""
    lines = ["| message | built | scenarios |", "|---|---|---|"]
    for name, ways, tests in rows():
        lines.append("| %s | %s | %s |" % (name, ways, len(tests) if ways != "no" else ""))
    return "\n".join(lines) + "\n\nEvery case by name: [%s](%s).\n" % (link, link)


def cases():
    """The conformance cases: id, what it checks, its tests or the reason that there are none."""
    lines = [
        "# Conformance cases\n",
        "By the ids of the OCTT for charge points (TC_..._CS). `make test` runs every test named",
        "here; `none` has its reason.\n",
    ]
    lines += _rows("case", CASES)
    lines += [
        "\n# Points of the specification that are often missed\n",
        "By section of OCPP 1.6 edition 2, erratum of its sheet (3.x), or OCPP-J (J).\n",
    ]
    return "\n".join(lines + _rows("where", POINTS))


def _rows(head, rows):
    lines = ["| %s | checks | shown by | remark |" % head, "|---|---|---|---|"]
    for number, checks, tests, remark in rows:
        links = []
        for name in tests:
            folder, file, test = place(name)
            words = re.sub(r"^tc(_\d+)+(_to_\d)?_", "", test).replace("_", " ")
            links.append("[%s](../tests/%s/test_%s.py)" % (words, folder, file))
        row = (number, checks, ", ".join(links) or "none", remark)
        lines.append("| %s | %s | %s | %s |" % row)
    return lines


def place(name):
    """(folder, file, test) of "file.test", a scenario, or "unit/file.test"."""
    folder, _, rest = name.rpartition("/")
    file, test = rest.split(".")
    return folder or "scenarios", file, test


def page():
    """docs/ocpp-coverage.md."""
    parts = [
        "# OCPP 1.6 coverage\n",
        "Made by `make table` from the code; `make test` fails when it is not true any more.",
        "`sent`: a room queues it. `answered`: a handler serves it; what has none is answered",
        "NotSupported. The scenarios drive the firmware with a car, a card, a meter and a backend",
        "and name the message on the wire.\n",
    ]
    for name, ways, tests in rows():
        parts.append("## %s: %s\n" % (name, ways))
        if ways != "no":
            for file, test in tests:
                words = test[5:].replace("_", " ")
                parts.append("- %s ([%s](../tests/scenarios/%s))" % (words, file, file))
            if tests:
                parts.append("")
    return "\n".join(parts).rstrip() + "\n\n" + cases() + "\n"


def files():
    """(path, text it should have)."""
    readme = (ROOT / "README.md").read_text()
    head, _, rest = readme.partition(BEGIN)
    tail = rest.partition(END)[2]
    yield ROOT / "docs/ocpp-coverage.md", page()
    yield ROOT / "README.md", head + BEGIN + table("docs/ocpp-coverage.md") + END + tail


def main(arguments):
    stale = [path for path, text in files() if not path.exists() or path.read_text() != text]
    if "--check" in arguments:
        for path in stale:
            print("%s: not what the code says; run make table" % path.relative_to(ROOT))
        return 1 if stale else 0
    for path, text in list(files()):
        path.write_text(text)
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
