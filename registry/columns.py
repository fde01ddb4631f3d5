"""What every column of the database holds: technical facts, a pseudonym, something sealed, or data of a category.

One list for all tables, so that whoever adds a column says here what it holds. A column that nobody declared could hold
data that is in no copy for its person, in no erasure and in no record of processing: the registry does not start on it.
Nor does it start on values whose field the policy in force does not declare, or declares in another category: nobody
could read them, and nobody would be told of them.

Legal: GDPR Art. 5(1)(b), (c), Art. 15(1), Art. 25(2), Art. 30(1)(c); R-4.1-3, R-15.1-1, R-30-1.
"""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col

from policies.documents import PolicyDocument
from policies.vocabulary import Category
from registry.errors import NotReadyError
from registry.tables import EventRow, RecordRow


class Holds(StrEnum):
    """What a column holds that is no data of a category."""

    TECHNICAL = "technical"
    """Says nothing about anybody: versions, counts, digests, keys, texts of the controller."""
    PSEUDONYM = "pseudonym"
    """Whom a row is about, by a random id, or a random id of the row itself."""
    KEYED = "keyed"
    """A keyed hash of an identifier."""
    SEALED = "sealed"
    """Data of people, sealed under their keys."""
    NAMED = "named"
    """What is known of a sealed value, of the category that its row names."""
    ACCESS = "access"
    """Who accessed whom, in codes: a category of its own, locked to privacy control and legal claims."""
    STAFF = "staff"
    """Data of members of staff."""


_T, _P, _K, _S, _N = Holds.TECHNICAL, Holds.PSEUDONYM, Holds.KEYED, Holds.SEALED, Holds.NAMED
_ACCESS, _STAFF, _EVIDENCE = Holds.ACCESS, Holds.STAFF, Category.EVIDENCE
_KEY = "epoch wrapped"

