"""Which countries there are, and what the GDPR asks before data goes there.

Legal: GDPR Art. 44-46; Decision of the EEA Joint Committee No 154/2018; ISO 3166-1.
"""

from typing import Final

# The codes of ISO 3166-1 that are officially assigned, by their first letter.
_ASSIGNED = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT
    JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY
    MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM
    PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT
    ZA ZM ZW
"""
_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
_ADEQUATE = "AD AR CH FO GB GG IL IM JE JP KR NZ UY"

COUNTRIES: Final = frozenset(_ASSIGNED.split())
EEA: Final = frozenset(_EEA.split())
# Countries for which a decision under Art. 45 holds without a condition on the single recipient, as of 2026-11.
ADEQUATE: Final = frozenset(_ADEQUATE.split())
# Countries where a decision has to be named for the single recipient: in Canada and the United States it covers
# commercial organisations or certified companies only, and the one on Brazil is of January 2026.
ADEQUATE_WHERE_NAMED: Final = frozenset({"BR", "CA", "US"})
# Where data goes without an instrument of its own.
WITHOUT_INSTRUMENT: Final = EEA | ADEQUATE
# Where an adequacy decision can be the instrument.
WITH_A_DECISION: Final = ADEQUATE | ADEQUATE_WHERE_NAMED
