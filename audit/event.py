"""What one audit entry says, and the canonical bytes it is remembered as.

One leaf a call. The body names operation, outcome, purpose, codes of categories and fields, the client's code
and the policy's version; persons appear only as salted commitments, joined in a small Merkle subtree. Destroy
a person's audit key and the entry says nothing about anybody, while every proof stays valid.

Body, as canonical JSON (keys sorted, no white space, UTF-8, integers and texts only; RFC 8785):

    v  format version, 1            uid  32 hex digits            t   UTC, whole seconds since 1970
    op operation                    out  outcome                  pur purpose       bas legal bases
    cat categories                  fld  field names              why reason codes  cli client code
    pol policy version              n    persons touched          sub root of the subtree of commitments (hex)
    act actor commitment (hex)      cts  SHA-256 of each ciphertext written (hex)
    cls openings closed by this entry (erasure and retention of the access log)
    prv the last checkpoint of the log that this one succeeds (entry of a reopening)

Absent = does not apply. A commitment is SHA-256("crm-audit-person/1" 00 | salt (32) | reference (16) | detail),
its salt HMAC-SHA-256(the person's audit key, uid (16) | position (4, big endian)); the actor's position is
4294967295. The subtree is an RFC 6962 tree whose leaf data are the commitments in order.

Legal: GDPR Art. 5(2), Art. 32; R-AUD-1, R-AUD-6.
"""

import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Generic, NamedTuple, TypeVar
from uuid import UUID

from audit import merkle

FORMAT_VERSION = 1
PERSON_LABEL = b"crm-audit-person/1\0"
ACTOR_POSITION = 0xFFFFFFFF

T = TypeVar("T")


class EventTag(StrEnum):
    """Operations that leave an entry (R-AUD-1, R-AUD-2). Added to, never renamed."""

    DISCLOSE = "disclose"
    DECIDE = "decide"
    LOOKUP = "lookup"
    SUBJECT_CREATE = "subject-create"
    SUBJECT_UPDATE = "subject-update"
    EVENT_ADD = "event-add"
    RELATIONSHIP_OPEN = "relationship-open"
    RELATIONSHIP_CLOSE = "relationship-close"
    SCORE_WRITE = "score-write"
    IMPORT = "import"
    NOTICE_PUBLISH = "notice-publish"
    NOTICE_DELIVER = "notice-deliver"
    CONSENT_GIVE = "consent-give"
    CONSENT_WITHDRAW = "consent-withdraw"
    CONSENT_CONFLICT = "consent-conflict"
    CONSENT_READ = "consent-read"
    OBJECTION = "objection"
    RESTRICT = "restrict"
    RECTIFY = "rectify"
    ERASE = "erase"
    EXPORT = "export"
    REQUEST_RECEIVE = "request-receive"
    REQUEST_DECIDE = "request-decide"
    REQUEST_ANSWER = "request-answer"
    REQUEST_LIST = "request-list"
    REVIEW_BEGIN = "review-begin"
    REVIEW_DECIDE = "review-decide"
    LOGIN = "login"
    LOGIN_FAILED = "login-failed"
    CODE_SENT = "code-sent"
    AUDIT_READ = "audit-read"
    AUDIT_EXPORT = "audit-export"
    ACCESS_LOG_READ = "access-log-read"
    ACCESS_LOG_CLOSE = "access-log-close"
    ACCESS_LOG_RETAIN = "access-log-retain"
    NAME_ADVISE = "name-advise"
    NAME_RELEASE = "name-release"
    LOG_REOPEN = "log-reopen"
    INTENT_QUARANTINE = "intent-quarantine"
    CLIENT_CREATE = "client-create"
    CLIENT_ROTATE = "client-rotate"
    CLIENT_REVOKE = "client-revoke"
    STAFF_CREATE = "staff-create"
    STAFF_ROLE = "staff-role"
    STAFF_DISABLE = "staff-disable"
    STAFF_UNLOCK = "staff-unlock"
    STAFF_PASSWORD = "staff-password"  # noqa: S105 - an operation's name
    SECOND_FACTOR = "second-factor"
    SESSIONS_END = "sessions-end"
    LOGOUT = "logout"
    LOCKOUT = "lockout"
    SIGNING_KEY_ENROL = "signing-key-enrol"
    SIGNING_KEY_RETIRE = "signing-key-retire"
    TOKEN_ISSUE = "token-issue"  # noqa: S105 - an operation's name
    TOKEN_REFUSE = "token-refuse"  # noqa: S105 - an operation's name
    REQUEST_MALFORMED = "request-malformed"
    POLICY_PROPOSE = "policy-propose"
    POLICY_REVIEW = "policy-review"
    POLICY_ADVISE = "policy-advise"
    POLICY_DECIDE = "policy-decide"
    POLICY_ACTIVATE = "policy-activate"
    POLICY_FALL_BACK = "policy-fall-back"
    POLICY_COUNT = "policy-count"
    KEY_CREATE = "key-create"
    START = "start"
    KEY_EPOCH_OPEN = "key-epoch-open"
    KEY_EPOCH_CLOSE = "key-epoch-close"
    KEY_REWRAP = "key-rewrap"
    KEY_DATA_ROTATE = "key-data-rotate"
    KEY_INDEX_ROTATE = "key-index-rotate"
    KEY_SUPPRESSION_ROTATE = "key-suppression-rotate"
    KEY_SIGNING_ROTATE = "key-signing-rotate"
    KEY_DESTROY = "key-destroy"
    BACKUP = "backup"
    RESTORE = "restore"


