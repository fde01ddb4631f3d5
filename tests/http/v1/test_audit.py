"""The log over the wire: for those who control data protection, with proofs that hold without us."""

import base64
from uuid import uuid4

import pytest

from audit import checkpoint, event, merkle
from audit.event import Entry, EventTag, Outcome, PersonRef
from audit.log import Filters
from tests.http.v1.api import Api


async def test_the_log_is_searched_page_by_page_and_that_is_recorded_too(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    for _ in range(3):
        await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    query = {"client": "mailer", "operation": "disclose", "outcome": "permit", "purpose": "newsletter", "limit": "2"}
    first = (await api.get("console", "/v1/audit", **query)).json()
    assert [entry["fields"] for entry in first["entries"]] == [["email"], ["email"]]
    second = (await api.get("console", "/v1/audit", **query, cursor=first["next_cursor"])).json()
    assert len(second["entries"]) == 1
    assert second["next_cursor"] is None
    seen = {entry["index"] for entry in first["entries"] + second["entries"]}
    assert len(seen) == 3
    assert len(await api.log("audit-read")) == 2
    of_subject = (await api.get("console", "/v1/audit", person=str(subject))).json()["entries"]
    assert {"disclose", "consent-give", "subject-create"} <= {entry["operation"] for entry in of_subject}
    assert (await api.log("audit-read"))[0]["n"] == 1
    assert (await api.get("console", "/v1/audit", since="2150-01-01T00:00:00Z")).json()["entries"] == []


@pytest.mark.gdpr("15(1)(c)")
async def test_a_person_is_found_once_in_an_entry_that_touches_them_twice(api: Api) -> None:
    """As who acted they are found by that alone."""
    one, other = await api.house.customer(), await api.house.customer()
    touched = tuple(PersonRef(ref, detail) for ref, detail in ((one, "permit:email"), (other, "deny"), (one, "deny")))
    log = api.house.registry.log
    entries = [
        (await log.append(Entry(EventTag.DECIDE, Outcome.PERMIT, persons=touched), None)).index for _ in range(3)
    ]
    acted = (await log.append(Entry(EventTag.LOGIN, Outcome.DONE, actor=one), None)).index
    newest = list(reversed(entries))
    assert [found.index for found in await log.search(Filters(person=one, operation="decide"))] == newest
    assert [found.index for found in await log.search(Filters(person=one), 2)] == newest[:2]
    assert [found.index for found in await log.search(Filters(person=one, before=newest[1]), 1)] == newest[2:]
    assert [found.index for found in await log.search(Filters(actor=one))] == [acted]
    assert await log.search(Filters(person=other, actor=one)) == []


@pytest.mark.parametrize("path", ["/v1/audit", "/v1/audit/0"])
async def test_the_log_is_not_for_everybody(api: Api, path: str) -> None:
    response = await api.get("shop", path)
    assert (response.status_code, response.json()["type"]) == (403, "/problems/forbidden")
    (entry,) = await api.log("audit-read")
    assert (entry["cli"], entry["out"], entry["why"]) == ("shop", "deny", ["UNAUTHORISED"])


@pytest.mark.gdpr("5(2)")
async def test_an_entry_comes_with_proofs_that_hold_without_the_service(api: Api) -> None:
    subject = await api.house.customer(newsletter=True)
    read = await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    index = read.json()["log_index"]
    entry = (await api.get("console", f"/v1/audit/{index}", person=str(subject))).json()
    verifier = (await api.get("mailer", "/v1/audit/checkpoint")).json()["verifier_key"]

    signed = checkpoint.open_note(entry["inclusion"]["checkpoint"], [verifier])
    leaf = merkle.leaf_hash(entry["body"].encode())
    assert leaf.hex() == entry["hash"]
    proof = [bytes.fromhex(one) for one in entry["inclusion"]["hashes"]]
    merkle.verify_inclusion(leaf, index, signed.size, proof, signed.root)

    member = entry["membership"]
    assert member["detail"] == "permit:email"
    commitment = event.commitment(bytes.fromhex(member["salt"]), subject, member["detail"])
    (only,) = entry["members"]
    assert only["subject_id"] == str(subject)
    assert event.subtree_root([commitment]).hex() in entry["body"]
    assert (await api.log("audit-read"))[0]["n"] == 1


async def test_whoever_is_not_in_an_entry_has_no_membership(api: Api) -> None:
    await api.house.customer()
    size = await api.house.registry.log.size()
    entry = (await api.get("console", f"/v1/audit/{size - 1}", person=str(uuid4()))).json()
    assert entry["membership"] is None


async def test_an_entry_that_is_not_there_is_not_found(api: Api) -> None:
    for index in (10**6, 2**62):
        response = await api.get("console", f"/v1/audit/{index}")
        assert (response.status_code, response.json()["type"]) == (404, "/problems/not-found")
    for malformed in ("-1", "one", str(2**63), "1.5"):
        assert (await api.get("console", f"/v1/audit/{malformed}")).status_code == 422


async def test_a_search_that_is_none_is_refused(api: Api) -> None:
    for query in (
        {"person": "erika"},
        {"cursor": "-1"},
        {"limit": "0"},
        {"limit": "100000"},
        {"operation": "gossip"},
        {"since": "yesterday"},
        {"sort": "asc"},
    ):
        assert (await api.get("console", "/v1/audit", **query)).status_code == 422, query


async def test_the_checkpoint_grows_with_the_log(api: Api) -> None:
    sizes = []
    for _ in range(2):
        answer = (await api.get("mailer", "/v1/audit/checkpoint")).json()
        lines = answer["checkpoint"].splitlines()
        assert len(base64.b64decode(lines[2])) == 32
        sizes.append(int(lines[1]))
        await api.house.customer(f"G-{len(sizes)}", {"first_name": "Gerda"})
    assert sizes[1] > sizes[0]


@pytest.mark.gdpr("33(3)")
async def test_who_saw_what_is_found_by_actor_reason_and_period(api: Api) -> None:
    """R-33-2, R-AUD-7."""
    subject = await api.house.customer()
    decider = await api.house.decider()
    assert decider.actor is not None
    await api.house.registry.log.append(
        event.Entry(event.EventTag.AUDIT_READ, event.Outcome.DONE, client="console", actor=decider.actor), None
    )
    await api.get("mailer", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    by_actor = (await api.get("console", "/v1/audit", actor=str(decider.actor))).json()["entries"]
    assert [entry["operation"] for entry in by_actor] == ["audit-read"]
    touched = (await api.get("console", "/v1/audit", person=str(decider.actor))).json()["entries"]
    assert [entry["operation"] for entry in touched] == ["staff-create"]
    refused = (await api.get("console", "/v1/audit", reason="CONSENT_MISSING")).json()["entries"]
    assert [(entry["client"], entry["reasons"]) for entry in refused] == [("mailer", ["CONSENT_MISSING"])]
    at = refused[0]["at"]
    within = {"client": "mailer", "since": at, "until": "2150-01-01T00:00:00Z", "person": str(subject)}
    assert len((await api.get("console", "/v1/audit", **within)).json()["entries"]) == 1
    assert (await api.get("console", "/v1/audit", client="mailer", until=at)).json()["entries"] == []
    assert (await api.get("console", "/v1/audit", reason="no code")).status_code == 422


@pytest.mark.gdpr("5(2)")
async def test_a_witness_follows_how_the_log_grows(api: Api) -> None:
    """R-AUD-4: with checkpoint and hashes alone."""
    before = (await api.get("mailer", "/v1/audit/checkpoint")).json()
    old = checkpoint.open_note(before["checkpoint"], [before["verifier_key"]])
    await api.house.customer()
    after = (await api.get("mailer", "/v1/audit/checkpoint", since=str(old.size))).json()
    new = checkpoint.open_note(after["checkpoint"], [before["verifier_key"]])
    merkle.verify_consistency(
        old.size, new.size, old.root, new.root, [bytes.fromhex(one) for one in after["consistency"]]
    )
    tile = (await api.get("mailer", "/v1/audit/tiles/0/0")).json()
    assert merkle.root_of([bytes.fromhex(one) for one in tile["hashes"]][: new.size]) == new.root
    for path in ("/v1/audit/tiles/1/0", "/v1/audit/tiles/0/9"):
        assert (await api.get("mailer", path)).status_code == 404
    for since in ("0", "99999"):
        assert (await api.get("mailer", "/v1/audit/checkpoint", since=since)).status_code in {404, 422}
