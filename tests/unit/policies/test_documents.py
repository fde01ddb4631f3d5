"""What a policy document may not say, and on which line it said it."""

import hashlib
from collections.abc import Callable

import pytest

from policies.documents import MAXIMUM_DOCUMENT_BYTES, PolicyDocument, PolicyDocumentError, load, parse
from policies.vocabulary import Category, Channel, LegalBasis
from tests.unit.policies.people import CATALOGUE

SMALL = """\
policy:
  id: small-shop
  version: "7"
  valid_from: "2026-11-01"
  controller:
    name: Kleiner Laden
    address: Gasse 1, 20095 Hamburg
    contact: laden@example.com
    data_protection_officer: dsb@example.com
    supervisory_authority: HmbBfDI
  author: Author
  legal_review: {by: Lawyer, date: "2026-10-01", result: no_objection}
  dpo_opinion: {by: Officer, date: "2026-10-02", result: objection, note: too much}
  decided_by: Owner
retention:
  plain: {period: P3Y, starts: relationship_end, why: claims, title: {de: Daten, en: data}}
fields:
  email: {category: master, retention: plain, title: {de: E-Mail, en: e-mail}, dpv: pd:EmailAddress}
  allergy: {category: behavioural, retention: plain, title: {de: Allergie, en: allergy}, dpv: pd:Health,
            special: health}
recipients:
  carrier: {name: Bote, address: Weg 2, country: DE, role: controller}
purposes:
  orders:
    title: {de: Bestellungen, en: orders}
    dpv: dpv:CustomerOrderManagement
    state: active
    basis:
      master: {article: A6-1-b, why: the contract, rests_on: [contract]}
    fields: {master: [email]}
    objection: not_applicable
    recipients: [carrier]
  news:
    title: {de: Neuigkeiten, en: news}
    dpv: dpv:DirectMarketing
    state: active
    basis:
      master: {article: A6-1-a, why: asked first}
    fields: {master: [email]}
    direct_marketing: yes
    channels: [email]
    objection: withdraws_consent
    notice: news_consent
    compatible_from: [{purpose: orders, assessment: named in the consent}]
  allergies:
    title: {de: Allergien beachten, en: mind allergies}
    dpv: dpv:ServicePersonalisation
    state: active
    basis:
      behavioural: {article: A6-1-a, explicit: yes, why: named in the consent}
    fields: {behavioural: [allergy]}
    special: {allergy: A9-2-a}
    look_back: {behavioural: P24M}
    objection: withdraws_consent
    profiling: yes
    dpia: DSFA-1
    notice: allergy_consent
clients:
  till: {title: {de: Kasse, en: till}, purposes: [orders, news, allergies]}
  bote: {title: {de: Bote, en: carrier}, purposes: [orders], recipient: carrier}
"""

IN_NEWS = "    notice: news_consent\n"


def refusal(source: bytes) -> PolicyDocumentError:
    with pytest.raises(PolicyDocumentError) as caught:
        parse(source)
    return caught.value


def changed(old: str, new: str) -> tuple[bytes, int]:
    """The small document with one passage changed, and the line on which the new passage begins."""
    assert SMALL.count(old) == 1, f"{old!r} must stand there once"
    text = SMALL.replace(old, new)
    return text.encode(), SMALL[: SMALL.index(old)].count("\n") + 1


def test_the_small_document_is_in_order() -> None:
    document = parse(SMALL.encode())
    assert isinstance(document, PolicyDocument)
    assert document.version == "7"
    assert "lines" not in document.model_dump(), "where it stands is no part of what it says"
    assert "lines=" not in repr(document)
    assert document.digest == hashlib.sha256(SMALL.encode()).hexdigest()
    news = document.purposes["news"]
    assert news.basis[Category.MASTER].article is LegalBasis.CONSENT
    assert news.channels == (Channel.EMAIL,)
    assert news.direct_marketing is True
    assert news.sources == {"orders"}
    assert document.fields["allergy"].special == "health"
    assert document.purposes["orders"].direct_marketing is False


