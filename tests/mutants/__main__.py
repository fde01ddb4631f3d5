"""Breaks each promise once, in a copy, and demands that the test which guards it goes red.

A mutant is a patch in this folder (unified diff, paths from the root) whose first lines name the tests of which one
must fail, and the promise they guard; `kills` takes node ids, or an expression as for -k, and may be repeated:

    # kills: tests/properties/test_consent.py::test_a_withdrawal_never_permits
    # promise: 4

The same tests must be green without the patch. Names of patches as arguments run only those.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from tests import checkout
from tests.mutants.patch import PatchError, apply

FOLDER = Path(__file__).parent
_GREEN, _RED = 0, 1  # what pytest exits with; anything else means that no verdict was reached
_SECONDS = 600


@dataclass(frozen=True, slots=True)
class Mutant:
    """One patch and the pytest arguments that select its tests."""

    name: str
    text: str
    promise: str
    selection: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How one mutant fared; `tail` has the last lines of pytest where they explain a failure."""

    mutant: Mutant
    outcome: str
    seconds: float
    tail: str = ""

    @property
    def good(self) -> bool:
        """Whether the tests noticed."""
        return self.outcome == "killed"


def read(path: Path) -> Mutant:
    """The mutant in a file.

    Raises:
        PatchError: it does not say which tests it must break or which promise.
    """
    text = path.read_text(encoding="utf-8")
    header: dict[str, list[str]] = {"kills": [], "promise": []}
    for line in text.splitlines():
        if line.startswith("--- "):
            break
        key, _, value = line.removeprefix("#").strip().partition(":")
        if line.startswith("#") and key in header and value.strip():
            header[key].append(value.strip())
    if not header["kills"] or len(header["promise"]) != 1:
        message = f"{path.name}: its header needs `# kills: ...` and one `# promise: ...`"
        raise PatchError(message)
    return Mutant(path.stem, text, header["promise"][0], _selection(header["kills"]))


def _selection(kills: list[str]) -> tuple[str, ...]:
    nodes = [line for line in kills if line.startswith("tests/")]
    if not nodes:
        return ("-k", " or ".join(f"({line})" for line in kills))
    if len(nodes) < len(kills):  # pytest would run only the tests that are in both
        message = "its header names tests both by node id and by expression"
        raise PatchError(message)
    return tuple(node for line in nodes for node in line.split())


def copy_tree(target: Path) -> None:
    """A copy of the product, with what is not yet committed."""
    for path in checkout.files():
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(checkout.ROOT / path, target / path)


def run(tree: Path, selection: tuple[str, ...]) -> "subprocess.CompletedProcess[str]":
    """Run the selected tests there, with this interpreter and the modules of that tree."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *selection],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=_SECONDS,
    )


def try_out(mutant: Mutant, green: dict[tuple[str, ...], str], tree: Path) -> Verdict:
    """Judge one mutant in a fresh copy at `tree`; `green` remembers selections whose tests ran without a patch."""
    begun = time.monotonic()

    def verdict(outcome: str, tail: str = "") -> Verdict:
        return Verdict(mutant, outcome, time.monotonic() - begun, tail)

    copy_tree(tree)
    if mutant.selection not in green:
        result = run(tree, mutant.selection)
        green[mutant.selection] = "" if result.returncode == _GREEN else _tail(result)
    if green[mutant.selection]:
        return verdict("not green without the patch", green[mutant.selection])
    try:
        apply(mutant.text, tree)
    except PatchError as error:
        return verdict(f"does not apply: {error}")
    result = run(tree, mutant.selection)
    if result.returncode == _RED:
        return verdict("killed")
    return verdict("SURVIVED" if result.returncode == _GREEN else "no verdict", _tail(result))


def _tail(result: "subprocess.CompletedProcess[str]") -> str:
    return "\n".join((result.stdout + result.stderr).splitlines()[-15:])


def main(arguments: list[str]) -> int:
    """Judge the named patches, or all; 1 if any test did not notice, or there is nothing to judge."""
    parser = argparse.ArgumentParser(prog="script/mutants", description="Mutants that the tests must kill.")
    parser.add_argument("names", nargs="*", help="names of patches in tests/mutants; default: all")
    names = parser.parse_args(arguments).names
    paths = [FOLDER / f"{Path(name).stem}.patch" for name in names] or sorted(FOLDER.glob("*.patch"))
    try:
        mutants = [read(path) for path in paths]
    except (FileNotFoundError, PatchError) as error:
        parser.error(str(error))
    green: dict[tuple[str, ...], str] = {}
    verdicts: list[Verdict] = []
    width = max((len(mutant.name) for mutant in mutants), default=0)
    for mutant in mutants:
        with tempfile.TemporaryDirectory(prefix="registry-mutant-") as folder:
            verdict = try_out(mutant, green, Path(folder))
        verdicts.append(verdict)
        print(f"{mutant.name:{width}}  promise {mutant.promise:>3}  {verdict.seconds:6.1f} s  {verdict.outcome}")
        if verdict.tail:
            print("    " + verdict.tail.replace("\n", "\n    "))
    killed = sum(verdict.good for verdict in verdicts)
    print(f"{killed} of {len(verdicts)} mutants killed")
    return 0 if verdicts and killed == len(verdicts) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
