"""Say how far a deploy can be undone: A to F, measured by a rehearsal where there is one, else by the static model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepost.rollbacks import Basis, Class, Compatible
from gatepost.rollbacks._facts import Facts

if TYPE_CHECKING:
    from gatepost.migrations import Changed, History
    from gatepost.rehearsals import Rehearsal, Rehearsed

_ORDER = "ABCDEF"


@dataclass(frozen=True, slots=True)
class Judged:
    """The class, what it rests on, why, and what is lost."""

    class_: Class
    basis: Basis
    because: tuple[str, ...]
    lost: tuple[str, ...] = ()


def weaker(one: str, two: str) -> bool:
    """Tell whether class ``one`` promises more than ``two``."""
    return _ORDER.index(one) < _ORDER.index(two)


def judge(facts: Facts, old_code: Compatible) -> Judged:
    """Give the gravest class of all that the change does, and everything that is lost."""
    found: list[Judged] = []
    for history in facts.histories:
        rehearsal = rehearsal_of(history, facts.rehearsals)
        if rehearsal and rehearsal.whole in _GRADES:
            found.append(_measured(rehearsal))
            if any(one.unfilled for one in rehearsal.migrations):  # no rows were seen there: what is supposed stays
                found.append(_static(history, facts, ""))
        else:
            unknown = f"the rehearsal could not tell: {rehearsal.reason}" if rehearsal else ""
            found.append(_static(history, facts, unknown))
    if old_code.runs is False:
        found.append(Judged("F", "static", (f"the old code does not run on the new schema ({old_code.evidence})",)))
    if not found:
        return Judged("A", "static", ("no migration: going back to the exact object undoes everything",))
    gravest = max(found, key=lambda one: _ORDER.index(one.class_))
    because = tuple(text for one in found if one.class_ == gravest.class_ for text in one.because)
    lost = tuple(dict.fromkeys(text for one in found for text in one.lost))
    measured = all(one.basis == "rehearsal" for one in found if one.class_ != "F")
    return Judged(gravest.class_, "rehearsal" if measured and facts.histories else "static", because, lost)


def claimed(claim: Rehearsal) -> str:
    """Say what a server was only told."""
    from gatepost.rehearsals.report import PHRASES

    told = f"{claim.engine} {claim.server}, {claim.at}"
    return f"claimed by the pusher, not measured here: {PHRASES[claim.whole]} ({told})"


def rehearsal_of(history: History, rehearsals: Iterable[Rehearsal]) -> Rehearsal | None:
    """Give the rehearsal of a history, where there is one for what is new in it."""
    new = {one.path for one in history.new}
    for rehearsal in rehearsals:
        if rehearsal.root == history.place.root and new <= {one.path for one in rehearsal.migrations}:
            return rehearsal
    return None


_GRADES: dict[str, Class] = {
    "reversible": "A",
    "data-loss": "C",
    "down-fails-with-rows": "D",
    "down-fails": "E",
    "schema-differs": "E",
    "missing": "E",
    "irreversible": "E",
}


def _measured(rehearsal: Rehearsal) -> Judged:
    """Grade the change as a whole: the downs of its migrations are undone together."""
    lost = {(one.table, one.column, one.when) for each in rehearsal.migrations for one in each.lost}
    texts = tuple(_lost_text(*one) for one in sorted(lost))
    class_ = _GRADES[rehearsal.whole]
    if class_ in "AC" and lost:
        class_ = "C" if any(when == "before" for _, _, when in lost) else "B"
    because = [_why(one) for one in rehearsal.migrations if one.verdict != "reversible"]
    usual = (
        "the way down works, and takes what was written after the deploy" if class_ == "B" else "up, down and up again"
    )
    return Judged(class_, "rehearsal", tuple(because[:10]) or (f"{usual}: rehearsed with rows",), texts)


def _why(one: Rehearsed) -> str:
    from gatepost.rehearsals.report import PHRASES

    return f"{one.framework} {one.version or one.path}: {PHRASES[one.verdict]}{f', {one.reason}' if one.reason else ''}"


def _lost_text(table: str, column: str, when: str) -> str:
    what = f"the values of {table}.{column}" if column else f"the rows of {table}"
    return f"{what} {'that were there before' if when == 'before' else 'written after the deploy'}"


def _static(history: History, facts: Facts, unknown: str) -> Judged:
    story = facts.stories[history.place.root]
    made = [one for change in history.changes for one in _static_one(change, facts)]
    gravest = max(made, key=lambda one: _ORDER.index(one.class_), default=Judged("A", "static", ()))
    because = [text for one in made if one.class_ == gravest.class_ for text in one.because]
    written = [_after(name) for name in story.made]
    if gravest.class_ == "A" and written:
        gravest = Judged("B", "static", ())
        because = [f"the way down takes {', '.join(story.made[:5])} away again, with what was written there"]
    if gravest.class_ == "A" and not because:
        because = ["the way down gives the schema back, and no values go with it"]
    said = [*because[:10], *([unknown] if unknown else [])]
    return Judged(gravest.class_, "static", tuple(said), (*facts.lossy, *written))


def _after(name: str) -> str:
    kind, _, what = name.partition(" ")
    return f"the {'rows' if kind == 'table' else 'values'} of {what} written after the deploy"


def _static_one(change: Changed, facts: Facts) -> Iterator[Judged]:
    migration = change.migration
    if change.status != "new":
        return
    word = facts.downs.get((migration.path, migration.version), "not-analysed")
    named = f"{migration.framework} {migration.version or migration.name}"
    grades: dict[str, tuple[Class, str]] = {
        "ok": ("A", ""),
        "lossy": ("C", f"{named}: its down cannot bring values back"),
        "data-dependent": ("D", f"{named}: its down can fail as soon as there are rows"),
        "wrong": ("E", f"{named}: its down does not give back what was there"),
        "missing": ("E", f"{named} has no down"),
        "empty": ("E", f"the down of {named} runs nothing"),
        "noop": ("E", f"the down of {named} undoes nothing"),
        "raising": ("E", f"the down of {named} always fails"),
        "irreversible": ("E", f"{named} is declared irreversible"),
        "none-by-design": ("E", f"{migration.framework} keeps no downs"),
    }
    class_, why = grades.get(word, ("E", f"the way down of {named} was not analysed: rehearse it"))
    yield Judged(class_, "static", (why,) if why else ())
