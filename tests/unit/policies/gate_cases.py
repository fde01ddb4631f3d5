"""Ways to break one law or gate at a time, each with the requirement it breaks and what mends it."""

from dataclasses import dataclass, field

from policies.documents import PolicyDocument
from policies.gates import Existing, published
from policies.notices import NoticeText
from tests.unit.policies.small_shop import ALL, ON, SHOP, Edit, edited, shop, text, texts

ORDERS = "      master: {article: A6-1-b, why: the contract, rests_on: [contract]}\n"
ORDERS_FIELDS = "    fields: {master: [email, phone]}\n"
NEWS = "      master: {article: A6-1-a, why: asked first}\n"
NEWS_FIELDS = "    fields: {master: [email]}\n"
LETTERS = "      master: {article: A6-1-f, why: own customers}\n"
LETTERS_UNWEIGHED = (
    (
        (
            "    lia: {ref: IA-1, interest: {de: Werben, en: To advertise}, necessity: little, balancing: fair,"
            " opt_out: always,\n"
        ),
        "",
    ),
    ('          approved_on: "2026-10-01", review_on: "2028-10-01"}\n  tips', "  tips"),
)
TIPS_FIELDS = "    fields: {behavioural: [clicks], score: [guess]}\n"
CLICKS = "title: {de: Klicks, en: clicks}, dpv: pd:LinkClicked"
GUESS = "derived_from: [clicks], title"
MODEL = SHOP[SHOP.index("score_models:\n") : SHOP.index("clients:\n")]
NO_EFFECT = "effect: none, decision_mode: assistive"
EXPLICIT = "{article: A6-1-a, explicit: yes, why: named in the consent}"
DPIA = 'dpia: {ref: DSFA-1, approved_on: "2026-10-01", review_on: "2028-10-01"}'
WHOLE = 'assessed_on: "2026-09-01", dpo_opinion: no_objection, informed_from: "2026-10-01"'
SOURCE = "    channels: [post]\n    compatible_from: [{{purpose: orders, assessment: KOMP-1{}}}]\n"
OFFERS = """\
  offers:
    title: {de: Angebote, en: offers}
    dpv: dpv:DirectMarketing
    state: active
    basis:
      master: {article: UWG-7-3, why: a sale, rests_on: [contract]}
    fields: {master: [email]}
    direct_marketing: yes
    similar_goods: yes
    channels: [email]
    objection: absolute
    notice: privacy
  proofs:
"""
OFFERED = texts((*ALL, "offers"))
PUBLISHED = published(texts())
KNOWN = Existing(ON, published=PUBLISHED)
NEW_TEXT = ("    notice: news_consent\n", "    notice: news_consent\n    consent_texts: [news_consent/2]\n")
RENAMED = tuple(
    text(one.id, one.purposes, one.language, "2", one.kind, f"Großer Laden, Versender, Bote: {one.id}")
    for one in texts()
)
NEWS_WITHDRAWN = Existing(ON, ended=frozenset({"news"}), published=PUBLISHED)


@dataclass(frozen=True)
class Case:
    """One way to break one rule, and what repairs it; `own` breaks what the registry needs for itself."""

    name: str
    rule: str
    edits: tuple[Edit, ...] = ()
    repair: tuple[Edit, ...] | None = None
    shown: tuple[NoticeText, ...] = field(default_factory=texts)
    shown_repaired: tuple[NoticeText, ...] | None = None
    before: PolicyDocument | None = None
    existing: Existing = field(default_factory=lambda: Existing(ON))
    existing_repaired: Existing | None = None
    own: tuple[Edit, ...] = ()


def swapped(basis: str) -> tuple[Edit, ...]:
    """The newsletter on another basis, whole in everything but that it was consented to before."""
    return (
        (NEWS, f"      master: {basis}\n"),
        ("    channels: [email]\n    minimum_age: 16\n", "    channels: [post]\n    minimum_age: 16\n"),
        (
            "    objection: withdraws_consent\n    notice: news_consent\n",
            (
                "    objection: absolute\n    notice: privacy\n"
                "    lia: {ref: IA-2, interest: {de: Ja, en: To}, necessity: n, balancing: b, opt_out: o,\n"
                '          approved_on: "2026-10-01"}\n'
            ),
        ),
    )


def repaired(case: Case) -> str:
    """The broken document mended where it broke; without a repair of its own, the document as it was."""
    return SHOP if case.repair is None else edited(*case.repair, source=edited(*case.edits))


