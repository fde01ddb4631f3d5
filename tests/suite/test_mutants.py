"""A mutant counts as killed only by a test that is green without it and red with it."""

import shutil
from pathlib import Path

import pytest

from tests.checkout import ROOT
from tests.mutants.__main__ import FOLDER, Mutant, read, try_out
from tests.mutants.patch import PatchError, apply

NODES = "# kills: tests/unit/test_a.py::test_one tests/unit/test_a.py::test_two\n"
EXPRESSIONS = "# kills: leap and year\n# kills: month\n"
PROMISE = "# promise: 3\n"
HEADER = NODES + PROMISE
DIFF = """--- a/words.txt
+++ b/words.txt
@@ -2,3 +2,3 @@
 two
-three
+drei
 four
"""
WORDS = ["one", "two", "three", "four", "five", ""]

GREEN: dict[tuple[str, ...], str] = {}  # shared, so that the guard runs once without a patch
GUARD = "tests/suite/test_mutants.py::test_a_hunk_that_moved_still_fits"
# A change of the product under test here, the patching itself: one that its guard notices, and two that it does not.
NOTICED = """--- a/tests/mutants/patch.py
+++ b/tests/mutants/patch.py
@@ -1,1 +1,1 @@
-    return found[0]
+    return 0
"""
UNNOTICED = NOTICED.replace("+    return 0", "+    return found[-1]")
BROKEN = NOTICED.replace("+    return 0", "+    return (")


def words(root: Path, lines: list[str]) -> Path:
    path = root / "words.txt"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("kills", "selection"),
    [
        (NODES, ("tests/unit/test_a.py::test_one", "tests/unit/test_a.py::test_two")),
        (EXPRESSIONS, ("-k", "(leap and year) or (month)")),
    ],
    ids=["nodes", "expressions"],
)
def test_the_header_names_promise_and_tests(tmp_path: Path, kills: str, selection: tuple[str, ...]) -> None:
    path = tmp_path / "m.patch"
    path.write_text(kills + PROMISE + DIFF, encoding="utf-8")
    mutant = read(path)
    assert mutant.promise == "3"
    assert mutant.selection == selection


@pytest.mark.parametrize(
    "header",
    ["", PROMISE, NODES, "# kills:\n" + PROMISE, NODES + PROMISE + PROMISE, NODES + EXPRESSIONS + PROMISE],
    ids=["none", "no test", "no promise", "empty", "two promises", "nodes and expressions"],
)
def test_a_patch_without_a_clear_header_is_refused(tmp_path: Path, header: str) -> None:
    path = tmp_path / "m.patch"
    path.write_text(header + DIFF, encoding="utf-8")
    with pytest.raises(PatchError, match="header"):
        read(path)


def test_a_patch_changes_the_lines_it_names(tmp_path: Path) -> None:
    path = words(tmp_path, WORDS)
    apply(HEADER + DIFF, tmp_path)
    assert path.read_text(encoding="utf-8").split("\n") == ["one", "two", "drei", "four", "five", ""]


def test_a_hunk_that_moved_still_fits(tmp_path: Path) -> None:
    path = words(tmp_path, ["zero", "half", *WORDS])
    apply(DIFF, tmp_path)
    assert path.read_text(encoding="utf-8").split("\n") == ["zero", "half", "one", "two", "drei", "four", "five", ""]


@pytest.mark.parametrize(
    ("lines", "diff", "why"),
    [
        (["one", "two", "four"], DIFF, "not there"),
        (["x", *WORDS, *WORDS], DIFF, "several places"),
        (WORDS, DIFF.replace("words.txt", "verbs.txt"), "there is no"),
        (WORDS, DIFF.replace("drei", "three"), "changes nothing"),
        (WORDS, DIFF.removesuffix(" four\n"), "in the middle"),
        (WORDS, "", "changes nothing"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(tmp_path: Path, lines: list[str], diff: str, why: str) -> None:
    words(tmp_path, lines)
    with pytest.raises(PatchError, match=why):
        apply(diff, tmp_path)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.patch")), ids=lambda path: path.stem)
def test_every_kept_patch_fits_the_product_and_leaves_programs(tmp_path: Path, path: Path) -> None:
    text = read(path).text
    names = [line.removeprefix("--- a/") for line in text.splitlines() if line.startswith("--- a/")]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    apply(text, tmp_path)
    for name in names:
        compile((tmp_path / name).read_text(encoding="utf-8"), name, "exec")


@pytest.mark.parametrize(
    ("diff", "selection", "outcome"),
    [
        (NOTICED, (GUARD,), "killed"),
        (UNNOTICED, (GUARD,), "SURVIVED"),
        (BROKEN, (GUARD,), "no verdict"),
        (DIFF, (GUARD,), "does not apply"),
        (NOTICED, ("tests/suite/test_mutants.py::test_nowhere",), "not green without the patch"),
    ],
    ids=["noticed", "unnoticed", "does not run", "does not fit", "no such test"],
)
def test_only_a_test_that_goes_red_kills(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, diff: str, selection: tuple[str, ...], outcome: str
) -> None:
    monkeypatch.setenv("PYTEST_ADDOPTS", "--noconftest")  # the guard needs no registry, and loading one takes seconds
    verdict = try_out(Mutant("m", diff, "1", selection), GREEN, tmp_path)
    assert verdict.outcome.startswith(outcome)
    assert verdict.good == (outcome == "killed")
