"""What a customer sees and can do in the portal."""

import json
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from audit import verify
from audit.event import EventTag
from audit.log import Filters
from policies.facts import AccessRequest
from policies.vocabulary import (
    Category,
    Channel,
    ClientCode,
    ConsentState,
    EventKind,
    FieldName,
    PurposeId,
    ReasonCode,
)
from registry import rights
from registry.consents import consents_of
from registry.context import Caller
from registry.disclosure import Disclosed, disclose
from registry.events import GivenEvent, add_events
from registry.finding import Identifier, find
from registry.lookup import IdentifierKind
from registry.rights import RequestKind, RequestState
from tests.house import ANNA, SHOP, House, codes, yesterday
from tests.http.pages.browser import Browser
from tests.http.pages.conftest import LogIn

BERTA = {"first_name": "Berta", "last_name": "Beispiel", "email": "berta@example.com", "street": "Nebenweg 2"}


async def of_kind(house: House, subject_id: UUID, kind: RequestKind) -> list[rights.RequestOverview]:
    return [one for one in await rights.requests(house.registry, subject_id) if one.kind is kind]


@pytest.mark.gdpr("15(1)")
async def test_every_stored_value_is_shown_with_its_title(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True)
    await house.invoice(subject_id)
    page = await customer_logs_in(browser)
    for value in [*ANNA.values(), "R-2026-0001"]:
        assert value in page.text.replace("@ ", "@")
    for word in ("Stammdaten", "Nachname", "Rechnungen", "Online-Shop", "von Ihnen angegeben", "Einwilligung (Art. 6"):
        assert word in page.text


