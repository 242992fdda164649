"""What the law asks once personal data may have leaked, was lost or damaged: which heads apply, and until when.

After 個人情報の保護に関する法律 68条 and its enforcement rules 43 to 45, as amended and in force since 2024-04-01.
`unverified` names the points that were not read in the text of the rules: the internal report repeats them, so that
somebody looks before it is sent; no paper for residents does. Two of them are settings of the programme.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from models.programme import Statute
from models.records.oversight import IncidentReported
from models.words import N_
from states.calendar import Calendar

VERSION = "個人情報の保護に関する法律68条、同法施行規則43条から45条まで（令和5年12月27日改正、令和6年4月1日施行）"
_UNVERIFIED = (
    "規則43条各号の文言（1号から3号までの趣旨と4号の「100人を超える」は、委員会の公表資料で確認済み）",
    "令和6年4月1日施行の改正の43条3号への反映（7条3号については解説資料で確認済み）",
    "規則44条の期限の数え方（知った日を1日目とし、確報の期限が閉庁日に当たるときは次の開庁日とした）",
    "規則45条の本人通知の項目",
)
_BOTH = "速報と確報を1通で兼ねる報告（速報兼確報）の可否。区の設定：{setting}"
_EXEMPTION = "高度な暗号化等の措置が講じられた個人情報を報告対象から除く規定の、行政機関等への適用。区の設定：{setting}"
CONTRACTORS_DUTY = N_(
    "The contractor owes a report of its own to the Commission (article 26) and is released from it by notifying the "
    "ward (proviso of paragraph 1, Q&A 3-4-2 of the Commission)."
)
# What binds the contractor and its workers. The numbers are those since 2023-04-01, not read in the text of the law:
# the form bears a box for the ward's own check of them (区の内部確認用), and no paper for residents names them.
PROVISIONS = (
    ("第66条第2項", "受託した業務における個人情報の安全管理措置"),
    ("第67条", "従事者の義務（個人情報をみだりに他人に知らせず、不当な目的に利用しない。従事しなくなった後も同様）"),
    ("第176条", "正当な理由のない個人情報ファイルの提供に対する罰則"),
    ("第180条", "不正な利益を図る目的での提供又は盗用に対する罰則"),
)
MANY = 100  # 規則43条4号: more than a hundred persons

# The heads of 規則43条 by number: the field of the report that tells, and its words.
HEADS: Mapping[int, tuple[str, str]] = {
    1: ("sensitive", N_("sensitive personal information is concerned")),
    2: ("property_risk", N_("damage to property by misuse is to be feared")),
    3: ("wrongful", N_("somebody may have acted with a wrongful purpose")),
    4: ("", N_("more than 100 persons are concerned")),
    5: ("ordinance_sensitive", N_("information that the ordinance calls sensitive is concerned")),
}


@dataclass(frozen=True, kw_only=True)
class Clock:
    """The days of an incident. `prompt_from` to `prompt_by` is the third to the fifth day, knowing being the first."""

    known_on: date
    prompt_from: date
    prompt_by: date
    final_by: date
    days: int


def unverified(statute: Statute) -> tuple[str, ...]:
    """Return the points that were not read in the rules' text, with the ward's settings, in Japanese."""
    both = "認める" if statute.full_report_serves_as_both else "認めない（速報と確報を別に行う）"
    exempt = "可能性を示し、決裁で判断する" if statute.encryption_may_exempt else "報告対象外としない"
    return (*_UNVERIFIED, _BOTH.format(setting=both), _EXEMPTION.format(setting=exempt))


def heads_of(incident: IncidentReported) -> tuple[int, ...]:
    """Return the heads of 規則43条 under which the incident is to be reported; none where no head applies."""
    heads = {number for number, (field, _words) in HEADS.items() if field and getattr(incident, field)}
    return tuple(sorted(heads | ({4} if incident.persons > MANY else set())))


def may_be_exempt(incident: IncidentReported, statute: Statute) -> bool:
    """Tell what need perhaps not be reported: strongly encrypted, and the ward reads the law so; people decide."""
    return incident.encrypted and statute.encryption_may_exempt


def clock_of(incident: IncidentReported, calendar: Calendar) -> Clock:
    """Return the days by which 速報 and 確報 are due: calendar days, the day of knowing is the first.

    Sixty days instead of thirty where somebody acted with a wrongful purpose. Only the end of the final report's term
    moves to the next open day; "promptly" does not wait for an office.
    """
    known, days = incident.known_on, 60 if incident.wrongful else 30
    return Clock(
        known_on=known,
        prompt_from=_nth_day(known, 3),
        prompt_by=_nth_day(known, 5),
        final_by=calendar.first_open(_nth_day(known, days)),
        days=days,
    )


def _nth_day(first: date, number: int) -> date:
    return first + timedelta(days=number - 1)
