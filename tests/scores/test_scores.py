"""Estimates in a real registry: written by registered models, spoiled by corrections, and fresh only when made anew."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from policies.vocabulary import FieldName, Origin, PurposeId
from registry import rights, subjects
from registry.context import Caller
from registry.disclosure import Disclosed
from registry.errors import UnregisteredModelError
from registry.export import access_package
from registry.records import GivenValue, Value
from registry.scores import NO_MODEL, ModelRef
from registry.subjects import Upserted
from tests.house import IMPORTER, SHOP, House, codes, yesterday

AFFINITY = ModelRef("affinity", "1")
SALES = Caller("sales")
BUREAU = ModelRef("bureau_score", "2026-1")
SCORE = "purchase_affinity"


def estimate(
    value: Value, model: ModelRef = AFFINITY, at: datetime | None = None, purpose: str = "recommendations"
) -> GivenValue:
    return GivenValue(value, PurposeId(purpose), Origin.INFERRED, observed_at=at, model=model)


async def write(
    house: House, caller: Caller, values: Mapping[str, GivenValue], external_id: str = "A-1"
) -> tuple[Upserted, ...]:
    given = {FieldName(name): value for name, value in values.items()}
    return tuple(
        await subjects.upsert(house.registry, caller, [subjects.GivenSubject(external_id, "shop", values=given)])
    )


async def scored(house: House, subject_id: UUID) -> object:
    """The estimate as the recommender gets it, or the codes of the refusal."""
    outcome = await house.read("recommender", "recommendations", [SCORE], subject_id)
    return outcome.values[FieldName(SCORE)] if isinstance(outcome, Disclosed) else codes(outcome)


async def bureau(house: House, subject_id: UUID) -> tuple[object, object]:
    """The bureau's score as the person sees it: since when it is stale, and by which model."""
    package = await access_package(house.registry, Caller("portal"), subject_id)
    (shown,) = (one for one in package["values"] if one["field"] == "credit_score")
    return shown["stale_since"] is not None, shown["model"]


@pytest.mark.sqlite
@pytest.mark.gdpr("22(1)")
async def test_an_unregistered_model_writes_nothing(sqlite_house: House) -> None:
    """R-22-1: no model, another version, unheard of, another's, for another purpose, or for what is no estimate."""
    house = sqlite_house
    subject_id = await house.customer(profiling=True)
    income = GivenValue("2500_3499", PurposeId("recommendations"))
    refused: list[tuple[Caller, dict[str, GivenValue]]] = [
        (SHOP, {"income": income, SCORE: estimate("0.7", model)})
        for model in (NO_MODEL, ModelRef("affinity", "2"), ModelRef("unheard_of", "1"), BUREAU)
    ]
    refused.append((Caller("console"), {SCORE: estimate("0.7", purpose="data_subject_request")}))
    refused.append((SHOP, {"income": replace(income, model=AFFINITY)}))
    for caller, values in refused:
        with pytest.raises(UnregisteredModelError):
            await write(house, caller, values)
    outcome = await house.read("recommender", "recommendations", ["income"], subject_id)
    assert isinstance(outcome, Disclosed)
    assert outcome.values == {"income": None}


@pytest.mark.sqlite
async def test_a_stale_estimate_can_be_cleared_whenever(sqlite_house: House) -> None:
    """R-22-5: what is wrong may always go."""
    subject_id = await sqlite_house.customer(profiling=True)
    await write(sqlite_house, SHOP, {SCORE: estimate("0.7", at=yesterday())})
    await sqlite_house.as_owner("UPDATE record SET stale_since = observed_at WHERE field = 'purchase_affinity'")
    (late,) = await write(sqlite_house, SHOP, {SCORE: estimate("0.8")})
    assert [one.field for one in late.kept] == [SCORE], "undated"
    (cleared,) = await write(sqlite_house, SHOP, {SCORE: GivenValue(None, PurposeId("recommendations"))})
    assert cleared.kept == ()
    assert await scored(sqlite_house, subject_id) is None


@pytest.mark.gdpr("5(1)(d)", "16")
async def test_a_corrected_input_makes_the_estimate_stale_until_it_is_made_anew(house: House) -> None:
    """R-22-5: on both engines, from the correction to the next estimate; R-22-1: the person sees how it came about."""
    registry = house.registry
    subject_id = await house.customer(profiling=True)
    before = await registry.database.now()
    await write(house, SALES, {"credit_score": estimate("0.91", BUREAU, before, "credit_check")})
    stale, model = await bureau(house, subject_id)
    assert not stale
    assert isinstance(model, dict)
    assert (model["model"], model["version"], model["effect"]) == ("bureau_score", "2026-1", "significant")
    assert "statistical method" in model["method"]["en"]

    wish = rights.Wish({FieldName("street"): "Richtigweg 1"})
    received = await rights.receive_request(registry, SHOP, subject_id, rights.RequestKind.RECTIFICATION, wish)
    await rights.decide_request(registry, await house.decider(), subject_id, received.request_id, accepted=True)
    assert (await bureau(house, subject_id))[0]

    for at in (before, None):
        (late,) = await write(house, SALES, {"credit_score": estimate("0.92", BUREAU, at, "credit_check")})
        assert [one.field for one in late.kept] == ["credit_score"], "worked out before the correction"
    assert (await bureau(house, subject_id))[0]

    after = await registry.database.now() + timedelta(milliseconds=1)
    (anew,) = await write(house, SALES, {"credit_score": estimate("0.4", BUREAU, after, "credit_check")})
    assert anew.kept == ()
    assert not (await bureau(house, subject_id))[0]


@pytest.mark.gdpr("5(1)(d)")
async def test_an_erased_input_closes_the_estimate_to_everybody_but_the_person(house: House) -> None:
    """R-22-5: read on both engines; the same call may bring the estimate made without the input."""
    subject_id = await house.customer(profiling=True)
    at = yesterday()
    await write(house, SHOP, {SCORE: estimate("0.7", at=at)})
    assert await scored(house, subject_id) == "0.7"
    await house.as_owner("UPDATE record SET stale_since = observed_at WHERE field = 'purchase_affinity'")
    assert await scored(house, subject_id) == ["SCORE_STALE"]
    await write(house, SHOP, {SCORE: estimate("0.8", at=at + timedelta(hours=1))})
    assert await scored(house, subject_id) == "0.8"

    await write(house, SALES, {"credit_score": estimate("0.91", BUREAU, at, "credit_check")})
    cleared = GivenValue(None, PurposeId("order_fulfilment"), observed_at=await house.registry.database.now())
    await write(house, IMPORTER, {"city": cleared})
    assert (await bureau(house, subject_id))[0]
    assert await scored(house, subject_id) == "0.8", "made of something else"


@pytest.mark.sqlite
async def test_a_call_that_clears_an_input_may_bring_the_estimate_made_without_it(sqlite_house: House) -> None:
    """R-22-5: whatever the order in which the call names them."""
    subject_id = await sqlite_house.customer()
    await sqlite_house.as_owner("UPDATE record SET collected_for = 'credit_check' WHERE field = 'city'")
    values = {
        "credit_score": estimate("0.5", BUREAU, await sqlite_house.registry.database.now(), "credit_check"),
        "city": GivenValue(None, PurposeId("credit_check")),
    }
    await write(sqlite_house, SALES, values)
    assert not (await bureau(sqlite_house, subject_id))[0]
