"""What staff see and can do in the console."""

import io
import zipfile
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest

from audit import verify
from audit.event import EventTag, Outcome
from audit.log import Filters, Logged
from policies.deadlines import local_date
from policies.vocabulary import Channel
from registry import rights
from registry.actors import Role
from registry.disclosure import Disclosed
from registry.rights import RequestKind, RequestState
from tests.boards import board_of, document
from tests.house import ANNA, SHOP, House, yesterday
from tests.http.pages.browser import Browser, Page
from tests.http.pages.conftest import PASSWORD, LogIn


async def ask_for(house: House, subject_id: UUID, kind: RequestKind, **values: str) -> rights.RequestOverview:
    wish = rights.Wish(values=values)  # type: ignore[arg-type]  # names of fields
    return await rights.receive_request(house.registry, SHOP, subject_id, kind, wish)


def case_of(request: rights.RequestOverview) -> str:
    return f"/console/requests/{request.subject_id}/{request.request_id}"


def entries_on(page: Page) -> list[int]:
    """The numbers of the entries a page lists."""
    numbers = [urlsplit(link["href"]).path.rpartition("/")[2] for link in page.all("a")]
    return [int(number) for number in numbers if number.isdecimal()]


def older_links(page: Page) -> list[str]:
    """Where the page goes on; the links to its other language stay where they are."""
    return [link["href"] for link in page.all("a") if "before=" in link["href"] and "hreflang" not in link]


async def newest(house: House, operation: EventTag) -> Logged:
    (entry,) = await house.registry.log.search(Filters(operation=operation), 1)
    return entry


async def test_staff_log_in_with_login_and_password(browser: Browser, staff_logs_in: LogIn) -> None:
    page = await staff_logs_in(browser, Role.CLERK)
    assert urlsplit(page.url).path == "/console"
    assert "Sachbearbeitung" in page.text
    out = await browser.press(page, "/console/logout")
    assert urlsplit(out.url).path == "/console/login"
    assert (await browser.get("/console")).status_code == 303


