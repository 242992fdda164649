"""What the clerk reads when something is refused: the claim in Japanese, and what to do about it."""

import pytest

from models.words import translate
from states.table import TABLE

CLAIMS = {guard.name: guard.claim for row in TABLE for guard in row.claims}
REMEDIES = {
    "evidence_names_what_was_done": "届出のファイルを付けて",
    "evidence_is_of_this_year": "有効期限を記載し",
    "evidence_is_of_the_measures_kind": "種類の証跡に改める",
    "ward_kept_it_locked": "施錠できる場所に移し",
    "contract_period_covers_the_posting": "契約期間又は差出日を改める",
    "pulled_pieces_are_not_spoiled": "損紙から除き",
    "materials_are_conserved": "数え直す",
    "certificate_is_told_and_valid": "更新後の登録証の写しを受け取って",
    "certificate_is_in_force": "「認証の更新の確認」に記録する",
    "accepted_number_equals_enclosed": "通し番号で載せる",
    "every_serial_is_enclosed_or_pulled": "封入するか引き抜く",
}


@pytest.mark.parametrize(("guard", "remedy"), REMEDIES.items(), ids=REMEDIES)
def test_a_refusal_says_in_japanese_what_to_do(guard: str, remedy: str) -> None:
    """The clerk who brought bad input reads the way out in the same sentence."""
    assert remedy in translate(CLAIMS[guard], "ja")
