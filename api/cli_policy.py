"""The commands that read policy documents without putting them in force; one of them can ask the database.

registry policy check FILE                read a document strictly and hold it against every gate; with --before, the
                                          document it would replace, whose texts count as published already
registry policy diff BEFORE AFTER         what would change, in words, each line WIDENS, NARROWS or REWORDS; with
                                          --count, how many customers of this registry each line gains and loses
registry policy explain-purposes [NAME]   one purpose, or all, in words
registry policy document                  the page that docs/purposes.md is for the shipped document
registry policy record --format json      the record of processing activities (Art. 30): json, csv or html

Only the command asks the clock; everything it prints comes from the documents.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from api.settings import Settings
from api.terminal import with_registry
from policies import purposes_page, record_of_processing
from policies.deadlines import TIME_ZONE
from policies.diff import compare, scope_of_consent, told
from policies.documents import PolicyDocument, load
from policies.gates import Existing, check, published
from policies.notices import NoticeText, parse_notices
from policies.vocabulary import LegalBasis
from registry.actors import SYSTEM
from registry.context import Registry
from registry.reach import count_reach

if TYPE_CHECKING:
    # It is generic in no other place.
    _Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - what argparse itself returns

REFUSED = 1


def add_commands(policy: "_Commands") -> None:
    """Mount the commands under `registry policy`."""
    checked = policy.add_parser("check", help="read a document strictly and hold it against every gate")
    checked.add_argument("file", type=Path)
    checked.add_argument("--before", type=Path, help="the document it would replace")
    checked.add_argument("--notices", type=Path, help="the folder of its texts; without it the configured one")
    checked.add_argument(
        "--before-notices",
        type=Path,
        help="the folder of the texts published before; without it they are those of now",
    )
    checked.set_defaults(run=_check)
    difference = policy.add_parser("diff", help="what would change, in words")
    difference.add_argument("before", type=Path)
    difference.add_argument("after", type=Path)
    difference.add_argument(
        "--count", action="store_true", help="count whom each line gains and loses, in the registry"
    )
    difference.set_defaults(run=_diff)
    explained = policy.add_parser("explain-purposes", help="one purpose, or all, in words")
    explained.add_argument("name", nargs="?")
    explained.add_argument("--file", type=Path, help="a document; without it the configured one")
    explained.set_defaults(run=_explain)
    page = policy.add_parser("document", help="the whole document as a page in words")
    page.add_argument("--file", type=Path, help="a document; without it the configured one")
    page.set_defaults(run=_page)
    record = policy.add_parser("record", help="the record of processing activities (Art. 30 GDPR)")
    record.add_argument("--format", choices=["json", "csv", "html"], default="json")
    record.add_argument("--language", choices=["de", "en"], default="de")
    record.add_argument("--file", type=Path, help="a document; without it the configured one")
    record.set_defaults(run=_record)


def _check(options: argparse.Namespace) -> int:
    document = load(options.file)
    before = load(options.before) if options.before else None
    texts = _texts(options.notices or Settings().notices_directory)
    earlier = _texts(options.before_notices) if options.before_notices else texts
    findings = check(document, before, _published(earlier), texts)
    for finding in findings:
        print(f"{options.file.name}, {finding}", file=sys.stderr)
    print(f"{document.policy.id} {document.version}: {len(document.purposes)} purposes, {len(document.fields)} fields")
    print(f"SHA-256 {document.digest}")
    return REFUSED if findings else 0


def _published(texts: Sequence[NoticeText]) -> Existing:
    """What a folder can tell of a registry: which texts people were shown, on the day of the clock."""
    return Existing(on=datetime.now(TIME_ZONE).date(), published=published(texts))


def _diff(options: argparse.Namespace) -> int:
    before, after = load(options.before), load(options.after)
    print(told(compare(before, after), _customers(before, after) if options.count else None))
    blocked = [
        name
        for name, purpose in after.purposes.items()
        if LegalBasis.CONSENT in purpose.articles and scope_of_consent(before, after, name)
    ]
    for name in blocked:
        print(f"{name}: needs a new consent text before it is put in force (R-6.1-2)", file=sys.stderr)
    return REFUSED if blocked else 0


def _customers(before: PolicyDocument, after: PolicyDocument) -> Mapping[tuple[str, str], tuple[int, int]]:
    """Gained and lost by (purpose, field), counted by deciding about everybody; the count is recorded."""
    counted: dict[tuple[str, str], tuple[int, int]] = {}

    async def work(registry: Registry) -> int:
        for place, reach in (await count_reach(registry, SYSTEM, before, after)).items():
            counted[place] = (reach.gained, reach.lost)
        return 0

    with_registry(work)
    return counted


def _explain(options: argparse.Namespace) -> int:
    document = _chosen(options.file)
    if options.name is not None and options.name not in document.purposes:
        print(f"registry: no purpose {options.name}", file=sys.stderr)
        return REFUSED
    names = [options.name] if options.name else list(document.purposes)
    print("\n".join(purposes_page.explain(document, name) for name in names), end="")
    return 0


def _page(options: argparse.Namespace) -> int:
    print(purposes_page.page(_chosen(options.file)), end="")
    return 0


def _record(options: argparse.Namespace) -> int:
    document = _chosen(options.file)
    match options.format:
        case "csv":
            # The table's own line ends, whatever the system's are.
            sys.stdout.buffer.write(record_of_processing.as_csv(document, options.language).encode())
        case "html":
            print(record_of_processing.as_html(document, options.language), end="")
        case _:
            print(record_of_processing.as_json(document), end="")
    return 0


def _chosen(file: Path | None) -> PolicyDocument:
    return load(file or Settings().policy_file)


def _texts(folder: Path) -> tuple[NoticeText, ...]:
    """The texts in a folder.

    Raises:
        FileNotFoundError, NotADirectoryError: when there is no such folder; nothing counts as an empty one.
    """
    files = sorted(path for path in folder.iterdir() if path.suffix == ".txt")
    return tuple(text for path in files for text in parse_notices(path.read_bytes()))
