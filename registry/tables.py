"""The rows the registry keeps.

`subject_id` stands first in every primary key of a table that a person owns, and is never updated: one person's
rows can live on one shard and go together. Rows stay inside this package; their `repr` shows nothing.
"""

from datetime import date, datetime
from enum import StrEnum
from functools import cache
from uuid import UUID

from sqlalchemy import BigInteger, Date, Index, Integer, LargeBinary, Text, false, text
from sqlmodel import Field, SQLModel

from audit.columns import Id, Instant


class EpochState(StrEnum):
    """Where a key epoch stands; stored codes."""

    ACTIVE = "active"
    CLOSED = "closed"
    DESTROYED = "destroyed"


class _Row(SQLModel):
    def __init__(self, **values: object) -> None:
        """A new row straight from its columns; tables are not validated, and an import makes a hundred thousand rows.

        Raises:
            TypeError: when there is no such column.
        """
        table = type(self)
        if not values.keys() <= table.model_fields.keys():
            raise TypeError(f"{table.__name__} has no {', '.join(sorted(values.keys() - table.model_fields.keys()))}")
        vars(self).update(_defaults(table) | values)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__


@cache
def _defaults(table: type[SQLModel]) -> dict[str, object]:
    return {name: one.default for name, one in table.model_fields.items() if not one.is_required()}


class StateRow(_Row, table=True):
    """The one row every read sees: a mismatch with what a process has loaded makes it reload first.

    `keys_version` counts the changes of the key ring.
    """

    __tablename__ = "registry_state"

    id: int = Field(sa_type=Integer, primary_key=True)
    policy_digest: str
    clients_version: int = Field(sa_type=Integer)
    keys_version: int = Field(sa_type=Integer)
    journal_sequence: int = Field(sa_type=BigInteger)


class PolicyVersionRow(_Row, table=True):
    """Every policy document ever in force, so that a past decision can be explained."""

    __tablename__ = "policy_version"

    digest: str = Field(primary_key=True)
    version: str
    document: bytes = Field(sa_type=LargeBinary)
    activated_at: datetime = Field(sa_type=Instant)


class PolicyActivationRow(_Row, table=True):
    """From when on a policy document was in force, append-only: by a decision, by setup, by a fall-back, or again."""

    __tablename__ = "policy_activation"

    number: int = Field(sa_type=Integer, primary_key=True, sa_column_kwargs={"autoincrement": False})
    digest: str
    since: datetime = Field(sa_type=Instant)


class KeyEpochRow(_Row, table=True):
    """A key-encrypting key for a span of time, wrapped under a root version of the provider.

    Every insert of a key takes the row `FOR SHARE`; `guard` holds nothing, but PostgreSQL lets a role lock a row only
    if it may update some column of it. Destroyed: `wrapped` is empty.
    """

    __tablename__ = "key_epoch"

    epoch: int = Field(sa_type=Integer, primary_key=True)
    state: str
    root_version: int = Field(sa_type=Integer)
    wrapped: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    guard: int = Field(default=0, sa_type=Integer, sa_column_kwargs={"server_default": "0"})


class DataKeyRow(_Row, table=True):
    """The data key of one category of one person; deleting it with its epoch's end destroys the data."""

    __tablename__ = "data_key"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    category: str = Field(primary_key=True)
    version: int = Field(sa_type=Integer)
    epoch: int = Field(sa_type=Integer)
    wrapped: bytes = Field(sa_type=LargeBinary)
    fingerprint: bytes = Field(sa_type=LargeBinary)


class IndexKeyRow(_Row, table=True):
    """One version of the key of the blind indexes of one kind of identifier: a link of its chain."""

    __tablename__ = "index_key"

    kind: str = Field(primary_key=True)
    version: int = Field(sa_type=Integer, primary_key=True)
    epoch: int = Field(sa_type=Integer)
    wrapped: bytes = Field(sa_type=LargeBinary)


class ServiceKeyRow(_Row, table=True):
    """Keys of the service itself (audit signing, tokens, suppression), wrapped under the root."""

    __tablename__ = "service_key"

    name: str = Field(primary_key=True)
    root_version: int = Field(sa_type=Integer)
    wrapped: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)


class SubjectRow(_Row, table=True):
    """A customer, by pseudonym alone; `majority_month` is the first day of the month of the 18th birthday."""

    __tablename__ = "subject"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str
    language: str
    country: str
    status: str
    majority_month: date | None = Field(default=None, sa_type=Date)
    created_at: datetime = Field(sa_type=Instant)
    version: int = Field(sa_type=Integer)


