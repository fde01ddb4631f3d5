"""Puts the code of a mutant in place of the code that is loaded, without importing anything anew.

A function keeps its identity and gets another body; so whoever imported it by name calls the mutant. What runs while a
module is imported (constants, class bodies, defaults) cannot be changed in this way.
"""

import gc
from collections.abc import Iterator
from types import CodeType, FunctionType

_FUNCTION = 0x1 | 0x2  # CO_OPTIMIZED | CO_NEWLOCALS: the body of a function, not of a class or module

Place = tuple[str, str, int]
Functions = dict[Place, list[FunctionType]]


def place(code: CodeType) -> Place:
    """File, qualified name and first line."""
    return code.co_filename, code.co_qualname, code.co_firstlineno


def loaded_functions(folder: str) -> Functions:
    """The functions in memory whose code stands in files under `folder`, by their place."""
    found: Functions = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(folder):
            found.setdefault(place(one.__code__), []).append(one)
    return found


def outermost(module: CodeType) -> Iterator[CodeType]:
    """The functions that stand in no other function."""
    for one in _inner(module):
        if one.co_flags & _FUNCTION == _FUNCTION:
            yield one
        else:
            yield from outermost(one)


def changed_functions(original: CodeType, mutant: CodeType) -> list[CodeType] | None:
    """The outermost functions of the mutant that differ; None where something outside of functions differs."""
    found: list[CodeType] = []
    return found if _collect(original, mutant, found) else None


def swap(functions: Functions, changed: list[CodeType]) -> bool:
    """Give the loaded functions their new code; False where one of them is not loaded or does not fit."""
    for code in changed:
        known = functions.get(place(code), [])
        if not known or any(len(one.__code__.co_freevars) != len(code.co_freevars) for one in known):
            return False
        for one in known:
            one.__code__ = code
    return True


def _collect(original: CodeType, mutant: CodeType, found: list[CodeType]) -> bool:
    if not _same_body(original, mutant):
        if mutant.co_flags & _FUNCTION != _FUNCTION:
            return False
        found.append(mutant)
        return True
    if mutant.co_flags & _FUNCTION == _FUNCTION:
        if not all(_equal(one, other) for one, other in _nested(original, mutant)):
            found.append(mutant)
        return True
    return all(_collect(one, other, found) for one, other in _nested(original, mutant))


def _equal(original: CodeType, mutant: CodeType) -> bool:
    return _same_body(original, mutant) and all(_equal(one, other) for one, other in _nested(original, mutant))


def _same_body(original: CodeType, mutant: CodeType) -> bool:
    def body(code: CodeType) -> tuple[object, ...]:
        plain = [repr(one) for one in code.co_consts if not isinstance(one, CodeType)]
        return code.co_code, plain, code.co_names, code.co_varnames, len(list(_inner(code))), code.co_exceptiontable

    return body(original) == body(mutant)


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (one for one in code.co_consts if isinstance(one, CodeType))


def _nested(original: CodeType, mutant: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    return zip(_inner(original), _inner(mutant), strict=True)