_TABLES: Mapping[str, Mapping[Holds | Category, str]] = {
    "alembic_version": {_T: "version_num"},
    "attempt": {_K: "digest", _T: "place attempts closings since closed_until"},
    "audit_checkpoint": {_T: "size note"},
    "audit_commitments": {_T: "leaf hashes"},
    "audit_head": {_T: "id size stack root second"},
    "audit_intent": {_T: "uid created_at", _ACCESS: "draft"},
    "audit_leaf": {_T: "index uid hash", _ACCESS: "body second operation outcome purpose client"},
    "audit_node": {_T: "level index hash"},
    "audit_opening": {_P: "person_ref", _T: "leaf position keep", _ACCESS: "detail"},
    "audit_person_key": {_P: "person_ref", _T: _KEY},
    "audit_quarantine": {_T: "entry uid created_at found_at why", _ACCESS: "draft"},
    "audit_reason": {_T: "leaf", _ACCESS: "reason"},
    "budget_day": {_T: "client purpose day used"},
    "budget_use": {_P: "subject_id", _ACCESS: "client purpose day"},
    "client": {_T: "code secret_hash created_at revoked_at tokens_from"},
    "conflict": {_P: "subject_id conflict_id", _EVIDENCE: "kind about source claimed_at arrived_at"},
    "consent_event": {
        _P: "subject_id event_id evidence_id",
        _T: "sequence",
        _EVIDENCE: "purpose channel state effective_at recorded_at explicit expires_at method touchpoint source notice"
        " notice_version notice_language notice_sha256 parental_act parental_verification",
    },
    "data_key": {_P: "subject_id", _T: f"category version fingerprint {_KEY}"},
    "event": {
        _P: "subject_id event_id",
        _S: "sealed",
        _N: "kind field category origin touchpoint captured_by collected_for occurred_at collected_at retention"
        " delete_after",
        _T: "key_version",
    },
    "human_review": {
        _P: "subject_id request_id",
        _EVIDENCE: "purpose state opened_at begun_at seen explained decided_at outcome",
        _STAFF: "reviewer",
    },
    "index_key": {_T: f"kind version {_KEY}"},
    "journal_outbox": {_P: "entry_id subject_id", _EVIDENCE: "kind about at"},
    "key_epoch": {_T: f"state root_version created_at guard {_KEY}"},
    "letter_outbox": {_P: "subject_id letter_id", _S: "sealed", _T: "key_version queued_at due_at tries"},
    "lookup": {
        _P: "subject_id",
        _K: "digest suppression",
        _T: "kind index_version suppression_version normalisation",
    },
    "notice": {_T: "notice version language purposes content sha256 valid_from valid_to"},
    "notice_delivery": {_P: "subject_id", _EVIDENCE: "notice version delivered_at touchpoint"},
    "objection": {_P: "subject_id objection_id", _EVIDENCE: "direct_marketing purpose channel state since"},
    "permission": {
        _P: "subject_id",
        _EVIDENCE: "purpose channel state since explicit expires_at parental quoted",
    },
    "policy_activation": {_T: "number digest since"},
    "policy_proposal": {_T: "digest version document proposed_at"},
    "policy_step": {_T: "digest number step result previous fingerprint signature", _STAFF: "staff_id at reasons"},
    "policy_version": {_T: "digest version document activated_at"},
    "portal_code": {_P: "subject_id", _K: "digest", _T: "created_at expires_at attempts"},
    "portal_session": {_P: "subject_id", _K: "digest", _T: "expires_at"},
    "record": {
        _P: "subject_id record_id",
        _S: "sealed",
        _N: "field category origin touchpoint captured_by collected_for observed_at collected_at rectified_at retention"
        " delete_after model model_version stale_since",
        _T: "version key_version",
    },
    "registry_state": {_T: "id policy_digest clients_version keys_version journal_sequence"},
    "relationship": {_P: "subject_id", Category.TRANSACTIONAL: "kind source reference opened_at closed_at"},
    "request": {
        _P: "subject_id request_id",
        _EVIDENCE: "kind state touchpoint received_at due_on decided_at answered_at",
        _STAFF: "decided_by",
    },
    "restriction": {_P: "subject_id restriction_id", _EVIDENCE: "category field ground since lifted_at"},
    "service_key": {_T: "name root_version wrapped created_at"},
    "staff": {_STAFF: "staff_id login role password_hash created_at disabled_at"},
    "staff_recovery_code": {_STAFF: "staff_id digest"},
    "staff_second_factor": {_STAFF: "staff_id wrapped last_step enrolled_at"},
    "staff_session": {_STAFF: "staff_id digest expires_at opened_at seen_at"},
    "staff_signing_key": {_STAFF: "staff_id fingerprint public_key enrolled_at retired_at"},
    "subject": {
        _P: "subject_id",
        Category.MASTER: "kind language country majority_month created_at",
        _T: "status version",
    },
    "suppression": {_K: "digest", _T: "kind scope since key_version"},
}
COLUMNS: Mapping[tuple[str, str], Holds | Category] = {
    (table, column): holds
    for table, groups in _TABLES.items()
    for holds, columns in groups.items()
    for column in columns.split()
}

_LIVE = {
    "sqlite": """SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_xinfo(t.name) c
 WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\'""",
    # Not information_schema: that hides what the asking role may not read. What an extension brings is its own.
    "postgresql": """SELECT t.relname::text, c.attname::text FROM pg_class t JOIN pg_attribute c ON c.attrelid = t.oid
 WHERE t.relkind IN ('r', 'p', 'f', 'm') AND c.attnum > 0 AND NOT c.attisdropped
 AND t.relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = to_regclass('registry_state'))
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e')""",
}


async def check_columns(session: AsyncSession, engine: str) -> None:
    """Refuse a database with a column of which nobody said what it holds.

    Raises:
        NotReadyError: names the columns.
    """
    live = {(table, column) for table, column in await session.execute(text(_LIVE[engine]))}
    unknown = sorted(f"{table}.{column}" for table, column in live - COLUMNS.keys())
    if unknown:
        raise NotReadyError(
            f"nobody declared what these columns hold, so no data can be kept there (R-15.1-1): {', '.join(unknown)}"
        )


async def check_values(session: AsyncSession, policy: PolicyDocument) -> None:
    """Refuse a database with values of fields that the policy does not declare, or not in their category.

    Reads all rows once, without their values' keys: a second or two for each million.

    Raises:
        NotReadyError: names fields and categories, never a value.
    """
    declared = {(name, field.category.value) for name, field in policy.fields.items()}
    stored = {
        (field, category)
        for table in (RecordRow, EventRow)
        for field, category in await session.execute(select(col(table.field), col(table.category)).distinct())
    }
    unknown = sorted(f"{field} ({category})" for field, category in stored - declared)
    if unknown:
        raise NotReadyError(
            f"values are stored of fields that the policy in force does not declare so (R-15.1-1): {', '.join(unknown)}"
        )
