"""The audit log on the command line of the server; every command that reads it leaves an entry in it.

registry audit search [filters]           list entries, newest first; --csv for a table
registry audit prove INDEX [--person ID]  print an entry with its proof, and that it speaks of a person
registry audit export DIRECTORY           write the log for an outsider, with the pinned checkpoints
registry audit verify PATH                check an export, or with --proof a proof, as `python verify.py` does
registry audit checkpoint                 print a signed checkpoint, to be kept elsewhere
registry audit reconcile                  compare entries, openings and tree; for every hour
registry audit retain [--dry-run]         take away what is past its period; for every night
registry audit reopen                     after a restore: give the log up at its last pin, go on as its successor

Exit codes: 0 done; 1 refused, or `reconcile` found something; `verify` has codes of its own (docs/audit.md).
"""

import argparse
import asyncio
import csv
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from api.compose import open_log, open_registry
from api.settings import Settings
from audit import verify
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.export import ENTRIES_HEADER, OpenedPerson, cell, proof_file
from audit.log import PAGE, Filters, Logged
from audit.pins import PinFolder
from audit.watch import Watch
from registry import access_logs
from registry.actors import SYSTEM
from registry.context import Registry

REFUSED = 1
MOST = 1000
CONTROL = "privacy_control"
DONE = 0

Commands = Any  # argparse does not name the type of what holds its subcommands


def add_to(commands: Commands) -> None:
    """Add `audit` and its commands."""
    audit = commands.add_parser("audit", help="the audit log").add_subparsers(required=True, metavar="COMMAND")
    _add_search(audit)
    prove = audit.add_parser("prove", help="print an entry with its proof")
    prove.add_argument("index", type=int)
    prove.add_argument("--person", type=UUID, help="show that the entry speaks of this person")
    prove.set_defaults(run=lambda options: _with_registry(_prove, options))
    export = audit.add_parser("export", help="write the log for an outsider")
    export.add_argument("directory", type=Path)
    export.add_argument("--with-salts", action="store_true", help="open the commitments; for those who may know whose")
    export.set_defaults(run=lambda options: _with_registry(_export, options))
    checked = audit.add_parser("verify", help="check an export or a proof")
    checked.add_argument("path", type=Path)
    checked.add_argument("--proof", action="store_true")
    checked.add_argument("--key", action="append", default=[])
    checked.add_argument("--since", action="append", default=[])
    checked.set_defaults(run=_verify)
    for name, words, work in (
        ("checkpoint", "print a signed checkpoint", _checkpoint),
        ("reconcile", "compare entries, openings and tree", _reconcile),
    ):
        audit.add_parser(name, help=words).set_defaults(run=_bound(work))
    retain = audit.add_parser("retain", help="take away what is past its period")
    retain.add_argument("--dry-run", action="store_true", help="only count")
    retain.set_defaults(run=_bound(_retain))
    audit.add_parser("reopen", help="after a restore: go on as a successor").set_defaults(run=_reopen)


def _add_search(audit: Commands) -> None:
    search = audit.add_parser("search", help="list entries, newest first")
    for name, kind in (
        ("person", UUID),
        ("actor", UUID),
        ("purpose", str),
        ("client", str),
        ("operation", EventTag),
        ("outcome", Outcome),
        ("reason", str),
        ("since", _instant),
        ("until", _instant),
        ("before", int),
    ):
        search.add_argument(f"--{name}", type=kind)
    search.add_argument("--limit", type=int, default=PAGE, help=f"at most {MOST}")
    search.add_argument("--csv", action="store_true", help="as a table for a spreadsheet")
    search.set_defaults(run=lambda options: _with_registry(_search, options))


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    if found.tzinfo is None:
        raise argparse.ArgumentTypeError("an instant needs its offset, as in 2026-11-01T00:00:00+01:00")
    return found


Work = Callable[[Registry, argparse.Namespace], Awaitable[int]]


def _bound(work: Work) -> Callable[[argparse.Namespace], int]:
    return lambda options: _with_registry(work, options)


def _with_registry(work: Work, options: argparse.Namespace) -> int:
    async def run() -> int:
        async with open_registry(Settings()) as registry:
            return await work(registry, options)

    return asyncio.run(run())


