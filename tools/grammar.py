"""What no file may say: the words MicroPython lacks, errors swallowed, garbage in the safety tick.

Each rule takes a check.Source and yields (line, what and why). It reads syntax, never imports.
"""

import ast


def constructs(source):
    for node in source.nodes:
        said = forbidden_on_device(node) if source.on_device else None
        said = said or swallowed(node)
        if said:
            yield node.lineno, said


def forbidden_on_device(node):
    if isinstance(node, ast.Match):
        return "match is a SyntaxError in MicroPython"
    if (
        isinstance(node, ast.Raise)
        and node.cause
        and getattr(node.cause, "value", node) is not None
    ):
        return (
            "raise ... from: MicroPython has no exception chaining; put the cause in the message"
        )
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.args.posonlyargs:
        return "positional-only arguments are a SyntaxError in MicroPython"
    if isinstance(node, ast.Name) and node.id == "__slots__":
        return "__slots__ saves nothing in MicroPython"
    if any(c.is_async for c in getattr(node, "generators", ())):
        return "async comprehensions are a SyntaxError in MicroPython"
    return None


def swallowed(node):
    if not isinstance(node, ast.ExceptHandler):
        return None
    if node.type is None:
        return "bare except: it also takes CancelledError and KeyboardInterrupt"
    all_of_them = getattr(node.type, "id", "") in ("Exception", "BaseException")
    nothing = all(isinstance(s, ast.Pass) or is_ellipsis(s) for s in node.body)
    return (
        "except Exception: pass swallows what nobody expected" if all_of_them and nothing else None
    )


def is_ellipsis(statement):
    return isinstance(statement, ast.Expr) and getattr(statement.value, "value", None) is ...


def allocations(source):
    """`x in (A, B)` builds the tuple on every tick, unless MicroPython folds all of it."""
    if not source.name.startswith("firmware.evse"):
        return
    folded = {
        ast.unparse(n.targets[0])
        for n in source.tree.body
        if isinstance(n, ast.Assign) and is_const(n.value)
    }
    for node in source.nodes:
        for right in sought_in(node):
            if isinstance(right, (ast.List, ast.Set, ast.Dict)):
                yield node.lineno, "membership in a list, set or dict written here allocates"
            elif isinstance(right, ast.Tuple) and not all(folds(e, folded) for e in right.elts):
                yield node.lineno, "membership in a tuple of names allocates; const() here folds"


def sought_in(node):
    """What `in` and `not in` look into."""
    if not isinstance(node, ast.Compare):
        return []
    pairs = zip(node.ops, node.comparators)
    return [right for operator, right in pairs if isinstance(operator, (ast.In, ast.NotIn))]


def folds(node, folded):
    return is_literal(node) or (isinstance(node, ast.Name) and node.id in folded)


def is_const(node):
    return (
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "const"
        and not node.keywords
    )


def is_literal(node):
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.USub) and is_literal(node.operand)
    if isinstance(node, (ast.Tuple, ast.List)):
        return all(is_literal(e) for e in node.elts)
    if isinstance(node, ast.Dict):
        return all(
            k is not None and is_literal(k) and is_literal(v)
            for k, v in zip(node.keys, node.values)
        )
    if is_const(node):
        return len(node.args) == 1 and is_literal(node.args[0])
    return isinstance(node, ast.Constant)


def board(source):
    """A board is facts: pins, thresholds, ratings. Nothing hides in it, and anyone can read it."""
    if source.top != "boards" or source.path.name != "board.py":
        return
    for node in source.tree.body:
        text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        const = (
            isinstance(node, ast.ImportFrom)
            and ast.unparse(node) == "from micropython import const"
        )
        fact = isinstance(node, ast.Assign) and is_literal(node.value)
        if not (text or const or fact):
            yield node.lineno, "a board is literals only: NAME = literal or const(literal)"


RULES = (constructs, allocations, board)
