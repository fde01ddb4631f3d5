"""Consent over the wire: given with the text that was shown, withdrawn without a reason, never revived by a sync."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from audit.log import Filters
from registry.disclosure import case_check
from tests.house import yesterday
from tests.http.v1.api import Api
from tests.http.v1.test_decisions import BUDGET, CASES, put_in_force


async def grant(api: Api, subject: UUID, **changes: object) -> dict[str, Any]:
    """A newsletter consent on today's text."""
    quote = await api.house.quote("newsletter")
    body = {
        "action": "grant",
        "subject_id": str(subject),
        "purpose": "newsletter",
        "channel": "email",
        "method": "doi_confirm",
        "given_at": datetime.now(UTC).isoformat(),
        "notice": quote.notice,
        "version": quote.version,
        "language": quote.language,
        "sha256": quote.sha256,
        "evidence": {"form": "checkout-4"},
    }
    return {name: value for name, value in {**body, **changes}.items() if value is not None}


async def may_mail(api: Api, subject: UUID) -> bool:
    response = await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    return response.status_code == 200


@pytest.mark.gdpr("7(1)")
async def test_a_consent_opens_and_a_withdrawal_closes(api: Api) -> None:
    subject = await api.house.customer()
    assert not await may_mail(api, subject)
    given = await api.post("shop", "/v1/consents", await grant(api, subject))
    assert given.status_code == 201
    assert given.json()["state"] == "ConsentGiven"
    assert await may_mail(api, subject)
    withdrawn = await api.post("mailer", "/v1/consents", {"action": "withdraw", "subject_id": str(subject)})
    assert withdrawn.json() == {"state": "ConsentWithdrawn", "purposes": ["newsletter"]}
    assert not await may_mail(api, subject)