BASIS = [
    Case(
        "a change of purpose that nobody assessed",
        "R-5.1b-2",
        (("    channels: [post]\n", SOURCE.format("")),),
        (("assessment: KOMP-1", f"assessment: KOMP-1, {WHOLE}"),),
    ),
    Case(
        "people informed before it was assessed",
        "R-5.1b-2",
        (("    channels: [post]\n", SOURCE.format(", " + WHOLE.replace("2026-09-01", "2026-10-02"))),),
        (('assessed_on: "2026-10-02"', 'assessed_on: "2026-10-01"'),),
    ),
    Case(
        "a category without basis",
        "R-6.1-1",
        ((TIPS_FIELDS, "    fields: {behavioural: [clicks], score: [guess], master: [email]}\n"),),
        (
            (
                "      score: {article: A6-1-a, explicit",
                "      master: {article: A6-1-a, explicit: yes, why: named}\n      score: {article: A6-1-a, explicit",
            ),
        ),
    ),
    Case(
        "a consent stretched to another field",
        "R-6.1-2",
        ((NEWS_FIELDS, "    fields: {master: [phone, email]}\n"),),
        (NEW_TEXT,),
        before=shop(),
        existing=KNOWN,
        shown_repaired=texts(version="2"),
    ),
    Case(
        "a consent to another recipient",
        "R-6.1-2",
        (("    recipients: [sender]\n", "    recipients: [sender, carrier]\n"),),
        (NEW_TEXT,),
        before=shop(),
        existing=KNOWN,
        shown_repaired=texts(version="2"),
    ),
    Case(
        "a consent to a controller of another name",
        "R-6.1-2",
        (("    name: Kleiner Laden\n", "    name: Großer Laden\n"),),
        (NEW_TEXT, ("    notice: tips_consent\n", "    notice: tips_consent\n    consent_texts: [tips_consent/2]\n")),
        shown=RENAMED,
        before=shop(),
        existing=KNOWN,
        shown_repaired=RENAMED,
    ),
    Case(
        "declarations on a text that nobody wrote",
        "R-6.1-2",
        (("    notice: news_consent\n", "    notice: news_consent\n    consent_texts: [news_consent/9]\n"),),
        (("news_consent/9", "news_consent/1"),),
        existing=KNOWN,
    ),
    Case(
        "a consent that gave way to an interest after somebody withdrew",
        "R-6.1-3",
        swapped("{article: A6-1-f, why: we want to}"),
        (),
        before=shop(),
        existing=NEWS_WITHDRAWN,
        existing_repaired=KNOWN,
    ),
    Case(
        "marketing on a contract",
        "R-6.1b-1",
        ((LETTERS, "      master: {article: A6-1-b, why: own customers, rests_on: [contract]}\n"),),
        (("      master: {article: A6-1-b, why: own customers, rests_on: [contract]}\n", LETTERS),),
    ),
    Case("a contract that rests on nothing", "R-6.1b-1", ((", rests_on: [contract]}", "}"),)),
    Case(
        "an interest that nobody approved",
        "R-6.1f-1",
        (
            (
                'opt_out: always,\n          approved_on: "2026-10-01", review_on',
                "opt_out: always,\n          review_on",
            ),
        ),
        (("opt_out: always,\n", 'opt_out: always, approved_on: "2026-11-21",\n'),),
    ),
    Case(
        "an interest whose review is due",
        "R-6.1f-1",
        (
            (
                'approved_on: "2026-10-01", review_on: "2028-10-01"}\n  tips',
                'approved_on: "2024-10-01", review_on: "2026-11-21"}\n  tips',
            ),
        ),
        (('review_on: "2026-11-21"', 'review_on: "2026-11-22"'),),
    ),
    Case(
        "an interest with a reference and no words",
        "R-6.1f-1",
        (
            (
                (
                    "    lia: {ref: IA-1, interest: {de: Werben, en: To advertise}, necessity: little, balancing: fair,"
                    ' opt_out: always,\n          approved_on: "2026-10-01", review_on: "2028-10-01"}\n'
                ),
                "",
            ),
            (LETTERS, "      master: {article: A6-1-f, why: own customers, assessment: IA-1}\n"),
        ),
    ),
]

