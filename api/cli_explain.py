"""The part of the command line that explains a policy document and tries it on imagined people.

registry policy explain PURPOSE [--field NAME]   what a purpose may know, what can refuse it, and why, in words
registry policy coverage [--cells FILE]          which purpose, category and state nobody wrote an expectation for
"""

import argparse
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from api.settings import Settings
from policies.coverage import BadCellsError, cells_of, read_cells, write_cells
from policies.documents import PolicyDocument, load
from policies.explain import EXPLANATIONS, in_words, possible_codes
from registry.imagined import come_to

REFUSED = 1
_LANGUAGES = ("de", "en")


def mount(policy: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add both commands to `registry policy`."""
    explain = policy.add_parser("explain", help="say what a purpose may know and what can refuse it")
    explain.add_argument("purpose")
    explain.add_argument("--field", help="one field of the purpose")
    explain.add_argument("--language", choices=_LANGUAGES, default="de")
    explain.add_argument("--file", type=Path, help="a policy document; default: the configured one")
    explain.set_defaults(run=_explain)
    coverage = policy.add_parser("coverage", help="say which cells have no expectation, and which come to another")
    coverage.add_argument("--cells", type=Path, help="expectations; default: beside the document, NAME.cells.csv")
    coverage.add_argument("--file", type=Path, help="a policy document; default: the configured one")
    coverage.add_argument("--on", type=date.fromisoformat, help="the day to decide on; default: the document's first")
    coverage.add_argument("--write", action="store_true", help="print the table as the document comes out now")
    coverage.set_defaults(run=_coverage)


def _document(options: argparse.Namespace) -> tuple[Path, PolicyDocument]:
    path = options.file or Settings().policy_file
    return path, load(path)


def _explain(options: argparse.Namespace) -> int:
    _, document = _document(options)
    purpose = document.purposes.get(options.purpose)
    if purpose is None or (options.field is not None and options.field not in document.fields):
        print("registry: no such purpose or field", file=sys.stderr)
        return REFUSED
    print(getattr(purpose.title, options.language))
    if options.field is None:
        print(getattr(in_words(document, purpose), options.language))
    elif options.field not in purpose.allowed:
        return _say(["MINIMISED"], options.language)
    else:
        basis = purpose.basis[document.fields[options.field].category]
        print(f"{getattr(document.fields[options.field].title, options.language)}: {basis.article.value}, {basis.why}")
    return _say([code.value for code in possible_codes(document, purpose, options.field)], options.language)


def _say(codes: list[str], language: str) -> int:
    for code, said in EXPLANATIONS.items():
        if code.value in codes:
            print(f"\n{code.value} ({said.rule}; {', '.join(said.articles)})")
            for part in (said.what, said.why, said.remedy):
                print(f"  {getattr(part, language)}")
    return 0


def _coverage(options: argparse.Namespace) -> int:
    path, document = _document(options)
    day = options.on or document.policy.valid_from
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    came = [(cell, come_to(document, cell, at)) for cell in cells_of(document)]
    if options.write:
        print(write_cells(came), end="")
        return 0
    expectations = options.cells or path.with_suffix(".cells.csv")
    try:
        expected = read_cells(expectations.read_text(encoding="utf-8")) if expectations.exists() else {}
    except BadCellsError as error:
        print(f"registry: {expectations.name}: {error}", file=sys.stderr)
        return REFUSED
    missing = [cell for cell, _ in came if cell not in expected]
    stale = expected.keys() - {cell for cell, _ in came}
    other = [(cell, found) for cell, found in came if cell in expected and expected[cell] != found]
    for cell in missing:
        print(f"no expectation: {cell.purpose} {cell.category.value} {cell.state.value}")
    for cell in sorted(stale):
        print(f"no such cell:   {cell.purpose} {cell.category.value} {cell.state.value}")
    for cell, found in other:
        print(f"comes to {found}, expected {expected[cell]}: {cell.purpose} {cell.category.value} {cell.state.value}")
    print(f"{len(came)} cells, {len(missing)} without expectation, {len(other)} that come to something else")
    return REFUSED if missing or stale or other else 0
