"""Keeps what both web sites share: who may send a form, in which language a page answers, what every page forbids.

Two audiences, two sites: portal and console have their own routes, templates, cookies and paths, and share only this
room. A form is taken from a page of the same site alone, with a token that belongs to the visitor's cookie. Nothing
changes on GET. Whatever goes wrong ends as a page that repeats nothing of what was sent.

Legal: GDPR Art. 25(1), Art. 32(1)(b); R-ENC-6.
"""

import hmac
import logging
import secrets
from collections.abc import Callable, Coroutine
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, Request
from fastapi import Path as InPath
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.exceptions import HTTPException

from api.problems import kind_of
from api.refusals import text_of, title_of
from api.titles import Titles, day, instant
from api.words import WORDS, Both, Language, say
from registry.context import Registry
from registry.errors import AuthenticationError, ForbiddenError, NotFoundError, NotReadyError

LARGEST_FORM_BYTES = 65_536
MOST_FORM_FIELDS = 20
HTTP_OK = 200
SERVER_FAULT = 500
HIGHEST_INDEX = 2**53
FORM_TYPE = "application/x-www-form-urlencoded"
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; frame-ancestors 'none';"
        " base-uri 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_COOKIE_BYTES = 32
_log = logging.getLogger(__name__)
_KINDS = {kind.__name__: kind for kind in WORDS}


