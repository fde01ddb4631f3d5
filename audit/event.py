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

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar
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
    LOGIN = "login"
    LOGIN_FAILED = "login-failed"
    CODE_SENT = "code-sent"
    AUDIT_READ = "audit-read"
    AUDIT_EXPORT = "audit-export"
    ACCESS_LOG_READ = "access-log-read"
    ACCESS_LOG_CLOSE = "access-log-close"
    ACCESS_LOG_RETAIN = "access-log-retain"
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


@dataclass(frozen=True, slots=True)
class PersonRef:
    """One person touched: pseudonym and what this call meant for them, in codes only."""

    ref: UUID
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """What one call is remembered as; names and codes only, never a value or free text."""

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
    ciphertexts: tuple[bytes, ...] = field(default=(), repr=False)
    closes: int = 0
    predecessor: str = ""


@dataclass(frozen=True, slots=True)
class Recorded(Generic[T]):
    """A value whose entry is durable and in the tree; only `audit.log` makes one."""

    value: T
    index: int
    uid: UUID


def canonical(tree: Mapping[str, object]) -> bytes:
    """RFC 8785 bytes of a tree of texts, integers, lists and objects with ASCII keys."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def salt(audit_key: bytes, uid: UUID, position: int) -> bytes:
    """The 32-byte salt of one commitment; without the person's audit key nobody can make it."""
    return hmac.digest(audit_key, uid.bytes + position.to_bytes(4, "big"), "sha256")


def commitment(salt_bytes: bytes, ref: UUID, detail: str) -> bytes:
    """32 bytes that fix a person and a detail without saying either."""
    return hashlib.sha256(PERSON_LABEL + salt_bytes + ref.bytes + detail.encode()).digest()


def subtree_root(commitments: Sequence[bytes]) -> bytes:
    """RFC 6962 root over the commitments of one entry."""
    return merkle.root_of([merkle.leaf_hash(value) for value in commitments])


def body(entry: Entry, uid: UUID, second: int, commitments: Sequence[bytes], actor: bytes | None) -> bytes:
    """The canonical bytes of an entry; `second` is UTC since 1970."""
    tree: dict[str, object] = {
        "v": FORMAT_VERSION,
        "uid": uid.hex,
        "t": second,
        "op": entry.operation.value,
        "out": entry.outcome.value,
        "n": len(commitments),
    }
    optional: dict[str, object] = {
        "cli": entry.client,
        "pur": entry.purpose,
        "bas": list(entry.bases),
        "cat": list(entry.categories),
        "fld": list(entry.fields),
        "why": list(entry.reasons),
        "pol": entry.policy,
        "sub": subtree_root(commitments).hex() if commitments else "",
        "act": actor.hex() if actor else "",
        "cts": [digest.hex() for digest in entry.ciphertexts],
        "cls": entry.closes,
        "prv": entry.predecessor,
    }
    tree.update({key: value for key, value in optional.items() if value})
    return canonical(tree)
