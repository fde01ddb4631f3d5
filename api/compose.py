"""Puts the registry together from its settings; the command line and the web application share it.

Order of a start: durability is checked, keys are loaded, a log behind its pin is refused, then data older than its
journal; what a crash left in outbox and intents is brought to its place, and only then is anything served.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.engine import make_url

from api.settings import Settings
from audit.log import AuditLog
from audit.pins import PinFolder
from audit.sequencer import Sequencer
from audit.watch import Watch
from policies.notices import NoticeText, parse_notices
from registry.actors import SYSTEM
from registry.context import Registry
from registry.database import Database
from registry.journal import FileJournal
from registry.keys import FileKeyProvider, KeyRing
from registry.mailer import DirectoryMailer, Mailer, SmtpMailer
from registry.postgres import PostgresDatabase
from registry.setup import AUDIT_SIGNING_KEY, prepare, prepare_keys
from registry.sqlite import SqliteDatabase


def open_database(settings: Settings) -> Database:
    """The store the URL names."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return SqliteDatabase(Path(url.database or "registry.db"))
    return PostgresDatabase(settings.database, settings.eraser_database_url or None)


def open_mailer(settings: Settings) -> Mailer:
    """Letters as files, or a mail server."""
    if settings.mail_url:
        return SmtpMailer(settings.mail_url, settings.mail_sender)
    return DirectoryMailer(settings.home / "mail", settings.mail_sender)


@asynccontextmanager
async def open_registry(settings: Settings, *, serving: bool = True) -> AsyncIterator[Registry]:
    """A registry ready to serve, on a database that has been migrated.

    Args:
        settings: where everything is.
        serving: on SQLite, claim the file as its one serving process.

    Raises:
        NotReadyError: when something is not in order; nothing is served then.
    """
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    if serving and isinstance(database, SqliteDatabase):
        database.claim()
    journal = FileJournal(settings.journal)
    try:
        await database.check_durability()
        ring = KeyRing(FileKeyProvider.create(settings.keys))
        await prepare_keys(database, ring)
        async with database.reading() as session:
            await ring.load(session)
        log, watch = await _open_log(settings, database, ring)
        registry = Registry(database, ring, log, journal, open_mailer(settings))
        try:
            await watch.check()
            await registry.load()
            await registry.check_journal()
            await registry.flush_journal()
            await log.integrate()
            if not registry.has_policy:
                await prepare(registry, SYSTEM, settings.policy_file.read_bytes(), shipped_notices(settings))
            await watch.pin()
            watch.start(settings.pin_interval_seconds)
            yield registry
        finally:
            await log.stop()
            await watch.stop()
    finally:
        journal.close()
        await database.close()


@asynccontextmanager
async def open_log(settings: Settings) -> AsyncIterator[tuple[AuditLog, Watch]]:
    """The log alone, whether or not it agrees with its pin: to look at it and to reopen it. Nothing can be served.

    Raises:
        NotReadyError: when the database or the keys are not in order.
    """
    database = open_database(settings)
    if isinstance(database, SqliteDatabase):
        database.claim()
    try:
        await database.check_durability()
        ring = KeyRing(FileKeyProvider.create(settings.keys))
        async with database.reading() as session:
            await ring.load(session)
        log, watch = await _open_log(settings, database, ring)
        try:
            yield log, watch
        finally:
            await log.stop()
    finally:
        await database.close()


async def _open_log(settings: Settings, database: Database, ring: KeyRing) -> tuple[AuditLog, Watch]:
    signer = Ed25519PrivateKey.from_private_bytes(ring.service_key(AUDIT_SIGNING_KEY))
    sequencer = Sequencer(database.audit_store(), ring.audit_key)
    log = AuditLog(sequencer, database.reading, settings.log_origin, signer, ring.audit_key)
    await log.learn_origin()
    sequencer.start()
    return log, Watch(log, PinFolder(settings.pins), database.now)


def shipped_notices(settings: Settings) -> list[NoticeText]:
    """The notices beside the policy document, in order of their file names."""
    return [
        text for path in sorted(settings.notices_directory.glob("*.txt")) for text in parse_notices(path.read_bytes())
    ]
