"""Everything that is wrong with a document is said at once, with file, line and law."""

from collections.abc import Callable
from pathlib import Path

import pytest

from policies.documents import SECTIONS, PolicyDocumentError, load, parse
from policies.references import findings as dangling
from policies.vocabulary import Category
from policies.yaml_source import MAXIMUM_DEPTH, read
from tests.unit.policies.small_shop import SHOP, edited, shop, with_purpose


def refusal(source: str) -> PolicyDocumentError:
    with pytest.raises(PolicyDocumentError) as caught:
        parse(source.encode())
    return caught.value


def line_with(source: str, words: str) -> int:
    return next(number for number, line in enumerate(source.splitlines(), 1) if words in line)


def test_form_reference_and_law_are_told_together() -> None:
    broken = edited(
        ("period: P5Y", "period: five years"),
        ("    notice: news_consent\n", ""),
        ("purposes: [proofs]", "purposes: [proofs, whim]"),
        ("    recipients: [carrier]\n", "    recipients: [stranger]\n"),
    )
    found = refusal(broken).findings
    assert [finding.line for finding in found] == sorted(finding.line for finding in found)
    assert [(finding.line, finding.rule) for finding in found] == [
        (line_with(broken, "period: five years"), ""),
        (line_with(broken, "[stranger]"), ""),
        (line_with(broken, "  news:"), "R-13-1"),
        (line_with(broken, "whim"), ""),
    ]


def test_a_finding_names_the_file_the_line_and_the_law(tmp_path: Path) -> None:
    broken = edited(("    notice: news_consent\n", ""))
    file = tmp_path / "ours.yaml"
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(PolicyDocumentError) as caught:
        load(file)
    line = line_with(broken, "  news:")
    assert str(caught.value) == (
        f"ours.yaml, line {line}: purpose news: a purpose on consent or legitimate interest names its notice "
        "(Art. 7(1), 13(1)(c), (d) GDPR, § 7(3) no. 4 UWG; R-13-1)"
    )


def test_one_slip_is_told_once() -> None:
    """A field whose form is wrong is still declared: those who read it are not blamed for it."""
    found = refusal(edited(("dpv: pd:EmailAddress", "colour: blue"))).findings
    assert {finding.message for finding in found} == {
        "fields.email.dpv: Field required",
        "fields.email.colour: Extra inputs are not permitted",
    }


def test_what_is_missing_is_asked_for_by_its_law() -> None:
    assert "fields.email.retention: Field required (Art. 5(1)(e) GDPR; R-5.1e-1)" in str(
        refusal(edited(("email: {category: master, retention: plain,", "email: {category: master,")))
    )


@pytest.mark.parametrize(
    ("key", "edit", "law"),
    [
        ("objection", ("    objection: absolute\n", ""), "Art. 21 GDPR; R-21.1-1"),
        ("state", ("OrderManagement\n    state: active\n", "OrderManagement\n"), "Art. 5(1)(b) GDPR; R-5.1b-1"),
        ("fields", ("    fields: {evidence: [proof]}\n", ""), "Art. 5(1)(c), 25(2) GDPR; R-5.1c-1"),
        ("legal_review", ("  legal_review: {", "  legal_advice: {"), "Art. 24 GDPR; R-38-1"),
        ("country", ("country: DE, role: c", "role: c"), "Art. 15(1)(c), 30(1)(e), 44 GDPR; R-26/28-1"),
        ("name", ("{name: Bote, ", "{"), "Art. 13(1)(a), 15(1)(c) GDPR; R-13-1, R-15.1c-1"),
        ("interest", ("interest: {de: Werben, en: To advertise}, ", ""), "Art. 13(1)(d) GDPR; R-6.1f-1"),
    ],
)  # fmt: skip
def test_each_key_that_a_law_asks_for_names_it(key: str, edit: tuple[str, str], law: str) -> None:
    found = [one.message for one in refusal(edited(edit)).findings]
    assert [one for one in found if one.endswith(f".{key}: Field required ({law})")]


