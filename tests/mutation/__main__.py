"""Breaks every line of the engine of decisions in every way that Cosmic Ray knows, and counts what the tests notice.

    script/mutation [--minutes 4] [--again] [--page] [MODULE ...]

Modules are files under policies/, as `rules/child.py`; without any, all of them. What is known of a module is kept in
results.json beside this file as long as the module stays as it is; `--again` tries the survivors once more, which is
enough after tests were written. After `--minutes` the run stops, and the next one goes on. `--page` writes
docs/mutation.md and tries nothing.
"""

import argparse
import hashlib
import os
import pickle
import sys
import time
from collections.abc import Mapping, Sequence
from importlib.abc import Loader
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import cast

import holidays.countries.germany
import hypothesis.strategies
import pydantic
import pytest
import yaml

from tests.mutation import page
from tests.mutation.mutants import Mutant, fingerprint, mutants_of
from tests.mutation.plugin import BROKEN, KILLED, Seen, Trial, attempt, chosen, passes, swapped, under_folder
from tests.mutation.results import Module, Results
from tests.mutation.swap import Functions, changed_functions, loaded_functions, place

ROOT = Path(__file__).resolve().parents[2]
FOLDER = under_folder(ROOT)
KEPT = ROOT / ".mutation"
# Imported once, before anything forks; the product itself is not.
PREPARED = (holidays.countries.germany, hypothesis.strategies, pydantic, yaml)
TESTS = ("tests/unit/policies", "tests/properties/test_decision_laws.py", "tests/docs/test_purposes.py")
_ARGUMENTS = (
    "--noconftest", "-q", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:cacheprovider",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",
)  # fmt: skip


