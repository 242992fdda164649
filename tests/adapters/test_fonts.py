"""The font that prints the letters: what it has, what it ignores, and how wide a text becomes."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from noto_cjk_sans_jp_regular import FONT_PATH

from adapters.fonts import NARROW_EM, FontFile, GlyphTable, default_font
from models.errors import BadInput

NOTO = Path(str(FONT_PATH))


@pytest.fixture(scope="module")
def glyphs() -> GlyphTable:
    """Load the font that comes with the product, whatever else the machine has."""
    return GlyphTable.load(FontFile.read(NOTO))


def _codes(glyphs: GlyphTable, text: str) -> list[str]:
    return [finding.code for finding in glyphs.judge(text)]


def test_the_default_font_may_be_embedded_and_names_its_licence() -> None:
    """There is always a font: it has a family the press can ask for, a licence, a hash, and may be embedded."""
    font = default_font()
    assert font.family
    assert "License" in font.licence or "ライセンス" in font.licence
    assert font.embeddable
    assert len(font.sha256) == 64


def test_ipamj_is_taken_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A font file of IPAmj Mincho's name in a user's font folder is found before the one that comes along."""
    folder = tmp_path / "fonts" / "opentype" / "ipamj-mincho"
    folder.mkdir(parents=True)
    installed = shutil.copy(NOTO, folder / "ipamjm.ttf")
    monkeypatch.setattr("adapters.fonts._FOLDERS", ())
    assert default_font().path == NOTO
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert default_font().path == Path(installed)


def test_what_is_no_font_is_refused(tmp_path: Path) -> None:
    """A file that is no font, or none at all, is refused in words."""
    (tmp_path / "letter.ttf").write_bytes(b"not a font")
    for name in ("letter.ttf", "missing.otf"):
        with pytest.raises(BadInput):
            FontFile.read(tmp_path / name)


def test_ordinary_and_rare_names_are_well(glyphs: GlyphTable) -> None:
    """Kanji of every plane, kana, Latin letters and both spaces are printed as they are meant."""
    assert glyphs.judge("髙橋　𠮷田 﨑 㐂 鷗 かな カナ NGUYEN Thị é １２－３") == []


@pytest.mark.parametrize("text", ["辻\U000e0100", "辻\U000e0101", "神\ufe00", "祐\ufe00"])
def test_a_variation_that_the_font_has_is_well(glyphs: GlyphTable, text: str) -> None:
    """Sequences of Adobe-Japan1 and standardised ones are drawn, also where the common shape is the variation."""
    assert glyphs.judge(text) == []


@pytest.mark.parametrize("text", ["辻\U000e0102", "渡邉\U000e010f", "山\U000e0101", "A\ufe0f"])
def test_a_variation_that_the_font_ignores_is_told(glyphs: GlyphTable, text: str) -> None:
    """A sequence of Moji_Joho would silently print the common shape: the dangerous case."""
    assert _codes(glyphs, text) == ["no_ivs"]
    assert len(glyphs.judge(text)[0].sequence.split()) == 2


@pytest.mark.parametrize("text", ["ꀀ", "\U00031350\U000e0100", "ക"])
def test_a_character_without_glyph_is_told(glyphs: GlyphTable, text: str) -> None:
    """A character that the font does not draw is named by its code point, with a selector or without."""
    assert "no_glyph" in _codes(glyphs, text)


@pytest.mark.parametrize("text", ["\ue000", "\uf8ff", "\U000f0000", "\U00100000"])
def test_a_private_use_character_is_told(glyphs: GlyphTable, text: str) -> None:
    """A character of the private use areas is told, and that this font has no glyph for it either."""
    assert _codes(glyphs, text) == ["private_use", "no_glyph"]


@pytest.mark.parametrize("text", [*"〓□？＿_?*＊", "\ufffd", "\x07", "\n", "\u200b", "\u202e", "\u0378", chr(0xD800)])
def test_the_trace_of_a_lost_character_is_suspect(glyphs: GlyphTable, text: str) -> None:
    """What systems write for a lost character is suspect, and so is what nobody can see or nothing stands for."""
    assert _codes(glyphs, f"山{text}田")[0] == "suspect"


