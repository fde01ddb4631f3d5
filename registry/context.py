"""Everything a use case works with, and the unit of work in which every change happens.

A change is one transaction: rows, the audit intent and what the journal must keep are committed together. Then
the journal is flushed and the audit entry given its place, and only then may the caller answer. A crash between
any two of these steps loses nothing: outbox and intents are drained at the next start or batch.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from audit.event import Entry, EventTag, Outcome
from audit.log import AuditLog, intend
from audit.store import WrappedKey
from policies.documents import PolicyDocument
from policies.vocabulary import Category
from registry import outbox
from registry.credentials import Credential, Credentials
from registry.database import Database, Versions
from registry.errors import AuthenticationError, InvalidValueError, NotReadyError, UnknownSubjectError
from registry.in_force import InForce
from registry.journal import FileJournal, JournalKind
from registry.keys import DataKey, KeyRing, WrappedDataKey, data_keys_of
from registry.mailer import Mailer
from registry.settling import Settling
from registry.tables import (
    DataKeyRow,
    EpochState,
    KeyEpochRow,
    NoticeRow,
    StateRow,
    SubjectRow,
)

# How far ahead of ours the clock of whoever tells us something may be.
CLOCK_TOLERANCE = timedelta(minutes=5)
MOST_VALUES = 800
_TRIES = 5
_NOBODY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who acts: a machine client by code, or a member of staff or customer through one of our own pages.

    `credential` is that of a machine client's token; None = somebody who came another way.
    """

    client: str
    actor: UUID | None = None
    role: str = "client"
    credential: Credential | None = None

    @property
    def staff_role(self) -> str | None:
        """The role of a member of staff, which the policy binds to purposes; None = a machine, a customer or a job."""
        return self.role if self.actor is not None else None


