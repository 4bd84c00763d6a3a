"""Proves the boards by reading them: pins the chip has, pages that tell the truth, whole images.

    python tools/boards.py [ROOT] [--table BOARD]

Reads boards/*/board.py (not BENCH, which has no pins), board.md and manifest.py under ROOT. One
line per offence and exit status 1. --table prints the tables that a board.md must hold. Whether a
pin map is true of the metal nobody knows from here: board.md names its source.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from tools import (
    board_facts,
    board_kernel,
    board_manifest,
    board_page,
    board_parts,
    board_straps,
)
from tools.board_facts import Board

# Later rules stand on earlier ones: a board that fails a step is not asked the next.
STEPS = (
    (board_facts.vocabulary,),
    (board_facts.words, board_facts.numbers, *board_kernel.RULES),
    (board_facts.roles, board_facts.needs),
    (
        board_facts.pins,
        board_facts.wiring,
        *board_straps.RULES,
        *board_parts.RULES,
        *board_page.RULES,
        *board_manifest.RULES,
    ),
)


def boards(root):
    """Those that are metal."""
    for path in sorted((root / "boards").glob("*/board.py")):
        board = Board(path.parent)
        if board.facts.get("PORT") != "unix":
            yield board


def offences(board):
    for step in STEPS:
        found = [said for rule in step for said in rule(board)]
        if found:
            return found
    return []


def tables(board):
    for title, rows in (
        ("Pins", board_page.rows(board)),
        ("Test points", board_page.points(board)),
    ):
        print(f"## {title}")
        print(*(board_page.show(row) for row in rows), sep="\n")


def main(arguments):
    root = Path(__file__).resolve().parent.parent
    if arguments[:1] == ["--table"]:
        tables(Board(root / "boards" / arguments[1]))
        return 0
    root = Path(arguments[0]) if arguments else root
    count, wrong = 0, 0
    for board in boards(root):
        found = offences(board)
        for said in found:
            print(f"boards/{board.name}: {said}")
        count, wrong = count + 1, wrong + len(found)
    print(f"boards: {count} boards, {wrong} offences")
    return 1 if wrong or not count else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