class Site:
    """One audience's pages: path, templates, stylesheet and cookies of its own."""

    def __init__(self, name: str, folder: Path, start: str) -> None:
        self.path = f"/{name}"
        self.start = start
        self.session_cookie = f"{name}_session"
        self.visit_cookie = f"{name}_visit"
        base = Path(__file__).with_name("base.css").read_bytes()
        self.stylesheet = base + (folder / f"{name}.css").read_bytes()
        self._environment = Environment(
            loader=FileSystemLoader(folder / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def page(self, request: Request, template: str, status: int = 200, **values: object) -> HTMLResponse:
        """A page in the visitor's language; forms on it carry the visitor's token."""
        language = language_of(request)
        known = self._secret(request)
        secret = known or secrets.token_hex(_COOKIE_BYTES)

        def t(de: str, en: str) -> str:
            return Both(de, en).in_(language)

        def link(path: str, **query: str) -> str:
            return address(request, path, **query)

        def token() -> Markup:
            return Markup('<input type="hidden" name="token" value="{}">').format(self._token(secret))

        context: dict[str, Any] = {
            "language": language.value,
            "languages": [(one.value, self._same_page(request, status, one)) for one in Language],
            "t": t,
            "link": link,
            "token": token,
            "words": lambda kind, code: say(_KINDS[kind], code, language),
            "day": lambda value: day(value, language) if isinstance(value, date) else "",
            "instant": lambda value: instant(value, language) if isinstance(value, datetime) else "",
            "signed_in": False,
        }
        text = self._environment.get_template(template).render(context | values)
        response = HTMLResponse(text, status, headers={"Content-Language": language.value})
        if known is None:
            self._set_cookie(request, response, self.visit_cookie, secret)
        return response

    def error(self, request: Request, status: int) -> Response:
        """A page that says what went wrong, and nothing of what was sent."""
        language = language_of(request)
        title, text = title_of(status).in_(language), text_of(status).in_(language)
        return self.page(request, "error.html", status, title=title, text=text)

    def open_session(self, request: Request, response: Response, cookie: str) -> None:
        """Let the visitor in; tokens of forms sent out before are void from here on."""
        self._set_cookie(request, response, self.session_cookie, cookie)
        response.delete_cookie(self.visit_cookie, path=self.path)

    def close_session(self, response: Response) -> None:
        """Forget the visitor's session cookie."""
        response.delete_cookie(self.session_cookie, path=self.path)

    async def check_form(self, request: Request) -> None:
        """Take a form only from a page of this site that this visitor has open.

        Raises:
            ForbiddenError: from elsewhere, or without the visitor's token.
            HTTPException: too large (413) or no form (415).
        """
        if not _same_site(request):
            raise ForbiddenError("a form from another site")
        length = request.headers.get("content-length", "")
        if not length.isdecimal() or int(length) > LARGEST_FORM_BYTES:
            raise HTTPException(413)
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM_TYPE:
            raise HTTPException(415)
        given = (await request.form(max_fields=MOST_FORM_FIELDS)).get("token")
        secret = self._secret(request)
        if secret is None or not isinstance(given, str):
            raise ForbiddenError("a form without its token")
        if not hmac.compare_digest(given.encode(), self._token(secret).encode()):
            raise ForbiddenError("a form with another visitor's token")

    def _same_page(self, request: Request, status: int, language: Language) -> str:
        """Where the page is found in another language; an answer to a form has no address of its own."""
        path = request.url.path if request.method == "GET" else self.start
        query = dict(request.query_params) if request.method == "GET" and status == HTTP_OK else {}
        return f"{path}?{urlencode({**query, 'lang': language.value})}"

    def _secret(self, request: Request) -> str | None:
        return request.cookies.get(self.session_cookie) or request.cookies.get(self.visit_cookie) or None

    def _token(self, secret: str) -> str:
        """What only a page of ours can know: the cookie's value, keyed and hashed, so that HTML never shows it."""
        return hmac.new(secret.encode(), b"form\0" + self.path.encode(), "sha256").hexdigest()

    def _set_cookie(self, request: Request, response: Response, name: str, value: str) -> None:
        response.set_cookie(
            name,
            value,
            path=self.path,
            secure=request.app.state.settings.secure_cookies,
            httponly=True,
            samesite="strict",
        )


class PageRoute(APIRoute):
    """A route that checks forms, sets every page's headers and turns errors into pages."""

    site: ClassVar[Site]

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The endpoint with all of this around it."""
        serve = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                if request.method == "POST":
                    await self.site.check_form(request)
                response = await serve(request)
            except AuthenticationError:
                response = redirect(request, self.site.start)
                self.site.close_session(response)
            except Exception as error:  # noqa: BLE001 - a defect ends as a page, too; exceptions may carry data
                response = self.site.error(request, _status_of(error))
            response.headers.update(HEADERS)
            response.headers.setdefault("Cache-Control", "no-store")
            return response

        return handle


def registry_of(request: Request) -> Registry:
    """The registry of this process."""
    registry = request.app.state.registry
    if not isinstance(registry, Registry):
        raise NotReadyError("the registry is not open")
    return registry


Held = Annotated[Registry, Depends(registry_of)]
Index = Annotated[int, InPath(ge=0, le=HIGHEST_INDEX)]


def titles_of(request: Request) -> Titles:
    """The policy's titles in the visitor's language."""
    return Titles(registry_of(request).policy, language_of(request))


def language_of(request: Request) -> Language:
    """The language asked for in the address, else the one the browser prefers, else German."""
    chosen = request.query_params.get("lang")
    if chosen in set(Language):
        return Language(chosen)
    best, weight = Language.DE, 0.0
    for part in request.headers.get("accept-language", "").split(","):
        tag, _, quality = part.strip().partition(";q=")
        code = tag.strip().lower()[:2]
        try:
            found = float(quality or "1")
        except ValueError:
            continue
        if code in set(Language) and found > weight:
            best, weight = Language(code), found
    return best


def address(request: Request, path: str, **query: str) -> str:
    """An address of this application; a language that was chosen stays chosen."""
    chosen = request.query_params.get("lang")
    if chosen in set(Language):
        query = {**query, "lang": str(chosen)}
    path, hash_, fragment = path.partition("#")
    return f"{path}{'?' + urlencode(query) if query else ''}{hash_}{fragment}"


def redirect(request: Request, path: str, **query: str) -> RedirectResponse:
    """Go on to a page after a form (303)."""
    return RedirectResponse(address(request, path, **query), 303)


def address_of(request: Request) -> str:
    """The network address a request comes from, to count attempts by; "" = not known."""
    return request.client.host if request.client else ""


def stylesheet(site: Site) -> Response:
    """The site's one stylesheet."""
    return Response(site.stylesheet, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _same_site(request: Request) -> bool:
    """Whether a form comes from a page of this host.

    Under `no-referrer` browsers send Origin as `null`, so that the fetch metadata decides where it is there; where
    neither says anything, the form is not taken.
    """
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if origin != "null" and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        return False
    return fetched == "same-origin" if fetched else origin != "null"


def _status_of(error: Exception) -> int:
    """The status of a page for an error; what is the service's own fault is logged, by its type alone."""
    if isinstance(error, RequestValidationError) and any(one["loc"][0] == "path" for one in error.errors()):
        return kind_of(NotFoundError()).status
    if isinstance(error, HTTPException):
        return error.status_code
    status = kind_of(error).status
    if status >= SERVER_FAULT:
        _log.error("%s", type(error).__name__)
    return status