@pytest.mark.gdpr("7(3)")
async def test_an_old_sync_never_revives_a_withdrawn_consent(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await api.post("shop", "/v1/consents", {"action": "withdraw", "subject_id": str(subject), "purpose": "newsletter"})
    for given_at in (yesterday().isoformat(), None):
        late = await grant(api, subject, given_at=given_at)
        response = await api.post("crm_sync", "/v1/consents", late)
        assert response.status_code == 409
        assert response.json()["type"] == "/problems/consent-conflict"
    assert not await may_mail(api, subject)
    row = {
        "external_id": "A-1",
        "source": "shop",
        "consents": [
            {
                name: value
                for name, value in (await grant(api, subject, given_at=yesterday().isoformat())).items()
                if name not in {"action", "subject_id"}
            },
        ],
    }
    synced = await api.patch("crm_sync", "/v1/subjects", row)
    assert synced.json()["refused_consents"] == ["newsletter"]
    assert not await may_mail(api, subject)
    conflicts = (await api.get("crm_sync", "/v1/conflicts")).json()["conflicts"]
    assert [conflict["kind"] for conflict in conflicts] == ["consent_older_than_withdrawal"] * 3
    assert (await api.log("consent-conflict"))[0]["out"] == "deny"


async def test_a_consent_without_the_shown_text_proves_nothing(api: Api) -> None:
    subject = await api.house.customer()
    unproven = await grant(api, subject, version=None, language=None, sha256=None)
    response = await api.post("shop", "/v1/consents", unproven)
    assert response.json()["state"] == "ConsentUnknown"
    preticked = await api.post("shop", "/v1/consents", await grant(api, subject, method="preticked"))
    assert preticked.json()["state"] == "ConsentInvalidated"
    assert not await may_mail(api, subject)


async def test_a_consent_that_cannot_be_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    for changes, status, slug in (
        ({"sha256": "0" * 64}, 422, "unknown-notice"),
        ({"version": "1999"}, 422, "unknown-notice"),
        ({"channel": "phone"}, 422, "invalid-consent"),
        ({"given_at": "2190-01-01T00:00:00Z"}, 422, "invalid-consent"),
        ({"purpose": "order_fulfilment"}, 422, "invalid-consent"),
        ({"purpose": "postal_advertising"}, 403, "forbidden"),
        ({"purpose": "world_domination"}, 403, "forbidden"),
        ({"subject_id": str(uuid4())}, 404, "unknown-subject"),
        ({"version": None}, 422, "invalid-request"),
        ({"explicit": "yes"}, 422, "invalid-request"),
        ({"action": "forget"}, 422, "invalid-request"),
        ({"evidence": {"e-mail": "erika@example.com"}}, 422, "invalid-request"),
        ({"method": "telepathy"}, 422, "invalid-request"),
    ):
        response = await api.post("shop", "/v1/consents", await grant(api, subject, **changes))
        assert (response.status_code, response.json()["type"]) == (status, f"/problems/{slug}"), changes
    refusals = await api.log("consent-give")
    assert [entry["why"] for entry in refusals] == [["NO_SUBJECT"], ["UNAUTHORISED"], ["UNAUTHORISED"]]


async def test_a_withdrawal_that_cannot_be_is_refused(api: Api) -> None:
    subject = await api.house.customer()
    for changes, status in (
        ({"subject_id": str(uuid4())}, 404),
        ({"purpose": "world_domination"}, 422),
        ({"effective_at": "2190-01-01T00:00:00Z"}, 422),
        ({"reason": "too many mails"}, 422),
    ):
        body = {"action": "withdraw", "subject_id": str(subject), "purpose": "newsletter", **changes}
        assert (await api.post("shop", "/v1/consents", body)).status_code == status, changes


@pytest.mark.gdpr("5(2)")
async def test_the_state_of_consent_is_told_as_of_any_day_for_one_purpose_of_ones_own(api: Api) -> None:
    """R-5.1b-1: exactly one purpose, and the entry names it."""
    subject = await api.house.customer(newsletter=True, profiling=True)
    path = f"/v1/subjects/{subject}/consents"
    now = await api.get("mailer", path, purpose="newsletter")
    assert [(one["purpose"], one["state"]) for one in now.json()["consents"]] == [("newsletter", "ConsentGiven")]
    (entry,) = await api.log("consent-read")
    assert (entry["cli"], entry["out"], entry["pur"], entry["n"]) == ("mailer", "permit", "newsletter", 1)
    other = await api.get("shop", path, purpose="recommendations")
    assert [one["purpose"] for one in other.json()["consents"]] == ["recommendations"]
    ago = (datetime.now(UTC) - timedelta(days=2)).isoformat()
    before = await api.get("shop", path, purpose="newsletter", as_of=ago)
    assert before.json()["consents"] == []
    for purpose, code in [("newsletter", "UNAUTHORISED"), ("world_domination", "UNKNOWN_PURPOSE")]:
        refused = await api.get("accounting", path, purpose=purpose)
        assert (refused.status_code, [one["code"] for one in refused.json()["reasons"]]) == (403, [code])
    assert (await api.get("mailer", path)).status_code == 422


@pytest.mark.gdpr("32")
async def test_the_state_of_consent_takes_a_place_in_the_number_of_today(api: Api) -> None:
    """Whether somebody consented is told of no more people than anything else, withdrawn or not."""
    people = [await api.house.customer(f"A-{number}", newsletter=number < 2) for number in range(3)]
    await put_in_force(api.house, BUDGET)
    asked = [await api.get("mailer", f"/v1/subjects/{one}/consents", purpose="newsletter") for one in people[::-1]]
    assert [response.status_code for response in asked] == [200, 200, 403]
    assert [reason["code"] for reason in asked[2].json()["reasons"]] == ["QUOTA"]
    assert [entry.get("why", []) for entry in await api.log("consent-read")] == [["QUOTA"], [], []]
    again = await api.get("mailer", f"/v1/subjects/{people[2]}/consents", purpose="newsletter")
    assert again.json()["consents"] == []
    read = await api.get("mailer", f"/v1/subjects/{people[0]}", purpose="newsletter", fields="email")
    assert [reason["code"] for reason in read.json()["reasons"]] == ["QUOTA"]


async def test_the_state_of_consent_is_told_for_a_case_where_one_is_asked_for(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await put_in_force(api.house, CASES)
    path = f"/v1/subjects/{subject}/consents"
    refused = await api.get("mailer", path, purpose="newsletter")
    assert [reason["code"] for reason in refused.json()["reasons"]] == ["CASE_REFERENCE_MISSING"]
    assert (await api.get("mailer", path, purpose="newsletter", case_reference="K-2026-17")).status_code == 200
    log = api.house.registry.log
    (entry,) = await log.search(Filters(operation="consent-read"), 1)
    (opening,) = await log.persons_of(entry.index)
    assert opening.detail == f"newsletter,case:{case_check('K-2026-17')}"


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("client", "sent", "named"),
    [
        ("accounting", {"purpose": "recommendations", "effective_at": "1901-02-03T00:00:00Z"}, ["recommendations"]),
        ("mailer", {"purpose": "newsletter", "effective_at": "1901-02-03T00:00:00Z"}, ["newsletter"]),
        ("accounting", {"effective_at": "1901-02-03T00:00:00Z"}, []),
        ("shop", {}, ["newsletter", "recommendations"]),
    ],
)
async def test_passing_a_withdrawal_on_tells_nothing_of_what_was_there(
    client: str, sent: dict[str, str], named: list[str], api: Api
) -> None:
    """Anybody may pass a withdrawal on: so its answer must be no way to ask about consents."""
    for subject in (
        await api.house.customer("A-1", newsletter=True, profiling=True),
        await api.house.customer("A-2", newsletter=True),
        await api.house.customer("A-3"),
    ):
        answer = await api.post(client, "/v1/consents", {"action": "withdraw", "subject_id": str(subject), **sent})
        assert answer.json() == {"state": "ConsentWithdrawn", "purposes": named}


@pytest.mark.gdpr("17")
async def test_the_consents_of_somebody_erased_are_those_of_nobody(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    await api.house.erase(subject)
    erased = await api.get("shop", f"/v1/subjects/{subject}/consents", purpose="newsletter")
    never = await api.get("shop", f"/v1/subjects/{uuid4()}/consents", purpose="newsletter")
    assert erased.status_code == never.status_code == 404
    assert erased.json()["type"] == never.json()["type"] == "/problems/unknown-subject"
    assert [entry["why"] for entry in await api.log("consent-read")] == [["NO_SUBJECT"], ["NO_SUBJECT"]]


async def test_a_form_finds_the_text_it_must_show(api: Api) -> None:
    response = await api.get("shop", "/v1/notices/current", purpose="newsletter", language="de")
    texts = response.json()["notices"]
    quote = await api.house.quote("newsletter")
    assert quote.sha256 in {text["sha256"] for text in texts}
    assert {text["language"] for text in texts} == {"de"}
    for query in ({"purpose": "world_domination"}, {"purpose": "newsletter", "language": "fr"}):
        missing = await api.get("shop", "/v1/notices/current", **query)
        assert (missing.status_code, missing.json()["type"]) == (404, "/problems/not-found")


async def test_a_client_learns_its_purposes_in_words(api: Api) -> None:
    response = await api.get("shop", "/v1/purposes")
    purposes = {purpose["id"]: purpose for purpose in response.json()["purposes"]}
    assert set(purposes) == {"order_fulfilment", "newsletter", "recommendations"}
    assert purposes["order_fulfilment"]["collects"] == ["birth_date"]
    assert purposes["newsletter"]["title"]["en"] == "Send the e-mail newsletter"
    assert purposes["newsletter"]["notice"] == "newsletter_consent"


@pytest.mark.gdpr("7(1)")
async def test_only_the_purposes_own_text_makes_a_consent(api: Api) -> None:
    """R-7.1-1, R-7.2-1: who read the privacy notice has not agreed to anything, although it speaks of the purpose."""
    subject = await api.house.customer()
    texts = (await api.get("mailer", "/v1/notices/current", purpose="newsletter")).json()["notices"]
    (told,) = [one for one in texts if (one["notice"], one["language"]) == ("privacy_notice", "de")]
    quoted = {name: told[name] for name in ("notice", "version", "language", "sha256")}
    refused = await api.post("mailer", "/v1/consents", await grant(api, subject, **quoted))
    assert (refused.status_code, refused.json()["type"].rpartition("/")[2]) == (422, "unknown-notice")
    assert not await may_mail(api, subject)


@pytest.mark.parametrize(
    ("method", "state"),
    [("doi_confirm", "ConsentInvalidated"), ("spoken_recorded", "ConsentGiven"), ("preticked", "ConsentInvalidated")],
)
async def test_a_link_in_an_email_names_no_telephone(api: Api, method: str, state: str) -> None:
    """R-DE-DOI-5: nor where the consent names no channel and the purpose has this one alone."""
    for channel in ("phone", "any"):
        subject = await api.house.customer()
        quote = await api.house.quote("telephone_advertising")
        body = await grant(api, subject, purpose="telephone_advertising", channel=channel, method=method, explicit=True)
        body |= {"notice": quote.notice, "version": quote.version, "sha256": quote.sha256}
        given = await api.post("marketing", "/v1/consents", body)
        assert (given.status_code, given.json()["state"]) == (201, state)
        asked = {"purpose": "telephone_advertising", "channel": "phone", "fields": ["phone"]}
        (item,) = (await api.post("marketing", "/v1/decisions", {**asked, "subject_ids": [str(subject)]})).json()[
            "items"
        ]
        assert item["permitted"] is (state == "ConsentGiven")


@pytest.mark.gdpr("7(2)")
async def test_a_box_that_a_sync_ticks_ends_no_consent(api: Api) -> None:
    """R-7.2-1: what binds nobody changes nothing."""
    subject = await api.house.customer(newsletter=True)
    for channel in ("email", "any"):
        void = await api.post("mailer", "/v1/consents", await grant(api, subject, method="preticked", channel=channel))
        assert void.json()["state"] == "ConsentInvalidated"
        assert await may_mail(api, subject)


@pytest.mark.gdpr("21")
@pytest.mark.parametrize(
    ("objection", "taken"),
    [
        ({"purpose": "postal_advertising", "channel": "post"}, True),
        ({"purpose": "newsletter", "channel": "email"}, False),
        ({"channel": "sms"}, True),
        ({"channel": "email"}, False),
        ({}, False),
    ],
)
async def test_an_objection_outranks_an_older_consent_it_speaks_of(
    api: Api, objection: dict[str, str], *, taken: bool
) -> None:
    """R-21.2-2, R-7.3-5: as stated, and no further."""
    subject = await api.house.customer()
    assert (await api.post("shop", "/v1/objections", {"subject_id": str(subject), **objection})).status_code == 201
    given = await api.post("mailer", "/v1/consents", await grant(api, subject, given_at=yesterday().isoformat()))
    assert (given.status_code == 201) is taken, given.text
