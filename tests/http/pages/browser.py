"""A visitor without scripts: opens pages, fills in the forms that are really there, and keeps cookies."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from re import search
from typing import Self
from urllib.parse import urljoin, urlsplit

from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

HOST = "http://registry.example.test"
OWN_PAGE = {"Sec-Fetch-Site": "same-origin", "Origin": "null"}
VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "wbr"})


@dataclass
class Form:
    """One form with what it would send."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Page(HTMLParser):
    """What a reader, or a screen reader, finds on a page."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.url = str(response.url)
        self.status = response.status_code
        self.source = response.text
        self.forms: list[Form] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.open: list[str] = []
        self.tangled = False
        self._words: list[str] = []
        self.feed(self.source)
        self.text = " ".join(self._words)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "form":
            self.forms.append(Form(given["action"], given["method"]))
        if tag in {"input", "textarea", "select"} and "form" in self.open:
            self.forms[-1].fields[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        self.tangled |= not self.open or self.open.pop() != tag

    def handle_data(self, data: str) -> None:
        self._words += data.split()

    def all(self, tag: str) -> list[dict[str, str]]:
        """The attributes of every element of one kind."""
        return [attrs for name, attrs in self.tags if name == tag]

    def form(self, action: str, fields: Mapping[str, str]) -> Form:
        """The form that goes there and is already filled in so."""
        for one in self.forms:
            if urlsplit(one.action).path == action and fields.items() <= one.fields.items():
                return one
        raise AssertionError(f"no form to {action} with {sorted(fields)}")


class Browser:
    """Keeps cookies as browsers do, by path."""

    def __init__(self, app: FastAPI, language: str = "de") -> None:
        self._client = AsyncClient(
            transport=ASGITransport(app), base_url=HOST, headers={"Accept-Language": language}, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *failure: object) -> None:
        await self._client.aclose()

    @property
    def cookies(self) -> dict[str, str]:
        return {cookie.name: cookie.value or "" for cookie in self._client.cookies.jar}

    async def get(self, path: str, **headers: str) -> Response:
        """Open an address, as it answers."""
        return await self._client.get(path, headers=headers)

    async def send(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = OWN_PAGE) -> Response:
        """Send fields as a form would, as it answers."""
        return await self._client.post(path, data=dict(fields), headers=dict(headers))

    async def request(
        self, method: str, path: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> Response:
        """Anything else that a program might send."""
        return await self._client.request(method, path, content=content, headers=headers)

    async def open(self, path: str) -> Page:
        """Open an address and follow where it leads."""
        return await self._follow(await self.get(path))

    async def press(self, page: Page, action: str, *, given: Mapping[str, str] | None = None, **typed: str) -> Page:
        """Fill in a form of the page and send it; `given` tells which, where several go there."""
        form = page.form(action, given or {})
        assert typed.keys() <= form.fields.keys()
        return await self._follow(await self.send(urljoin(page.url, form.action), form.fields | typed))

    async def _follow(self, response: Response) -> Page:
        while response.is_redirect:
            response = await self.get(response.headers["location"])
        return Page(response)


def letters(home: Path) -> list[EmailMessage]:
    """The letters sent so far, oldest first."""
    return [
        message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted((home / "mail").glob("*.eml"))
    ]


def code_in(letter: EmailMessage) -> str:
    """The one-time code in a letter."""
    found = search(r"\b\d{8}\b", letter.get_content())
    assert found
    return found[0]
