"""A whole registry for a test: real keys, real log, real database, with a few words to fill and question it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from api.compose import open_registry
from api.settings import Settings
from audit.event import Entry, EventTag, Outcome
from policies.facts import AccessRequest
from policies.vocabulary import (
    Channel,
    ClientCode,
    ConsentMethod,
    EventKind,
    FieldName,
    PurposeId,
    RelationshipKind,
    Touchpoint,
)
from registry import consents, notices, rights, staff, subjects
from registry.actors import Role, Staff
from registry.consents import Grant, QuotedNotice
from registry.context import Caller, Registry
from registry.disclosure import Disclosed, Refused, disclose
from registry.errors import UnknownStaffError
from registry.events import GivenEvent, add_events
from registry.migrations import async_url
from registry.records import GivenValue, Value
from registry.relationships import GivenRelationship

SERVING_ROLE = "registry_serving"
ERASER_ROLE = "registry_eraser"
ROLE_PASSWORD = "of-the-tests"

SHOP = Caller("shop")
MAILER = Caller("mailer")
IMPORTER = Caller("importer")
CONSOLE = Caller("console")

ANNA: Mapping[str, str] = {
    "first_name": "Annegret",
    "last_name": "Unverkennbar-Testmann",
    "email": "annegret.unverkennbar@example.com",
    "phone": "+493023125000",
    "street": "Einmaligstraße 7",
    "postcode": "10115",
    "city": "Berlin",
    "country": "DE",
}


def settings_for(database_url: str, home: Path, **others: object) -> Settings:
    """Settings of a test's own registry; on PostgreSQL with the two narrow roles and the one that owns the tables."""
    shared = _settings().model_copy(update={"home": home, **others})
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return shared.model_copy(update={"database_url": f"sqlite:///{url.database}"})
    as_role = {
        role: url.set(username=role, password=ROLE_PASSWORD).render_as_string(hide_password=False)
        for role in (SERVING_ROLE, ERASER_ROLE)
    }
    return shared.model_copy(
        update={
            "database_url": as_role[SERVING_ROLE],
            "eraser_database_url": as_role[ERASER_ROLE],
            "migration_database_url": url.render_as_string(hide_password=False),
        }
    )


@cache
def _settings() -> Settings:
    """What all tests' settings have in common; to gather it from the environment takes longer than to open a file."""
    return Settings(secure_cookies=False)


def open_house(settings: Settings) -> AbstractAsyncContextManager[Registry]:
    """Open the registry as the service does."""
    return open_registry(settings)