@pytest.mark.parametrize(("section", "law"), [("fields", "R-5.1c-1"), ("retention", "R-5.1e-1")])
def test_a_part_that_a_law_asks_for_names_it(section: str, law: str) -> None:
    found = [one.message for one in refusal(SHOP.replace(f"\n{section}:\n", "\nothers:\n", 1)).findings]
    assert [one for one in found if one.startswith(f"{section}: Field required") and one.endswith(f"{law})")]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("email: {category: master", "email: {category: mood"), "fields.email.category: Input should be 'master'"),
        (("period: P5Y", "period: 5"), "retention.plain.period: String should match pattern"),
        (("title: {de: Klicks, en: clicks}", "title: clicks"), "fields.clicks.title: Input should be a valid dict"),
        (("  author: Author\n", "  author: ''\n"), "policy.author: String should have at least 1 character"),
        (("role: processor", "role: friend"), "recipients.sender.role: Input should be 'controller'"),
    ],
)
def test_what_is_there_but_wrong_cites_no_law_and_repeats_nothing(edit: tuple[str, str], message: str) -> None:
    (finding,) = refusal(edited(edit)).findings
    assert finding.message.startswith(message)
    assert "GDPR" not in finding.message
    assert not {"mood", "friend", "errors.pydantic.dev"} & set(finding.message.split())


@pytest.mark.parametrize(
    ("section", "wrong", "message"),
    [
        ("clients", None, "clients: Field required"),
        ("clients", "clients: nobody\n", "clients is a mapping"),
        ("clients", "clients: [till]\n", "clients is a mapping"),
        ("clients", "clients:\n", "clients is a mapping"),
        ("score_models", "score_models: [guesser]\n", "score_models is a mapping"),
    ],
)
def test_a_part_is_there_and_a_mapping(section: str, wrong: str | None, message: str) -> None:
    lines = SHOP.splitlines(keepends=True)
    start = lines.index(f"{section}:\n")
    end = next((n for n in range(start + 1, len(lines)) if not lines[n].startswith(" ")), len(lines))
    source = "".join([*lines[:start], wrong or "", *lines[end:]])
    found = refusal(source).findings
    assert [(one.line, one.message) for one in found] == [(start + 1 if wrong else 1, message)]


@pytest.mark.gdpr("8(1)")
@pytest.mark.parametrize(("age", "possible"), [(-1, False), (0, True), (21, True), (22, False)])
def test_an_age_is_one_that_a_law_could_ask_for(age: int, *, possible: bool) -> None:
    """R-8-1: the form is held here, the law by the gates."""
    source = edited(("    objection: absolute\n", f"    objection: absolute\n    minimum_age: {age}\n"))
    if possible:
        assert parse(source.encode()).purposes["letters"].minimum_age == age
    else:
        assert "purposes.letters.minimum_age" in str(refusal(source))


@pytest.mark.parametrize(("people", "possible"), [(0, False), (1, True), (100_000_000, True), (100_000_001, False)])
def test_a_budget_is_a_number_of_people(people: int, *, possible: bool) -> None:
    edit = ("purposes: [proofs]}", f"purposes: [proofs], budget: {{proofs: {{subjects_per_day: {people}}}}}}}")
    both = edited(edit, ("country: DE, role: controller", "country: NO, role: controller"))
    if possible:
        document = parse(both.encode())
        assert document.subjects_per_day("office", "proofs") == people
        assert document.recipients["carrier"].outside_eea is False
    else:
        assert "clients.office.budget.proofs.subjects_per_day" in str(refusal(both))


@pytest.mark.gdpr("44")
@pytest.mark.parametrize(
    ("country", "outside", "third"),
    [("DE", False, False), ("NO", False, False), ("CH", True, False), ("KR", True, False), ("US", True, True)],
)
def test_whether_a_recipient_is_in_a_third_country_follows_from_where_they_are(
    country: str, *, outside: bool, third: bool
) -> None:
    """R-26/28-1."""
    carried = f"country: {country}, transfer: {{instrument: standard_clauses, ref: SCC-1}}, role: controller"
    carrier = parse(edited(("country: DE, role: controller", carried)).encode()).recipients["carrier"]
    assert (carrier.outside_eea, carrier.third_country) == (outside, third)


