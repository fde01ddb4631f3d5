"""Clients prove who they are once, and then bear a token; nobody else gets past the door."""

import base64
import json
from datetime import timedelta
from urllib.parse import quote_plus

import httpx
import pytest

from api.compose import open_registry
from api.token_keys import tokens_of
from api.tokens import Tokens
from registry.actors import SYSTEM
from registry.clients import create_client
from registry.keys.signatures import Signature
from registry.service_keys import rotate_token_key
from tests.http.v1.api import Api
from tests.http.v1.test_decisions import put_in_force

GRANT = {"grant_type": "client_credentials"}


async def ask(api: Api, data: dict[str, str] | None = None, headers: dict[str, str] | None = None) -> httpx.Response:
    response = await api.http.post("/oauth/token", data=data, headers=headers)
    assert response.headers["cache-control"] == "no-store"
    return response


def basic(code: str, secret: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{quote_plus(code)}:{quote_plus(secret)}".encode()).decode()}


async def test_a_client_gets_a_token_by_basic_or_form_and_it_opens_the_door(api: Api) -> None:
    secret = await create_client(api.house.registry, "mailer")
    for response in (
        await ask(api, GRANT, basic("mailer", secret)),
        await ask(api, {**GRANT, "client_id": "mailer", "client_secret": secret}),
    ):
        assert response.status_code == 200
        assert response.json()["token_type"] == "Bearer"
        assert response.json()["expires_in"] == 900
        headers = {"Authorization": f"bearer {response.json()['access_token']}"}
        purposes = await api.call(None, "GET", "/v1/purposes", headers=headers)
        assert [purpose["id"] for purpose in purposes.json()["purposes"]] == ["newsletter"]
    assert [entry["cli"] for entry in await api.log("token-issue")] == ["mailer", "mailer"]


async def test_a_wrong_secret_is_refused_and_recorded_like_an_unknown_client(api: Api) -> None:
    secret = await create_client(api.house.registry, "mailer")
    for headers in (basic("mailer", secret + "x"), basic("nobody", secret), basic("shop", secret), basic("", "")):
        response = await ask(api, GRANT, headers)
        assert response.status_code == 401
        assert response.json() == {"error": "invalid_client"}
        assert response.headers["www-authenticate"].startswith("Basic")
    assert [entry.get("cli", "") for entry in await api.log("token-refuse")] == ["", "shop", "", "mailer"]


@pytest.mark.parametrize(
    ("data", "headers", "error"),
    [
        ({}, {}, "invalid_request"),
        ({"grant_type": "password"}, basic("mailer", "x"), "unsupported_grant_type"),
        ({**GRANT, "scope": "everything"}, basic("mailer", "x"), "invalid_scope"),
        ({"grant_type": ["client_credentials", "client_credentials"]}, basic("mailer", "x"), "invalid_request"),
        (GRANT, {}, "invalid_request"),
        ({**GRANT, "client_id": "mailer"}, {}, "invalid_request"),
        ({**GRANT, "client_id": "mailer", "client_secret": "x"}, basic("mailer", "x"), "invalid_request"),
        (GRANT, {"Authorization": "Basic ?"}, "invalid_request"),
        (GRANT, {"Authorization": "Basic " + base64.b64encode(b"mailer").decode()}, "invalid_request"),
        (GRANT, {"Authorization": "Basic " + base64.b64encode(b"\xff:x").decode()}, "invalid_request"),
        (GRANT, {"Authorization": "Bearer x"}, "invalid_request"),
        ({**GRANT, "client_id": "mailer", "client_secret": "x" * 5000}, {}, "invalid_request"),
    ],
)
@pytest.mark.sqlite
async def test_a_request_that_is_none_is_refused(
    sqlite_api: Api, data: dict[str, str], headers: dict[str, str], error: str
) -> None:
    data = data or {"nothing": "here"}
    response = await ask(sqlite_api, data, headers)
    assert response.status_code == 400
    assert response.json() == {"error": error}


async def test_the_public_key_is_published(api: Api) -> None:
    response = await api.get(None, "/.well-known/jwks.json")
    (key,) = response.json()["keys"]
    header = api.app.state.tokens.issue("shop").split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["kid"] == key["kid"]


async def test_a_forged_or_expired_token_is_refused_and_recorded(api: Api) -> None:
    key = api.house.registry.ring.service_key(Signature.TOKEN)
    settings = api.house.settings
    expired = Tokens(key, settings.issuer, settings.audience, -1).issue("shop")
    foreign = Tokens(key, "https://example.test", settings.audience, 900).issue("shop")
    good = api.app.state.tokens.issue("shop")
    given = [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": f"Bearer {expired}"},
        {"Authorization": f"Bearer {foreign}"},
        {"Authorization": f"Bearer {good[:-1]}"},
        {"Authorization": f"Bearer  {good}"},
        {"Authorization": f"Basic {good}"},
        {"Authorization": good},
    ]
    for headers in given:
        response = await api.call(None, "GET", "/v1/purposes", headers=headers)
        assert response.status_code == 401
        assert response.json()["type"] == "/problems/not-authenticated"
        assert response.headers["www-authenticate"].startswith("Bearer")
        assert good not in response.text
    assert len(await api.log("token-refuse")) == len(given)
    twice = [("Authorization", f"Bearer {good}")] * 2
    assert (await api.http.get("/v1/purposes", headers=twice)).status_code == 401


async def test_a_revoked_client_is_refused_at_once(api: Api) -> None:
    headers = api.bearer("shop")
    assert (await api.call(None, "GET", "/v1/purposes", headers=headers)).status_code == 200
    api.app.state.tokens.revoke("shop")
    assert (await api.call(None, "GET", "/v1/purposes", headers=headers)).status_code == 401


async def test_a_client_the_policy_no_longer_knows_may_ask_for_nothing(api: Api) -> None:
    assert (await api.get("former_client", "/v1/purposes")).json()["purposes"] == []
    subject = await api.house.customer(newsletter=True)
    response = await api.get("former_client", f"/v1/subjects/{subject}", purpose="newsletter", fields="email")
    assert [reason["code"] for reason in response.json()["reasons"]] == ["UNAUTHORISED"]


@pytest.mark.gdpr("5(2)")
async def test_a_right_that_a_new_policy_took_away_is_gone_on_every_worker(api: Api) -> None:
    """R-2.2: whoever put the policy in force, the next call of each worker knows it."""
    house, before = api.house, api.house.registry.policy
    subject = await house.customer("A-1", newsletter=True)
    of_shop = "purposes: [order_fulfilment, newsletter, recommendations]\n  mailer"
    await put_in_force(house, {of_shop: "purposes: [order_fulfilment]\n  mailer"})
    lookup = {"purpose": "newsletter", "kind": "external_id", "value": "A-1", "source": "shop"}
    grant = {"action": "grant", "subject_id": str(subject), "purpose": "newsletter", "channel": "email"}
    grant |= {"method": "button", "notice": "newsletter_consent"}
    for client, method, path, body, expected in (
        ("shop", "POST", "/v1/subjects/lookup", lookup, 403),
        ("shop", "POST", "/v1/consents", grant, 403),
        ("shop", "GET", "/v1/purposes", None, 200),
    ):
        house.registry.adopt(before)  # a worker that has heard of nothing yet
        response = await api.call(client, method, path, body)
        assert response.status_code == expected, path
        if expected == 200:
            assert [one["id"] for one in response.json()["purposes"]] == ["order_fulfilment"]


async def test_tokens_outlast_the_rotation_of_their_key_and_both_keys_are_published(api: Api) -> None:
    """The rotation may happen in another process: the ring's version tells this one, a token under a new key too."""
    registry, before = api.house.registry, api.bearer("shop")
    async with open_registry(api.house.settings, serving=False) as elsewhere:
        await rotate_token_key(elsewhere, SYSTEM, timedelta(seconds=900))
        after = {"Authorization": f"Bearer {tokens_of(elsewhere, api.house.settings).issue('shop')}"}
    for headers in (after, before, api.bearer("shop")):
        assert (await api.call(None, "GET", "/v1/purposes", headers=headers)).status_code == 200
    newest, older = (await api.get(None, "/.well-known/jwks.json")).json()["keys"]
    header = api.app.state.tokens.issue("shop").split(".")[0]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["kid"] == newest["kid"] != older["kid"]
    assert [held.version for held in registry.ring.service_versions(Signature.TOKEN)] == [2, 1]


async def test_after_a_theft_the_older_token_keys_end_at_once_in_every_process(api: Api) -> None:
    """Also for who was let in by a process that had not heard of it: the database is asked before anything leaves."""
    stolen = api.bearer("shop")
    async with open_registry(api.house.settings, serving=False) as elsewhere:
        await rotate_token_key(elsewhere, SYSTEM, timedelta(seconds=900), at_once=True)
    assert (await api.call(None, "GET", "/v1/purposes", headers=stolen)).status_code == 401
    assert len((await api.get(None, "/.well-known/jwks.json")).json()["keys"]) == 1
    assert (await api.call("shop", "GET", "/v1/purposes")).status_code == 200
