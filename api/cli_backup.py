"""Commands that make backups and bring them back.

registry backup --data DIR --keys DIR     both parts of one instant; keep them apart
registry restore --data DIR --keys DIR    fill an empty database, then replay the journal
registry replay                           go on with a replay that was interrupted
registry verify                           compare stored values with the audit log
"""

import argparse
import asyncio
import hashlib
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tqdm import tqdm

from api.compose import open_database, open_registry
from api.settings import Settings
from registry import actors
from registry.backup import Part, back_up, load
from registry.context import Registry
from registry.errors import BackupError
from registry.journal import FileJournal
from registry.restore import replay_journal
from registry.verification import verify_values

REFUSED = 1


def mount(commands: Any, migrate: Callable[[Settings], None]) -> None:  # noqa: ANN401 - argparse has no public name
    """Add the commands; `migrate` brings a database to the newest revision."""
    backup = commands.add_parser("backup", help="write data and keys of one instant, apart")
    restore = commands.add_parser("restore", help="fill an empty database and replay the journal")
    for parser in (backup, restore):
        parser.add_argument("--data", type=Path, required=True)
        parser.add_argument("--keys", type=Path, required=True)
    backup.set_defaults(run=_backup)
    restore.set_defaults(run=lambda options: _restore(options, migrate))
    commands.add_parser("replay", help="replay the journal into a restored database").set_defaults(run=_replay)
    commands.add_parser("verify", help="compare stored values with the audit log").set_defaults(run=_verify)


def _folders(options: argparse.Namespace) -> Mapping[Part, Path]:
    return {Part.DATA: options.data, Part.KEYS: options.keys}


def _backup(options: argparse.Namespace) -> int:
    async def work() -> int:
        async with open_registry(Settings(), serving=False) as registry:
            made = await back_up(registry, actors.SYSTEM, _folders(options))
        for part, manifest in made.items():
            print(f"{part.value}: {sum(rows for rows, _ in manifest.tables.values())} rows of {manifest.taken_at}")
        return 0

    return asyncio.run(work())


def _restore(options: argparse.Namespace, migrate: Callable[[Settings], None]) -> int:
    settings = Settings()
    if not settings.journal.exists():
        raise BackupError("the journal is not there: without it erasures and withdrawals would be undone")
    FileJournal(settings.journal).close()  # a damaged one stops here
    migrate(settings)

    async def fill() -> None:
        database = open_database(settings)
        try:
            counts = await load(database, _folders(options))
        finally:
            await database.close()
        print(f"{sum(counts.values()) - counts['unreadable']} rows, {counts['unreadable']} left out: no key any more")

    asyncio.run(fill())
    return _replay(options)


def _replay(_options: argparse.Namespace) -> int:
    settings = Settings()
    source = settings.policy_file.read_bytes()

    async def work() -> int:
        async with open_registry(settings, restored=True) as registry:
            with tqdm(desc="journal", unit="", disable=not sys.stderr.isatty()) as bar:
                documents = {hashlib.sha256(source).hexdigest(): source}
                count = await replay_journal(registry, actors.SYSTEM, documents, bar.update)
        print(f"{count} journal entries replayed")
        return 0

    return asyncio.run(work())


def _verify(_options: argparse.Namespace) -> int:
    async def work() -> int:
        async with open_registry(Settings(), serving=False) as registry:
            return await _compare(registry)

    return asyncio.run(work())


async def _compare(registry: Registry) -> int:
    found = await verify_values(registry)
    for finding in found:
        print(f"{finding.kind}: {finding.table} {finding.row_id} of {finding.subject_id}, {finding.field}")
    print(f"{len(found)} values do not agree with the audit log")
    return REFUSED if found else 0
