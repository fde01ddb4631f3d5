"""Backups: everything the database holds, of one instant, in two parts that are kept apart.

The *data* part has no key, the *keys* part no value: either alone opens nothing. Both are written from one snapshot
(SQLite: one read transaction; PostgreSQL: REPEATABLE READ) while the service goes on. A part is a folder with one file
of JSON lines a table and a manifest, written last: without it there is no backup. The form is the same on both engines.

Legal: GDPR Art. 32(1)(b), (c); R-DEL-4, R-DEL-6.
"""

import asyncio
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import Date, LargeBinary, Table, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel, col

import audit.tables  # noqa: F401 - fills the metadata
from audit.columns import Id, Instant
from audit.event import EventTag
from registry.context import Caller, Registry
from registry.database import Database
from registry.errors import BackupError
from registry.rotation import entry
from registry.tables import EpochState, KeyEpochRow, StateRow

FORMAT = 1
MANIFEST = "manifest.json"
KEY_TABLES = ("key_epoch", "index_key", "service_key", "data_key", "audit_person_key")
# Sessions and codes end with the day: a restore must not bring one back.
_PASSING = ("portal_code", "portal_session", "staff_session")
_PAGE = 1000


class Part(StrEnum):
    """Which half of a backup; stored codes."""

    DATA = "data"
    KEYS = "keys"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a part says of itself.

    `snapshot` joins the two parts of one instant; `tables` has rows and SHA-256 of each file; `digest` is the SHA-256
    of the manifest itself.
    """

    part: Part
    snapshot: str
    taken_at: datetime
    revision: str
    keys_version: int
    journal_sequence: int
    tables: Mapping[str, tuple[int, str]]
    digest: str


def tables_of(part: Part) -> list[Table]:
    """The tables of a part, in order of their names."""
    keys = [table for table in SQLModel.metadata.sorted_tables if table.name in KEY_TABLES]
    if part is Part.KEYS:
        return keys
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in (*KEY_TABLES, *_PASSING)]


async def back_up(registry: Registry, caller: Caller, folders: Mapping[Part, Path]) -> dict[Part, Manifest]:
    """Write one or both parts of one instant, and record it.

    Args:
        registry: the collaborators.
        caller: who wants it.
        folders: where each part goes; made with mode 0700, must be empty.

    Raises:
        BackupError: when a folder is not empty or cannot be written.
    """
    for folder in folders.values():
        _prepare(folder)
    snapshot, taken_at = secrets.token_hex(8), await registry.database.now()
    async with registry.database.reading() as session:
        state = (await session.execute(select(StateRow))).scalar_one()
        revision = await revision_of(session)
        written: dict[Part, Mapping[str, tuple[int, str]]] = {
            part: {table.name: await _write_table(session, table, folder) for table in tables_of(part)}
            for part, folder in folders.items()
        }
        made = {
            part: Manifest(part, snapshot, taken_at, revision, state.keys_version, state.journal_sequence, tables, "")
            for part, tables in written.items()
        }
    for part, manifest in made.items():
        _write_manifest(folders[part], manifest)
    async with registry.change() as change:
        about = tuple(f"{part.value}:{snapshot}" for part in folders)
        change.record(entry(caller, change, EventTag.BACKUP, about))
    return {part: read_manifest(folder, part) for part, folder in folders.items()}


async def revision_of(session: AsyncSession) -> str:
    """The revision of the database's tables."""
    return str((await session.execute(text("SELECT version_num FROM alembic_version"))).scalar_one())


def read_manifest(folder: Path, part: Part) -> Manifest:
    """What a part says of itself.

    Raises:
        BackupError: when there is no whole backup of this part.
    """
    try:
        content = (folder / MANIFEST).read_bytes()
        tree = json.loads(content)
        if tree["format"] != FORMAT or Part(tree["part"]) is not part:
            raise BackupError(f"this is no {part.value} part of a backup of format {FORMAT}")
        return Manifest(
            part,
            str(tree["snapshot"]),
            datetime.fromisoformat(tree["taken_at"]),
            str(tree["revision"]),
            int(tree["keys_version"]),
            int(tree["journal_sequence"]),
            {name: (int(rows), str(digest)) for name, (rows, digest) in tree["tables"].items()},
            hashlib.sha256(content).hexdigest(),
        )
    except FileNotFoundError:
        raise BackupError(f"no whole {part.value} part of a backup lies there") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BackupError(f"the manifest is damaged: {type(error).__name__}") from None


def read_rows(folder: Path, manifest: Manifest, table: Table) -> Iterator[dict[str, Any]]:
    """The rows of one table of a part, checked against the manifest before the first one is returned.

    Raises:
        BackupError: when the file is missing, changed or cut short.
    """
    path = folder / f"{table.name}.jsonl"
    try:
        rows, digest = manifest.tables[table.name]
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:
                raise BackupError(f"table {table.name} of the backup was changed")
        with path.open("rb") as file:
            count = 0
            for line in file:
                count += 1
                yield _decoded(table, orjson.loads(line))
        if count != rows:
            raise BackupError(f"table {table.name} of the backup has {count} rows, not {rows}")
    except (OSError, KeyError, ValueError) as error:
        raise BackupError(f"table {table.name} of the backup cannot be read: {type(error).__name__}") from None