SPECIAL = [
    Case(
        "a field that reveals religion",
        "R-9-2",
        ((CLICKS, "title: {de: Klicks, en: clicks}, dpv: pd:Religion"),),
        (
            ("dpv: pd:Religion", "dpv: pd:Religion, special: religion"),
            (GUESS, "special: religion, " + GUESS),
            (TIPS_FIELDS, TIPS_FIELDS + '    special: {"*": A9-2-a}\n'),
        ),
    ),
    Case(
        "an estimate derived from a special field",
        "R-9-2",
        (
            (CLICKS, "special: religion, " + CLICKS),
            (TIPS_FIELDS, TIPS_FIELDS + "    special: {clicks: A9-2-a}\n"),
        ),
        ((GUESS, "special: religion, " + GUESS), ("special: {clicks: A9-2-a}", 'special: {"*": A9-2-a}')),
    ),
    Case(
        "an estimate that was asked for with a special field",
        "R-9-2",
        (
            (CLICKS, "special: religion, " + CLICKS),
            (TIPS_FIELDS, TIPS_FIELDS + "    special: {clicks: A9-2-a}\n"),
            (GUESS, "obtained_from: carrier, title"),
        ),
        (
            ("obtained_from: carrier, title", "special: religion, obtained_from: carrier, title"),
            ("special: {clicks: A9-2-a}", 'special: {"*": A9-2-a}'),
        ),
    ),
    Case(
        "a special field without condition",
        "R-9-1",
        (
            ("title: {de: Telefon, en: telephone}", "special: health, title: {de: Telefon, en: telephone}"),
            ("    fields: {master: [phone]}\n", "    fields: {master: [email]}\n"),
            ("    recipients: [carrier]\n", f"    recipients: [carrier]\n    {DPIA}\n"),
        ),
        ((ORDERS_FIELDS, ORDERS_FIELDS + "    special: {phone: A9-2-f}\n"),),
    ),
    Case(
        "a special consent that is not explicit",
        "R-9-3",
        (
            ("title: {de: Telefon, en: telephone}", "special: health, title: {de: Telefon, en: telephone}"),
            ("    fields: {master: [phone]}\n", "    fields: {master: [email]}\n"),
            ("    recipients: [carrier]\n", f"    recipients: [carrier]\n    {DPIA}\n"),
            (ORDERS_FIELDS, ORDERS_FIELDS + "    special: {phone: A9-2-a}\n"),
        ),
        (("phone: A9-2-a", "phone: A9-2-f"),),
    ),
    Case(
        "a special field that is collected on a consent that is not explicit",
        "R-9-3",
        (
            ("title: {de: Telefon, en: telephone}", "special: health, title: {de: Telefon, en: telephone}"),
            (ORDERS_FIELDS, "    fields: {master: [email]}\n"),
            ("    fields: {master: [phone]}\n", "    fields: {master: [email]}\n"),
            (
                "    minimum_age: 16\n",
                f"    minimum_age: 16\n    collects: {{master: [phone]}}\n    special: {{phone: A9-2-a}}\n    {DPIA}\n",
            ),
        ),
        ((NEWS, NEWS.replace("why", "explicit: yes, why")),),
    ),
    Case(
        "advertising with what somebody made public",
        "R-9-4",
        ((NEWS_FIELDS + "    direct", NEWS_FIELDS + "    special: {email: A9-2-e}\n    direct"),),
        (("email: A9-2-e", "email: A9-2-a"),),
    ),
    Case("consent of children", "R-8-1", (("    minimum_age: 16\n", "    minimum_age: 15\n"),)),
    Case(
        "advertising profiles of children",
        "R-8-3",
        (
            (
                "    profiling: yes\n    minimum_age: 18\n",
                "    profiling: yes\n    direct_marketing: yes\n    minimum_age: 17\n",
            ),
        ),
        (("    minimum_age: 17\n", "    minimum_age: 18\n"),),
    ),
]