def main() -> int:
    """Try what is not known yet; exit 1 where less than the demanded share is noticed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("modules", nargs="*")
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--again", action="store_true")
    parser.add_argument("--page", action="store_true")
    options = parser.parse_args()
    results = Results.read()
    for name in list(results.modules):  # what was known of a module that has changed since is known of no module
        path = Path(FOLDER, name)
        source = path.read_text(encoding="utf-8") if path.exists() else ""
        if results.modules[name].fingerprint != fingerprint(source):
            del results.modules[name]
    if not options.page:
        ends = time.monotonic() + 60 * options.minutes
        work = _work(results, options.modules, again=options.again)
        _try_all(results, work, ends)
    results.write()
    page.write(results)
    share, unexplained = page.share(results)
    left = sum(one.total - one.tried for one in results.modules.values())
    print(f"{share:.1f} % of the mutants tried are noticed; {unexplained} survive without a reason; {left} not tried")
    return 0 if share >= page.LEAST_SHARE and not left else 1


def _work(results: Results, names: Sequence[str], *, again: bool) -> list[tuple[Module, Mutant]]:
    """The mutants to be tried, module by module."""
    found: list[tuple[Module, Mutant]] = []
    for name in names or sorted(page.modules()):
        source = Path(FOLDER, name).read_text(encoding="utf-8")
        module = results.module(name, fingerprint(source))
        made = _listed(source)
        module.total = len(made)
        found += [
            (module, one) for one in made if one.id not in module.killed and (again or one.id not in module.survived)
        ]
    return found


def _listed(source: str) -> list[Mutant]:
    """All mutants of a module; to make them takes longer than to try them, so the list is kept."""
    kept = KEPT / f"mutants-{fingerprint(source)}"
    if not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        kept.write_bytes(pickle.dumps(list(mutants_of(source))))
    return cast("list[Mutant]", pickle.loads(kept.read_bytes()))  # noqa: S301 - written above


def _try_all(results: Results, work: list[tuple[Module, Mutant]], ends: float) -> None:
    if not work:
        return
    read, write = os.pipe()
    child = os.fork()
    if child == 0:  # the swift way: everything is imported once, and functions get another body
        os.close(read)
        os.set_inheritable(write, True)
        _swiftly(results, work, ends, write)
        os._exit(0)
    os.close(write)
    left: list[tuple[Module, Mutant, list[str]]] = []
    by_key = {(module.name, mutant.id): (module, mutant) for module, mutant in work}
    with os.fdopen(read, encoding="utf-8") as pipe:
        for line in pipe:
            name, id_, verdict, *nodes = line.rstrip("\n").split("\t")
            module, mutant = by_key[name, id_]
            if verdict == "afresh":
                left.append((module, mutant, nodes))
            else:
                module.note(mutant, killed=verdict == "killed")
    os.waitpid(child, 0)
    results.write()
    for number, (module, mutant, nodes) in enumerate(left):
        if time.monotonic() > ends:
            break
        module.note(mutant, killed=_afresh(module.name, mutant.source, nodes))
        if number % 20 == 0:
            results.write()
    results.write()


def _swiftly(results: Results, work: list[tuple[Module, Mutant]], ends: float, pipe: int) -> None:
    def loop(trial: Trial, items: list[pytest.Item]) -> None:
        functions = loaded_functions(FOLDER)
        seen = _seen(trial, items, functions)
        failed = [one.node for one in seen if one.failed]
        if failed:
            print("left out, red without a mutant:", *failed, file=sys.stderr)
        by_node = {item.nodeid: item for item in items}
        with os.fdopen(pipe, "w", encoding="utf-8", buffering=1) as answers:
            for module, mutant in work:
                if time.monotonic() > ends:
                    break
                verdict, nodes = _one(seen, by_node, functions, module.name, mutant)
                answers.write("\t".join([module.name, mutant.id, verdict, *nodes]) + "\n")

    pytest.main([*_ARGUMENTS, *TESTS], plugins=[Trial(FOLDER, loop)])


def _seen(trial: Trial, items: list[pytest.Item], functions: Functions) -> list[Seen]:
    """What each test calls; kept until a file of the product or of the tests changes."""
    files = sorted(path for part in ("policies", *TESTS) for path in (ROOT / part).rglob("*.*") if path.is_file())
    files += [ROOT / part for part in TESTS if (ROOT / part).is_file()]
    state = hashlib.sha256(b"".join(path.read_bytes() for path in files if path.suffix != ".pyc")).hexdigest()
    kept = KEPT / f"calls-{state}"
    if kept.exists():
        return cast("list[Seen]", pickle.loads(kept.read_bytes()))  # noqa: S301 - written below
    seen = trial.watch(items, functions)
    kept.parent.mkdir(exist_ok=True)
    kept.write_bytes(pickle.dumps(seen))
    return seen


def _one(
    seen: Sequence[Seen], by_node: Mapping[str, pytest.Item], functions: Functions, name: str, mutant: Mutant
) -> tuple[str, list[str]]:
    """The verdict on one mutant, or `afresh` with the tests to be run where its module has to be imported anew."""
    path = str(Path(FOLDER, name))
    original = compile(Path(path).read_text(encoding="utf-8"), path, "exec")
    try:
        changed = changed_functions(original, compile(mutant.source, path, "exec"))
    except SyntaxError:
        return "killed", []
    of_module = {one for test in seen for one in test.calls if one[0] == path} | {(path, "", 0)}
    whole = [test.node for test in chosen(seen, of_module)]
    if changed is None:
        return "afresh", whole
    places = {place(code) for code in changed}
    tests = chosen(seen, places)
    verdict = attempt(swapped(functions, changed), lambda: all(passes(by_node[test.node]) for test in tests))
    if verdict == KILLED:
        return "killed", []
    if verdict == BROKEN:
        return "afresh", whole
    return "survived", []


class _Mutated(SourceFileLoader):
    """Loads a module from the text of a mutant."""

    def __init__(self, fullname: str, path: str, source: str) -> None:
        super().__init__(fullname, path)
        self._source = source

    def get_code(self, fullname: str) -> CodeType:
        """Compile the mutant; no file of compiled code is read or written."""
        return compile(self._source, self.get_filename(fullname), "exec")


class _Finder:
    """Finds the mutant where its module is imported."""

    def __init__(self, path: str, source: str) -> None:
        self._path, self._source = path, source

    def find_spec(self, name: str, path: Sequence[str] | None, target: object = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path) if name.startswith("policies") else None
        if spec is None or spec.origin != self._path:
            return None
        loader: Loader = _Mutated(name, self._path, self._source)
        spec.loader = loader
        return spec


def _afresh(name: str, source: str, nodes: list[str]) -> bool:
    """The slow way: a process of its own imports everything, with the mutant in place of its module."""

    def prepare() -> bool:
        sys.meta_path.insert(0, _Finder(str(Path(FOLDER, name)), source))
        return True

    def run() -> bool:
        passed: list[bool] = []

        def loop(_: Trial, items: list[pytest.Item]) -> None:
            order = {node: number for number, node in enumerate(nodes)}
            mine = sorted((item for item in items if item.nodeid in order), key=lambda item: order[item.nodeid])
            passed.append(len(mine) == len(nodes) and all(passes(item) for item in mine))

        files = dict.fromkeys(node.partition("::")[0] for node in nodes)
        pytest.main([*_ARGUMENTS, *files], plugins=[Trial(FOLDER, loop)])
        return passed == [True]

    return attempt(prepare, run) == KILLED


if __name__ == "__main__":
    sys.exit(main())