def test_a_file_is_read_as_its_bytes() -> None:
    path = CATALOGUE / "retailer.yaml"
    assert load(path) == parse(path.read_bytes())
    assert load(path) is load(path), "what was read is not read again"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  id: small-shop\n", "  id: &name small-shop\n", "anchors and aliases"),
        ("  author: Author\n", "  author: *name\n", "anchors and aliases"),
        ("  author: Author\n", "  author: !!str Author\n", "tags"),
        ("  author: Author\n", "  author: !env SECRET\n", "tags"),
        ("  author: Author\n", "  author: !!python/name:os.system x\n", "tags"),
        ("  decided_by: Owner\n", "  id: other-shop\n", "duplicate key 'id'"),
        (IN_NEWS, "    state: inactive\n", "duplicate key 'state'"),
        ("  author: Author\n", "  ? [author]\n  : Author\n", "keys are plain words"),
        ("  author: Author\n", "  author: Author: really\n", "not readable as YAML"),
        ("  author: Author\n", "  author: [Author\n", "not readable as YAML"),
    ],
)
def test_what_yaml_could_hide_is_refused_on_its_line(old: str, new: str, message: str) -> None:
    source, line = changed(old, new)
    error = refusal(source)
    assert message in str(error)
    # An unclosed bracket is noticed where the next thing does not fit.
    assert error.line in {line, line + 1}


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    channels: [email]\n", "    channels: [carrier_pigeon]\n", "channels"),
        (IN_NEWS, "    notice: News Consent\n", "notice"),
        ("      master: {article: A6-1-a, why: asked first}\n", "      master: {article: A6-1-z, why: x}\n", "article"),
        ("    direct_marketing: yes\n", "    direct_marketing: perhaps\n", "direct_marketing"),
        ("  author: Author\n", "  author: Author\n  ghost_writer: Nobody\n", "ghost_writer"),
        ("    recipients: [carrier]\n", "    recipients: [carrier]\n    while_bored: yes\n", "while_bored"),
        ("    supervisory_authority: HmbBfDI\n", "    supervisory_authority:\n", "supervisory_authority"),
    ],
)
def test_what_is_not_of_its_form_is_refused_on_its_line(old: str, new: str, message: str) -> None:
    source, line = changed(old, new)
    error = refusal(source)
    assert message in str(error)
    assert error.line == line + new.rstrip("\n").count("\n")


@pytest.mark.parametrize(
    ("old", "new", "message", "named"),
    [
        (
            "    direct_marketing: yes\n",
            "    direct_marketing: yes\n    minimum_age: 42\n",
            "minimum_age",
            "minimum_age",
        ),
        ("period: P3Y", "period: 3 years", "period", "plain"),
        ("period: P3Y", "period: P0Y", "period", "plain"),
        ("country: DE", "country: Germany", "country", "carrier"),
    ],
)
def test_what_is_out_of_its_range_is_refused(old: str, new: str, message: str, named: str) -> None:
    source, _ = changed(old, new)
    error = refusal(source)
    assert message in str(error)
    assert source.decode().splitlines()[error.line - 1].lstrip().startswith(named)