@pytest.mark.gdpr("15(1)(h)")
def test_a_model_works_with_something() -> None:
    """R-22-1."""
    both = parse(edited(("inputs: [clicks]", "inputs: [clicks, clicks]")).encode())
    assert both.score_models["guesser"].inputs == ("clicks", "clicks")
    assert "score_models.guesser.inputs" in str(refusal(edited(("inputs: [clicks]", "inputs: []"))))


def test_a_document_without_its_head_is_told_so_once() -> None:
    source = SHOP[SHOP.index("retention:\n") :]
    assert [(one.line, one.message) for one in refusal(source).findings] == [(1, "policy: Field required")]


def test_only_the_parts_that_may_be_left_out_may() -> None:
    with_roles = "roles: {dpo: {title: {de: D, en: D}, purposes: [orders]}}\nclients:\n"
    assert shop().roles == {}
    assert shop(("clients:\n", with_roles)).roles["dpo"].purposes == ("orders",)


def test_a_field_in_two_categories_is_told_with_both_lines() -> None:
    """R-6.1-1: one field, one category."""
    twice = edited(("  phone: {category", "  email: {category: behavioural, retention: plain}\n  phone: {category"))
    error = refusal(twice)
    first = line_with(twice, "  email: {category: master")
    assert str(error) == f"line {first + 1}: duplicate key 'email', it stands on line {first} already"


def test_a_field_without_category_or_under_another_is_refused() -> None:
    without = refusal(edited(("email: {category: master, retention", "email: {retention")))
    assert "fields.email.category: Field required (Art. 30(1)(c) GDPR; R-6.1-1)" in str(without)
    other = refusal(edited(("    fields: {master: [email]}\n", "    fields: {behavioural: [email]}\n")))
    assert "field email in behavioural is not declared" in str(other)


@pytest.mark.gdpr("30(1)(c)")
@pytest.mark.parametrize("category", list(Category))
def test_a_field_is_read_and_collected_in_its_own_category_alone(category: Category) -> None:
    """R-6.1-1."""
    for part in ("fields", "collects"):
        document = with_purpose(shop(), "proofs", **{part: {category: ("email",)}})
        declared = {section: frozenset(getattr(document, section)) for section in SECTIONS}
        message = f"purpose proofs: field email in {category} is not declared"
        found = [finding.message for finding in dangling(document, declared)]
        assert found == ([] if category is Category.MASTER else [message])


def test_a_condition_is_for_all_fields_or_for_one_that_the_purpose_has() -> None:
    """R-9-1."""
    every = "\n    special: {'*': A9-2-a}\n"
    assert (
        shop(("    minimum_age: 16\n", f"    minimum_age: 16{every}")).purposes["news"].condition("email") == "A9-2-a"
    )


def test_everything_yaml_could_hide_is_told_at_once() -> None:
    hiding = edited(
        ("  author: Author\n", "  author: &me Author\n"),
        ("  decided_by: Owner\n", "  decided_by: *me\n"),
        ('  version: "1"\n', "  version: !!str 1\n"),
    )
    assert [finding.message for finding in refusal(hiding).findings] == [
        "tags are not allowed",
        "anchors and aliases are not allowed",
        "anchors and aliases are not allowed",
    ]


@pytest.mark.parametrize("word", ["NO", "yes", "null", "~", "1e3", "0x10", "2026-11-01", "12:30:45", ".inf", "1_000"])
def test_a_scalar_is_text_whatever_yaml_makes_of_it(word: str) -> None:
    assert shop(("  author: Author\n", f"  author: {word}\n")).policy.author == word


@pytest.mark.parametrize("word", ["2026-02-30", "2026-13-01", "20261101", "1793491200", "2026-11-01T00:00:00Z", "soon"])
def test_a_day_is_a_day_of_the_calendar(word: str) -> None:
    error = refusal(edited(('valid_from: "2026-11-01"', f'valid_from: "{word}"')))
    assert error.line == line_with(SHOP, "valid_from")