@dataclass(frozen=True, slots=True)
class House:
    """A registry with its settings."""

    registry: Registry
    settings: Settings
    owner_url: str

    async def as_owner(self, statement: str) -> None:
        """Change the database behind the registry's back, as its owner."""
        engine = create_async_engine(async_url(self.owner_url))
        try:
            async with engine.begin() as connection:
                await connection.execute(text(statement))
        finally:
            await engine.dispose()

    def some_entry(self) -> Entry:
        """An audit entry of no importance."""
        return Entry(EventTag.SUBJECT_UPDATE, Outcome.DONE, client="shop")

    async def staff(self, role: Role) -> Staff:
        """A member of staff with this role, made when first asked for."""
        login = f"{role.value}-of-the-house"
        try:
            return Staff((await staff.account_named(self.registry, login)).staff_id, role)
        except UnknownStaffError:
            return Staff(await self.account(login, role), role)

    async def account(self, login: str, role: Role, password: str = "x" * 12) -> UUID:
        """A staff account without a second factor, whoever is there already."""
        second = await self.second_person() if role in staff.GUARDED else None
        return await staff.create_staff(self.registry, login, role, password, confirmed_by=second)

    async def second_person(self) -> Staff | None:
        """Somebody whose word makes deciders, if there is one."""
        everybody = await staff.accounts(self.registry)
        return next((Staff(one.staff_id, one.role) for one in everybody if one.role is Role.DECIDER), None)

    async def decider(self) -> Caller:
        """A member of staff who decides for the controller."""
        return Caller("console", (await self.staff(Role.DECIDER)).staff_id, "decider")

    async def erase(self, subject_id: UUID) -> rights.RequestOverview:
        """A request for erasure, received and granted."""
        received = await rights.receive_request(
            self.registry,
            SHOP,
            subject_id,
            rights.RequestKind.ERASURE,
            rights.Wish(),
        )
        return await rights.decide_request(
            self.registry,
            await self.decider(),
            subject_id,
            received.request_id,
            accepted=True,
        )

    async def customer(
        self,
        external_id: str = "A-1",
        values: Mapping[str, Value] | None = None,
        *,
        ordered: bool = True,
        newsletter: bool = False,
        profiling: bool = False,
    ) -> UUID:
        """A customer of the shop, with an open order and consents as asked."""
        given = {
            FieldName(name): GivenValue(value, PurposeId("order_fulfilment"), observed_at=yesterday())
            for name, value in (ANNA if values is None else values).items()
        }
        relationships = (
            [GivenRelationship(RelationshipKind.CONTRACT, "order-1", "shop", yesterday())] if ordered else []
        )
        (outcome,) = await subjects.upsert(
            self.registry,
            SHOP,
            [
                subjects.GivenSubject(
                    external_id,
                    "shop",
                    registered_at=yesterday(),
                    values=given,
                    relationships=relationships,
                    notices=["privacy_notice"],
                ),
            ],
        )
        assert outcome.subject_id is not None
        if newsletter:
            await self.grant(outcome.subject_id, "newsletter", Channel.EMAIL)
        if profiling:
            await self.grant(outcome.subject_id, "recommendations", Channel.ANY, explicit=True)
        return outcome.subject_id

    async def grant(
        self,
        subject_id: UUID,
        purpose: str,
        channel: Channel,
        *,
        explicit: bool = False,
        given_at: datetime | None = None,
        undated: bool = False,
    ) -> consents.Declared | consents.RefusedGrant:
        """A consent on the text shown today."""
        grant = Grant(
            PurposeId(purpose),
            channel,
            ConsentMethod.CHECKBOX_TICKED,
            Touchpoint.WEB_FORM,
            None if undated else given_at or await self.registry.database.now(),
            await self.quote(purpose),
            explicit=explicit,
            evidence={"form": "checkout-4"},
        )
        return await consents.give_consent(self.registry, SHOP, subject_id, grant)

    async def quote(self, purpose: str) -> QuotedNotice:
        """The consent text of a purpose as published."""
        texts = [one for one in await notices.current(self.registry, purpose) if one.notice.endswith("_consent")]
        text = next(one for one in texts if one.language == "de")
        return QuotedNotice(text.notice, text.version, text.language, text.sha256)

    async def invoice(self, subject_id: UUID) -> None:
        """An invoice of last month."""
        event = GivenEvent(
            EventKind.INVOICE,
            yesterday(),
            PurposeId("accounting_duty"),
            {"number": "R-2026-0001", "amount": "49.90", "currency": "EUR"},
        )
        await add_events(self.registry, IMPORTER, subject_id, [event])

    async def read(self, client: str, purpose: str, fields: list[str], subject_id: UUID) -> Disclosed | Refused:
        """One purpose-checked read."""
        request = AccessRequest(ClientCode(client), PurposeId(purpose), tuple(FieldName(name) for name in fields))
        (outcome,) = await disclose(self.registry, Caller(client), request, [subject_id])
        return outcome


def yesterday() -> datetime:
    """A day ago, in whole milliseconds as both engines keep them."""
    return (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)


def codes(outcome: Disclosed | Refused) -> list[str]:
    """The codes of a refusal; none of a disclosure."""
    return [reason.code.value for reason in outcome.deny.reasons] if isinstance(outcome, Refused) else []