LAWS = [
    pytest.param(
        "    objection: not_applicable\n",
        "    objection: not_applicable\n    direct_marketing: yes\n",
        "marketing cannot rest on a contract",
        "orders",
        id="marketing on a contract",
        marks=pytest.mark.gdpr("6(1)(b)"),
    ),
    pytest.param(
        "{article: A6-1-b, why: the contract, rests_on: [contract]}",
        "{article: A6-1-b, why: the contract}",
        "names the relationships it rests on",
        "orders",
        id="a contract that rests on nothing",
        marks=pytest.mark.gdpr("6(1)(b)"),
    ),
    pytest.param(
        "{article: A6-1-b, why: the contract, rests_on: [contract]}",
        "{article: A6-1-f, why: we want to}",
        "needs its assessment",
        "orders",
        id="a legitimate interest without assessment",
        marks=pytest.mark.gdpr("6(1)(f)"),
    ),
    pytest.param(
        "    dpia: DSFA-1\n",
        "",
        "needs an impact assessment",
        "allergies",
        id="profiling without impact assessment",
        marks=pytest.mark.gdpr("35"),
    ),
    pytest.param(
        IN_NEWS,
        "",
        "names its notice",
        "news",
        id="consent without notice",
        marks=pytest.mark.gdpr("13(1)(c)"),
    ),
    pytest.param(
        "{article: A6-1-b, why: the contract, rests_on: [contract]}",
        "{article: A6-1-f, why: we want to, assessment: IA-1}",
        "names its notice",
        "orders",
        id="a legitimate interest without notice",
        marks=pytest.mark.gdpr("13(1)(d)"),
    ),
    pytest.param(
        "    channels: [email]\n    objection: withdraws_consent\n",
        "    channels: [email]\n    objection: weighed\n",
        "ends by withdrawal",
        "news",
        id="consent that a withdrawal does not end",
        marks=pytest.mark.gdpr("7(3)"),
    ),
    pytest.param(
        "      master: {article: A6-1-a, why: asked first}\n",
        "      score: {article: A6-1-a, why: asked first}\n",
        "no legal basis for master",
        "news",
        id="fields of a category without basis",
        marks=pytest.mark.gdpr("6(1)"),
    ),
    pytest.param(
        "  decided_by: Owner\n",
        "  decided_by: Officer\n",
        "neither the author nor the data protection officer",
        "policy",
        id="decided by the data protection officer",
        marks=pytest.mark.gdpr("38(6)"),
    ),
    pytest.param(
        "  decided_by: Owner\n",
        "  decided_by: Author\n",
        "neither the author nor the data protection officer",
        "policy",
        id="decided by the author",
        marks=pytest.mark.gdpr("38(6)"),
    ),
]


@pytest.mark.parametrize(("old", "new", "message", "part"), LAWS)
def test_what_the_law_refuses_is_refused_where_it_stands(old: str, new: str, message: str, part: str) -> None:
    source, _ = changed(old, new)
    error = refusal(source)
    assert message in str(error)
    starts = [number for number, line in enumerate(source.decode().splitlines(), 1) if line.strip() == f"{part}:"]
    assert starts
    assert starts[0] <= error.line


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("email: {category: master, retention: plain", "email: {category: master, retention: eternal", "eternal"),
        ("    fields: {behavioural: [allergy]}\n", "    fields: {behavioural: [mood]}\n", "field mood in behavioural"),
        ("allergy: {category: behavioural", "allergy: {category: score", "field allergy in behavioural"),
        ("    recipients: [carrier]\n", "    recipients: [stranger]\n", "recipient stranger"),
        ("compatible_from: [{purpose: orders", "compatible_from: [{purpose: whim", "purpose whim"),
        ("purposes: [orders, news, allergies]", "purposes: [orders, whim]", "client till: purpose whim"),
        ("recipient: carrier}", "recipient: stranger}", "client bote: recipient stranger"),
        (
            "    recipients: [carrier]\n",
            "    collects: {master: [mood]}\n    recipients: [carrier]\n",
            "field mood in master",
        ),
    ],
)
def test_a_dangling_reference_is_refused_by_name(old: str, new: str, message: str) -> None:
    source, _ = changed(old, new)
    error = refusal(source)
    assert f"{message} is not declared" in str(error) or f"retention class {message} is not declared" in str(error)
    assert error.line >= 1


