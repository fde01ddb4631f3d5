"""Puts the registry together from its settings; the command line and the web application share it.

Order of a start: durability is checked and that every column is declared, keys are loaded, a log behind its pin is
refused, then data older than its journal; what a crash left in outbox and intents is brought to its place. Another
policy in force than the journal names, and values that the policy does not know, are refused. Only then is anything
served.
"""

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, nullcontext, suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

from api.settings import Settings
from audit.log import AuditLog
from audit.pins import PinFolder
from audit.sequencer import Sequencer
from audit.watch import NothingToReopenError, Watch
from policies.notices import NoticeText, parse_notices
from registry.actors import SYSTEM
from registry.columns import check_columns, check_values
from registry.context import Registry
from registry.database import Database
from registry.journal import FileJournal
from registry.keys import KeyRing, open_provider
from registry.keys.signatures import Signature, ed25519_keys
from registry.mailer import DirectoryMailer, Mailer, SmtpMailer
from registry.post import keep_sending
from registry.postgres import PostgresDatabase
from registry.settling import Settling
from registry.setup import prepare, prepare_keys, vouch_for_earlier
from registry.sqlite import SqliteDatabase


def open_database(settings: Settings) -> Database:
    """The store the URL names."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(Path(url.database or "registry.db"))
    return PostgresDatabase(
        settings.database, settings.eraser_database_url or None, owner_url=settings.migration_database
    )


def open_mailer(settings: Settings) -> Mailer:
    """Letters as files, or a mail server."""
    if settings.mail_url:
        return SmtpMailer(settings.mail_url, settings.mail_sender)
    return DirectoryMailer(settings.home / "mail", settings.mail_sender)


@asynccontextmanager
async def open_registry(settings: Settings, *, serving: bool = True, restored: bool = False) -> AsyncIterator[Registry]:
    """A registry ready to serve, on a database that has been migrated.

    Args:
        settings: where everything is.
        serving: on SQLite, claim the file as its one serving process.
        restored: open data that is older than its journal, in order to replay it; never to serve.

    Raises:
        NotReadyError: when something is not in order; nothing is served then.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    if serving and isinstance(database, SqliteDatabase):
        database.claim()
    journal = FileJournal(settings.journal)
    provider = open_provider(settings.key_provider_url)
    try:
        await database.check_durability()
        async with database.reading() as session:
            await check_columns(session, database.engine)
        ring = KeyRing(provider)
        await prepare_keys(database, ring)
        async with database.reading() as session:
            await ring.load(session)
        log, watch = await _open_log(settings, database, ring)
        settling = Settling(database, settings.epoch_days, settings.destruction_delay_days)
        registry = Registry(database, ring, log, journal, open_mailer(settings), settling)
        try:
            if restored:
                with suppress(NothingToReopenError):
                    await watch.reopen()
            await watch.check()
            await vouch_for_earlier(registry)
            await registry.load()
            if not restored:
                await registry.check_journal()
                await registry.check_policy()
            await log.integrate()
            if not registry.has_policy and not restored:
                await prepare(registry, SYSTEM, settings.policy_file.read_bytes(), shipped_notices(settings))
            if serving and not restored:
                async with database.reading() as session:
                    await check_values(session, registry.policy)
            await watch.pin()
            watch.start(settings.pin_interval_seconds)
            settling.start()
            async with _letters_sent(registry) if serving else nullcontext():
                yield registry
        finally:
            await settling.stop()
            await log.stop()
            await watch.stop()
    finally:
        journal.close()
        provider.close()
        await database.close()


@asynccontextmanager
async def _letters_sent(registry: Registry) -> AsyncIterator[None]:
    """Send letters that wait, from the start on and until the end; a letter on its way is waited for."""
    stopping = asyncio.Event()
    sending = asyncio.create_task(keep_sending(registry, stopping), name="letters")
    try:
        yield
    finally:
        stopping.set()
        await sending


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[tuple[AuditLog, Watch]]:
    """The log alone, whether or not it agrees with its pin: to look at it and to reopen it. Nothing can be served.

    Raises:
        NotReadyError: when the database or the keys are not in order.
    """
    database = open_database(settings)
    if isinstance(database, SqliteDatabase):
        database.claim()
    provider = open_provider(settings.key_provider_url)
    try:
        await database.check_durability()
        ring = KeyRing(provider)
        async with database.reading() as session:
            await ring.load(session)
        log, watch = await _open_log(settings, database, ring)
        try:
            yield log, watch
        finally:
            await log.stop()
    finally:
        provider.close()
        await database.close()


async def _open_log(settings: Settings, database: Database, ring: KeyRing) -> tuple[AuditLog, Watch]:
    def signers() -> list[Ed25519PrivateKey]:
        return ed25519_keys(ring, Signature.AUDIT)

    signers()  # there must be one

    async def learn(epochs: Collection[int]) -> None:
        if not all(ring.holds(epoch) for epoch in epochs):
            async with database.reading() as session:
                await ring.load(session)

    sequencer = Sequencer(database.audit_store(), ring.audit_key, learn)
    log = AuditLog(sequencer, database.reading, settings.log_origin, signers, ring.audit_key)
    await log.learn_origin()
    sequencer.start()
    return log, Watch(log, PinFolder(settings.pins), database.now)


def shipped_notices(settings: Settings) -> list[NoticeText]:
    """The notices beside the policy document, in order of their file names."""
    return [
        text for path in sorted(settings.notices_directory.glob("*.txt")) for text in parse_notices(path.read_bytes())
    ]
