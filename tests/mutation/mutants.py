"""Every way in which one module is broken: Cosmic Ray's operators, each at every place where it applies.

Left out is what cannot be told from the module as it is: a change inside an annotation, and `==` in place of `is`
(or the other way round) between values that are one and the same object when they are equal.
"""

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

_SAME_QUESTION = ("_Eq_Is", "_Is_Eq", "_NotEq_IsNot", "_IsNot_NotEq")


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module; `change` shows the changed lines as `before → after`."""

    id: str
    source: str
    change: str


def fingerprint(source: str) -> str:
    """What tells one version of a module from another."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def mutants_of(source: str) -> Iterator[Mutant]:
    """All mutants of a module."""
    nodes = list(ast_nodes(get_ast(source)))
    behaviour = _without_annotations(source)
    for name in operator_names():
        if name.endswith(_SAME_QUESTION):
            continue
        try:
            operator = get_operator(name)()
        except TypeError:  # the operators that want a configuration replace names of variables
            continue
        places = sum(1 for node in nodes for _ in operator.mutation_positions(node))
        for occurrence in range(places):
            changed = mutate_code(source, operator, occurrence)
            if changed is None or ("BitOr_" in name and _without_annotations(changed) == behaviour):
                continue  # `|` is what annotations are full of
            yield Mutant(f"{name.removeprefix('core/')}:{occurrence}", changed, _change(source, changed))


def _change(before: str, after: str) -> str:
    lines = list(unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm=""))[3:]
    parts = [" ".join(line[1:].strip() for line in lines if line.startswith(sign)) for sign in "-+"]
    return " → ".join(parts)


class _Bare(ast.NodeTransformer):
    """Takes annotations away."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        node.annotation = ast.Constant(None)
        return self.generic_visit(node)


def _without_annotations(source: str) -> str:
    try:
        return ast.dump(_Bare().visit(ast.parse(source)))
    except SyntaxError:
        return source
