"""Finds in source text every way around the vault and around those who alone make what it takes.

Each `Way` says by which words and imports it goes, and which modules may have it. Words count wherever they can be
spelled: as a name, an attribute, an import, or a text that is looked up while running.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

RELATIVE = "<relative>"
EVERYTHING = "<everything>"
OF_ITS_TYPE = "<type>"
VAULT = "registry/vault.py"
WRAPPING = "registry/keys/wrapping.py"

MADE_IN_ONE_PLACE = {
    "Permit": {"policies/evaluate.py"},
    "Facts": {"registry/facts.py"},
    "Recorded": {"audit/log.py"},
}


@dataclass(frozen=True, slots=True)
class Way:
    """One way: its words and the modules it brings into reach, and who may have it."""

    name: str
    words: frozenset[str]
    reach: tuple[str, ...]
    allowed: frozenset[str]


def _way(name: str, allowed: str = "", *, words: str = "", reach: str = "") -> Way:
    return Way(name, frozenset(words.split() or [name]), tuple(reach.split()), frozenset(allowed.split()))


WAYS = [
    # The vault, by whichever door, and what it does with a key.
    _way("open_sealed", f"{VAULT} registry/disclosure.py"),
    _way("open_letter", f"{VAULT} registry/post.py"),
    # The other three have a function of their own by this name.
    _way("_opened", f"{VAULT} api/v1/audit.py audit/postgres_store.py audit/reconcile.py"),
    _way("_decrypted", VAULT),
    _way(
        "registry.vault",
        "registry/disclosure.py registry/erasure.py registry/events.py registry/post.py registry/records.py"
        " registry/resealing.py",
        words="vault registry.vault",
        reach="registry.vault",
    ),
    _way("decrypt", f"{VAULT} registry/signing.py registry/keys/hsm.py {WRAPPING}", words="decrypt decryptor"),
    _way("cipher", f"{VAULT} registry/keys/ring.py {WRAPPING}"),
    _way(
        "cryptography",
        f"{VAULT} registry/signing.py registry/rewrapping.py registry/keys/ring.py {WRAPPING}",
        words="ciphers",
        reach="cryptography.hazmat.primitives.ciphers Crypto nacl",
    ),
    # Whatever reaches a module or a name that no import shows; these two ask for files and for what is installed.
    _way("importlib", "api/app.py api/demo/data/sources.py", reach="importlib"),
    _way("__import__", "audit/verify.py", words="__import__ import_module"),  # the hashes of the interpreter itself
    _way("sys.modules", words="modules"),
    _way("names by text", words="eval exec globals locals __dict__ __builtins__ __getattribute__"),
    _way("reaching everything", reach="builtins copyreg ctypes gc marshal pickle pkgutil runpy"),
    _way("relative imports", words=RELATIVE),
    _way("imports of everything", words=EVERYTHING),
    # Another one of what was made: with other rows, or without a restriction.
    _way("_replace", "api/demo/people.py audit/merkle.py policies/diff.py registry/imagined.py registry/keys/file.py"),
    _way("_make", "api/demo/accounts.py"),
    _way("__new__", "policies/evaluate.py"),
    _way("__setattr__", WRAPPING, words="__setattr__ __replace__ __reduce__ __setstate__"),
    _way(
        "replace",
        "registry/disclosure.py registry/imagined.py registry/setup.py",
        words="dataclasses",
        reach="dataclasses.replace copy",
    ),
    _way("one of its type", "api/portal/wishes.py", words=f"__class__ {OF_ITS_TYPE}"),
]


def found(text: str) -> Iterator[str]:
    """The ways that a module has."""
    tree = ast.parse(text)
    words: set[str] = set()
    reach: set[str] = set()
    for node in ast.walk(tree):
        words.update(_words(node))
        reach.update(_reach(node))
    for way in WAYS:
        if words & way.words or any(one == far or one.startswith(f"{far}.") for far in way.reach for one in reach):
            yield way.name
    typing = _of_types(tree)
    made = {
        word
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.Attribute | ast.Constant) and id(node) not in typing
        for word in _words(node)
    }
    renamed = {one.name for one in ast.walk(tree) if isinstance(one, ast.alias) and one.asname}
    for name in MADE_IN_ONE_PLACE:
        if name in made:
            yield name
        if name in renamed:
            yield f"{name} by another name"


def allowed(way: str) -> frozenset[str]:
    """The modules that may have a way."""
    own = {one.name: one.allowed for one in WAYS}
    return own[way] if way in own else frozenset(MADE_IN_ONE_PLACE.get(way, ()))


def _words(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=word) | ast.Attribute(attr=word) | ast.Constant(value=str(word)):
            yield word
        case ast.FunctionDef(name=word) | ast.AsyncFunctionDef(name=word):
            yield word
        case ast.alias(name=word):
            yield EVERYTHING if word == "*" else word
        case ast.ImportFrom(level=level) if level:
            yield RELATIVE
        case ast.Call(func=ast.Call(func=ast.Name(id="type"))):
            yield OF_ITS_TYPE
        case _:
            pass


def _reach(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (one.name for one in names)
        case ast.ImportFrom(module=str(module), names=names, level=0):
            yield module
            yield from (f"{module}.{one.name}" for one in names)
        case _:
            pass


def _of_types(tree: ast.Module) -> set[int]:
    """The nodes that only say of what type something is: annotations, patterns, `isinstance`, parts of a generic.

    What is called is never one of them: `Recorded[Permit](...)` makes one.
    """
    parts: list[ast.AST | None] = []
    called: set[int] = set()
    for node in ast.walk(tree):
        match node:
            case ast.AnnAssign(annotation=one) | ast.arg(annotation=one) | ast.MatchClass(cls=one):
                parts.append(one)
            case ast.FunctionDef(returns=one) | ast.AsyncFunctionDef(returns=one):
                parts.append(one)
            case ast.Call(func=func, args=args):
                called.update(id(part) for part in ast.walk(func))
                if isinstance(func, ast.Name) and func.id == "isinstance":
                    parts.append(args[1])
            case ast.Subscript(value=ast.Name(id="list" | "Sequence" | "Mapping" | "Recorded") as generic, slice=one):
                parts += [generic, one]
            case _:
                pass
    return {id(node) for part in parts if part is not None for node in ast.walk(part)} - called
