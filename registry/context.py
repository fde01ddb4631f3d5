"""Everything a use case works with, and the unit of work in which every change happens.

A change is one transaction: rows, the audit intent and what the journal must keep are committed together. Then
the journal is flushed and the audit entry given its place, and only then may the caller answer. A crash between
any two of these steps loses nothing: outbox and intents are drained at the next start or batch.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry
from audit.log import AuditLog, intend
from policies.documents import PolicyDocument, parse
from policies.vocabulary import Category
from registry.database import Database
from registry.errors import InvalidValueError, NotReadyError, UnknownSubjectError
from registry.journal import FileJournal, JournalEntry, JournalKind
from registry.keys import DataKey, KeyRing, data_keys_of
from registry.mailer import Mailer
from registry.tables import DataKeyRow, JournalOutboxRow, NoticeRow, PolicyVersionRow, StateRow, SubjectRow

MOST_VALUES = 800


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts: a machine client by code, or a member of staff or customer through one of our own pages."""

    client: str
    actor: UUID | None = None
    role: str = "client"


@dataclass(slots=True)
class Change:
    """One unit of work; `now` is the database's clock when it began, and anew when a person's row was locked.

    So whoever had to wait for a person is dated after whoever went before: a withdrawal acknowledged last counts last.
    """

    session: AsyncSession
    now: datetime
    policy: PolicyDocument
    ring: KeyRing
    database: Database
    journalled: bool = False
    entries: list[Entry] = field(default_factory=list)
    intents: list[UUID] = field(default_factory=list)
    created: set[UUID] = field(default_factory=set)
    delivered: set[tuple[UUID, str, str]] = field(default_factory=set)
    published: dict[tuple[str, str | None], str] = field(default_factory=dict)
    quoted: dict[tuple[str, str, str], NoticeRow | None] = field(default_factory=dict, repr=False)
    _keys: dict[tuple[UUID, Category], DataKey] = field(default_factory=dict, repr=False)

    def record(self, entry: Entry) -> None:
        """Leave the audit entry of this change; part of the transaction.

        Raises:
            InvalidValueError: when the call writes more values than one entry can name.
        """
        if len(entry.ciphertexts) > MOST_VALUES:
            raise InvalidValueError(f"one call writes at most {MOST_VALUES} values")
        self.entries.append(entry)

    def journal(self, kind: JournalKind, subject_id: UUID | None, about: str) -> None:
        """Keep a fact that a restore must not undo."""
        self.journalled = True
        self.session.add(
            JournalOutboxRow(entry_id=uuid4(), kind=kind.value, subject_id=subject_id, about=about, at=self.now),
        )

    async def lock_subject(self, subject_id: UUID, *, erasing: bool = False) -> SubjectRow:
        """Take the person's row: one writer a person at a time; reads of others never wait for it.

        Raises:
            UnknownSubjectError: when there is nobody, or no longer.
        """
        statement = (
            select(SubjectRow)
            .where(col(SubjectRow.subject_id) == subject_id)
            .with_for_update(key_share=not erasing)
            .execution_options(populate_existing=True)
        )
        row = (await self.session.execute(statement)).scalar_one_or_none()
        if row is None or row.status != "active":
            raise UnknownSubjectError("no such subject")
        self.now = max(self.now, await self.database.clock(self.session))
        return row

    async def data_key(self, subject_id: UUID, category: Category) -> DataKey:
        """The data key of one category of a person whose row is locked, made if there is none yet."""
        held = self._keys.get((subject_id, category))
        if held is not None:
            return held
        if subject_id not in self.created:
            for known, stored in (await data_keys_of(self.session, subject_id)).items():
                self._keys[subject_id, known] = self.ring.data_key(subject_id, known, stored)
            if (subject_id, category) in self._keys:
                return self._keys[subject_id, category]
        key, wrapped = self.ring.new_data_key(subject_id, category)
        self._keys[subject_id, category] = key
        self.session.add(
            DataKeyRow(
                subject_id=subject_id,
                category=category.value,
                version=wrapped.version,
                epoch=wrapped.epoch,
                wrapped=wrapped.wrapped,
                fingerprint=wrapped.fingerprint,
            ),
        )
        return key

    def forget_keys(self, subject_id: UUID) -> None:
        """Look a person's data keys up anew: they were replaced in this change."""
        self._keys = {place: key for place, key in self._keys.items() if place[0] != subject_id}
        self.created.discard(subject_id)