TEXTS = [
    Case("no notice named", "R-13-1", (("    notice: news_consent\n", ""),)),
    Case(
        "a consent text in one language",
        "R-13-1",
        (),
        (),
        shown=tuple(one for one in texts() if (one.id, one.language) != ("news_consent", "en")),
        shown_repaired=texts(),
    ),
    Case(
        "a privacy notice where a consent text is needed",
        "R-13-1",
        (("    notice: tips_consent\n", "    notice: privacy\n"),),
        ((DPIA + "\n    notice: privacy", DPIA + "\n    notice: tips_consent"),),
    ),
    Case(
        "other words under a version that people were shown",
        "R-7.1-1",
        (),
        (),
        shown=texts(words="Kleiner Laden, Versender, Bote, und zwar"),
        shown_repaired=texts(version="2", words="Kleiner Laden, Versender, Bote, und zwar"),
        existing=KNOWN,
    ),
    Case(
        "a purpose that the privacy notice does not name",
        "R-13-1",
        (),
        (),
        shown=texts(one for one in ALL if one != "orders"),
        shown_repaired=texts(),
    ),
    Case(
        "a recipient that the privacy notice does not name",
        "R-15.1c-1",
        (("  carrier: {name: Bote,", "  carrier: {name: Fahrer,"),),
    ),
    Case(
        "a consent text that does not name the sender",
        "R-DE-UWG-3",
        (),
        (),
        shown=texts(words="Kleiner Laden"),
        shown_repaired=texts(words="Kleiner Laden, Versender"),
    ),
]

AUTOMATED = [
    Case(
        "an estimate out of nowhere",
        "R-22-1",
        ((GUESS, "title"),),
        (("estimate: yes, title", "estimate: yes, obtained_from: carrier, title"),),
    ),
    Case("an estimate that no model writes", "R-22-1", ((MODEL, ""),)),
    Case("a model that writes no estimate", "R-22-1", (("field: guess,", "field: clicks,"),)),
    Case(
        "a model for a purpose that does not read it",
        "R-22-1",
        (("field: guess, purpose: tips", "field: guess, purpose: orders"),),
    ),
    Case("a model with other inputs than its estimate", "R-22-1", (("inputs: [clicks]", "inputs: [guess]"),)),
    Case(
        "a model that works with what its purpose may not read",
        "R-22-1",
        ((GUESS, "obtained_from: carrier, title"), ("inputs: [clicks]", "inputs: [clicks, phone]")),
        (("inputs: [clicks, phone]", "inputs: [clicks]"),),
    ),
    Case(
        "a model that hides its effect",
        "R-22-1",
        (("    profiling: yes\n", "    profiling: yes\n    significant_decision: yes\n"),),
        (("effect: none", "effect: significant"),),
    ),
    Case("a model of weight for a purpose without", "R-22-1", (("effect: none", "effect: legal"),)),
    Case(
        "a model that decides where a human should",
        "R-22-1",
        (
            ("    profiling: yes\n", "    profiling: yes\n    significant_decision: yes\n"),
            (NO_EFFECT, "effect: legal, decision_mode: automated"),
        ),
        (("decision_mode: automated", "decision_mode: assistive"),),
    ),
    Case(
        "another method under the same version",
        "R-22-1",
        (("counts clicks}", "weighs clicks}"),),
        (('version: "1", inputs', 'version: "2", inputs'),),
        before=shop(),
        existing=KNOWN,
    ),
    Case(
        "profiling without explicit consent",
        "R-22-2",
        (("      score: {article: A6-1-a, explicit: yes,", "      score: {article: A6-1-a,"),),
    ),
    Case(
        "a significant decision left to a machine",
        "R-22-3",
        (
            (
                "    profiling: yes\n",
                "    profiling: yes\n    significant_decision: yes\n    human_review: not_required\n",
            ),
            (NO_EFFECT, "effect: significant, decision_mode: automated"),
        ),
        (
            (
                "    human_review: not_required\n",
                "    human_review: not_required\n    adm_exception: explicit_consent\n",
            ),
        ),
    ),
    Case(
        "an exception that the basis does not carry",
        "R-22-3",
        (
            (
                "    profiling: yes\n",
                "    profiling: yes\n    significant_decision: yes\n    adm_exception: contract\n",
            ),
            ("effect: none", "effect: significant"),
        ),
        (("    adm_exception: contract\n", "    human_review: required\n"),),
    ),
    Case(
        "a weighty score made of an address alone",
        "R-22-6",
        (
            ("dpv: pd:TelephoneNumber}", "dpv: pd:PhysicalAddress}"),
            ("derived_from: [clicks]", "derived_from: [phone]"),
            ("      score: {article: A6-1-a,", f"      master: {EXPLICIT}\n      score: {{article: A6-1-a,"),
            ("{behavioural: [clicks], score: [guess]}", "{behavioural: [clicks], master: [phone], score: [guess]}"),
            ("look_back: {behavioural: P24M,", "look_back: {behavioural: P24M, master: P24M,"),
            ("    profiling: yes\n", "    profiling: yes\n    significant_decision: yes\n"),
            ("inputs: [clicks]", "inputs: [phone]"),
            ("effect: none", "effect: significant"),
        ),
        (("derived_from: [phone]", "derived_from: [phone, clicks]"), ("inputs: [phone]", "inputs: [phone, clicks]")),
    ),
    Case("profiling without impact assessment", "R-35-1", ((f"    {DPIA}\n", ""),)),
    Case(
        "an impact assessment that nobody approved",
        "R-35-1",
        ((DPIA, "dpia: DSFA-1"),),
        (("dpia: DSFA-1", 'dpia: {ref: DSFA-1, approved_on: "2026-11-21"}'),),
    ),
    Case(
        "an impact assessment that is due for review",
        "R-35-1",
        ((DPIA, 'dpia: {ref: DSFA-1, approved_on: "2024-10-01", review_on: "2026-11-20"}'),),
        (('review_on: "2026-11-20"', 'review_on: "2026-11-22"'),),
    ),
    Case(
        "scores without impact assessment",
        "R-35-1",
        (("    profiling: yes\n", ""), (f"    {DPIA}\n", "")),
        (("    notice: tips_consent\n", f"    notice: tips_consent\n    {DPIA}\n"),),
    ),
]

