"""A town of random people in a real database: most of what is on file about each is in order, some of it is not."""

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlmodel import SQLModel

from policies.vocabulary import (
    Channel,
    ConsentState,
    ObjectionState,
    Origin,
    RelationshipKind,
    SubjectKind,
    SubjectStatus,
    Touchpoint,
)
from registry.tables import (
    EventRow,
    HumanReviewRow,
    NoticeDeliveryRow,
    NoticeRow,
    ObjectionRow,
    PermissionRow,
    RecordRow,
    RelationshipRow,
    RestrictionRow,
    SubjectRow,
)
from tests.unit.policies.people import NEWSLETTER, ORDERS, POSTAL, RECOMMENDATIONS, TEXT, retailer

PURPOSES = [NEWSLETTER, RECOMMENDATIONS, POSTAL, ORDERS]
NOTICES = ["privacy_notice", "newsletter_consent", "recommendations_consent"]
FIELDS = ["email", "phone", "street", "income", "survey_answers", "purchases", "visits", "purchase_affinity"]
_CHUNK = 500

Rows = dict[type[SQLModel], list[dict[str, Any]]]


def notices(now: datetime) -> list[dict[str, Any]]:
    """Two versions of each notice; the older names fewer purposes, and one has languages that disagree."""
    ago = now - timedelta(days=900)
    rows = []
    for notice in NOTICES:
        for version, language, names in [
            ("old", "de", f"{ORDERS} {NEWSLETTER}_extra"),
            ("new", "de", " ".join(PURPOSES)),
            ("new", "en", " ".join(PURPOSES)),
            ("odd", "de", " ".join(PURPOSES)),
            ("odd", "en", ORDERS),
        ]:
            rows.append(
                {
                    "notice": notice,
                    "version": version,
                    "language": language,
                    "purposes": names,
                    "content": "",
                    "sha256": "",
                    "valid_from": ago,
                    "valid_to": None,
                },
            )
    return rows


