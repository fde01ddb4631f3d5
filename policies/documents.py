"""The policy document: what the controller decided about purposes, parsed strictly and never interpreted.

Everything that is not written in the document is refused. Scalars are read as text, so that the country
`NO` stays text; duplicate keys, anchors, aliases and tags are refused with their line.

Legal: GDPR Art. 5(1)(b), Art. 6, Art. 24, Art. 30.
"""

import hashlib
import re
from collections.abc import Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from policies.vocabulary import Category, Channel, EventKind, LegalBasis, RelationshipKind

MAXIMUM_DOCUMENT_BYTES = 1_048_576

Identifier = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Period = Annotated[str, StringConstraints(pattern=r"^P([1-9]\d{0,3}D|[1-9]\d{0,2}M|[1-9]\d?Y)$")]
Day = Annotated[str, StringConstraints(pattern=r"^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class PolicyDocumentError(ValueError):
    """A policy document that cannot be put in force; `line` is 1-based, 0 where no single line is to blame."""

    def __init__(self, message: str, line: int = 0) -> None:
        super().__init__(f"line {line}: {message}" if line else message)
        self.line = line


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Part):
    """One text in both languages of the product."""

    de: Text
    en: Text


class Review(_Part):
    """Somebody's recorded word on the document (Art. 38(6): the DPO advises, the controller decides)."""

    by: Text
    date: Day
    result: Literal["no_objection", "objection"]
    note: str | None = None


class Controller(_Part):
    """Who is responsible (Art. 13(1)(a), (b), Art. 30(1)(a))."""

    name: Text
    address: Text
    contact: Text
    data_protection_officer: Text
    supervisory_authority: Text


class Head(_Part):
    """Which document this is, and who wrote, reviewed, advised on and decided it."""

    id: Text
    version: Text
    valid_from: Day
    controller: Controller
    author: Text
    legal_review: Review
    dpo_opinion: Review
    decided_by: Text

    @model_validator(mode="after")
    def _four_eyes(self) -> Self:
        if self.decided_by in {self.author, self.dpo_opinion.by}:
            message = "decided_by must be neither the author nor the data protection officer (Art. 38(6) GDPR)"
            raise ValueError(message)
        return self


class RetentionClass(_Part):
    """How long, counted from when, and why (Art. 5(1)(e); R-DEL-1); `told` is what a letter says of it."""

    period: Period
    starts: Literal["collected", "relationship_end", "year_end"]
    why: Text
    title: Words
    told: Words | None = None
    obligation: bool = False

    @property
    def words(self) -> Words:
        """Why, as the person is told (Art. 12(1)); where nobody wrote it down, the title."""
        return self.told or self.title


class FieldPart(_Part):
    """One declared field: its category, retention class and meaning; `values` has the words for coded values."""

    category: Category
    retention: Identifier
    title: Words
    dpv: Text
    event: EventKind | None = None
    special: bool = False
    estimate: bool = False
    values: Mapping[str, Words] = Field(default_factory=dict)


class Basis(_Part):
    """The legal basis of one purpose for one category (R-6.1-1)."""

    article: LegalBasis
    why: Text
    explicit: bool = False
    rests_on: tuple[RelationshipKind, ...] = ()
    assessment: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.article is LegalBasis.CONTRACT and not self.rests_on:
            message = "a contract basis names the relationships it rests on (Art. 6(1)(b) GDPR)"
            raise ValueError(message)
        if self.article is LegalBasis.LEGITIMATE_INTERESTS and not self.assessment:
            message = "a legitimate interest needs its assessment (Art. 6(1)(f) GDPR, R-6.1f-1)"
            raise ValueError(message)
        if self.explicit and self.article is not LegalBasis.CONSENT:
            message = "only a consent can be explicit (Art. 9(2)(a), Art. 22(2)(c) GDPR)"
            raise ValueError(message)
        return self


class Compatible(_Part):
    """A recorded Art. 6(4) assessment that lets data collected for another purpose serve this one."""

    purpose: Identifier
    assessment: Text


class Purpose(_Part):
    """One purpose: what may be known, on which basis, for how far back, by whom."""

    title: Words
    dpv: Text
    state: Literal["active", "observe", "inactive", "retired"]
    basis: Mapping[Category, Basis]
    fields: Mapping[Category, tuple[Identifier, ...]]
    collects: Mapping[Category, tuple[Identifier, ...]] = Field(default_factory=dict)
    look_back: Mapping[Category, Period] = Field(default_factory=dict)
    direct_marketing: bool = False
    profiling: bool = False
    channels: tuple[Channel, ...] = ()
    minimum_age: int = Field(default=0, ge=0, le=21)
    unknown_age: Literal["adult", "deny"] = "adult"
    objection: Literal["not_applicable", "withdraws_consent", "weighed", "absolute"]
    while_restricted: bool = False
    compatible_from: tuple[Compatible, ...] = ()
    from_any_purpose: bool = False
    notice: Identifier | None = None
    dpia: str | None = None
    recipients: tuple[Identifier, ...] = ()

    @model_validator(mode="after")
    def _lawful(self) -> Self:
        articles = {basis.article for basis in self.basis.values()}
        if missing := (self.fields.keys() | self.collects.keys()) - self.basis.keys():
            message = f"no legal basis for {', '.join(sorted(missing))} (Art. 6(1) GDPR, R-6.1-1)"
            raise ValueError(message)
        if LegalBasis.CONSENT in articles and self.objection != "withdraws_consent":
            message = "a consent purpose ends by withdrawal: objection must be withdraws_consent (Art. 7(3) GDPR)"
            raise ValueError(message)
        if articles & {LegalBasis.CONSENT, LegalBasis.LEGITIMATE_INTERESTS} and not self.notice:
            message = "a purpose on consent or legitimate interest names its notice (Art. 13(1)(c), (d) GDPR)"
            raise ValueError(message)
        if self.direct_marketing and LegalBasis.CONTRACT in articles:
            message = "marketing cannot rest on a contract (Art. 6(1)(b) GDPR, R-6.1b-1)"
            raise ValueError(message)
        if self.profiling and not self.dpia:
            message = "profiling needs an impact assessment (Art. 35 GDPR, R-35-1)"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        articles = {basis.article for basis in self.basis.values()}
        if LegalBasis.LEGITIMATE_INTERESTS in articles and self.objection not in (
            {"absolute"} if self.direct_marketing else {"weighed", "absolute"}
        ):
            message = "a legitimate interest can be objected to, in direct marketing absolutely (Art. 21(1)-(3) GDPR)"
            raise ValueError(message)
        if self.profiling and not all(basis.explicit for basis in self.basis.values()):
            message = "profiling rests on explicit consent alone (Art. 22(2)(c) GDPR, R-22-2)"
            raise ValueError(message)
        if (self.while_restricted or self.from_any_purpose) and articles != {LegalBasis.LEGAL_OBLIGATION}:
            message = "only a duty of law goes on under restriction or reaches all data (Art. 18(2), Art. 6(4) GDPR)"
            raise ValueError(message)
        if (self.direct_marketing or self.profiling) and (
            endless := self.fields.keys() - {Category.MASTER} - self.look_back.keys()
        ):
            message = f"advertising and profiling look back without end on {', '.join(sorted(endless))} (R-5.1c-2)"
            raise ValueError(message)
        return self

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Field names this purpose may read."""
        return frozenset(name for names in self.fields.values() for name in names)

    @cached_property
    def collectable(self) -> frozenset[str]:
        """Field names that may be stored for this purpose."""
        return self.allowed | frozenset(name for names in self.collects.values() for name in names)

    @cached_property
    def sources(self) -> frozenset[str]:
        """Other purposes whose data may serve this one (Art. 6(4))."""
        return frozenset(part.purpose for part in self.compatible_from)


class Recipient(_Part):
    """Somebody data is disclosed to, named as R-15.1c-1 asks."""

    name: Text
    address: Text
    country: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    role: Literal["controller", "joint", "processor", "authority"]
    contract: str | None = None


class Client(_Part):
    """A calling system, bound to purposes (R-5.1b-1); `recipient` where it belongs to somebody else."""

    title: Words
    purposes: tuple[Identifier, ...]
    recipient: Identifier | None = None


class PolicyDocument(_Part):
    """The whole document, referentially complete."""

    policy: Head
    retention: Mapping[Identifier, RetentionClass]
    fields: Mapping[Identifier, FieldPart]
    recipients: Mapping[Identifier, Recipient]
    purposes: Mapping[Identifier, Purpose]
    clients: Mapping[Identifier, Client]
    digest: str = ""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        for name, field in self.fields.items():
            at = ("fields", name, "retention")
            _known(field.retention in self.retention, f"field {name}: retention class {field.retention}", at)
        for purpose_id, purpose in self.purposes.items():
            self._check_purpose(purpose_id, purpose)
        for code, client in self.clients.items():
            self._check_client(code, client)
        return self

    def _check_purpose(self, purpose_id: str, purpose: Purpose) -> None:
        for part in ("fields", "collects"):
            for category, names in getattr(purpose, part).items():
                at: tuple[str, ...] = ("purposes", purpose_id, part, category)
                for name in names:
                    known = name in self.fields and self.fields[name].category is category
                    _known(known, f"purpose {purpose_id}: field {name} in {category}", at)
                    if self.fields[name].special and not purpose.basis[category].explicit:
                        raise _DanglingError(f"purpose {purpose_id}: {name} needs an Art. 9(2) condition (R-9-1)", at)
        for source in purpose.sources:
            at = ("purposes", purpose_id, "compatible_from")
            _known(source in self.purposes, f"purpose {purpose_id}: purpose {source}", at)
        for recipient in purpose.recipients:
            at = ("purposes", purpose_id, "recipients")
            _known(recipient in self.recipients, f"purpose {purpose_id}: recipient {recipient}", at)

    def _check_client(self, code: str, client: Client) -> None:
        at = ("clients", code)
        known = client.recipient is None or client.recipient in self.recipients
        _known(known, f"client {code}: recipient {client.recipient}", at)
        for purpose_id in client.purposes:
            _known(purpose_id in self.purposes, f"client {code}: purpose {purpose_id}", at)
            if client.recipient is not None and client.recipient not in self.purposes[purpose_id].recipients:
                raise _DanglingError(f"client {code}: {client.recipient} is no recipient of {purpose_id}", at)

    @property
    def version(self) -> str:
        """The version that decisions and audit entries quote."""
        return self.policy.version


class _DanglingError(ValueError):
    """A part that speaks of something the document does not have; `path` leads to it."""

    def __init__(self, message: str, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.path = path


def _known(declared: object, what: str, path: tuple[str, ...]) -> None:
    if not declared:
        raise _DanglingError(f"{what} is not declared", path)


class _StrictLoader(yaml.SafeLoader):
    """Text scalars only; no duplicate keys, anchors, aliases or tags."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]  # its stubs leave it untyped
        mark = event.start_mark
        if isinstance(event, yaml.events.AliasEvent) or getattr(event, "anchor", None):
            raise PolicyDocumentError("anchors and aliases are not allowed", mark.line + 1)
        if getattr(event, "tag", None):
            raise PolicyDocumentError("tags are not allowed", mark.line + 1)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise PolicyDocumentError("keys are plain words", key.start_mark.line + 1)
            if key.value in seen:
                raise PolicyDocumentError(f"duplicate key {key.value!r}", key.start_mark.line + 1)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


_StrictLoader.yaml_implicit_resolvers = {}


@lru_cache(maxsize=16)
def parse(source: bytes) -> PolicyDocument:
    """Parse and validate one document.

    Args:
        source: the file's bytes, UTF-8, at most 1 MiB.

    Returns:
        The document with `digest` set to the SHA-256 (hex) of the bytes.

    Raises:
        PolicyDocumentError: when it is too large, not UTF-8, not this shape, or asks what the law refuses.
    """
    if len(source) > MAXIMUM_DOCUMENT_BYTES:
        raise PolicyDocumentError(f"larger than {MAXIMUM_DOCUMENT_BYTES} bytes")
    try:
        content = source.decode("utf-8")
        tree = yaml.load(content, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader made stricter
    except UnicodeDecodeError as error:
        raise PolicyDocumentError(f"not UTF-8 at byte {error.start}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise PolicyDocumentError("not readable as YAML", mark.line + 1 if mark else 0) from error
    except RecursionError as error:
        raise PolicyDocumentError("nested too deeply") from error
    if not isinstance(tree, dict):
        raise PolicyDocumentError("the document is a mapping", 1)
    if "digest" in tree:
        raise PolicyDocumentError("digest: computed, never written", _line_of(content, ["digest"]))
    try:
        document = PolicyDocument.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        path = [str(part) for part in (*first["loc"], *getattr(first.get("ctx", {}).get("error"), "path", ()))]
        message = f"{'.'.join(path) or 'document'}: {first['msg']}"
        raise PolicyDocumentError(message, _line_of(content, path)) from error
    return document.model_copy(update={"digest": hashlib.sha256(source).hexdigest()})


def load(path: Path) -> PolicyDocument:
    """Parse the document in a file; errors as `parse`."""
    return parse(path.read_bytes())


def _line_of(content: str, path: list[str]) -> int:
    """The line on which the innermost key of `path` stands, found by walking the keys in order."""
    lines = content.splitlines()
    at = 0
    for key in path:
        pattern = re.compile(rf"(^|[\s{{,]){re.escape(key)}\s*:")
        for number in range(at, len(lines)):
            if pattern.search(lines[number]) and not lines[number].lstrip().startswith("#"):
                at = number
                break
    return at + 1