class Outcome(StrEnum):
    """How a call ended."""

    PERMIT = "permit"
    DENY = "deny"
    DONE = "done"


class PersonRef(NamedTuple):
    """One person touched: pseudonym and what this call meant for them, in codes only."""

    ref: UUID
    detail: str = ""


class Entry(NamedTuple):
    """What one call is remembered as; names and codes only, never a value or free text.

    `sought` are reason codes that the entry is found by and does not hold: grounds of one of several persons, each told
    in the own detail, because everybody in an entry may see the whole of it. A tuple, because every call makes one.
    """

    operation: EventTag
    outcome: Outcome
    client: str = ""
    purpose: str = ""
    bases: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    policy: str = ""
    persons: tuple[PersonRef, ...] = ()
    actor: UUID | None = None
    ciphertexts: tuple[bytes, ...] = ()
    closes: int = 0
    predecessor: str = ""
    sought: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Entry({self.operation.value}, {self.outcome.value}, persons={len(self.persons)})"


@dataclass(frozen=True, slots=True)
class Recorded(Generic[T]):
    """A value whose entry is durable and in the tree; only `audit.log` makes one."""

    value: T
    index: int
    uid: UUID


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical(tree: Mapping[str, object]) -> bytes:
    """RFC 8785 bytes of a tree of texts, integers, lists and objects with ASCII keys."""
    return _encoder.encode(tree).encode()


def salt(audit_key: bytes, uid: UUID, position: int) -> bytes:
    """The 32-byte salt of one commitment; without the person's audit key nobody can make it."""
    return hmac.digest(audit_key, uid.bytes + position.to_bytes(4, "big"), "sha256")


def commitment(salt_bytes: bytes, ref: UUID, detail: str) -> bytes:
    """32 bytes that fix a person and a detail without saying either."""
    return sha256(PERSON_LABEL + salt_bytes + ref.bytes + detail.encode()).digest()


def subtree_root(commitments: Sequence[bytes]) -> bytes:
    """RFC 6962 root over the commitments of one entry."""
    return merkle.root_of([merkle.leaf_hash(value) for value in commitments])


def body(entry: Entry, uid: UUID, second: int, commitments: Sequence[bytes], actor: bytes | None) -> bytes:
    """The canonical bytes of an entry; `second` is UTC since 1970.

    Many entries differ only in whom they touched and when: what they share is written out once.
    """
    shared = _shared(
        entry.operation,
        entry.outcome,
        entry.client,
        entry.purpose,
        entry.bases,
        entry.categories,
        entry.fields,
        entry.reasons,
        entry.policy,
    )
    ciphertexts = '","'.join([digest.hex() for digest in entry.ciphertexts])
    return "".join(
        (
            "{",
            f'"act":"{actor.hex()}",' if actor else "",
            shared.before_cls,
            f'"cls":{entry.closes},' if entry.closes else "",
            f'"cts":["{ciphertexts}"],' if ciphertexts else "",
            shared.before_n,
            f'"n":{len(commitments)},',
            shared.before_prv,
            f'"prv":{_encoder.encode(entry.predecessor)},' if entry.predecessor else "",
            shared.before_sub,
            f'"sub":"{subtree_root(commitments).hex()}",' if commitments else "",
            f'"t":{second},"uid":"{uid.hex}",',
            shared.after_uid,
            "}",
        )
    ).encode()


@dataclass(frozen=True, slots=True)
class _Shared:
    """The members between those that differ from entry to entry, each with its comma."""

    before_cls: str
    before_n: str
    before_prv: str
    before_sub: str
    after_uid: str


@lru_cache(maxsize=4096)
def _shared(  # noqa: PLR0913, PLR0917 - whatever many entries have in common
    operation: EventTag,
    outcome: Outcome,
    client: str,
    purpose: str,
    bases: tuple[str, ...],
    categories: tuple[str, ...],
    fields: tuple[str, ...],
    reasons: tuple[str, ...],
    policy: str,
) -> _Shared:
    return _Shared(
        _members(bas=bases, cat=categories, cli=client),
        _members(fld=fields),
        _members(op=operation.value, out=outcome.value, pol=policy),
        _members(pur=purpose),
        _members(v=FORMAT_VERSION, why=reasons).removesuffix(","),
    )


def _members(**members: str | int | tuple[str, ...]) -> str:
    return "".join(f'"{name}":{_encoder.encode(value)},' for name, value in members.items() if value)