ADVERTISING = [
    Case(
        "advertising that does not say so",
        "R-21.2-1",
        (
            ("    objection: absolute\n", "    objection: weighed\n"),
            ("    direct_marketing: yes\n    channels: [post]\n", "    channels: [post]\n"),
        ),
        (
            (
                "    channels: [post]\n    objection: weighed\n",
                "    channels: [post]\n    direct_marketing: yes\n    objection: absolute\n",
            ),
        ),
    ),
    Case("advertising e-mail without consent", "R-DE-UWG-1", (("    channels: [post]\n", "    channels: [email]\n"),)),
    Case(
        "calls to business parties whose consent nothing lets presume",
        "R-DE-UWG-1",
        (("    channels: [post]\n", "    channels: [post, phone]\n"),),
        ((LETTERS, LETTERS.replace("}", ", rests_on: [contract], assessment: IA-1}")),),
    ),
    Case(
        "own goods that need not be similar",
        "R-DE-UWG-4",
        (("  proofs:\n", OFFERS.replace("    similar_goods: yes\n", "")),),
        (
            (
                "    direct_marketing: yes\n    channels: [email]\n    objection: absolute",
                "    direct_marketing: yes\n    similar_goods: yes\n    channels: [email]\n    objection: absolute",
            ),
        ),
        shown=OFFERED,
    ),
    Case(
        "offers by telephone without consent",
        "R-DE-UWG-4",
        (("  proofs:\n", OFFERS.replace("channels: [email]", "channels: [phone]")),),
        (("    channels: [phone]\n", "    channels: [email]\n"),),
        shown=OFFERED,
    ),
    Case(
        "offers of somebody else's goods without consent",
        "R-DE-UWG-4",
        (
            (
                "  proofs:\n",
                OFFERS.replace(
                    "    similar", "    advertises_for: third_party\n    recipients: [carrier]\n    similar"
                ),
            ),
        ),
        (("    advertises_for: third_party\n", ""),),
        shown=OFFERED,
    ),
    Case(
        "advertising for others whom nobody named",
        "R-DE-UWG-3",
        (
            (
                "    channels: [email]\n    minimum_age: 16\n",
                "    channels: [email]\n    advertises_for: third_party\n    minimum_age: 16\n",
            ),
        ),
        (("    recipients: [sender]\n", "    recipients: [sender, carrier]\n"),),
    ),
    Case(
        "calls whose proof ends too early",
        "R-DE-UWG-5",
        (("    channels: [email]\n", "    channels: [email, phone]\n"), ("period: P5Y", "period: P59M")),
        (("period: P59M", "period: P60M"),),
    ),
    Case(
        "calls whose consent nothing proves",
        "R-DE-UWG-5",
        (("    channels: [email]\n", "    channels: [email, phone]\n"), ("event: consent_evidence, ", "")),
        (("retention: plain, title: {de: Beleg", "retention: plain, event: consent_evidence, title: {de: Beleg"),),
    ),
]

