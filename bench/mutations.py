"""Change the diagnosis and the transaction at random, and see whether the unit tests notice.

``nox -s mutations``: 40 mutants, drawn over all places of both rooms that an operator below fits,
with the hash of the commit as the seed. The tests run in a clone, so the working tree stays as it
is, and what is not committed does not count. ``-- --mutants 10 --seed 2026`` for others.
"""

import argparse
import ast
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "mutations.json"
ROOMS = ("src/neverstale/diagnosis", "src/neverstale/install")
PATIENCE = 180.0
"""After how many seconds a test run counts as one that noticed: the mutant never ends."""

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
ARITHMETIC: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
    ast.Mult: ast.Add,
}


@dataclass(frozen=True)
class Mutant:
    """One change: *after* in place of what is between two offsets (bytes) of a file."""

    file: str
    line: int
    operator: str
    start: int
    end: int
    after: str


def mutants_of(root: Path, path: Path) -> Iterator[Mutant]:
    """Yield every change of the module at *path* that an operator allows."""
    source = path.read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(source)
    silent = _not_executed(tree)
    for node in ast.walk(tree):
        if not isinstance(node, (ast.expr, ast.stmt)) or node in silent:
            continue
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[(node.end_lineno or 0) - 1] + (node.end_col_offset or 0)
        changes = _of_statement(node) if isinstance(node, ast.stmt) else _of_expression(node)
        for operator, after in changes:
            name = path.relative_to(root).as_posix()
            yield Mutant(name, node.lineno, operator, start, end, after)


def _not_executed(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes of docstrings and annotations, and the parts of f-strings."""
    found: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found |= {node, node.value}
        for kind in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(kind, ast.AST):
                found |= set(ast.walk(kind))
        if isinstance(node, ast.JoinedStr):
            found |= set(ast.walk(node)) - {node}
    return found


def _of_expression(node: ast.expr) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Compare(left, [operation], [right]) if type(operation) in COMPARISONS:
            other = COMPARISONS[type(operation)]()
            yield "comparison", f"({ast.unparse(ast.Compare(left, [other], [right]))})"
        case ast.BoolOp(operation, values):
            other_word = ast.Or() if isinstance(operation, ast.And) else ast.And()
            yield "and/or", f"({ast.unparse(ast.BoolOp(other_word, values))})"
            yield "operand left out", f"({ast.unparse(values[0])})"
        case ast.UnaryOp(ast.Not(), operand):
            yield "not left out", f"bool({ast.unparse(operand)})"
        case ast.BinOp(left, operation, right) if type(operation) in ARITHMETIC:
            changed = ast.BinOp(left, ARITHMETIC[type(operation)](), right)
            yield "arithmetic", f"({ast.unparse(changed)})"
        case ast.IfExp(test, body, orelse):
            yield "condition turned", f"({ast.unparse(ast.IfExp(test, orelse, body))})"
        case ast.Constant(bool() as value):
            yield "constant", str(not value)
        case ast.Constant(int() as value):
            yield "constant", str(value + 1)
        case ast.Constant(str() as value):
            yield "constant", repr(f"{value}!")


def _of_statement(node: ast.stmt) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Return(value) if value is not None:
            yield "None returned", "return None"
        case ast.Expr(ast.Call()) | ast.Raise() | ast.AugAssign():
            yield "statement left out", "pass"
        case ast.Continue():
            yield "break", "break"
        case ast.Break():
            yield "continue", "continue"


def notices(clone: Path, mutant: Mutant) -> str:
    """Return the first test that fails with *mutant*: empty if none, ``time`` if it never ends."""
    path = clone / mutant.file
    original = path.read_bytes()
    path.write_bytes(original[: mutant.start] + mutant.after.encode() + original[mutant.end :])
    try:
        nearest = "_".join(path.relative_to(clone / "src/neverstale").with_suffix("").parts)
        files = sorted((clone / "tests/unit").glob("test_*.py"))
        files.sort(key=lambda file: not nearest.startswith(file.stem.removeprefix("test_")))
        options = ("--quiet", "--exitfirst", "--tb=no")
        command = [sys.executable, "-m", "pytest", *options, *map(str, files)]
        done = subprocess.run(
            command, cwd=clone, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired:
        return "time"
    finally:
        path.write_bytes(original)
    failed = [line for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].split(" - ")[0] if failed else ""


def main() -> int:
    """Print each mutant and who noticed it; write the same to bench/results; count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=40)
    parser.add_argument("--seed", default="")
    options = parser.parse_args()
    head = ("git", "rev-parse", "HEAD")
    commit = subprocess.run(head, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    seed = options.seed or commit.strip()
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(("git", "clone", "--quiet", str(ROOT), str(clone)), check=True)
        modules = sorted(path for room in ROOMS for path in (clone / room).rglob("*.py"))
        every = [mutant for path in modules for mutant in mutants_of(clone, path)]
        unchanged = Mutant("src/neverstale/diagnosis/doctor.py", 1, "none", 0, 0, "")
        if by := notices(clone, unchanged):
            print(f"error: the tests fail without a mutant: {by}\nhint: make them pass first")
            return 2
        drawn = random.Random(seed).sample(every, options.mutants)  # noqa: S311 - to be repeated
        print(f"{len(drawn)} of {len(every)} mutants, seed {seed}", flush=True)
        results = []
        for mutant in drawn:
            before = (clone / mutant.file).read_bytes()[mutant.start : mutant.end].decode()
            by = notices(clone, mutant)
            print(
                f"{by or 'SURVIVES':70}  {mutant.file}:{mutant.line} {mutant.operator}", flush=True
            )
            row = {"file": mutant.file, "line": mutant.line, "operator": mutant.operator}
            results.append({**row, "before": before, "after": mutant.after, "noticed_by": by})
    noticed = sum(bool(row["noticed_by"]) for row in results)
    print(f"{noticed} of {len(results)} noticed")
    told = {"seed": seed, "drawn_from": len(every), "mutants": results}
    if not options.seed and options.mutants == parser.get_default("mutants"):
        RESULTS.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
