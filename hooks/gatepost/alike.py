"""Read text as a person reads it: composed, without what is not seen, look-alike letters as Latin ones."""

from __future__ import annotations

# Letters of other scripts that no font tells from these, and that NFKC keeps; a part of Unicode TR 39.
_ALIKE = str.maketrans(
    "аеорсухіјѕԁɡոսνοαικρτυӏһԛԝкмтнвɑıߋꓲꓳꓢꓮ",
    "aeopcyxijsdgnuvoaikptulhqwkmthbaioiosa",
)
UNSEEN = ("Cc", "Cf")
_MARKS = ("Cc", "Cf", "Mn", "Me")
# What takes room and shows nothing, and is no space to Python: fillers of Hangul, the empty pattern of Braille.
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
# Capitals whose small letters look like nothing Latin.
_CAPITALS = str.maketrans("ΒΕΖΗΙΚΜΝΟΡΤΥΧАВЕЅІЈКМНОРСТХ", "BEZHIKMNOPTYXABESIJKMHOPCTX")


def reading(path: str) -> str:
    """Give a path as it is read: one case, composed, without what is not seen, letters as Latin ones."""
    text = path.casefold()
    if path.isascii():
        return text
    import unicodedata

    text = unicodedata.normalize("NFKC", "".join(c for c in text if unicodedata.category(c) not in UNSEEN))
    return text.casefold().translate(_ALIKE)


def seen(text: str) -> str:
    """Give what of a text is seen, on one line: no marks, fillers or formats, letters as Latin ones, case as it is."""
    if not text.isascii():
        import unicodedata

        text = unicodedata.normalize("NFKD", " ".join(text.split()))
        kept = (c for c in text if unicodedata.category(c) not in _MARKS and c not in _BLANK)
        text = "".join(kept).translate(_CAPITALS).translate(_ALIKE)
    return " ".join(text.split())
