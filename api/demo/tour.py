"""What to try next: `curl` lines that work as they are, and the addresses of the two pages."""

from datetime import UTC, datetime

from api.demo.accounts import FILE
from api.demo.api_client import ApiClient
from api.demo.installation import Credentials
from api.settings import Settings
from registry.actors import Role

GUEST = {"first_name": "Gerlinde", "last_name": "Gastbeispiel", "email": "gerlinde.gast@example.com", "city": "Kiel"}


def show(api: ApiClient, settings: Settings, credentials: Credentials) -> None:
    """Create a guest to play with and print the tour."""
    subject_id = _guest(api)
    address = api.address
    token = api.token("shop")
    mailer = api.token("mailer")
    print(f"""
Try it. A customer of the shop with an open order and no newsletter:

  SHOP={token}

  MAILER={mailer}

  # allowed: the contract is running
  curl -s -H "Authorization: Bearer $SHOP" \\
    "{address}/v1/subjects/{subject_id}?purpose=order_fulfilment&fields=first_name,email,income"

  # refused, with the article: no consent
  curl -s -H "Authorization: Bearer $MAILER" \\
    "{address}/v1/subjects/{subject_id}?purpose=newsletter&fields=email"

  # what this client may ask for, in words
  curl -s -H "Authorization: Bearer $MAILER" {address}/v1/purposes

  # the log, signed
  curl -s -H "Authorization: Bearer $SHOP" {address}/v1/audit/checkpoint

API documentation   {address}/docs
Customer portal     {address}/portal     e-mail address: {GUEST["email"]}
                    the code lies as the newest letter in {settings.home / "mail"}/
Privacy console     {address}/console
                    {_login(credentials, Role.DPO)}   (adviser)
                    {_login(credentials, Role.DECIDER)}   (decides)
                    the code of the second factor:  script/demo --home {settings.home} --code dpo   (or decider)
                    or put its key into an authenticator app: {settings.home / FILE}

Stop with Ctrl-C.""")


def _login(credentials: Credentials, role: Role) -> str:
    account = credentials.accounts[role]
    return f"login: {account.login}   password: {account.password}"


def _guest(api: ApiClient) -> str:
    now = datetime.now(UTC).isoformat()
    body = {
        "external_id": "guest",
        "source": "shop",
        "registered_at": now,
        "values": {
            name: {"value": value, "collected_for": "order_fulfilment", "observed_at": now}
            for name, value in GUEST.items()
        },
        "relationships": [{"kind": "contract", "reference": "order-guest", "source": "shop", "opened_at": now}],
        "notices": ["privacy_notice"],
    }
    answer = api.call("shop", "PATCH", "/v1/subjects", body)
    answer.raise_for_status()
    return str(answer.json()["subject_id"])