@pytest.mark.gdpr("9(2)(a)")
def test_a_special_field_needs_a_condition_of_its_own() -> None:
    """R-9-1: Art. 6 alone is not enough."""
    source, _ = changed("    special: {allergy: A9-2-a}\n", "")
    assert "allergy needs an Art. 9(2) condition" in str(refusal(source))


def test_norway_stays_norway() -> None:
    """A scalar is text: neither a truth value nor a number nor a date."""
    source, _ = changed("country: DE", "country: NO")
    assert parse(source).recipients["carrier"].country == "NO"
    source, _ = changed('  version: "7"\n', "  version: 2026-11-01\n")
    assert parse(source).version == "2026-11-01"
    source, _ = changed('  version: "7"\n', "  version: 1e3\n")
    assert parse(source).version == "1e3"
    source, _ = changed("  author: Author\n", "  author: null\n")
    assert parse(source).policy.author == "null"


def test_a_merge_key_is_a_key_like_any_other_and_unknown() -> None:
    source, line = changed("  author: Author\n", "  author: Author\n  <<: {decided_by: Author}\n")
    error = refusal(source)
    assert "<<" in str(error)
    assert error.line == line + 1


def test_a_document_has_a_size_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    filler = b"# " + b"x" * 1021 + b"\n"
    too_large = SMALL.encode() + filler * 2048
    assert len(too_large) > 2 * MAXIMUM_DOCUMENT_BYTES
    assert f"larger than {MAXIMUM_DOCUMENT_BYTES} bytes" in str(refusal(too_large))
    monkeypatch.setattr("policies.documents.MAXIMUM_DOCUMENT_BYTES", len(SMALL.encode()))
    assert parse(SMALL.encode()).version == "7"
    assert "larger than" in str(refusal(SMALL.encode() + b"#"))


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_another_encoding_is_refused(encoding: str) -> None:
    source = SMALL.replace("Gasse 1", "Große Gasse 1").encode(encoding)
    assert "not UTF-8 at byte" in str(refusal(source))


@pytest.mark.parametrize("source", [b"", b"# nothing\n", b"- policy\n", b"policy\n", b"{}"], ids=str)
def test_what_is_no_mapping_of_parts_is_refused(source: bytes) -> None:
    assert refusal(source).line == 1


@pytest.mark.parametrize("opening", [b"[", b"{", b"- ", b"a: {b: "], ids=str)
def test_bottomless_nesting_is_refused_and_not_followed(opening: bytes) -> None:
    assert str(refusal(opening * 500))


def test_a_second_document_in_the_file_is_refused() -> None:
    error = refusal(SMALL.encode() + b"---\npolicy: {}\n")
    assert error.line > SMALL.count("\n")


@pytest.mark.parametrize("part", ["policy", "retention", "fields", "recipients", "purposes", "clients"])
def test_no_part_may_be_left_out(part: str) -> None:
    lines = SMALL.splitlines(keepends=True)
    start = lines.index(f"{part}:\n")
    end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    error = refusal("".join(lines[:start] + lines[end:]).encode())
    assert part in str(error) or "is not declared" in str(error)


@pytest.mark.parametrize(
    "break_it",
    [
        lambda text: text.replace("  author: Author\n", ""),
        lambda text: text.replace("    supervisory_authority: HmbBfDI\n", ""),
        lambda text: text.replace("    contact: laden@example.com\n", ""),
        lambda text: text.replace(", why: claims", ""),
        lambda text: text.replace(", dpv: pd:EmailAddress", ""),
        lambda text: text.replace("category: master, ", ""),
        lambda text: text.replace("category: master, retention: plain", "category: master"),
    ],
    ids=["author", "authority", "contact", "ground of a period", "term", "category", "retention class"],
)
def test_nothing_required_may_be_left_out(break_it: Callable[[str], str]) -> None:
    """R-5.1e-1: no field without a retention class; Art. 13(1)(a), (b)."""
    broken = break_it(SMALL)
    assert broken != SMALL
    assert "Field required" in str(refusal(broken.encode()))
