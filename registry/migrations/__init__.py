"""Brings a database to the newest revision, and gives the serving and erasing roles what they may do.

Landed revisions are never edited. On PostgreSQL the migrating role owns the tables; the serving role may neither
change nor delete audit leaves, consent events or keys; the eraser role may delete, but not touch the tree.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

CONFIG = Path(__file__).resolve().parent.parent.parent / "alembic.ini"

_APPEND_ONLY = (
    "audit_commitments",
    "audit_leaf",
    "audit_node",
    "audit_quarantine",
    "audit_reason",
    "consent_event",
    "notice",
    "policy_activation",
    "policy_proposal",
    "policy_step",
    "policy_version",
    "staff_signing_key",
)
_SERVING_MAY_DELETE = (
    "attempt",
    "audit_intent",
    "budget_day",
    "budget_use",
    "journal_outbox",
    "letter_outbox",
    "lookup",
    "permission",
    "portal_code",
    "portal_session",
    "staff_recovery_code",
    "staff_second_factor",
    "staff_session",
)
_ERASER_MAY_DELETE = (
    "audit_opening",
    "audit_person_key",
    "budget_use",
    "conflict",
    "data_key",
    "event",
    "human_review",
    "letter_outbox",
    "lookup",
    "notice_delivery",
    "objection",
    "permission",
    "portal_code",
    "portal_session",
    "record",
    "relationship",
    "restriction",
)
_KEYS = ("audit_opening", "audit_person_key", "data_key", "index_key", "key_epoch", "service_key")
_NOT_THE_ERASERS = (
    "attempt",
    "audit_opening",
    "audit_person_key",
    "client",
    "index_key",
    "key_epoch",
    "policy_proposal",
    "policy_step",
    "policy_version",
    "service_key",
    "staff",
    "staff_recovery_code",
    "staff_second_factor",
    "staff_session",
    "staff_signing_key",
)
_OF_THE_TREE = (
    "audit_checkpoint",
    "audit_commitments",
    "audit_head",
    "audit_leaf",
    "audit_node",
    "audit_quarantine",
    "audit_reason",
)


def async_url(url: str) -> URL:
    """The URL with the asynchronous driver of its engine."""
    parsed = make_url(url)
    driver = "sqlite+aiosqlite" if parsed.get_backend_name() == "sqlite" else "postgresql+asyncpg"
    return parsed.set(drivername=driver)


async def upgrade_async(url: str, revision: str = "head", roles: tuple[str, str] | None = None) -> None:
    """Migrate up to `revision`.

    Args:
        url: the migrating role's database.
        revision: an Alembic revision.
        roles: on PostgreSQL, the names of the serving and the eraser role, which must exist.
    """
    await _run(url, lambda connection: _command(connection, command.upgrade, revision), roles)


async def downgrade_async(url: str, revision: str) -> None:
    """Take revisions back down to `revision`; for tests of migrations."""
    await _run(url, lambda connection: _command(connection, command.downgrade, revision), None)


def upgrade(url: str, revision: str = "head", roles: tuple[str, str] | None = None) -> None:
    """Migrate from outside an event loop; as `upgrade_async`."""
    asyncio.run(upgrade_async(url, revision, roles))


async def _run(url: str, work: Callable[[Connection], None], roles: tuple[str, str] | None) -> None:
    target = async_url(url)
    if target.get_backend_name() == "sqlite" and target.database:
        Path(target.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = create_async_engine(target)
    try:
        if engine.dialect.name == "sqlite":
            async with engine.connect() as connection:
                await connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        async with engine.begin() as connection:
            await connection.run_sync(work)
            if roles is not None and engine.dialect.name == "postgresql":
                for statement in grants(*roles):
                    await connection.execute(text(statement))
    finally:
        await engine.dispose()


def _command(connection: Connection, run: Callable[[Config, str], None], revision: str) -> None:
    config = Config(str(CONFIG))
    config.attributes["connection"] = connection
    run(config, revision)


def grants(serving: str, eraser: str) -> list[str]:
    """The statements that give both roles what they may do, and no more."""
    serve, erase = (f'"{name.replace(chr(34), chr(34) * 2)}"' for name in (serving, eraser))
    statements = [f"GRANT USAGE ON SCHEMA public TO {role}" for role in (serve, erase)]
    for role in (serve, erase):
        statements.append(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}")
        statements += [f"REVOKE UPDATE ON {table} FROM {role}" for table in _APPEND_ONLY]
        statements.append(f"REVOKE INSERT, UPDATE ON alembic_version FROM {role}")
    statements += [f"REVOKE UPDATE ON {table} FROM {serve}" for table in _KEYS]
    statements += [f"REVOKE INSERT, UPDATE ON {table} FROM {erase}" for table in _NOT_THE_ERASERS]
    statements.append(f"GRANT UPDATE (valid_to) ON notice TO {serve}")
    # The right to update a column that holds nothing is the right to lock the row: see KeyEpochRow.
    statements += [f"GRANT UPDATE (guard) ON key_epoch TO {role}" for role in (serve, erase)]
    statements.append(f"GRANT UPDATE (retired_at) ON staff_signing_key TO {serve}")
    statements += [f"REVOKE INSERT, UPDATE ON {table} FROM {erase}" for table in _OF_THE_TREE]
    statements += [f"GRANT DELETE ON {table} TO {serve}" for table in _SERVING_MAY_DELETE]
    statements += [f"GRANT DELETE ON {table} TO {erase}" for table in _ERASER_MAY_DELETE]
    return statements