class LookupRow(_Row, table=True):
    """Blind indexes: the only way from an identifier to a person, and the only cross-person index.

    `suppression` is what stays of the identifier when an erasure blocks it. Each digest has the version of its key.
    `normalisation` is the version of the rule by which the identifier was spelled.
    """

    __tablename__ = "lookup"
    __table_args__ = (
        Index(
            "uq_lookup_external_id",
            "kind",
            "digest",
            unique=True,
            postgresql_where=text("kind = 'external_id'"),
            sqlite_where=text("kind = 'external_id'"),
        ),
        Index("ix_lookup_subject", "subject_id"),
    )

    kind: str = Field(primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    suppression: bytes = Field(sa_type=LargeBinary)
    index_version: int = Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": "1"})
    suppression_version: int = Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": "1"})
    normalisation: int = Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": "1"})


class RecordRow(_Row, table=True):
    """One value of one field of one person; an estimate names its model, and `stale_since` when an input changed."""

    __tablename__ = "record"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    field: str = Field(primary_key=True)
    record_id: UUID = Field(sa_type=Id)
    category: str
    version: int = Field(sa_type=Integer)
    key_version: int = Field(sa_type=Integer)
    sealed: bytes = Field(sa_type=LargeBinary)
    origin: str
    touchpoint: str
    captured_by: str
    collected_for: str
    observed_at: datetime = Field(sa_type=Instant)
    collected_at: datetime = Field(sa_type=Instant)
    rectified_at: datetime | None = Field(default=None, sa_type=Instant)
    retention: str
    delete_after: date | None = Field(default=None, sa_type=Date)
    model: str = Field(default="", sa_column_kwargs={"server_default": ""})
    model_version: str = Field(default="", sa_column_kwargs={"server_default": ""})
    stale_since: datetime | None = Field(default=None, sa_type=Instant)


class EventRow(_Row, table=True):
    """Behaviour at one instant; the payload is one sealed document."""

    __tablename__ = "event"
    __table_args__ = (Index("ix_event_field", "subject_id", "field", "occurred_at"),)

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    event_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str
    field: str
    category: str
    key_version: int = Field(sa_type=Integer)
    sealed: bytes = Field(sa_type=LargeBinary)
    origin: str
    touchpoint: str
    captured_by: str
    collected_for: str
    occurred_at: datetime = Field(sa_type=Instant)
    collected_at: datetime = Field(sa_type=Instant)
    retention: str
    delete_after: date | None = Field(default=None, sa_type=Date)


class RelationshipRow(_Row, table=True):
    """A contract, account, warranty or claim: the source of every contract basis."""

    __tablename__ = "relationship"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str = Field(primary_key=True)
    source: str = Field(primary_key=True)
    reference: str = Field(primary_key=True)
    opened_at: datetime = Field(sa_type=Instant)
    closed_at: datetime | None = Field(default=None, sa_type=Instant)


class NoticeRow(_Row, table=True):
    """The full text of a notice or consent text, by version and language (R-7.1-1, R-13-2)."""

    __tablename__ = "notice"

    notice: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    language: str = Field(primary_key=True)
    purposes: str
    content: str = Field(sa_type=Text)
    sha256: str
    valid_from: datetime = Field(sa_type=Instant)
    valid_to: datetime | None = Field(default=None, sa_type=Instant)


class NoticeDeliveryRow(_Row, table=True):
    """Which notice a person got, when and how (R-13-2)."""

    __tablename__ = "notice_delivery"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    notice: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    delivered_at: datetime = Field(sa_type=Instant)
    touchpoint: str


class ConsentEventRow(_Row, table=True):
    """What somebody declared, append-only (ISO/IEC TS 27560 event; R-7.1-1).

    With a parental act: by or with whom answers for a child, who stands in the sealed evidence alone (R-8-1).
    """

    __tablename__ = "consent_event"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    sequence: int = Field(sa_type=Integer, primary_key=True)
    event_id: UUID = Field(sa_type=Id)
    purpose: str
    channel: str
    state: str
    effective_at: datetime = Field(sa_type=Instant)
    recorded_at: datetime = Field(sa_type=Instant)
    explicit: bool
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    method: str
    touchpoint: str
    source: str
    notice: str
    notice_version: str
    notice_language: str
    notice_sha256: str
    evidence_id: UUID | None = Field(default=None, sa_type=Id)
    parental_act: str = Field(default="", sa_column_kwargs={"server_default": ""})
    parental_verification: str = Field(default="", sa_column_kwargs={"server_default": ""})


class PermissionRow(_Row, table=True):
    """The current state of consent: a projection of the events, rebuilt from them at any time.

    `quoted` is the text it was declared on, as `notice/version`.
    """

    __tablename__ = "permission"
    __table_args__ = (
        Index("ix_permission_parental", "subject_id", postgresql_where=text("parental"), sqlite_where=text("parental")),
    )

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    purpose: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    state: str
    since: datetime = Field(sa_type=Instant)
    explicit: bool
    expires_at: datetime | None = Field(default=None, sa_type=Instant)
    parental: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    quoted: str = Field(default="", sa_column_kwargs={"server_default": ""})


class ObjectionRow(_Row, table=True):
    """An objection under Art. 21; without a purpose it is against direct marketing as a whole."""

    __tablename__ = "objection"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    objection_id: UUID = Field(sa_type=Id, primary_key=True)
    direct_marketing: bool
    purpose: str | None
    channel: str
    state: str
    since: datetime = Field(sa_type=Instant)


class RestrictionRow(_Row, table=True):
    """A restriction under Art. 18; no category = everything."""

    __tablename__ = "restriction"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    restriction_id: UUID = Field(sa_type=Id, primary_key=True)
    category: str | None
    field: str | None
    ground: str
    since: datetime = Field(sa_type=Instant)
    lifted_at: datetime | None = Field(default=None, sa_type=Instant)


class BudgetDayRow(_Row, table=True):
    """How many different people one client has looked at for one purpose on one day (in Germany)."""

    __tablename__ = "budget_day"

    client: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    day: date = Field(sa_type=Date, primary_key=True)
    used: int = Field(sa_type=Integer)


class BudgetUseRow(_Row, table=True):
    """That a client looked at this person for this purpose on this day; goes when the day is over."""

    __tablename__ = "budget_use"
    __table_args__ = (Index("ix_budget_use_day", "client", "purpose", "day"),)

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    client: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    day: date = Field(sa_type=Date, primary_key=True)


class SuppressionRow(_Row, table=True):
    """A keyed hash that survives erasure: who must not be written to again, or come back by a sync (R-17-4)."""

    __tablename__ = "suppression"

    kind: str = Field(primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    scope: str = Field(primary_key=True)
    since: datetime = Field(sa_type=Instant)
    key_version: int = Field(default=1, sa_type=Integer, sa_column_kwargs={"server_default": "1"})


class ConflictRow(_Row, table=True):
    """What a sync wanted and was refused (R-7.3-5); names the field or purpose, never the value."""

    __tablename__ = "conflict"
    __table_args__ = (Index("ix_conflict_arrived", "arrived_at", "conflict_id"),)

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    conflict_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str
    about: str
    source: str
    claimed_at: datetime | None = Field(default=None, sa_type=Instant)
    arrived_at: datetime = Field(sa_type=Instant)


class RequestRow(_Row, table=True):
    """A request of a data subject (Art. 15-22) with its clock."""

    __tablename__ = "request"
    __table_args__ = (Index("ix_request_due", "state", "due_on"),)

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    request_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str
    state: str
    touchpoint: str
    received_at: datetime = Field(sa_type=Instant)
    due_on: date = Field(sa_type=Date)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    decided_by: UUID | None = Field(default=None, sa_type=Id)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)


class HumanReviewRow(_Row, table=True):
    """A machine's decision that a human looks at (Art. 22(3)): whose, under which purpose, and how far it has come.

    `seen` are the rows the reviewer saw, each as `row id (hex):version`; `explained` the versions of the policy and of
    the models behind them. Statement and reasons are letters of the request, sealed like any other.
    """

    __tablename__ = "human_review"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    request_id: UUID = Field(sa_type=Id, primary_key=True)
    purpose: str
    state: str
    opened_at: datetime = Field(sa_type=Instant)
    reviewer: UUID | None = Field(default=None, sa_type=Id)
    begun_at: datetime | None = Field(default=None, sa_type=Instant)
    seen: str = Field(default="", sa_type=Text)
    explained: str = Field(default="", sa_type=Text)
    decided_at: datetime | None = Field(default=None, sa_type=Instant)
    outcome: str = ""


class ClientRow(_Row, table=True):
    """A machine client's credential; what it may ask for stands in the policy document.

    Tokens issued before `tokens_from` are void.
    """

    __tablename__ = "client"

    code: str = Field(primary_key=True)
    secret_hash: str
    created_at: datetime = Field(sa_type=Instant)
    revoked_at: datetime | None = Field(default=None, sa_type=Instant)
    tokens_from: datetime | None = Field(default=None, sa_type=Instant)


class StaffRow(_Row, table=True):
    """A member of staff with a role; appears in the audit log as a commitment."""

    __tablename__ = "staff"

    staff_id: UUID = Field(sa_type=Id, primary_key=True)
    login: str = Field(unique=True)
    role: str
    password_hash: str
    created_at: datetime = Field(sa_type=Instant)
    disabled_at: datetime | None = Field(default=None, sa_type=Instant)


class StaffSessionRow(_Row, table=True):
    """A staff session by the hash of its cookie; `seen_at` is kept to the minute."""

    __tablename__ = "staff_session"

    staff_id: UUID = Field(sa_type=Id, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    expires_at: datetime = Field(sa_type=Instant)
    opened_at: datetime = Field(sa_type=Instant)
    seen_at: datetime = Field(sa_type=Instant)


class PortalSessionRow(_Row, table=True):
    """A customer's session by the hash of its cookie."""

    __tablename__ = "portal_session"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    expires_at: datetime = Field(sa_type=Instant)


class PortalCodeRow(_Row, table=True):
    """A one-time code sent to a contact address on file."""

    __tablename__ = "portal_code"

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary)
    created_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    attempts: int = Field(sa_type=Integer)


class LetterOutboxRow(_Row, table=True):
    """A letter that must not be lost, sealed with its address until the mail server has it."""

    __tablename__ = "letter_outbox"
    __table_args__ = (Index("ix_letter_outbox_due", "due_at"),)

    subject_id: UUID = Field(sa_type=Id, primary_key=True)
    letter_id: UUID = Field(sa_type=Id, primary_key=True)
    key_version: int = Field(sa_type=Integer)
    sealed: bytes = Field(sa_type=LargeBinary)
    queued_at: datetime = Field(sa_type=Instant)
    due_at: datetime = Field(sa_type=Instant)
    tries: int = Field(sa_type=Integer)


class JournalOutboxRow(_Row, table=True):
    """Facts on their way to the journal outside the database, written with the change they speak of."""

    __tablename__ = "journal_outbox"

    entry_id: UUID = Field(sa_type=Id, primary_key=True)
    kind: str
    subject_id: UUID | None = Field(default=None, sa_type=Id)
    about: str
    at: datetime = Field(sa_type=Instant)


class SecondFactorRow(_Row, table=True):
    """The second factor of an account, wrapped; `last_step` is the newest 30 seconds whose code was used."""

    __tablename__ = "staff_second_factor"

    staff_id: UUID = Field(sa_type=Id, primary_key=True)
    wrapped: bytes = Field(sa_type=LargeBinary)
    last_step: int = Field(sa_type=BigInteger)
    enrolled_at: datetime = Field(sa_type=Instant)


class RecoveryCodeRow(_Row, table=True):
    """A recovery code that was not used yet, by its hash."""

    __tablename__ = "staff_recovery_code"

    staff_id: UUID = Field(sa_type=Id, primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)


class SigningKeyRow(_Row, table=True):
    """A public key that a member of staff signs decisions with (Ed25519, 32 bytes)."""

    __tablename__ = "staff_signing_key"

    staff_id: UUID = Field(sa_type=Id, primary_key=True)
    fingerprint: str = Field(primary_key=True)
    public_key: bytes = Field(sa_type=LargeBinary)
    enrolled_at: datetime = Field(sa_type=Instant)
    retired_at: datetime | None = Field(default=None, sa_type=Instant)


class AttemptRow(_Row, table=True):
    """Attempts at one place, by an HMAC of who or where; holds no identifier."""

    __tablename__ = "attempt"

    place: str = Field(primary_key=True)
    digest: bytes = Field(sa_type=LargeBinary, primary_key=True)
    attempts: int = Field(sa_type=Integer)
    closings: int = Field(sa_type=Integer)
    since: datetime = Field(sa_type=Instant)
    closed_until: datetime | None = Field(default=None, sa_type=Instant)


class PolicyProposalRow(_Row, table=True):
    """The exact bytes of every document that was ever proposed."""

    __tablename__ = "policy_proposal"

    digest: str = Field(primary_key=True)
    version: str
    document: bytes = Field(sa_type=LargeBinary)
    proposed_at: datetime = Field(sa_type=Instant)


class PolicyStepRow(_Row, table=True):
    """One step of a document on its way into force, append-only; `previous` is the digest in force at the time.

    `staff_id` is empty where setup put the first document in force; `fingerprint` and `signature` belong to the step
    that decides.
    """

    __tablename__ = "policy_step"

    digest: str = Field(primary_key=True)
    number: int = Field(sa_type=Integer, primary_key=True)
    step: str
    staff_id: UUID | None = Field(default=None, sa_type=Id)
    at: datetime = Field(sa_type=Instant)
    result: str
    reasons: str = Field(sa_type=Text)
    previous: str
    fingerprint: str
    signature: bytes = Field(sa_type=LargeBinary)