async def _record(
    registry: Registry, operation: EventTag = EventTag.AUDIT_READ, persons: tuple[PersonRef, ...] = ()
) -> None:
    """Record what is about to be shown (R-AUD-8)."""
    entry = Entry(
        operation,
        Outcome.DONE,
        client=SYSTEM.client,
        purpose=CONTROL,
        policy=registry.policy.version,
        persons=persons,
    )
    await registry.log.append(entry, None)


async def _search(registry: Registry, options: argparse.Namespace) -> int:
    filters = Filters(
        person=options.person,
        actor=options.actor,
        purpose=options.purpose,
        client=options.client,
        operation=options.operation.value if options.operation else None,
        outcome=options.outcome.value if options.outcome else None,
        reason=options.reason,
        since=options.since,
        until=options.until,
        before=options.before,
    )
    found = await registry.log.search(filters, min(max(options.limit, 1), MOST))
    await _record(registry, persons=(PersonRef(options.person, "search"),) if options.person else ())
    rows = [_row(one) for one in found]
    if options.csv:
        csv.writer(sys.stdout, lineterminator="\n").writerows([ENTRIES_HEADER, *rows])
    else:
        for row in rows:
            print("  ".join(part or "-" for part in row))
    return DONE


def _row(one: Logged) -> list[str]:
    tree = one.tree
    texts = [tree["op"], tree["out"], tree.get("pur", ""), tree.get("cli", "")]
    lists = [" ".join(tree.get(name, [])) for name in ("fld", "why")]
    return [str(one.index), one.at.isoformat(), *map(cell, [*texts, *lists]), str(tree["n"]), one.uid.hex]


async def _prove(registry: Registry, options: argparse.Namespace) -> int:
    log = registry.log
    entry = await log.entry(options.index)
    if entry is None:
        print(f"registry: no entry {options.index}", file=sys.stderr)
        return REFUSED
    await _record(registry, persons=(PersonRef(options.person, "entry"),) if options.person else ())
    opened = None
    if options.person:
        mine = await log.prove_person(options.index, options.person)
        if mine is None:
            print("registry: no open part of this person in this entry", file=sys.stderr)
            return REFUSED
        opened = OpenedPerson(mine.position, mine.ref, mine.detail, mine.salt, mine.hashes)
    proof = await log.prove(options.index)
    print(proof_file(entry.body, entry.index, proof.hashes, proof.note, log.verifier_key, opened), end="")
    return DONE


async def _export(registry: Registry, options: argparse.Namespace) -> int:
    await _record(registry, EventTag.AUDIT_EXPORT)
    earlier = Watch(registry.log, PinFolder(Settings().pins), registry.database.now).earlier()
    count = await registry.log.export(options.directory, with_salts=options.with_salts, earlier=earlier)
    print(f"{count} entries; check with: python {options.directory / 'verify.py'} {options.directory}")
    return DONE


def _verify(options: argparse.Namespace) -> int:
    given = [str(options.path), *(["--proof"] if options.proof else [])]
    given += [part for key in options.key for part in ("--key", key)]
    given += [part for note in options.since for part in ("--since", note)]
    return verify.main(given)


async def _checkpoint(registry: Registry, _options: argparse.Namespace) -> int:
    print(await registry.log.checkpoint(), end="")
    return DONE


async def _reconcile(registry: Registry, _options: argparse.Namespace) -> int:
    await _record(registry)
    found = await registry.log.reconcile()
    print(f"{found.entries} entries, {found.openings} openings, {found.closed} closed, {found.missing} missing")
    if found.first_bad is not None:
        print(f"the first entry to look at is {found.first_bad}")
    for words in found.wrong:
        print(f"ALARM: {words}")
    return REFUSED if found.wrong else DONE


async def _retain(registry: Registry, options: argparse.Namespace) -> int:
    found = await access_logs.retain(registry, SYSTEM, dry_run=options.dry_run)
    would = "would take" if options.dry_run else "took"
    print(f"{would} {found.openings} openings and {found.keys} keys away, {found.resumed} closings resumed")
    return DONE


def _reopen(_options: argparse.Namespace) -> int:
    async def run() -> int:
        async with open_log(Settings()) as (_log, watch):
            found = await watch.reopen()
        print(f"{found.sealed.origin} is sealed at {found.sealed.size} entries; {found.survived} were restored")
        print(f"the log goes on as {found.origin}; its first entry says that {found.lost} are lost")
        return DONE

    return asyncio.run(run())