@dataclass(slots=True)
class Change:
    """One unit of work; `now` is the database's clock when it began, and anew when a person's row was locked.

    So whoever had to wait for a person is dated after whoever went before: a withdrawal acknowledged last counts last.
    `replaying`: what happens is in the journal already.
    """

    session: AsyncSession
    now: datetime
    policy: PolicyDocument
    ring: KeyRing
    database: Database
    outbox: list[dict[str, object]] = field(default_factory=list, repr=False)
    replaying: bool = False
    entries: list[Entry] = field(default_factory=list)
    intents: list[UUID] = field(default_factory=list)
    created: set[UUID] = field(default_factory=set)
    ends: dict[UUID, date | None] = field(default_factory=dict)
    delivered: set[tuple[UUID, str, str]] = field(default_factory=set)
    published: dict[tuple[str, str | None], str] = field(default_factory=dict)
    quoted: dict[tuple[str, str, str], NoticeRow | None] = field(default_factory=dict, repr=False)
    _keys: dict[tuple[UUID, Category], DataKey] = field(default_factory=dict, repr=False)
    _epoch: int = 0

    def record(self, entry: Entry) -> None:
        """Leave the audit entry of this change; part of the transaction.

        Raises:
            InvalidValueError: when the call writes more values than one entry can name.
        """
        if len(entry.ciphertexts) > MOST_VALUES:
            raise InvalidValueError(f"one call writes at most {MOST_VALUES} values")
        self.entries.append(entry)

    def journal(self, kind: JournalKind, subject_id: UUID | None, about: str, at: datetime | None = None) -> None:
        """Keep a fact that a restore must not undo; `at` (aware, UTC) is since when it holds, None = now."""
        if self.replaying:
            return
        self.outbox.append(
            {"entry_id": uuid4(), "kind": kind.value, "subject_id": subject_id, "about": about, "at": at or self.now},
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
            found = await data_keys_of(self.session, subject_id)
            if not all(self.ring.holds(stored.epoch) for stored in found.values()):
                await self.ring.load(self.session)  # wrapped anew since this change began
            for known, stored in found.items():
                self._keys[subject_id, known] = self.ring.data_key(subject_id, known, stored)
            if (subject_id, category) in self._keys:
                return self._keys[subject_id, category]
        key, wrapped = await self.new_data_key(subject_id, category)
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

    async def new_data_key(
        self, subject_id: UUID, category: Category, version: int = 1
    ) -> tuple[DataKey, WrappedDataKey]:
        """A fresh data key under an epoch that cannot end before this change does."""
        return self.ring.new_data_key(subject_id, category, version, await self.hold_keys())

    async def new_audit_key(self, ref: UUID) -> WrappedKey:
        """A fresh audit key under an epoch that cannot end before this change does."""
        return self.ring.new_audit_key(ref, await self.hold_keys())

    async def hold_keys(self) -> int:
        """Hold the key ring still until this change ends: no epoch closes, no index key is replaced meanwhile.

        Whoever still works with an older ring learns the newer one here, before it makes a key that nobody would
        wrap anew.

        Returns:
            The epoch under which this change makes its keys.

        Raises:
            NotReadyError: when the ring changes faster than it can be learnt.
        """
        for _ in range(_TRIES):
            if self._epoch:
                break
            epoch = self.ring.active_epoch
            locked = select(col(KeyEpochRow.state)).where(col(KeyEpochRow.epoch) == epoch).with_for_update(read=True)
            state = (await self.session.execute(locked)).scalar()
            newest = (await self.session.execute(select(col(StateRow.keys_version)))).scalar_one()
            if state == EpochState.ACTIVE.value and newest == self.ring.version:
                self._epoch = epoch
            else:
                await self.ring.load(self.session)
        if not self._epoch:
            raise NotReadyError("the key ring changes faster than it can be learnt")
        return self._epoch

    def forget_keys(self, subject_id: UUID) -> None:
        """Look a person's data keys up anew: they were replaced in this change."""
        self._keys = {place: key for place, key in self._keys.items() if place[0] != subject_id}
        for row in list(self.session.identity_map.values()):
            if isinstance(row, DataKeyRow) and row.subject_id == subject_id:
                self.session.expunge(row)
        self.created.discard(subject_id)


class Registry:
    """The collaborators of one process. Built once by the composition root."""

    def __init__(
        self,
        database: Database,
        ring: KeyRing,
        log: AuditLog,
        journal: FileJournal,
        mailer: Mailer,
        settling: Settling | None = None,
    ) -> None:
        self.database = database
        self.ring = ring
        self.log = log
        self.journal = journal
        self.mailer = mailer
        self.settling = settling or Settling(database)
        self._in_force = InForce(database, ring, journal)

    @property
    def policy(self) -> PolicyDocument:
        """The document in force.

        Raises:
            NotReadyError: when none was ever activated.
        """
        return self._in_force.policy

    @property
    def has_policy(self) -> bool:
        """Whether a document is in force."""
        return self._in_force.has_policy

    @property
    def credentials(self) -> Credentials:
        """Which tokens of clients count."""
        return self._in_force.credentials

    def adopt(self, document: PolicyDocument) -> None:
        """Work with a document from now on; the caller puts it in force in the database."""
        self._in_force.adopt(document)

    async def load(self) -> None:
        """(Re)load keys, policy and clients as the database names them; errors as `InForce.load`."""
        await self._in_force.load()

    async def learn(self, policy_digest: str, keys_version: int) -> None:
        """Have the policy and keys that a gathering named, or newer ones; errors as `InForce.load`."""
        await self._in_force.learn(policy_digest, keys_version)

    async def catch_up(self) -> Versions:
        """Have the policy and keys that the database names now; returns what it names. Errors as `InForce.load`."""
        versions = (await self.database.gather([_NOBODY], frozenset(), with_events=False))[_NOBODY].versions
        if (versions.policy_digest, versions.keys) != (self.policy.digest, self.ring.version):
            await self.learn(versions.policy_digest, versions.keys)
        return versions

    async def document(self, session: AsyncSession, digest: str) -> PolicyDocument | None:
        """A policy document, in force or not any more; None where it cannot be trusted."""
        return await self._in_force.document(session, digest)

    async def fresh_keys(self, session: AsyncSession) -> None:
        """Have the key ring that this session's snapshot names; errors as `InForce.fresh_keys`."""
        await self._in_force.fresh_keys(session)

    async def flush_journal(self) -> None:
        """Bring the outbox into the journal; idempotent."""
        await outbox.flush(self.database, self.journal)

    async def check_journal(self) -> None:
        """Refuse data that is older than the journal (R-DEL-6); errors as `outbox.check`."""
        await outbox.check(self.database, self.journal)

    async def check_policy(self) -> None:
        """Refuse another policy in force than the journal names last; errors as `outbox.check_policy`."""
        await outbox.check_policy(self.database, self.journal)

    async def check_credential(self, caller: Caller, clients_version: int | None = None) -> None:
        """Make sure that a caller's token still counts, as the database has it now.

        Where the database is asked, the same round trip tells of a policy and of keys that another worker put in force:
        what the call may do is a question to the newest.

        Args:
            caller: who calls; whoever came without a token passes.
            clients_version: as the database just named it, by whoever looks after policy and keys; None = ask.

        Raises:
            AuthenticationError: when it was voided since the token was taken; recorded.
            NotReadyError: when no policy on file can be trusted.
        """
        if caller.credential is None:
            return
        if clients_version is None:
            clients_version = (await self.catch_up()).clients_version
        if clients_version == caller.credential.clients_version:
            return
        if clients_version != self.credentials.version:
            await self.load()
        if not self.credentials.still(caller.client, caller.credential):
            entry = Entry(EventTag.TOKEN_REFUSE, Outcome.DENY, client=caller.client, policy=self.policy.version)
            await self.log.append(entry, None)
            raise AuthenticationError("the client was revoked or given another secret, or the token's key has ended")

    @asynccontextmanager
    async def change(
        self,
        *,
        erasing: bool = False,
        keeping: bool = False,
        policy: PolicyDocument | None = None,
        replaying: bool = False,
    ) -> AsyncIterator[Change]:
        """A unit of work with its audit entry and journal; answers may follow once it has ended.

        Args:
            erasing: work as the role that may delete.
            keeping: work as the role that owns the tables: for keys above the data keys, and for a replay.
            policy: the document that this change puts in force; None = the one in force, looked up anew.
            replaying: what happens stands in the journal already and is not written there again.

        Raises:
            AuditUnavailableError: when the change stands but its entry has no place yet; answer 503, not success.
        """
        async with self._unit_of_work(erasing=erasing, keeping=keeping) as session:
            in_force = policy or await self._in_force.of(session)
            now = await self.database.clock(session)
            change = Change(session, now, in_force, self.ring, self.database, replaying=replaying)
            yield change
            if not change.entries:
                raise NotReadyError("a change without an audit entry")
            if change.outbox:
                await outbox.add(session, change.outbox)
            change.intents = [intend(session, entry, change.now) for entry in change.entries]
        if change.outbox:
            await self.flush_journal()
        await self.log.integrate(change.intents)

    def _unit_of_work(self, *, erasing: bool, keeping: bool) -> AbstractAsyncContextManager[AsyncSession]:
        if keeping:
            return self.database.keeping()
        return self.database.erasing() if erasing else self.database.transaction()
