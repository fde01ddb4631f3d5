"""Writes docs/mutation.md: how many mutants of each module the tests notice, and why the others are left."""

from pathlib import Path

from tests.mutation.results import Results

POLICIES = Path(__file__).resolve().parents[2] / "policies"
# Words for people to read: a changed word breaks no decision. Their golden tests stand in tests/unit/policies.
WORDS = {"explain.py", "wording.py", "purposes_page.py"}


def modules() -> list[str]:
    """The modules that are broken."""
    return [
        str(path.relative_to(POLICIES))
        for path in sorted(POLICIES.rglob("*.py"))
        if path.name != "vocabulary.py" and str(path.relative_to(POLICIES)) not in WORDS
    ]


def write(results: Results) -> None:
    total = killed = 0
    for name, one in sorted(results.modules.items()):
        total += one.total
        killed += len(one.killed)
        print(
            f"{name:32} {one.total:5} {one.tried:5} {len(one.killed):5} {100 * len(one.killed) / max(one.total, 1):6.1f}"
        )
    print(total, killed, 100 * killed / max(total, 1))