async def test_the_portal_speaks_english_to_those_who_ask(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer(newsletter=True)
    await customer_logs_in(browser)
    chosen = await browser.open("/portal/me?lang=en")
    assert chosen.all("html") == [{"lang": "en"}]
    assert "Send the e-mail newsletter" in chosen.text
    assert "Newsletter per E-Mail senden" not in chosen.text
    kept = await browser.press(chosen, "/portal/consents/withdraw")
    assert kept.all("html") == [{"lang": "en"}]


async def test_no_code_stands_on_the_page_without_its_words(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True, profiling=True)
    await house.read("recommender", "recommendations", ["income"], subject_id)
    page = await customer_logs_in(browser)
    policy = house.registry.policy
    shown = set(page.text.replace(",", " ").split())
    assert not shown & ({*policy.purposes, *policy.fields, *policy.clients} - {"portal", "shop"})
    assert not shown & ({*Category, *ConsentState, *ReasonCode, *EventTag} - {"import"})


@pytest.mark.gdpr("15(1)(c)")
async def test_who_looked_is_listed_newest_first_with_every_refusal(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True)
    await house.read("mailer", "newsletter", ["email"], subject_id)
    await house.read("recommender", "recommendations", ["income"], subject_id)
    page = await customer_logs_in(browser)
    listed = page.text[page.text.index("Die neuesten Zugriffe zuerst") :]
    own = listed.index("Auskunft zusammengestellt")
    refused = listed.index("Empfehlungsdienst")
    mailed = listed.index("Beispiel Mailversand GmbH")
    assert own < refused < mailed
    assert "verweigert" in listed[refused:mailed]
    assert "Sie selbst im Portal" in listed


async def test_every_view_of_the_page_is_itself_an_access(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    await customer_logs_in(browser)
    before = len(await house.registry.log.entries_of(subject_id))
    page = await browser.open("/portal/me")
    entries = await house.registry.log.entries_of(subject_id)
    assert len(entries) == before + 1
    assert entries[0].entry.tree["op"] == EventTag.EXPORT
    assert f"/portal/accesses/{entries[0].entry.index}" in [link["href"] for link in page.all("a")]


async def test_older_accesses_are_on_further_pages(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    for _ in range(30):
        await house.read("shop", "order_fulfilment", ["city"], subject_id)
    first = await customer_logs_in(browser)
    (older,) = [link["href"] for link in first.all("a") if "before=" in link["href"]]
    second = await browser.open(older)
    indexes = [
        [int(link["href"].rpartition("/")[2]) for link in page.all("a") if "/accesses/" in link["href"]]
        for page in (first, second)
    ]
    assert len(indexes[0]) == 25
    assert max(indexes[1]) < min(indexes[0])
    assert 0 not in [len(one) for one in indexes]
    shown = {*indexes[0], *indexes[1]}
    entries = await house.registry.log.entries_of(subject_id, limit=100)
    assert shown == {one.entry.index for one in entries} - {entries[0].entry.index}


async def test_without_a_working_log_nothing_is_shown(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await house.customer()
    await customer_logs_in(browser)
    await house.registry.log.stop()
    answer = await browser.get("/portal/me")
    assert answer.status_code == 503
    assert "Gerade nicht möglich" in answer.text
    assert not [value for name, value in ANNA.items() if name != "country" and value in answer.text]


@pytest.mark.gdpr("7(3)")
async def test_one_press_withdraws_a_consent(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer(newsletter=True)
    page = await customer_logs_in(browser)
    after = await browser.press(page, "/portal/consents/withdraw")
    assert urlsplit(after.url).path == "/portal/me"
    assert "Ihr Widerruf gilt ab sofort" in after.text
    (permission,) = await consents_of(house.registry, subject_id)
    assert permission.state is ConsentState.WITHDRAWN
    assert "widerrufen" in after.text
    assert "/portal/consents/withdraw" not in [urlsplit(form.action).path for form in after.forms]
    refused = await house.read("mailer", "newsletter", ["email"], subject_id)
    assert codes(refused) == [ReasonCode.CONSENT_WITHDRAWN]


@pytest.mark.gdpr("7(3)")
async def test_withdrawing_one_consent_leaves_the_other(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True, profiling=True)
    page = await customer_logs_in(browser)
    await browser.press(page, "/portal/consents/withdraw", given={"purpose": "recommendations"})
    states = {one.purpose: (one.channel, one.state) for one in await consents_of(house.registry, subject_id)}
    assert states == {
        "newsletter": (Channel.EMAIL, ConsentState.GIVEN),
        "recommendations": (Channel.ANY, ConsentState.WITHDRAWN),
    }


async def test_a_purpose_that_does_not_exist_cannot_be_withdrawn(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True)
    page = await customer_logs_in(browser)
    form = page.form("/portal/consents/withdraw", {})
    for change in ({"purpose": "made_up"}, {"channel": "pigeon"}, {"purpose": ""}):
        answer = await browser.send(form.action, form.fields | change)
        assert answer.status_code == 422
        assert "made_up" not in answer.text
        assert "pigeon" not in answer.text
    (permission,) = await consents_of(house.registry, subject_id)
    assert permission.state is ConsentState.GIVEN


@pytest.mark.gdpr("21(2)")
@pytest.mark.gdpr("21(3)")
async def test_one_press_ends_all_advertising(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer(newsletter=True)
    assert isinstance(await house.read("post_house", "postal_advertising", ["street"], subject_id), Disclosed)
    page = await customer_logs_in(browser)
    after = await browser.press(page, "/portal/objections")
    assert "Ihr Widerspruch gilt seit" in after.text
    assert "Ruht, weil Sie der Werbung widersprochen haben." in after.text
    assert "/portal/objections" not in [urlsplit(form.action).path for form in after.forms]
    for client, purpose, field in (("post_house", "postal_advertising", "street"), ("mailer", "newsletter", "email")):
        assert ReasonCode.DM_OBJECTION in codes(await house.read(client, purpose, [field], subject_id))
    (request,) = await of_kind(house, subject_id, RequestKind.OBJECTION)
    assert request.state is RequestState.FULFILLED
    assert "Ihr Widerspruch gegen Werbung gilt ab sofort." in after.text


@pytest.mark.gdpr("16")
@pytest.mark.gdpr("18(1)(a)")
async def test_a_correction_is_taken_in_and_the_entry_rests_until_it_is_decided(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    page = await customer_logs_in(browser)
    after = await browser.press(page, "/portal/requests", given={"field": "street"}, value="Neuestraße 9")
    (request,) = await of_kind(house, subject_id, RequestKind.RECTIFICATION)
    assert request.state is RequestState.RECEIVED
    assert f"Antwort bis {request.due_on:%d.%m.%Y}" in after.text
    assert "Neuestraße 9" in after.text
    assert "wird geprüft, nicht in Gebrauch" in after.text
    read = await house.read("shop", "order_fulfilment", ["street", "city"], subject_id)
    assert isinstance(read, Disclosed)
    assert read.values == {"city": ANNA["city"]}


async def test_a_granted_correction_no_longer_rests(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    page = await customer_logs_in(browser)
    await browser.press(page, "/portal/requests", given={"field": "street"}, value="Neuestraße 9")
    (request,) = await of_kind(house, subject_id, RequestKind.RECTIFICATION)
    decider = await house.decider()
    await rights.decide_request(house.registry, decider, subject_id, request.request_id, accepted=True)
    after = await browser.open("/portal/me")
    assert "Neuestraße 9" in after.text
    assert ANNA["street"] not in after.text
    assert "wird geprüft" not in after.text
    assert "Wir haben Ihre Daten berichtigt" in after.text


async def test_a_number_is_corrected_by_a_number(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer(values={**ANNA, "customer_number": 42})
    page = await customer_logs_in(browser)
    form = page.form("/portal/requests", {"field": "customer_number"})
    assert (await browser.send(form.action, form.fields | {"value": "forty"})).status_code == 422
    await browser.press(page, "/portal/requests", given={"field": "customer_number"}, value="43")
    (request,) = await of_kind(house, subject_id, RequestKind.RECTIFICATION)
    await rights.decide_request(house.registry, await house.decider(), subject_id, request.request_id, accepted=True)
    read = await house.read("shop", "order_fulfilment", ["customer_number"], subject_id)
    assert isinstance(read, Disclosed)
    assert read.values == {"customer_number": 43}


async def test_a_correction_that_cannot_be_stored_changes_nothing(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    page = await customer_logs_in(browser)
    form = page.form("/portal/requests", {"kind": "rectification"})
    for field, value in (
        ("street", " "),
        ("", "x"),
        ("made_up", "x"),
        ("purchases", "x"),
        ("birth_date", "yesterday"),
        ("birth_date", "1849-12-31"),
        ("birth_date", "2150-01-01"),
        ("birth_date", "9999-12-31"),
        ("email", "x"),
    ):
        answer = await browser.send(form.action, form.fields | {"field": field, "value": value})
        assert answer.status_code == 422, field
    assert await rights.requests(house.registry, subject_id) == []


@pytest.mark.gdpr("17(1)")
@pytest.mark.gdpr("17(3)(b)")
async def test_erasure_says_beforehand_what_the_law_keeps(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    await house.invoice(subject_id)
    page = await customer_logs_in(browser)
    assert "Rechnungen (1), bis 31.12." in page.text
    assert "Buchungsbelege: acht Jahre nach dem Jahresende" in page.text
    after = await browser.press(page, "/portal/requests", given={"kind": "erasure"})
    (request,) = await of_kind(house, subject_id, RequestKind.ERASURE)
    assert request.state is RequestState.RECEIVED
    assert f"Wir antworten bis zum {request.due_on:%d.%m.%Y}" in after.text
    assert not [form for form in after.forms if form.fields.get("kind") == "erasure"]


@pytest.mark.gdpr("17(1)")
async def test_after_erasure_the_session_is_over(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    await customer_logs_in(browser)
    await house.erase(subject_id)
    answer = await browser.get("/portal/me")
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal")


@pytest.mark.gdpr("15(3)")
@pytest.mark.gdpr("20")
async def test_the_download_holds_everything_and_is_a_request_that_was_answered(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    subject_id = await house.customer(newsletter=True)
    page = await customer_logs_in(browser)
    form = page.form("/portal/requests", {"kind": "access"})
    answer = await browser.send(form.action, form.fields)
    assert (answer.status_code, answer.headers["location"]) == (303, "/portal/me.json")
    file = await browser.get("/portal/me.json")
    assert file.headers["content-disposition"].startswith("attachment")
    package = json.loads(file.content)
    values = {one["field"]: one["value"] for one in package["values"]}
    assert ANNA.items() <= values.items()
    (request,) = await of_kind(house, subject_id, RequestKind.ACCESS)
    assert request.state is RequestState.FULFILLED
    assert package["accesses"][0]["operation"] == EventTag.EXPORT


@pytest.mark.gdpr("15(1)(c)")
async def test_the_proof_of_an_access_convinces_an_outsider(
    browser: Browser, house: House, customer_logs_in: LogIn, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    subject_id = await house.customer(newsletter=True)
    read = await house.read("mailer", "newsletter", ["email"], subject_id)
    await customer_logs_in(browser)
    page = await browser.open(f"/portal/accesses/{read.index}")
    assert "Newsletter-Versand" in page.text
    assert "erlaubt: E-Mail-Adresse" in page.text
    (link,) = [link["href"] for link in page.all("a") if "proof.json" in link["href"]]
    path = tmp_path / "proof.json"
    path.write_bytes((await browser.get(link)).content)
    assert verify.main(["--proof", str(path), "--key", house.registry.log.verifier_key]) == 0
    assert str(subject_id) in capsys.readouterr().out
    entries = await house.registry.log.entries_of(subject_id)
    assert [one.entry.tree["op"] for one in entries[:2]] == [EventTag.ACCESS_LOG_READ] * 2


@pytest.mark.gdpr("15(4)")
@pytest.mark.parametrize("shared", [True, False], ids=["shared-address", "batch"])
async def test_what_speaks_against_somebody_else_is_on_nobodys_page_and_in_nobodys_proof(
    browser: Browser, house: House, customer_logs_in: LogIn, tmp_path: Path, *, shared: bool
) -> None:
    """docs/adr/0027: a child in the same call; who searches by the reason finds it all the same."""
    mine = await house.customer(newsletter=True)
    await customer_logs_in(browser)
    email = ANNA["email"] if shared else "kind@example.com"
    child = await house.customer("B-1", {"first_name": "Kind", "email": email, "birth_date": "2015-01-01"})
    request = AccessRequest(
        ClientCode("mailer"), PurposeId("newsletter"), (FieldName("email"), FieldName("first_name"), FieldName("city"))
    )
    if shared:
        wanted = Identifier(IdentifierKind.EMAIL, email, "")
        await find(house.registry, Caller("mailer"), PurposeId("newsletter"), wanted)
    else:
        await disclose(house.registry, Caller("mailer"), request, [mine, child])
    (entry,) = await house.registry.log.search(Filters(reason="MINOR"), 2)
    of_whom = {one.person_ref: one.detail for one in await house.registry.log.persons_of(entry.index)}
    assert "MINOR" in of_whom[child]
    assert of_whom[mine] == ("permit:email" if shared else "permit:email,first_name,withheld:MINIMISED")
    page = await browser.open(f"/portal/accesses/{entry.index}")
    assert page.status == 200
    assert "MINOR" not in page.source
    assert shared or "zurückgehalten wegen" in page.text
    proof = await browser.get(f"/portal/accesses/{entry.index}/proof.json")
    assert b"MINOR" not in proof.content
    path = tmp_path / "proof.json"
    path.write_bytes(proof.content)
    assert verify.main(["--proof", str(path), "--key", house.registry.log.verifier_key]) == 0


async def test_what_an_entry_meant_is_said_in_words(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    await rights.receive_request(house.registry, Caller("service_desk"), subject_id, RequestKind.ACCESS, rights.Wish())
    (received, *_) = await house.registry.log.entries_of(subject_id)
    await customer_logs_in(browser)
    assert "Auskunft: eingegangen" in (await browser.open(f"/portal/accesses/{received.entry.index}")).text


async def test_somebody_elses_entry_does_not_exist(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await house.customer()
    other = await house.customer("B-1", values=BERTA)
    read = await house.read("shop", "order_fulfilment", ["city"], other)
    await customer_logs_in(browser)
    for index in (read.index, 10**6, 10**18):
        for path in (f"/portal/accesses/{index}", f"/portal/accesses/{index}/proof.json"):
            answer = await browser.get(path)
            assert answer.status_code == 404
            assert "Das gibt es hier nicht" in answer.text
    assert next(one.entry.index for one in await house.registry.log.entries_of(other)) == read.index


async def test_two_customers_see_only_themselves(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer()
    await house.customer("B-1", values=BERTA)
    anna = await customer_logs_in(browser)
    berta = await customer_logs_in(other_browser, BERTA["email"])
    assert ANNA["street"] in anna.text
    assert BERTA["street"] not in anna.text
    assert BERTA["street"] in berta.text
    assert ANNA["street"] not in berta.text


async def test_requests_stand_newest_first(browser: Browser, house: House, customer_logs_in: LogIn) -> None:
    await house.customer()
    page = await customer_logs_in(browser)
    page = await browser.press(page, "/portal/requests", given={"field": "street"}, value="Neuestraße 9")
    page = await browser.press(page, "/portal/requests", given={"field": "city"}, value="Bremen")
    listed = page.text[page.text.rindex("Meine Anträge") :]
    assert listed.index("Ort: Bremen") < listed.index("Straße und Hausnummer: Neuestraße 9")


async def test_markup_stays_text_wherever_it_comes_from(
    browser: Browser, other_browser: Browser, house: House, customer_logs_in: LogIn, staff_logs_in: LogIn
) -> None:
    markup = '<b onclick="x">@</b>'
    subject_id = await house.customer(values={**ANNA, "street": markup})
    event = GivenEvent(EventKind.PURCHASE, yesterday(), PurposeId("order_fulfilment"), {markup: markup})
    await add_events(house.registry, SHOP, subject_id, [event])
    page = await customer_logs_in(browser)
    mine = await browser.press(page, "/portal/requests", given={"field": "street"}, value=f"{markup}!")
    (request,) = await of_kind(house, subject_id, RequestKind.RECTIFICATION)
    start = await other_browser.open("/portal")
    asked = await other_browser.press(start, "/portal/code", email=f'"><b>{markup}')
    await staff_logs_in(browser)
    case = await browser.open(f"/console/requests/{subject_id}/{request.request_id}")
    assert mine.text.count('<b onclick="x">') == 4
    assert case.text.count('<b onclick="x">') == 2
    for shown in (page, mine, asked, case):
        assert shown.all("b") == []
        assert not shown.tangled
