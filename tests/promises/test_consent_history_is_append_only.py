"""Promise 5: declarations are only added, the state is a fold over them, and no sync undoes anything."""

from datetime import timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from policies.vocabulary import Channel, FieldName, PurposeId
from registry import conflicts, consents, rights, subjects, withdrawals
from registry.conflicts import ConflictKind
from registry.consents import Declared, RefusedGrant
from registry.disclosure import Disclosed
from registry.records import GivenValue
from registry.rights import RequestKind, Wish
from registry.subjects import GivenSubject, Status
from registry.tables import PermissionRow
from tests.house import ANNA, SHOP, House, codes, yesterday


async def test_last_years_consent_does_not_undo_a_withdrawal(house: House) -> None:
    """C-129/21, R-7.3-5."""
    subject_id = await house.customer(newsletter=True)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"))
    late = await house.grant(subject_id, "newsletter", Channel.EMAIL, given_at=yesterday() - timedelta(days=365))
    assert late == RefusedGrant(ConflictKind.CONSENT_OLDER_THAN_WITHDRAWAL)
    assert codes(await house.read("mailer", "newsletter", ["email"], subject_id)) == ["CONSENT_WITHDRAWN"]
    (listed,) = await conflicts.conflicts(house.registry, subject_id)
    assert (listed.kind, listed.about) == (ConflictKind.CONSENT_OLDER_THAN_WITHDRAWAL, "newsletter")


async def test_an_undated_consent_does_not_undo_a_withdrawal(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"))
    assert isinstance(await house.grant(subject_id, "newsletter", Channel.EMAIL, undated=True), RefusedGrant)


async def test_a_consent_of_the_same_instant_loses_against_the_withdrawal(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    at = await house.registry.database.now()
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"), effective_at=at)
    assert isinstance(await house.grant(subject_id, "newsletter", Channel.EMAIL, given_at=at), RefusedGrant)


async def test_a_new_consent_after_the_withdrawal_counts(house: House) -> None:
    subject_id = await house.customer(newsletter=True)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("newsletter"))
    assert isinstance(await house.grant(subject_id, "newsletter", Channel.EMAIL), Declared)
    assert isinstance(await house.read("mailer", "newsletter", ["email"], subject_id), Disclosed)


async def test_a_past_instant_is_answered_as_it_was(house: House) -> None:
    """R-5.2-1, R-7.3-7."""
    subject_id = await house.customer(newsletter=True)
    before = await house.registry.database.now()
    await withdrawals.withdraw_consent(
        house.registry,
        SHOP,
        subject_id,
        PurposeId("newsletter"),
        effective_at=before + timedelta(seconds=2),
    )
    (then,) = await consents.consents_of(house.registry, subject_id, before)
    assert then.state == "ConsentGiven"


async def test_the_current_state_is_the_fold_over_the_events(house: House) -> None:
    subject_id = await house.customer(newsletter=True, profiling=True)
    await withdrawals.withdraw_consent(house.registry, SHOP, subject_id, PurposeId("recommendations"))
    async with house.registry.database.reading() as session:
        rows = (
            await session.execute(select(PermissionRow).where(col(PermissionRow.subject_id) == subject_id))
        ).scalars()
        projected = {(row.purpose, row.channel): (row.state, row.since) for row in rows}
    folded = {
        (one.purpose, one.channel): (one.state, one.since)
        for one in await consents.consents_of(house.registry, subject_id)
    }
    assert projected == folded


@pytest.mark.postgresql
@pytest.mark.parametrize("statement", ["UPDATE consent_event SET state = 'ConsentGiven'", "DELETE FROM consent_event"])
async def test_the_serving_role_cannot_change_what_was_declared(postgresql_house: House, statement: str) -> None:
    await postgresql_house.customer(newsletter=True)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with postgresql_house.registry.database.transaction() as session:
            await session.execute(text(statement))


@pytest.mark.postgresql
@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_leaf SET body = ''", "DELETE FROM audit_leaf", "DELETE FROM audit_opening", "DELETE FROM data_key"],
)
async def test_the_serving_role_cannot_change_the_log_or_destroy_keys(postgresql_house: House, statement: str) -> None:
    """R-AUD-9."""
    await postgresql_house.customer()
    with pytest.raises(DBAPIError, match="permission denied"):
        async with postgresql_house.registry.database.transaction() as session:
            await session.execute(text(statement))


async def test_a_sync_does_not_overwrite_a_rectified_value(house: House) -> None:
    """R-16-1."""
    subject_id = await house.customer()
    wish = Wish(values={FieldName("street"): "Richtigstraße 1"})
    received = await rights.receive_request(house.registry, SHOP, subject_id, RequestKind.RECTIFICATION, wish)
    await rights.decide_request(
        house.registry,
        await house.decider(),
        subject_id,
        received.request_id,
        accepted=True,
    )
    for observed_at in (yesterday(), None):
        old = {FieldName("street"): GivenValue(ANNA["street"], PurposeId("order_fulfilment"), observed_at=observed_at)}
        (outcome,) = await subjects.upsert(house.registry, SHOP, [GivenSubject("A-1", "shop", values=old)])
        assert [kept.field for kept in outcome.kept] == ["street"]
    read = await house.read("shop", "order_fulfilment", ["street"], subject_id)
    assert isinstance(read, Disclosed)
    assert read.values[FieldName("street")] == "Richtigstraße 1"


async def test_a_sync_does_not_bring_an_erased_person_back(house: House) -> None:
    """R-17-4."""
    subject_id = await house.customer()
    await house.erase(subject_id)
    for external_id, values in (("A-1", {}), ("B-2", {"email": ANNA["email"]})):
        given = {FieldName(name): GivenValue(value, PurposeId("order_fulfilment")) for name, value in values.items()}
        (outcome,) = await subjects.upsert(house.registry, SHOP, [GivenSubject(external_id, "shop", values=given)])
        assert outcome.status is Status.BLOCKED
    now = await house.registry.database.now()
    (again,) = await subjects.upsert(house.registry, SHOP, [GivenSubject("A-1", "shop", registered_at=now)])
    assert again.status is Status.CREATED
    assert again.subject_id != subject_id
