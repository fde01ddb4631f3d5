"""Writes docs/mutation.md: how many mutants of each module the tests notice, and why the others are left."""

import tomllib
from pathlib import Path

from tests.mutation.results import Module, Results

ROOT = Path(__file__).resolve().parents[2]
POLICIES = ROOT / "policies"
REASONS = Path(__file__).with_name("reasons.toml")
PAGE = ROOT / "docs" / "mutation.md"
LEAST_SHARE = 95.0
# Words for people to read and names of codes: a changed word breaks no decision. Golden tests hold them.
WORDS = frozenset({"explain.py", "wording.py", "purposes_page.py", "vocabulary.py"})

_HEAD = """# Mutation testing

`script/mutation` breaks the engine of decisions in every way that [Cosmic Ray](https://cosmic-ray.readthedocs.io)
knows, one change at a time, and runs the tests that call what was changed, until one fails. A mutant that no test
notices survives. The page is written by the command; `tests/mutation/results.json` keeps what is known of a module as
long as the module stays as it is.

Left out are modules of words (`explain`, `wording`, `purposes_page`) and of names (`vocabulary`): a changed word breaks
no decision, and other tests hold the words. Left out are changes that ask the same question: inside an annotation,
and `==` for `is` between values that are one object when they are equal. A law that Hypothesis tries runs with 40
examples, and tests beyond eight seconds for one mutant are not tried: what survives here may still be noticed by the
whole suite.

"""


def modules() -> list[str]:
    """The modules that are broken."""
    names = [path.relative_to(POLICIES).as_posix() for path in sorted(POLICIES.rglob("*.py"))]
    return [name for name in names if name not in WORDS]


def share(results: Results) -> tuple[float, int]:
    """Per cent noticed of the mutants tried, and how many survivors have no reason."""
    known = list(results.modules.values())
    tried, killed = sum(one.tried for one in known), sum(len(one.killed) for one in known)
    reasons = _reasons()
    unexplained = sum(not _why(reasons, one, change) for one in known for change in one.survived.values())
    return 100 * killed / max(tried, 1), unexplained


def write(results: Results) -> None:
    """Write the page."""
    reasons = _reasons()
    lines = ["| module | mutants | tried | noticed | share of tried |", "|---|---|---|---|---|"]
    every = [results.modules[name] for name in modules() if name in results.modules]
    lines += [_row(f"`{one.name}`", one.total, one.tried, len(one.killed)) for one in every]
    total, tried = sum(one.total for one in every), sum(one.tried for one in every)
    lines.append(_row("all", total, tried, sum(len(one.killed) for one in every)))
    missing = [name for name in modules() if name not in results.modules and not name.endswith("__init__.py")]
    lines += ["", f"Wanted are {LEAST_SHARE:.0f} % of the mutants of every module of the engine."]
    if missing:
        lines += [
            "",
            "Not tried yet, so nothing is claimed of them: " + ", ".join(f"`{name}`" for name in missing) + ".",
        ]
    lines += ["", "## Survivors", ""]
    for one in every:
        if one.survived:
            lines += [f"### `{one.name}`", ""]
        for change in sorted(set(one.survived.values())):
            why = _why(reasons, one, change) or "no test tells it apart yet"
            before, _, after = change.partition(" → ")
            lines += [f"- `{before}` → `{after}`: {why}"]
        if one.survived:
            lines.append("")
    PAGE.write_text(_HEAD + "\n".join(lines).rstrip("\n") + "\n", encoding="utf-8")


def _row(name: str, total: int, tried: int, killed: int) -> str:
    known = f"{100 * killed / tried:.1f} %" if tried else "-"
    return f"| {name} | {total} | {tried} | {killed} | {known} |"


def _reasons() -> dict[str, dict[str, str]]:
    return tomllib.loads(REASONS.read_text(encoding="utf-8")) if REASONS.exists() else {}


def _why(reasons: dict[str, dict[str, str]], module: Module, change: str) -> str:
    """The reason whose words stand in what the change makes of the line, or in a line that goes."""
    before, _, after = change.partition(" → ")
    return next((why for words, why in reasons.get(module.name, {}).items() if words in (after or before)), "")