def test_a_mark_belongs_where_both_are_one_character(glyphs: GlyphTable) -> None:
    """A combining mark is well where it makes one character of the font with its base, else it is suspect."""
    assert glyphs.judge("か\u3099") == []
    assert _codes(glyphs, "山\u3099")[0] == "suspect"
    assert _codes(glyphs, "\u3099") == ["suspect"]


def test_a_selector_without_a_base_is_suspect(glyphs: GlyphTable) -> None:
    """A selector that follows nothing, or another selector, is suspect."""
    assert _codes(glyphs, "\U000e0100")[0] == "suspect"
    assert "suspect" in _codes(glyphs, "辻\U000e0100\U000e0100")


def test_findings_come_in_the_order_of_the_text(glyphs: GlyphTable) -> None:
    """Everything wrong with a text is told, in order, as code points."""
    found = glyphs.judge("〓辻\U000e0102\ue000")
    assert [finding.sequence for finding in found] == ["U+3013", "U+8FBB U+E0102", "U+E000", "U+E000"]


def test_width_is_that_of_the_font_at_the_size(glyphs: GlyphTable) -> None:
    """A full-width character at 72 points is an inch wide, a Latin one narrower, a selector nothing."""
    assert glyphs.width_mm("国", 72) == pytest.approx(25.4)
    assert 0 < glyphs.width_mm("i", 72) < glyphs.width_mm("W", 72) < 25.4
    assert glyphs.width_mm("辻\U000e0100", 72) == glyphs.width_mm("辻", 72)


@pytest.mark.parametrize(
    ("text", "tail_em", "lines"),
    [
        ("国" * 10, 0, 1),
        ("国" * 11, 0, 2),
        ("国" * 9, 1.6, 2),
        ("国" * 20, 0, 2),
        ("国" * 19, 1.6, 3),
        ("国国国国国国国国国国。", 0, 2),
        ("W" * 30, 0, 3),
        ("MMMMMMM MMMMMMM", 0, 2),
        ("MMMMMMM " * 3, 0, 3),
        ("", 0, 1),
    ],
)
def test_lines_are_counted_in_a_box_of_ten_characters(
    glyphs: GlyphTable, text: str, tail_em: float, lines: int
) -> None:
    """A text breaks between East Asian characters and at spaces; what is bound to its end goes with the last word."""
    assert glyphs.lines(text, size_pt=72, width_mm=10 * 25.4 + 0.001, tail_em=tail_em) == lines


def test_a_font_is_read_once(glyphs: GlyphTable) -> None:
    """A second request for the same file gets the same table."""
    assert GlyphTable.load(FontFile.read(NOTO)) is glyphs


def test_a_font_that_may_not_be_embedded_is_refused(glyphs: GlyphTable) -> None:
    """No letter is set in a font whose licence forbids it; the error names the font."""
    with pytest.raises(BadInput, match=glyphs.font.family):
        GlyphTable.load(replace(glyphs.font, embeddable=False))


def test_plain_characters_are_those_that_are_well_alone(glyphs: GlyphTable) -> None:
    """What the class of plain characters takes, the judgement of single characters finds nothing in."""
    plain = re.compile("[" + re.sub(r"\\x\{([0-9a-f]+)\}", lambda it: f"\\u{int(it[1], 16):04x}", glyphs.plain) + "]")
    for character in map(chr, range(0x20, 0x10000)):
        if not 0xD800 <= ord(character) < 0xE000:
            assert bool(plain.fullmatch(character)) == (not glyphs.judge(character)), f"U+{ord(character):04X}"


def test_every_character_of_the_narrow_class_is_narrow(glyphs: GlyphTable) -> None:
    """The first look at a name's width never takes it for narrower than it is."""
    assert max(glyphs.ems("ilWM国あ―…")) <= 1.0
    narrow = re.compile("[" + re.sub(r"\\x\{([0-9a-f]+)\}", lambda it: f"\\U{int(it[1], 16):08x}", glyphs.narrow) + "]")
    assert all(em <= NARROW_EM for letter, em in glyphs.advances.items() if narrow.fullmatch(letter))
    assert narrow.fullmatch("i")
    assert not narrow.fullmatch("国")