@pytest.mark.gdpr("5(1)(b)")
@pytest.mark.parametrize(
    ("purposes", "sees_values", "sees_trail"),
    [
        ("data_subject_request, privacy_control", True, True),
        ("privacy_control", False, True),
        ("data_subject_request", True, False),
    ],
)
async def test_the_policy_says_for_which_purposes_a_role_reads(
    purposes: str, *, sees_values: bool, sees_trail: bool, browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    """R-2.2 step 1: whatever the console may do."""
    before = house.registry.policy
    wish = await ask_for(house, await house.customer(), RequestKind.RECTIFICATION, city="Potsdam")
    await staff_logs_in(browser, Role.CLERK)
    of_clerk = "en: Clerk}\n    purposes: ["
    shipped = f"{of_clerk}data_subject_request, privacy_control]"
    await (await board_of(house)).put_in_force(document("2", (shipped, f"{of_clerk}{purposes}]")))
    house.registry.adopt(before)  # a worker that has heard of nothing yet
    for path in ("/console", "/console/conflicts"):
        assert ((await browser.get(path)).status_code == 200) is sees_trail
    refused = await house.registry.log.search(Filters(operation=EventTag.AUDIT_READ, outcome=Outcome.DENY), 5)
    assert [entry.tree["why"] for entry in refused] == ([] if sees_trail else [["UNAUTHORISED"]] * 2)
    assert (ANNA["city"] in (await browser.open(case_of(wish))).text) is sees_values


@pytest.mark.parametrize(("login", "password"), [("dpo", "wrong password 1"), ("nobody", PASSWORD)])
async def test_a_wrong_password_and_an_unknown_login_look_the_same(
    login: str, password: str, browser: Browser, house: House
) -> None:
    await house.account("dpo", Role.DPO, PASSWORD)
    page = await browser.open("/console/login")
    refused = await browser.press(page, "/console/login", login=login, password=password, code="123456")
    assert refused.status == 401
    assert "Kennung, Passwort oder Code stimmt nicht" in refused.text
    assert login not in refused.source.replace("/console/login", "").replace('"login"', "")
    assert password not in refused.source
    assert "console_session" not in browser.cookies


async def test_the_console_does_not_know_portal_sessions(
    browser: Browser, house: House, customer_logs_in: LogIn
) -> None:
    await house.customer()
    await customer_logs_in(browser)
    cookie = browser.cookies["portal_session"]
    answer = await browser.get("/console", Cookie=f"console_session={cookie}; portal_session={cookie}")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")


@pytest.mark.gdpr("12(3)")
async def test_requests_stand_by_due_date_and_overdue_ones_are_marked(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    access = await ask_for(house, subject_id, RequestKind.ACCESS)
    erasure = await ask_for(house, subject_id, RequestKind.ERASURE)
    today = local_date(await house.registry.database.now())
    for request, days in ((access, 3), (erasure, -2)):
        due = today + timedelta(days=days)
        await house.as_owner(f"update request set due_on = '{due}' where kind = '{request.kind.value}'")  # noqa: S608 - two values of this test
    page = await staff_logs_in(browser)
    listed = page.text[: page.text.index("Protokoll Prüfbar")]
    assert listed.index("2 Tage überfällig") < listed.index("noch 3 Tage")
    links = [link["href"] for link in page.all("a") if "/console/requests/" in link["href"]]
    assert links == [case_of(erasure), case_of(access)]


async def test_looking_at_requests_is_recorded_with_the_persons(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ACCESS)
    await staff_logs_in(browser)
    listing = await newest(house, EventTag.REQUEST_LIST)
    assert subject_id in [one.person_ref for one in await house.registry.log.persons_of(listing.index)]
    await browser.open(case_of(request))
    reading = await newest(house, EventTag.REQUEST_LIST)
    assert reading.index > listing.index
    assert "act" in reading.tree


async def test_reading_the_trail_is_in_the_trail(browser: Browser, house: House, staff_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    await staff_logs_in(browser)
    page = await browser.open(f"/console?person={subject_id}")
    reading = await newest(house, EventTag.AUDIT_READ)
    assert reading.index in entries_on(page)
    assert next(one.person_ref for one in await house.registry.log.persons_of(reading.index)) == subject_id
    mine = await house.registry.log.entries_of(subject_id)
    assert mine[0].entry.index == reading.index


async def test_without_a_working_log_the_console_shows_nothing(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ACCESS)
    await staff_logs_in(browser)
    await house.registry.log.stop()
    for path in ("/console", "/console/audit/0", "/console/conflicts", case_of(request), "/console/audit/export"):
        answer = await browser.get(path)
        assert answer.status_code == 503, path
        assert str(subject_id) not in answer.text.replace(path, "")


@pytest.fixture
async def trail(house: House) -> tuple[UUID, UUID]:
    """Two customers with a permitted and two refused reads."""
    anna = await house.customer(newsletter=True)
    berta = await house.customer("B-1", values={**ANNA, "email": "berta@example.com"})
    await house.read("mailer", "newsletter", ["email"], anna)
    await house.read("mailer", "newsletter", ["email"], berta)
    await house.read("recommender", "recommendations", ["income"], anna)
    return anna, berta


async def test_the_trail_is_filtered(
    browser: Browser, house: House, staff_logs_in: LogIn, trail: tuple[UUID, UUID]
) -> None:
    anna, berta = trail
    today = local_date(await house.registry.database.now())
    tomorrow, yesterday_ = today + timedelta(days=1), today - timedelta(days=1)
    await staff_logs_in(browser)
    for query, expected in (
        ("", 3),
        ("&outcome=deny", 2),
        ("&client=mailer", 2),
        ("&purpose=recommendations", 1),
        ("&purpose=newsletter&outcome=permit", 1),
        (f"&person={anna}", 2),
        (f"&person={berta}&outcome=permit", 0),
        (f"&since={today}&until={today}", 3),
        (f"&since={tomorrow}", 0),
        (f"&until={yesterday_}", 0),
    ):
        page = await browser.open("/console?operation=disclose" + query)
        assert len(entries_on(page)) == expected, query
        assert "disclose" in [option["value"] for option in page.all("option") if "selected" in option]


async def test_a_filter_of_the_wrong_form_is_refused_and_not_repeated(browser: Browser, staff_logs_in: LogIn) -> None:
    await staff_logs_in(browser)
    for query in (
        "person=Unverkennbar",
        "since=yesterday",
        "until=9999-12-31",
        "operation=made-up",
        "outcome=maybe",
        "before=-17",
        "purpose=%00",
        "before=²",
    ):
        answer = await browser.get(f"/console?{query}")
        assert answer.status_code == 422, query
        assert query.partition("=")[2] not in answer.text


async def test_the_trail_goes_on_to_older_entries(browser: Browser, house: House, staff_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    for _ in range(60):
        await house.read("shop", "order_fulfilment", ["city"], subject_id)
    await staff_logs_in(browser)
    first = await browser.open("/console?operation=disclose&lang=en")
    (older,) = older_links(first)
    second = await browser.open(older)
    assert (len(entries_on(first)), len(entries_on(second))) == (50, 10)
    assert min(entries_on(first)) > max(entries_on(second))
    assert second.all("html") == [{"lang": "en"}]
    assert not older_links(second)


@pytest.mark.gdpr("5(2)")
async def test_an_entry_is_shown_with_a_proof_that_the_verifier_accepts(
    browser: Browser,
    house: House,
    staff_logs_in: LogIn,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    subject_id = await house.customer(newsletter=True)
    read = await house.read("mailer", "newsletter", ["email"], subject_id)
    await staff_logs_in(browser)
    page = await browser.open(f"/console/audit/{read.index}")
    stored = await house.registry.log.entry(read.index)
    assert stored is not None
    assert stored.body.decode() in page.text
    assert str(subject_id) in page.text
    assert "erlaubt: E-Mail-Adresse" in page.text
    assert house.settings.log_origin in page.text
    links = [link["href"] for link in page.all("a") if "proof.json" in link["href"]]
    assert len(links) == 2
    for number, link in enumerate(links):
        path = tmp_path / f"{number}.json"
        path.write_bytes((await browser.get(link)).content)
        assert verify.main(["--proof", str(path), "--key", house.registry.log.verifier_key]) == 0
        assert (f"speaks of {subject_id}" in capsys.readouterr().out) == ("person=" in link)
    reading = await newest(house, EventTag.AUDIT_READ)
    assert subject_id in [one.person_ref for one in await house.registry.log.persons_of(reading.index)]


async def test_an_entry_that_does_not_exist_is_not_there(browser: Browser, staff_logs_in: LogIn) -> None:
    await staff_logs_in(browser)
    for path in ("/console/audit/999999", f"/console/audit/{10**18}", "/console/audit/x", "/console/audit/-1"):
        assert (await browser.get(path)).status_code == 404
    assert (await browser.get(f"/console/audit/0/proof.json?person={uuid4()}")).status_code == 404


@pytest.mark.gdpr("38(6)")
@pytest.mark.parametrize("role", [Role.DPO, Role.CLERK])
async def test_only_the_decider_decides(role: Role, browser: Browser, house: House, staff_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ERASURE)
    await staff_logs_in(browser, role)
    page = await browser.open(case_of(request))
    assert page.status == 200
    assert not [form for form in page.forms if form.action.endswith("/decision")]
    token = page.form("/console/logout", {}).fields["token"]
    answer = await browser.send(f"{case_of(request)}/decision", {"token": token, "decision": "accepted"})
    assert answer.status_code == 403
    (still,) = await rights.requests(house.registry, subject_id)
    assert still.state is RequestState.RECEIVED


@pytest.mark.gdpr("16")
async def test_the_decider_sees_the_correction_beside_the_stored_value_and_grants_it(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.RECTIFICATION, street="Neuestraße 9")
    await staff_logs_in(browser, Role.DECIDER)
    page = await browser.open(case_of(request))
    assert f"{ANNA['street']} Neuestraße 9" in page.text
    after = await browser.press(page, f"{case_of(request)}/decision", given={"decision": "accepted"})
    assert "erfüllt" in after.text
    assert "Wir haben Ihre Daten berichtigt" in after.text
    assert not [form for form in after.forms if form.action.endswith("/decision")]
    read = await house.read("shop", "order_fulfilment", ["street"], subject_id)
    assert isinstance(read, Disclosed)
    assert read.values == {"street": "Neuestraße 9"}


@pytest.mark.gdpr("12(4)")
async def test_a_refusal_needs_reasons_and_its_answer_names_authority_and_court(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ERASURE)
    await staff_logs_in(browser, Role.DECIDER)
    page = await browser.open(case_of(request))
    form = page.form(f"{case_of(request)}/decision", {"decision": "refused"})
    for reasons in ("", "  ", "x" * (rights.LONGEST_REASON + 1)):
        answer = await browser.send(form.action, form.fields | {"reasons": reasons})
        assert answer.status_code == 422
    after = await browser.press(page, form.action, given={"decision": "refused"}, reasons="Offene Rechnung.")
    assert "Gründe: Offene Rechnung." in after.text
    assert house.registry.policy.policy.controller.supervisory_authority in after.text
    again = await browser.send(form.action, form.fields | {"reasons": "Noch einmal."})
    assert again.status_code == 409


@pytest.mark.gdpr("17(1)")
async def test_the_decider_grants_an_erasure_knowing_what_is_kept(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    await house.invoice(subject_id)
    request = await ask_for(house, subject_id, RequestKind.ERASURE)
    await staff_logs_in(browser, Role.DECIDER)
    page = await browser.open(case_of(request))
    assert "Rechnungen (1)" in page.text
    assert "Eine Löschung kann nicht zurückgenommen werden." in page.text
    after = await browser.press(page, f"{case_of(request)}/decision", given={"decision": "accepted"})
    assert after.status == 200
    assert "teilweise erfüllt" in after.text
    assert not isinstance(await house.read("shop", "order_fulfilment", ["city"], subject_id), Disclosed)


async def test_a_decision_is_accepted_or_refused_and_nothing_else(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ACCESS)
    await staff_logs_in(browser, Role.DECIDER)
    form = (await browser.open(case_of(request))).form(f"{case_of(request)}/decision", {"decision": "accepted"})
    assert (await browser.send(form.action, form.fields | {"decision": "maybe"})).status_code == 422
    assert (await browser.send(form.action, {"token": form.fields["token"]})).status_code == 422


async def test_a_request_of_nobody_does_not_exist(browser: Browser, house: House, staff_logs_in: LogIn) -> None:
    subject_id = await house.customer()
    request = await ask_for(house, subject_id, RequestKind.ACCESS)
    await staff_logs_in(browser, Role.DECIDER)
    for path in (
        f"/console/requests/{uuid4()}/{request.request_id}",
        f"/console/requests/{subject_id}/{uuid4()}",
        f"/console/requests/{subject_id}/x",
    ):
        assert (await browser.get(path)).status_code == 404


async def test_conflicts_are_listed_by_name_and_never_by_value(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    await house.erase(await house.customer("B-1", values={"email": "berta@example.com"}))
    await rights.receive_request(house.registry, SHOP, subject_id, RequestKind.OBJECTION, rights.Wish())
    await house.grant(subject_id, "newsletter", Channel.EMAIL, given_at=yesterday())
    await staff_logs_in(browser)
    page = await browser.open("/console/conflicts")
    assert "Einwilligung ist älter als der Widerruf" in page.text
    assert "Newsletter per E-Mail senden" in page.text
    assert str(subject_id) in page.text
    reading = await newest(house, EventTag.AUDIT_READ)
    assert subject_id in [one.person_ref for one in await house.registry.log.persons_of(reading.index)]


@pytest.mark.gdpr("5(2)")
@pytest.mark.parametrize("role", [Role.DPO, Role.DECIDER])
async def test_the_exported_log_is_whole_for_an_outsider(
    role: Role, browser: Browser, house: House, staff_logs_in: LogIn, tmp_path: Path
) -> None:
    await house.customer(newsletter=True)
    page = await staff_logs_in(browser, role)
    assert "/console/audit/export" in [link["href"] for link in page.all("a")]
    answer = await browser.get("/console/audit/export")
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        archive.extractall(tmp_path)
    assert verify.main([str(tmp_path / "audit-log"), "--key", house.registry.log.verifier_key]) == 0
    exported = await newest(house, EventTag.AUDIT_EXPORT)
    assert exported.tree["out"] == Outcome.DONE
    assert f"\n{exported.index}," in (tmp_path / "audit-log" / "entries.csv").read_text()


async def test_a_clerk_does_not_export_the_log_and_the_try_is_recorded(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    page = await staff_logs_in(browser, Role.CLERK)
    assert "/console/audit/export" not in [link["href"] for link in page.all("a")]
    assert (await browser.get("/console/audit/export")).status_code == 403
    assert (await newest(house, EventTag.AUDIT_EXPORT)).tree["out"] == Outcome.DENY


async def test_the_decider_closes_the_record_of_somebody_no_longer_on_file(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    """R-17.1-1."""
    subject_id = await house.customer()
    await staff_logs_in(browser, Role.DECIDER)
    trail = f"/console?person={subject_id}"
    assert "/console/audit/close" not in (await browser.open(trail)).source  # on file: theirs to see
    await house.registry.log.append(house.some_entry(), None)
    await house.erase(subject_id)
    read = {one.entry.index for one in await house.registry.log.entries_of(subject_id)}
    page = await browser.open(trail)
    after = await browser.press(page, "/console/audit/close", ground="COURT_ORDER")
    assert urlsplit(after.url).path == "/console"
    receipt = await newest(house, EventTag.ACCESS_LOG_CLOSE)
    assert (receipt.tree["why"], receipt.tree["cls"] >= len(read) > 0) == (["COURT_ORDER"], True)
    assert receipt.index in entries_on(after)
    assert not {one.entry.index for one in await house.registry.log.entries_of(subject_id)} & read
    assert not set(entries_on(await browser.open(trail))) & read


async def test_nobody_but_the_decider_closes_a_record_and_the_try_is_recorded(
    browser: Browser, house: House, staff_logs_in: LogIn
) -> None:
    subject_id = await house.customer()
    await house.erase(subject_id)
    before = len(await house.registry.log.entries_of(subject_id))
    page = await staff_logs_in(browser, Role.DPO)
    shown = await browser.open(f"/console?person={subject_id}")
    assert "/console/audit/close" not in shown.source
    token = next(field["value"] for field in page.all("input") if field.get("name") == "token")
    fields = {"token": token, "person": str(subject_id), "ground": "COURT_ORDER"}
    assert (await browser.send("/console/audit/close", fields)).status_code == 403
    assert (await newest(house, EventTag.ACCESS_LOG_CLOSE)).tree["out"] == Outcome.DENY
    assert len(await house.registry.log.entries_of(subject_id)) >= before


async def test_a_session_that_is_over_leads_to_the_login(browser: Browser, house: House, staff_logs_in: LogIn) -> None:
    await staff_logs_in(browser)
    await house.as_owner("update staff set disabled_at = created_at")
    answer = await browser.get("/console")
    assert (answer.status_code, answer.headers["location"]) == (303, "/console/login")
