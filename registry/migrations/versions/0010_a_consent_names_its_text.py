"""A consent's state says on which text it was declared; single channels keep what was said of them.

Until now a consent that named no channel was copied onto every channel somebody had spoken of, which made it name the
telephone again after a no to calls, and a box ticked beforehand took the place of a consent. Where either happened the
state is worked out anew from the declarations. Everywhere else the text is looked up.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from audit.columns import Id, Instant

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_VALID = ("ConsentGiven", "RenewedConsentGiven")
_NOTHING_DECLARED = ("ConsentUnknown", "ConsentRequested", "ConsentRequestDeferred", "ConsentInvalidated")
_EVENT = sa.table(
    "consent_event",
    sa.column("subject_id", Id()),
    sa.column("sequence", sa.Integer()),
    sa.column("purpose", sa.String()),
    sa.column("channel", sa.String()),
    sa.column("state", sa.String()),
    sa.column("effective_at", Instant()),
    sa.column("explicit", sa.Boolean()),
    sa.column("expires_at", Instant()),
    sa.column("notice", sa.String()),
    sa.column("notice_version", sa.String()),
    sa.column("parental_act", sa.String()),
)
_PERMISSION = sa.table(
    "permission",
    sa.column("subject_id", Id()),
    sa.column("purpose", sa.String()),
    sa.column("channel", sa.String()),
    sa.column("state", sa.String()),
    sa.column("since", Instant()),
    sa.column("explicit", sa.Boolean()),
    sa.column("expires_at", Instant()),
    sa.column("parental", sa.Boolean()),
    sa.column("quoted", sa.String()),
)


def upgrade() -> None:
    """Apply."""
    op.add_column("permission", sa.Column("quoted", sa.String(), nullable=False, server_default=""))
    connection = op.get_bind()
    for subject_id, purpose in _to_be_worked_out(connection):
        of_both = (_EVENT.c.subject_id == subject_id) & (_EVENT.c.purpose == purpose)
        events = connection.execute(sa.select(_EVENT).where(of_both)).mappings().all()
        states = _worked_out(events)
        connection.execute(
            sa.delete(_PERMISSION).where(_PERMISSION.c.subject_id == subject_id, _PERMISSION.c.purpose == purpose)
        )
        if states:
            connection.execute(sa.insert(_PERMISSION), states)
    op.execute(
        "UPDATE permission SET quoted = coalesce((SELECT CASE WHEN e.notice = '' THEN '' ELSE"
        " e.notice || '/' || e.notice_version END FROM consent_event e WHERE e.subject_id = permission.subject_id"
        " AND e.purpose = permission.purpose AND e.state = permission.state AND e.effective_at = permission.since"
        " AND e.channel IN (permission.channel, 'any') ORDER BY e.sequence DESC LIMIT 1), '') WHERE quoted = ''"
    )


def downgrade() -> None:
    """Take back: the texts stay with the declarations."""
    op.drop_column("permission", "quoted")


def _to_be_worked_out(connection: sa.Connection) -> Sequence[tuple[Any, str]]:
    said = sa.exists().where(
        _EVENT.c.subject_id == _PERMISSION.c.subject_id,
        _EVENT.c.purpose == _PERMISSION.c.purpose,
        _EVENT.c.channel == _PERMISSION.c.channel,
        _EVENT.c.state == _PERMISSION.c.state,
        _EVENT.c.effective_at == _PERMISSION.c.since,
    )
    copied = sa.and_(_PERMISSION.c.state.in_(_VALID), ~said)
    statement = sa.select(_PERMISSION.c.subject_id, _PERMISSION.c.purpose).distinct()
    rows = connection.execute(statement.where(sa.or_(copied, _PERMISSION.c.state == "ConsentInvalidated")))
    return [(row[0], row[1]) for row in rows]


def _worked_out(events: Sequence[sa.RowMapping]) -> list[dict[str, Any]]:
    """The state per channel of one person and purpose, as declarations make it from this revision on."""
    state: dict[str, dict[str, Any]] = {}
    for one in sorted(events, key=lambda one: (one["effective_at"], one["state"] not in _VALID, one["sequence"])):
        ends_all = one["channel"] == "any" and one["state"] not in _VALID
        for channel in dict.fromkeys([one["channel"], *(state if ends_all else ())]):
            known = state.get(channel)
            if one["state"] in _NOTHING_DECLARED and known and known["state"] not in _NOTHING_DECLARED:
                continue
            state[channel] = {
                "subject_id": one["subject_id"],
                "purpose": one["purpose"],
                "channel": channel,
                "state": one["state"],
                "since": one["effective_at"],
                "explicit": one["explicit"],
                "expires_at": one["expires_at"],
                "parental": bool(one["parental_act"]),
                "quoted": f"{one['notice']}/{one['notice_version']}" if one["notice"] else "",
            }
    return list(state.values())
