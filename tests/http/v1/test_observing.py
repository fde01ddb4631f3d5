"""A purpose in observe mode decides and records, and lets nothing out: no value, and no hint of the outcome.

Legal: GDPR Art. 5(1)(b), Art. 5(2), Art. 25(1).
"""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select

from api.titles import Titles
from api.words import Language
from registry.access_history import access_log
from registry.tables import BudgetUseRow
from tests.house import ANNA
from tests.http.v1.api import Api
from tests.http.v1.test_decisions import BUDGET, after, over, put_in_force
from tests.unit.policies.people import retailer

pytestmark = pytest.mark.gdpr("5(1)(b)")
PERMITTED, REFUSED = "observe:permit:email", "observe:deny:CONSENT_MISSING"


async def details(api: Api, subject: UUID, operation: str) -> list[tuple[str, list[str], str]]:
    """Outcome, reasons and the person's line of their newest entries of an operation."""
    parts = await api.house.registry.log.entries_of(subject, operation=operation)
    return [(one.entry.tree["out"], one.entry.tree["why"], one.detail) for one in parts]


async def taken(api: Api) -> int:
    async with api.house.registry.database.reading() as session:
        return int((await session.execute(select(func.count()).select_from(BudgetUseRow))).scalar_one())


def without_index(answer: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON
    return {name: value for name, value in answer.items() if name not in {"log_index", "instance"}}


async def questions(api: Api, subject: UUID, at: datetime | None) -> list[dict[str, Any]]:
    """The same about one person in every way there is; statuses and answers."""
    asked = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(subject)]}
    past = {"at": at.isoformat()} if at else {}
    answers = [
        await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email"),
        await api.post("mailer", "/v1/disclosures", asked),
        await api.post("mailer", "/v1/decisions", asked),
        await api.post("mailer", "/v1/decisions", {**asked, "channel": "email"}),
        await api.post("mailer", "/v1/decisions", {**asked, **past}),
    ]
    return [{"status": one.status_code, **without_index(one.json())} for one in answers]


async def test_whoever_asks_is_told_the_same_about_everybody_and_the_log_knows_better(api: Api) -> None:
    """Who agreed, who did not, and who does not exist: one answer, that of a purpose which is only planned."""
    house = api.house
    yes = await house.customer("A-1", newsletter=True)
    no = await house.customer("B-1", values={**ANNA, "email": "berta@example.com"})
    await put_in_force(house, {**over("observe"), **BUDGET})
    at = await after(house, await house.registry.database.now())
    await after(house, at)
    answers = [await questions(api, one, at) for one in (yes, no, uuid4())]
    assert answers[0] == answers[1] == answers[2]
    for one in answers[0]:
        assert (one["status"], [reason["code"] for reason in one["reasons"]]) == (403, ["PURPOSE_INACTIVE"])
    for subject, expected in ((yes, PERMITTED), (no, REFUSED)):
        assert await details(api, subject, "disclose") == [("deny", ["PURPOSE_INACTIVE"], expected)] * 2
        decided = await details(api, subject, "decide")
        told = [line.removesuffix(",contact:EMAIL") for *_, line in decided]
        assert [line for line in told if "CHANNEL" not in line] == [expected] * (3 if subject == yes else 2)
        assert len(decided) == 3
        assert await house.registry.log.recipients_of(subject) == []
        lines = [one for one in await access_log(house.registry, subject) if one.operation in {"disclose", "decide"}]
        assert {(one.outcome, one.fields) for one in lines} == {("deny", ())}
    assert await taken(api) == 0


async def test_a_look_up_finds_nobody_and_records_whom_it_would_have_found(api: Api) -> None:
    yes = await api.house.customer("A-1", newsletter=True)
    no = await api.house.customer("B-1", values=ANNA)
    await put_in_force(api.house, over("observe"))
    asked = {"purpose": "newsletter", "kind": "email"}
    by_id = {"purpose": "newsletter", "kind": "external_id", "value": "A-1", "source": "shop"}
    bodies = [{**asked, "value": value} for value in (ANNA["email"], "nobody@example.com", "no address")]
    answers = [await api.post("mailer", "/v1/subjects/lookup", body) for body in (*bodies, by_id)]
    assert {one.status_code for one in answers} == {403}
    assert len({str(without_index(one.json())) for one in answers}) == 1
    inactive = ["PURPOSE_INACTIVE"]
    assert await details(api, yes, "lookup") == [
        ("deny", inactive, "observe:deny:MINIMISED"),  # the shop's number is no business of the mailer's
        ("deny", inactive, PERMITTED),
    ]
    assert await details(api, no, "lookup") == [("deny", inactive, REFUSED)]


@pytest.mark.parametrize(
    ("state", "client"), [("observe", "service_desk"), ("inactive", "mailer"), ("retired", "mailer")]
)
async def test_only_the_purposes_own_clients_are_observed_and_a_planned_purpose_looks_at_nobody(
    api: Api, state: str, client: str
) -> None:
    subject = await api.house.customer(newsletter=True)
    body = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(subject)]}
    await put_in_force(api.house, over(state))
    assert (await api.post(client, "/v1/disclosures", body)).status_code == 403
    assert await details(api, subject, "disclose") == []


async def test_of_a_day_on_which_a_purpose_was_observed_nothing_is_told_later(api: Api) -> None:
    """Decided as of that day and recorded; what became of the purpose since changes nothing about it."""
    house = api.house
    subject = await house.customer(newsletter=True)
    await put_in_force(house, over("observe"))
    at = await after(house, await house.registry.database.now())
    await after(house, at)
    await put_in_force(house, over("retired"), "later")
    body = {"purpose": "newsletter", "fields": ["email"], "subject_ids": [str(subject)]}
    assert (await api.post("mailer", "/v1/decisions", {**body, "at": at.isoformat()})).status_code == 403
    assert await details(api, subject, "decide") == [("deny", ["PURPOSE_INACTIVE"], PERMITTED)]
    assert (await api.post("mailer", "/v1/decisions", body)).status_code == 403
    assert len(await details(api, subject, "decide")) == 1


def test_a_person_reads_in_words_that_an_access_was_only_tried_out() -> None:
    titles = Titles(retailer(), Language.EN)
    assert titles.detail(PERMITTED).startswith("only observed: ")
    assert titles.detail(PERMITTED).endswith(titles.field("email"))