class Town:
    """People made from one seed; instants fall on and around `now` (aware, UTC, whole milliseconds)."""

    def __init__(self, seed: int, now: datetime) -> None:
        self.chance = random.Random(seed)
        self.now = now
        self.ids: list[UUID] = []

    async def settle(self, engine: AsyncEngine, count: int) -> None:
        """Write so many people, as the owner of the tables."""
        async with engine.begin() as connection:
            await connection.execute(insert(_table(NoticeRow)), notices(self.now))
            for start in range(0, count, _CHUNK):
                rows: Rows = {}
                for _ in range(min(_CHUNK, count - start)):
                    for table, row in self._person():
                        rows.setdefault(table, []).append(row)
                for table, chunk in rows.items():
                    await connection.execute(insert(_table(table)), chunk)

    def instant(self) -> datetime:
        """Mostly long ago, often at the very edge."""
        days = self.chance.choice([0, 0, 1, 2, 5, 30, 200, 400, 729, 730, 731, 800])
        edge = self.chance.choice([0, 0, 0, 1, -1])
        return self.now - timedelta(days=days, milliseconds=edge)

    def rarely(self) -> bool:
        return self.chance.random() < 0.12

    def _person(self) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
        chance = self.chance
        id_ = UUID(int=chance.getrandbits(128), version=4)
        self.ids.append(id_)
        status = chance.choice(list(SubjectStatus)) if self.rarely() else SubjectStatus.ACTIVE
        month = self.now.date().replace(day=1)
        ages = [
            None,
            date(2001, 5, 1),
            month,
            _later(month, 1),
            _later(month, 24),
            _later(month, 25),
            _later(month, -1),
        ]
        yield (
            SubjectRow,
            {
                "subject_id": id_,
                "kind": chance.choice([*SubjectKind, SubjectKind.PERSON, SubjectKind.PERSON]).value,
                "language": "de",
                "country": "DE",
                "status": status.value,
                "majority_month": chance.choice([*ages, *[date(2001, 5, 1)] * 12]),
                "created_at": self.now - timedelta(days=900),
                "version": 1,
            },
        )
        yield from self._declared(id_)
        yield from self._grounds(id_)
        yield from self._values(id_)

    def _declared(self, id_: UUID) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
        chance = self.chance
        for purpose in PURPOSES:
            for channel in Channel:
                if chance.random() < (0.7 if channel in {Channel.ANY, Channel.EMAIL} else 0.25):
                    good = chance.random() < 0.75
                    state = ConsentState.GIVEN if good else chance.choice(list(ConsentState))
                    yield (
                        PermissionRow,
                        {
                            "subject_id": id_,
                            "purpose": purpose,
                            "channel": channel.value,
                            "state": state.value,
                            "since": self.instant(),
                            "explicit": chance.random() < 0.85,
                            "parental": chance.random() < 0.3,
                            "quoted": chance.choice(["", TEXT, TEXT, "other_text/1"]),
                            "expires_at": self.instant() if self.rarely() else None,
                        },
                    )
        for _ in range(chance.choice([0, 0, 0, 0, 1, 2])):
            yield (
                ObjectionRow,
                {
                    "subject_id": id_,
                    "objection_id": UUID(int=chance.getrandbits(128), version=4),
                    "direct_marketing": chance.random() < 0.5,
                    "purpose": chance.choice([None, *PURPOSES]),
                    "channel": chance.choice(list(Channel)).value,
                    "state": chance.choice(list(ObjectionState)).value,
                    "since": self.instant(),
                },
            )
        for _ in range(chance.choice([0, 0, 0, 0, 1])):
            yield (
                RestrictionRow,
                {
                    "subject_id": id_,
                    "restriction_id": UUID(int=chance.getrandbits(128), version=4),
                    "category": chance.choice([None, "master", "transactional", "score", "behavioural"]),
                    "field": chance.choice([None, None, *FIELDS]),
                    "ground": "accuracy",
                    "since": self.instant(),
                    "lifted_at": self.instant() if self.rarely() else None,
                },
            )

    def _grounds(self, id_: UUID) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
        chance = self.chance
        for kind in RelationshipKind:
            if chance.random() < (0.8 if kind is RelationshipKind.CONTRACT else 0.2):
                yield (
                    RelationshipRow,
                    {
                        "subject_id": id_,
                        "kind": kind.value,
                        "source": "shop",
                        "reference": "1",
                        "opened_at": self.instant(),
                        "closed_at": self.instant() if chance.random() < 0.25 else None,
                    },
                )
        if self.rarely():
            done = chance.random() < 0.5
            yield (
                HumanReviewRow,
                {
                    "subject_id": id_,
                    "request_id": UUID(int=chance.getrandbits(128), version=4),
                    "purpose": chance.choice(PURPOSES),
                    "state": "decided" if done else "open",
                    "opened_at": self.instant(),
                    "seen": "",
                    "explained": "",
                    "decided_at": self.instant() if done else None,
                    "outcome": "",
                },
            )
        for notice in NOTICES:
            if chance.random() < 0.85:
                yield (
                    NoticeDeliveryRow,
                    {
                        "subject_id": id_,
                        "notice": notice,
                        "version": chance.choice(["new", "new", "new", "old", "odd"]),
                        "delivered_at": self.instant(),
                        "touchpoint": Touchpoint.ONLINE_SHOP.value,
                    },
                )

    def _values(self, id_: UUID) -> Iterator[tuple[type[SQLModel], dict[str, Any]]]:
        chance = self.chance
        for name in FIELDS:
            declared = retailer().fields[name]
            if chance.random() < 0.25:
                continue
            row = {
                "subject_id": id_,
                "field": name,
                "category": "evidence" if chance.random() < 0.03 else declared.category.value,
                "key_version": 1,
                "sealed": b"",
                "origin": chance.choice([*Origin, Origin.PROVIDED, Origin.PROVIDED, Origin.PROVIDED]).value,
                "touchpoint": chance.choice([Touchpoint.ONLINE_SHOP, Touchpoint.STORE, *Touchpoint]).value,
                "captured_by": "shop",
                "collected_for": chance.choice([ORDERS, ORDERS, ORDERS, *PURPOSES, "customer_care", "of_old"]),
                "collected_at": self.instant(),
                "retention": declared.retention,
                "delete_after": (self.now + timedelta(days=chance.choice([-2, -1, 0, 1]))).date()
                if self.rarely()
                else None,
            }
            own_id = UUID(int=chance.getrandbits(128), version=4)
            if declared.event:
                more: dict[str, Any] = {"event_id": own_id, "kind": declared.event.value, "occurred_at": self.instant()}
                yield EventRow, {**row, **more}
            else:
                more = {"record_id": own_id, "version": 1, "observed_at": self.instant(), "rectified_at": None}
                more["stale_since"] = self.instant() if declared.scored and self.rarely() else None
                yield RecordRow, {**row, **more}


def _later(month: date, by: int) -> date:
    year, number = divmod(month.year * 12 + month.month - 1 + by, 12)
    return date(year, number + 1, 1)


def _table(row: type[SQLModel]) -> Table:
    table: Table = row.__table__  # type: ignore[attr-defined]  # SQLModel sets it on tables
    return table


NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