@pytest.mark.parametrize(
    "grow",
    [
        lambda size: b"a: " + b"x" * size,
        lambda size: SHOP.encode() + b"#" * size,
        lambda size: b"- " * (size // 2),
    ],
    ids=["one word", "a comment", "a depth"],
)
def test_ten_megabytes_are_refused_unread(grow: Callable[[int], bytes]) -> None:
    with pytest.raises(PolicyDocumentError, match=r"^larger than 1048576 bytes$") as caught:
        parse(grow(10 * 1024 * 1024))
    assert caught.value.line == 0


def test_depth_is_bounded() -> None:
    assert read(b"a: " + b"[" * (MAXIMUM_DEPTH - 1) + b"]" * (MAXIMUM_DEPTH - 1)).tree
    with pytest.raises(PolicyDocumentError, match="nested too deeply"):
        read(b"a: " + b"[" * MAXIMUM_DEPTH + b"]" * MAXIMUM_DEPTH)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (("clients:\n", "colours: {}\nclients:\n"), "colours: nobody declared this part"),
        (("  till: {", "  Till Two: {"), "clients.Till Two: a name is lower-case letters"),
        (("purposes: [proofs]}", "purposes: [proofs], budget: {news: {subjects_per_day: 1}}}"), "not declared for it"),
        (("purposes: [proofs]}", "purposes: [proofs], budget: {proofs: {subjects_per_day: 0}}}"), "subjects_per_day"),
        (
            ("clients:\n", "roles: {dpo: {title: {de: D, en: D}, purposes: [whim]}}\nclients:\n"),
            "role dpo: purpose whim",
        ),
        (
            ("inputs: [clicks]", "inputs: [moods]"),
            "score model guesser: moods is neither a declared field nor a category",
        ),
        (("field: guess, purpose", "field: mood, purpose"), "score model guesser: field mood is not declared"),
        (("purpose: tips, version", "purpose: whim, version"), "score model guesser: purpose whim is not declared"),
        (("derived_from: [clicks]", "derived_from: [moods]"), "field guess: field moods is not declared"),
        (("derived_from: [clicks]", "obtained_from: nobody"), "field guess: recipient nobody is not declared"),
        (
            ("    minimum_age: 16\n", "    minimum_age: 16\n    special: {phone: A9-2-a}\n"),
            "field phone is not declared",
        ),
        (("country: DE, role: controller", "country: CH, third_country: yes, role: controller"), "contradicts country"),
    ],
)
def test_the_newer_parts_are_read_as_strictly(edit: tuple[str, str], message: str) -> None:
    error = refusal(edited(edit))
    assert message in str(error)
    assert error.line > 0


@pytest.mark.gdpr("9(1)")
def test_who_may_not_read_what_an_estimate_is_made_of_may_not_read_it() -> None:
    """R-9-2: derived data inherits the intersection of its inputs' purposes."""
    wider = edited(
        ("      master: {article: A6-1-b, why: the contract, rests_on: [contract]}\n", ""),
        ("    fields: {master: [email, phone]}\n", "    fields: {score: [guess]}\n"),
        (
            "    dpv: dpv:CustomerOrderManagement\n    state: active\n    basis:\n",
            (
                "    dpv: dpv:CustomerOrderManagement\n    state: active\n    basis:\n"
                "      score: {article: A6-1-b, why: x, rests_on: [contract]}\n"
            ),
        ),
    )
    assert [finding.rule for finding in refusal(wider).findings] == ["R-9-2"]
    assert "guess is derived from clicks, which this purpose may not read" in str(refusal(wider))


def test_countries_with_an_adequacy_decision_need_no_instrument_and_are_outside_all_the_same() -> None:
    recipient = shop(("country: DE, role: controller", "country: CH, role: controller")).recipients["carrier"]
    assert (recipient.third_country, recipient.outside_eea) == (False, True)


def test_the_budget_of_a_client_goes_before_the_purposes_own() -> None:
    document = shop(
        ("    minimum_age: 16\n", "    minimum_age: 16\n    budget: {subjects_per_day: 10}\n"),
        ("purposes: [proofs]}", "purposes: [proofs, news], budget: {news: {subjects_per_day: 5}}}"),
    )
    assert document.subjects_per_day("till", "news") == 10
    assert document.subjects_per_day("office", "news") == 5
    assert document.subjects_per_day("till", "orders") is None
    assert document.subjects_per_day("stranger", "whim") is None
