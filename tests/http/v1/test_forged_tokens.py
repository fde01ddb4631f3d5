"""A forged token is answered 401 and recorded, whatever it is made of; what it says is repeated nowhere."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from registry.keys.signatures import Signature
from tests.forgeries import forgeries
from tests.http.v1.api import Api


@pytest.mark.gdpr("32(1)(b)")
async def test_a_forgery_of_every_family_is_answered_401_and_recorded(api: Api) -> None:
    """R-ENC-6."""
    key = load_pem_private_key(api.house.registry.ring.service_key(Signature.TOKEN), password=None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    good = api.app.state.tokens.issue("shop")
    given = {family: token for family, token in forgeries(good, key).items() if token.isascii()}
    for family, token in given.items():
        response = await api.call(None, "GET", "/v1/purposes", headers={"Authorization": f"Bearer {token}"})
        assert response.status_code == 401, family
        assert response.json()["type"] == "/problems/not-authenticated"
        assert response.headers["www-authenticate"] == 'Bearer realm="registry", error="invalid_token"'
        assert token not in response.text
    assert len(await api.log("token-refuse", limit=len(given) + 1)) == len(given)
    answer = await api.call(None, "GET", "/v1/purposes", headers={"Authorization": f"Bearer {good}"})
    assert answer.status_code == 200


async def test_a_remembered_token_ends_with_the_revocation_of_its_client(api: Api) -> None:
    """The cache of verified tokens is no place where a revoked client lives on; others are not touched."""
    tokens = api.app.state.tokens
    remembered = {client: api.bearer(client) for client in ("shop", "mailer")}
    for headers in remembered.values():
        assert (await api.call(None, "GET", "/v1/purposes", headers=headers)).status_code == 200
    tokens.revoke("shop")
    refused, allowed = [
        (await api.call(None, "GET", "/v1/purposes", headers=headers)).status_code for headers in remembered.values()
    ]
    assert (refused, allowed) == (401, 200)
    assert (await api.call(None, "GET", "/v1/purposes", headers=api.bearer("shop"))).status_code == 200
