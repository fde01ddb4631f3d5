"""Notes which functions of the product are called, by giving each a first step that says so."""

import ast
import builtins
from pathlib import Path

from tests.mutation.swap import Functions, Place, outermost, place, swap

_NAME = "__probe__"


def probe(functions: Functions) -> set[Place]:
    """Put the first step into every loaded function; the set that is returned grows as they are called."""
    called: set[Place] = set()
    places: list[Place] = []

    def note(number: int) -> None:
        called.add(places[number])

    setattr(builtins, _NAME, note)
    for path in sorted({path for path, _, _ in functions}):
        source = Path(path).read_text(encoding="utf-8")
        original = {code.co_firstlineno: place(code) for code in outermost(compile(source, path, "exec"))}
        steps = _Steps(original, places)
        tree = ast.fix_missing_locations(steps.visit(ast.parse(source)))
        for code in outermost(compile(tree, path, "exec")):
            swap(functions, [code])
    return called


class _Steps(ast.NodeTransformer):
    """Adds the first step to functions and lambdas that stand in no other function."""

    def __init__(self, original: dict[int, Place], places: list[Place]) -> None:
        self._original, self._places = original, places

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
        step = self._step(first)
        if step is not None:
            start = 1 if ast.get_docstring(node, clean=False) is not None else 0
            node.body.insert(start, ast.copy_location(ast.Expr(step), node.body[-1]))
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        step = self._step(node.lineno)
        if step is not None:
            node.body = ast.copy_location(ast.BoolOp(ast.Or(), [step, node.body]), node.body)
        return node

    def _step(self, line: int) -> ast.Call | None:
        if line not in self._original:
            return None
        self._places.append(self._original[line])
        return ast.Call(ast.Name(_NAME, ast.Load()), [ast.Constant(len(self._places) - 1)], [])