async def load(database: Database, folders: Mapping[Part, Path]) -> dict[str, int]:
    """Fill an empty, migrated database from both parts, in one transaction.

    Values whose key is not in the keys part can never be opened again (they were erased after the data part was made)
    and are left out. Until the journal has been replayed the service refuses to start on the result.

    Returns:
        Rows by table, and under `unreadable` the values left out.

    Raises:
        BackupError: when a part is damaged or of another revision, the keys are older than the data, or the database
            is not empty; nothing was changed.
    """
    manifests = {part: await asyncio.to_thread(read_manifest, folders[part], part) for part in Part}
    data, keys = manifests[Part.DATA], manifests[Part.KEYS]
    if keys.taken_at < data.taken_at:
        raise BackupError("the keys part is older than the data part")
    counts: dict[str, int] = {}
    async with database.keeping() as session:
        if {data.revision, keys.revision} != {await revision_of(session)}:
            raise BackupError("the database has another revision than the backup")
        if (await session.execute(select(col(StateRow.id)))).first() is not None:
            raise BackupError("the database is not empty")
        for part, manifest in manifests.items():
            for table in tables_of(part):
                counts[table.name] = await _load_table(session, table, folders[part], manifest)
        counts["unreadable"] = await _leave_out_unreadable(session)
        await _bury_empty_epochs(session)
        await session.execute(update(StateRow).values(keys_version=keys.keys_version))
    return counts


async def _load_table(session: AsyncSession, table: Table, folder: Path, manifest: Manifest) -> int:
    count = 0
    page: list[dict[str, Any]] = []
    for row in read_rows(folder, manifest, table):
        page.append(row)
        if len(page) == _PAGE:
            await session.execute(table.insert(), page)
            count += len(page)
            page = []
    if page:
        await session.execute(table.insert(), page)
    return count + len(page)


async def _leave_out_unreadable(session: AsyncSession) -> int:
    count = 0
    for name in ("record", "event"):
        result = await session.execute(
            text(
                f"DELETE FROM {name} WHERE NOT EXISTS (SELECT 1 FROM data_key k WHERE"  # noqa: S608 - own names
                f" k.subject_id = {name}.subject_id AND k.category = {name}.category"
                f" AND k.version = {name}.key_version)"
            )
        )
        count += result.rowcount  # type: ignore[attr-defined] # of a DELETE
    return count


async def _bury_empty_epochs(session: AsyncSession) -> None:
    """Mark closed epochs destroyed that nothing hangs under: the backup a retirement asks for is older than its end."""
    used = " UNION ".join(f"SELECT epoch FROM {name}" for name in ("data_key", "audit_person_key", "index_key"))  # noqa: S608 - own names
    await session.execute(
        update(KeyEpochRow)
        .where(col(KeyEpochRow.state) == EpochState.CLOSED.value, col(KeyEpochRow.epoch).not_in(text(f"({used})")))
        .values(state=EpochState.DESTROYED.value, wrapped=b"")
    )


def _prepare(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise BackupError("the folder for the backup is not empty")
    except OSError as error:
        raise BackupError(f"the folder for the backup cannot be made: {type(error).__name__}") from None


async def _write_table(session: AsyncSession, table: Table, folder: Path) -> tuple[int, str]:
    digest, rows = hashlib.sha256(), 0
    path = folder / f"{table.name}.jsonl"
    statement = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=_PAGE)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            async for page in (await session.stream(statement)).mappings().partitions():
                lines = b"".join(orjson.dumps(_encoded(row)) + b"\n" for row in page)
                digest.update(lines)
                await asyncio.to_thread(file.write, lines)
                rows += len(page)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    except OSError as error:
        raise BackupError(f"the backup cannot be written: {type(error).__name__}") from None
    return rows, digest.hexdigest()


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    tree = {
        "format": FORMAT,
        "part": manifest.part.value,
        "snapshot": manifest.snapshot,
        "taken_at": manifest.taken_at.isoformat(),
        "revision": manifest.revision,
        "keys_version": manifest.keys_version,
        "journal_sequence": manifest.journal_sequence,
        "tables": manifest.tables,
    }
    temporary = folder / f".{MANIFEST}"
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(tree, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(folder / MANIFEST)
        opened = os.open(folder, os.O_RDONLY)
        os.fsync(opened)
        os.close(opened)
    except OSError as error:
        raise BackupError(f"the backup cannot be written: {type(error).__name__}") from None


def _encoded(row: Mapping[Any, Any]) -> dict[str, object]:
    return {str(name): _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    match value:
        case bytes():
            return value.hex()
        case UUID():
            return str(value)
        case datetime() | date():
            return value.isoformat()
        case _:
            return value


def _decoded(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _typed(table.columns[name].type, value) for name, value in row.items()}


def _typed(kind: object, value: Any) -> Any:  # noqa: ANN401 - what a column holds
    if value is None:
        return None
    match kind:
        case LargeBinary():
            return bytes.fromhex(value)
        case Id():
            return UUID(value)
        case Instant():
            return datetime.fromisoformat(value)
        case Date():
            return date.fromisoformat(value)
        case _:
            return value