class Registry:
    """The collaborators of one process. Built once by the composition root."""

    def __init__(self, database: Database, ring: KeyRing, log: AuditLog, journal: FileJournal, mailer: Mailer) -> None:
        self.database = database
        self.ring = ring
        self.log = log
        self.journal = journal
        self.mailer = mailer
        self._policy: PolicyDocument | None = None
        self._documents: dict[str, PolicyDocument] = {}

    @property
    def policy(self) -> PolicyDocument:
        """The document in force.

        Raises:
            NotReadyError: when none was ever activated.
        """
        if self._policy is None:
            raise NotReadyError("no policy is in force")
        return self._policy

    @property
    def has_policy(self) -> bool:
        """Whether a document is in force."""
        return self._policy is not None

    def adopt(self, document: PolicyDocument) -> None:
        """Work with a document from now on; the caller puts it in force in the database."""
        self._documents[document.digest] = document
        self._policy = document

    async def load(self) -> None:
        """(Re)load keys and policy as the database's state row names them."""
        async with self.database.reading() as session:
            state = (await session.execute(select(StateRow))).scalar_one()
            await self.ring.load(session)
            if state.policy_digest and state.policy_digest not in self._documents:
                row = await session.get(PolicyVersionRow, state.policy_digest)
                if row is None:
                    raise NotReadyError("the policy in force is not on file")
                self._documents[state.policy_digest] = parse(row.document)
        self._policy = self._documents.get(state.policy_digest)

    @asynccontextmanager
    async def change(self, *, erasing: bool = False, policy: PolicyDocument | None = None) -> AsyncIterator[Change]:
        """A unit of work with its audit entry and journal; answers may follow once it has ended.

        Args:
            erasing: work as the role that may delete.
            policy: the document that this change puts in force; None = the one in force, looked up anew.

        Raises:
            AuditUnavailableError: when the change stands but its entry has no place yet; answer 503, not success.
        """
        async with self.database.erasing() if erasing else self.database.transaction() as session:
            in_force = policy or await self._policy_in_force(session)
            change = Change(session, await self.database.clock(session), in_force, self.ring, self.database)
            yield change
            if not change.entries:
                raise NotReadyError("a change without an audit entry")
            change.intents = [intend(session, entry, change.now) for entry in change.entries]
        if change.journalled:
            await self.flush_journal()
        await self.log.integrate(change.intents)

    async def _policy_in_force(self, session: AsyncSession) -> PolicyDocument:
        """The policy and keys that the database names, loaded anew where this process has others."""
        state = (await session.execute(select(col(StateRow.policy_digest), col(StateRow.epoch)))).one()
        if self._policy is None or tuple(state) != (self._policy.digest, self.ring.active_epoch):
            await self.load()
        return self.policy

    async def flush_journal(self) -> None:
        """Bring the outbox into the journal; idempotent."""
        async with self.database.transaction() as session:
            statement = select(JournalOutboxRow).order_by(col(JournalOutboxRow.at), col(JournalOutboxRow.entry_id))
            rows = list((await session.execute(statement)).scalars())
            if not rows:
                return
            sequence = self.journal.append(
                JournalEntry(row.entry_id, JournalKind(row.kind), row.subject_id, row.about, row.at) for row in rows
            )
            ids = [row.entry_id for row in rows]
            await session.execute(delete(JournalOutboxRow).where(col(JournalOutboxRow.entry_id).in_(ids)))
            await session.execute(
                update(StateRow).where(col(StateRow.journal_sequence) < sequence).values(journal_sequence=sequence),
            )

    async def check_journal(self) -> None:
        """Refuse data that is older than the journal (R-DEL-6).

        Raises:
            NotReadyError: when the journal holds facts the database has forgotten, or is shorter than it was.
        """
        async with self.database.reading() as session:
            known = (await session.execute(select(col(StateRow.journal_sequence)))).scalar_one()
            waiting = set((await session.execute(select(col(JournalOutboxRow.entry_id)))).scalars())
        written = {entry.entry_id for number, entry in self.journal.read() if number > known}
        if self.journal.sequence < known:
            raise NotReadyError("the journal is shorter than the database remembers")
        if written - waiting:
            raise NotReadyError("the database is older than its journal: replay the journal before serving")