KEEPING = [
    Case("a period without a law", "R-DEL-1", (("§ 195 BGB", "we like it"),)),
    Case(
        "books that are kept from the day of the voucher",
        "R-DE-RET-1",
        (('starts: relationship_end, why: "§ 195 BGB"', "starts: collected, obligation: yes, why: § 147 AO"),),
        (("starts: collected", "starts: year_end"),),
    ),
    Case("a processor without contract", "R-26/28-1", ((", contract: AVV-1,", ","),)),
    Case(
        "a contract that has ended",
        "R-26/28-1",
        (('contract_until: "2028-01-01"', 'contract_until: "2026-11-20"'),),
        (('contract_until: "2026-11-20"', 'contract_until: "2026-11-21"'),),
    ),
    Case(
        "a third country without instrument",
        "R-26/28-1",
        (("country: DE, role: controller", "country: US, role: controller"),),
        (("country: US,", "country: US, transfer: {instrument: standard_clauses, ref: SCC-1},"),),
    ),
    Case(
        "an instrument that has ended",
        "R-26/28-1",
        (
            (
                "country: DE, role: controller",
                'country: US, transfer: {instrument: adequacy, ref: DPF-1, until: "2026-11-20"}, role: controller',
            ),
        ),
        (('until: "2026-11-20"', 'until: "2026-11-21"'),),
    ),
    Case(
        "a field that nobody needs",
        "R-5.1c-1",
        (
            (ORDERS_FIELDS, "    fields: {master: [email]}\n"),
            ("    fields: {master: [phone]}\n", "    fields: {master: [email]}\n"),
        ),
        (
            (
                "    objection: not_applicable\n    recipients: [carrier]",
                "    collects: {master: [phone]}\n    objection: not_applicable\n    recipients: [carrier]",
            ),
        ),
    ),
]
KEEPING += [
    Case(
        "a field on file that nobody declares any more",
        "R-5.1e-1",
        (),
        (),
        before=shop(),
        existing=Existing(ON, stored=frozenset({"email", "shoe_size"})),
        existing_repaired=Existing(ON, stored=frozenset({"email"})),
    ),
    Case(
        "a field on file that moves to another category",
        "R-5.1e-1",
        (
            ("clicks: {category: behavioural", "clicks: {category: psychographic"),
            ("      behavioural: {article", "      psychographic: {article"),
            ("{behavioural: [clicks]", "{psychographic: [clicks]"),
            ("{behavioural: P24M", "{psychographic: P24M"),
            ("    notice: tips_consent\n", "    notice: tips_consent\n    consent_texts: [tips_consent/2]\n"),
        ),
        (("    notice: tips_consent\n", "    notice: tips_consent\n"),),
        shown=texts(version="2"),
        before=shop(),
        existing=Existing(ON, stored=frozenset({"clicks"})),
        existing_repaired=Existing(ON, stored=frozenset({"email"})),
    ),
]
KEEPING += [
    Case(
        "events on file whose field holds no events any more",
        "R-5.1e-1",
        (
            (
                "proof: {category: evidence, retention: plain, event: consent_evidence, ",
                "proof: {category: evidence, retention: plain, ",
            ),
        ),
        (),
        before=shop(),
        existing=Existing(ON, stored=frozenset({"proof"})),
        existing_repaired=Existing(ON, stored=frozenset({"email"})),
    ),
]
NEVER = [
    Case(
        "one kind of event in two fields",
        "R-5.1e-1",
        (("  clicks: {category: behavioural, ", "  clicks: {category: behavioural, event: consent_evidence, "),),
        (
            (
                "event: consent_evidence, retention: plain, title: {de: Klicks",
                "event: click, retention: plain, title: {de: Klicks",
            ),
        ),
    ),
    Case(
        "a purpose not yet expressed",
        "R-5.1b-1",
        (("    dpv: dpv:CustomerOrderManagement\n", "    dpv: dpv:CustomerOrderManagement\n    fideslang: collect\n"),),
        (("fideslang: collect", "fideslang: essential.service"),),
    ),
    Case("decided by the author", "R-38-1", (("  decided_by: Owner\n", "  decided_by: Author\n"),)),
    Case(
        "a document to which the legal review objects",
        "R-38-1",
        (
            (
                'by: Lawyer, date: "2026-10-01", result: no_objection',
                'by: Lawyer, date: "2026-10-01", result: objection',
            ),
        ),
    ),
    Case(
        "a document before its day",
        "R-38-1",
        (('  valid_from: "2026-11-01"\n', '  valid_from: "2026-11-22"\n'),),
        (('  valid_from: "2026-11-22"\n', '  valid_from: "2026-11-21"\n'),),
    ),
    Case(
        "an adequacy decision that there is not",
        "R-26/28-1",
        (
            (
                "country: DE, role: controller",
                "country: CN, transfer: {instrument: adequacy, ref: A-1}, role: controller",
            ),
        ),
        (("country: CN,", "country: BR,"),),
    ),
    Case("decided by the data protection officer", "R-38-1", (("  decided_by: Owner\n", "  decided_by: Officer\n"),)),
    Case(
        "an interest without any assessment",
        "R-6.1f-1",
        LETTERS_UNWEIGHED,
    ),
    Case(
        "an estimate for those who may not read its inputs",
        "R-9-2",
        (
            (ORDERS, f"{ORDERS}      score: {{article: A6-1-b, why: x, rests_on: [contract]}}\n"),
            (ORDERS_FIELDS, "    fields: {master: [email, phone], score: [guess]}\n"),
        ),
    ),
    Case(
        "a contract that is explicit",
        "R-9-3",
        ((ORDERS, ORDERS.replace("why", "explicit: yes, why")),),
    ),
    Case(
        "a consent that goes on after the withdrawal",
        "R-7.3-1",
        (("    objection: withdraws_consent\n    notice: news", "    objection: weighed\n    notice: news"),),
    ),
    Case(
        "advertising letters whose objection is weighed",
        "R-21.1-1",
        (("    objection: absolute\n", "    objection: weighed\n"),),
    ),
    Case(
        "a wish that goes on under restriction",
        "R-18-1",
        (("    recipients: [carrier]\n", "    recipients: [carrier]\n    while_restricted: yes\n"),),
        (("    while_restricted: yes\n", "    while_restricted: yes\n    case_reference: required\n"),),
    ),
    Case(
        "a wish that reaches everything",
        "R-18-1",
        (("    recipients: [carrier]\n", "    recipients: [carrier]\n    from_any_purpose: yes\n"),),
        (("    from_any_purpose: yes\n", "    from_any_purpose: yes\n    case_reference: required\n"),),
    ),
    Case(
        "advertising that a case reference lifts above a restriction",
        "R-18-1",
        (
            (
                "    channels: [post]\n",
                "    channels: [post]\n    case_reference: required\n    while_restricted: yes\n",
            ),
        ),
    ),
    Case(
        "advertising that a law is said to order",
        "R-6.1b-1",
        ((LETTERS, "      master: {article: A6-1-c, why: we must}\n"),),
    ),
    Case(
        "advertising by an estimate that is no profiling",
        "R-22-2",
        (
            (NEWS, f"{NEWS}      score: {{article: A6-1-a, why: asked}}\n"),
            (NEWS_FIELDS, "    fields: {master: [email]}\n    collects: {score: [guess]}\n"),
        ),
    ),
    Case(
        "advertising with what proves an age or a consent",
        "R-8-4",
        (
            (NEWS, f"{NEWS}      evidence: {{article: A6-1-a, why: asked}}\n"),
            (NEWS_FIELDS, "    fields: {master: [email], evidence: [proof]}\n    look_back: {evidence: P24M}\n"),
        ),
    ),
    Case(
        "profiling that looks back without end",
        "R-5.1c-2",
        (("    look_back: {behavioural: P24M, score: P6M}\n", "    look_back: {behavioural: P24M}\n"),),
    ),
    Case(
        "aggregates that reach somebody",
        "R-25-1",
        (("    recipients: [carrier]\n", "    recipients: [carrier]\n    aggregates_only: yes\n"),),
        (("    recipients: [carrier]\n", ""),),
    ),
]
WORKABLE = [
    Case(
        "nobody who may answer requests",
        "R-15.1-1",
        own=((", purposes: [data_subject_request, privacy_control]}", ", purposes: [privacy_control]}"),),
    ),
    Case(
        "a copy of the data that leaves something out",
        "R-15.1-1",
        own=(("evidence: [wishes, answers, proof]", "evidence: [wishes, answers]"),),
    ),
    Case("a request that could not be kept", "R-12.6-3", own=(("event: request_wish, ", ""),)),
    Case("a basis that nothing on file could carry", "R-6.1-1", ((ORDERS, ORDERS.replace("A6-1-b", "A6-1-d")),)),
]
CASES = [*NEVER, *BASIS, *SPECIAL, *TEXTS, *AUTOMATED, *ADVERTISING, *KEEPING, *WORKABLE]
