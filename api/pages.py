"""Keeps what both web sites share: who may send a form, in which language a page answers, what every page forbids.

Two audiences, two sites: portal and console have their own routes, templates, cookies and paths, and share only this
room. A form is taken from a page of the same site alone, with a token that belongs to the visitor's cookie. Nothing
changes on GET. Whatever goes wrong ends as a page that repeats nothing of what was sent.

Legal: GDPR Art. 25(1), Art. 32(1)(b); R-ENC-6.
"""

import hmac
import secrets
from collections.abc import Callable, Coroutine
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar
from urllib.parse import urlencode, urlsplit

from fastapi import Depends, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from sqlalchemy.exc import InterfaceError, OperationalError

from api.titles import Titles, day, instant
from api.words import Both, Language, say
from audit.merkle import ProofError
from audit.store import AuditUnavailableError
from registry.context import Registry
from registry.errors import (
    AuthenticationError,
    ForbiddenError,
    InvalidConsentError,
    InvalidValueError,
    KeyUnavailableError,
    NotFoundError,
    NotReadyError,
    RequestStateError,
    UnknownFieldError,
    UnknownRequestError,
    UnknownSubjectError,
)

LARGEST_FORM_BYTES = 65_536
MOST_FORM_FIELDS = 20
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
_STATUS: dict[type[Exception], int] = {
    AuditUnavailableError: 503,
    NotReadyError: 503,
    KeyUnavailableError: 503,
    OperationalError: 503,
    InterfaceError: 503,
    ForbiddenError: 403,
    UnknownSubjectError: 404,
    UnknownRequestError: 404,
    NotFoundError: 404,
    ProofError: 404,
    RequestStateError: 409,
    InvalidValueError: 422,
    InvalidConsentError: 422,
    UnknownFieldError: 422,
}
_ERRORS = {
    403: (
        Both("Das ist nicht erlaubt", "This is not allowed"),
        Both(
            "Ihre Rolle erlaubt das nicht, oder das Formular ist veraltet. Bitte laden Sie die Seite neu und versuchen"
            " Sie es noch einmal. Formulare nehmen wir nur über eine gesicherte Verbindung (https) an.",
            "Your role does not allow this, or the form is out of date. Please reload the page and try again. We take"
            " forms only over a secure connection (https).",
        ),
    ),
    404: (
        Both("Das gibt es hier nicht", "There is no such page"),
        Both(
            "Die Seite gibt es nicht, oder sie gehört nicht zu Ihnen.",
            "The page does not exist, or it is not yours.",
        ),
    ),
    409: (
        Both("Das ist schon entschieden", "This is already decided"),
        Both(
            "Inzwischen hat sich der Stand geändert. Bitte laden Sie die Seite neu.",
            "Things have changed in the meantime. Please reload the page.",
        ),
    ),
    422: (
        Both("Die Angabe passt nicht", "The entry does not fit"),
        Both(
            "Eine Angabe fehlt oder hat nicht die richtige Form. Es wurde nichts geändert.",
            "Something is missing or does not have the right form. Nothing was changed.",
        ),
    ),
    503: (
        Both("Gerade nicht möglich", "Not possible right now"),
        Both(
            "Jeder Zugriff wird aufgezeichnet, bevor Daten gezeigt werden. Das geht im Augenblick nicht, darum zeigen"
            " wir nichts. Bitte versuchen Sie es in einigen Minuten wieder.",
            "Every access is recorded before data is shown. That is not possible at the moment, so we show nothing."
            " Please try again in a few minutes.",
        ),
    ),
}
_OTHER = (
    Both("So geht es nicht", "This does not work"),
    Both("Diese Anfrage können wir nicht annehmen.", "We cannot take this request."),
)


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
            "languages": [(one.value, _other_language(request, one)) for one in Language],
            "t": t,
            "link": link,
            "token": token,
            "words": lambda kind, code: say(kind, code, language),
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
        title, text = _ERRORS.get(status, _OTHER)
        language = language_of(request)
        return self.page(request, "error.html", status, title=title.in_(language), text=text.in_(language))

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
            except RequestValidationError as error:
                in_path = any(one["loc"][0] == "path" for one in error.errors())
                response = self.site.error(request, 404 if in_path else 422)
            except HTTPException as error:
                response = self.site.error(request, error.status_code)
            except tuple(_STATUS) as error:
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


def stylesheet(site: Site) -> Response:
    """The site's one stylesheet."""
    return Response(site.stylesheet, media_type="text/css", headers={"Cache-Control": "public, max-age=3600"})


def _other_language(request: Request, language: Language) -> str:
    query = {**request.query_params, "lang": language.value} if request.method == "GET" else {"lang": language.value}
    return "?" + urlencode(query)


def _same_site(request: Request) -> bool:
    """Browsers say where a form comes from; under `no-referrer` they send Origin as `null`, so that the fetch
    metadata decides where it is there. Neither = not a browser's form.
    """
    fetched = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin", "null")
    if origin != "null" and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        return False
    return fetched == "same-origin" if fetched else origin != "null"


def _status_of(error: Exception) -> int:
    return next(status for kind, status in _STATUS.items() if isinstance(error, kind))
