"""Put what was seen on the walks into a verdict for each migration, and one for the whole."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from gatepost.rehearsals import Failure, Lost, Rehearsed, Unfilled, Verdict
from gatepost.rehearsals import _rows as rows
from gatepost.rehearsals import _same as same
from gatepost.rehearsals._locks import locks
from gatepost.rehearsals._plan import Step
from gatepost.rehearsals._scripts import digest
from gatepost.rehearsals._sift import Sifter
from gatepost.rehearsals._walk import Seen, Walk, Walker

# The gravest first: what decides on the whole.
GRAVITY: tuple[Verdict, ...] = (
    "up-fails",
    "down-fails",
    "schema-differs",
    "down-fails-with-rows",
    "unknown",
    "missing",
    "irreversible",
    "data-loss",
    "reversible",
)


@dataclass(slots=True)
class Tried:
    """What the walks gave: for each step the walk with rows below it, the one with rows above, failing ups."""

    below: list[Seen]
    above: list[Seen]
    first: Walk
    up: Failure | None = None
    broken: int | None = None
    broken_always: bool = False
    empty_fails: set[int] = field(default_factory=set)
    texts: str = ""


def tried(walker: Walker, steps: Sequence[Step]) -> Tried:
    """Walk as often as it takes to know what each step is worth."""
    first = walker.there_and_back(steps, "plain")
    failed = _failed(first)
    made = Tried(first.seen, [], first)
    if failed is not None:
        made = _with_care(walker, steps, first, failed)
    if made.broken is not None:
        return made
    made.below = _downs(walker, steps, made)
    made.above = _above(walker, steps, made.texts)
    for at, seen in enumerate(made.below):
        if seen.down and _fails_empty(walker, steps[: at + 1]):
            made.empty_fails.add(at)
    return made


def _failed(walk: Walk) -> int | None:
    return next((at for at, seen in enumerate(walk.seen) if seen.up), None)


def _with_care(walker: Walker, steps: Sequence[Step], first: Walk, failed: int) -> Tried:
    """Try again where an up has failed: without rows, then with rows as the up needs them."""
    empty = walker.there_and_back(steps, None)
    always = _failed(empty)
    if always is not None:
        return Tried(empty.seen, [], empty, empty.seen[always].up, always, True)
    later = empty.far.shapes if empty.far else None
    full, texts = walker.there_and_back(steps, "full", later=later), ""
    still = _failed(full)
    if still is not None and (texts := _form(full.seen[still].up)):
        full = walker.there_and_back(steps, "full", later=later, texts=texts)
        still = _failed(full)
    if still is None:
        full.seen[failed].up = first.seen[failed].up
        return Tried(full.seen, [], full, texts=texts)
    why = full.seen[still].up
    if _made_up(why):
        empty.seen[still].up = why
        return Tried(empty.seen, [], empty, texts=texts)
    return Tried(empty.seen, [], empty, why, still)


_INPUT = re.compile(
    r"(?:invalid input syntax for type|malformed|invalid) (json|integer|bigint|uuid|date|timestamp|array|boolean)"
)
_KINDS = {"integer": "int", "bigint": "int", "boolean": "bool"}


def _form(failure: Failure | None) -> str:
    """Give the kind that an up wants to read out of a text."""
    found = _INPUT.search(failure.message.lower()) if failure else None
    word = found[1] if found else "json" if failure and "json" in failure.message.lower() else ""
    return _KINDS.get(word, word)


def _made_up(failure: Failure | None) -> bool:
    """Tell a failure that says more of made-up values than of the up: their form, what they lead to, a RAISE."""
    if failure is None:
        return False
    inserts = failure.statement.lstrip().upper().startswith("INSERT")
    if failure.code == "23505" or "unique" in failure.message.lower():
        return inserts
    if failure.code[:2] in ("22", "P0") or failure.code == "23503":
        return True
    return any(word in failure.message.lower() for word in ("malformed json", "foreign key", "datatype mismatch"))


def _downs(walker: Walker, steps: Sequence[Step], made: Tried) -> list[Seen]:
    """Give what each down did: below one that fails or is not there the walk begins again, without it."""
    seen, walk, end = list(made.first.seen), made.first, len(steps)
    while (stop := _stopped(walk.seen[:end], steps[:end])) is not None:
        texts = made.texts or _form(walk.seen[stop].down)
        if texts and not made.texts:  # the same once more, with texts that can be read as the down reads them
            made.texts = texts
            again = walker.there_and_back(steps[:end], "full", texts=texts)
            if _failed(again) is None:
                walk = again
                seen[:end] = again.seen
                continue
        if stop == 0:
            break
        end = stop
        walk = walker.there_and_back(steps[:end], "full" if made.texts else "plain", texts=made.texts)
        if _failed(walk) is not None:
            break
        seen[:end] = walk.seen
    return seen


def _stopped(seen: Sequence[Seen], steps: Sequence[Step]) -> int | None:
    """Give the highest step at which a walk down has stopped."""
    for at in reversed(range(len(seen))):
        if seen[at].down or (steps[at].down is None and steps[at].without != "reversible"):
            return at
    return None


def _above(walker: Walker, steps: Sequence[Step], texts: str) -> list[Seen]:
    """Give what each down does with rows that were written above it."""
    made: list[Seen] = [Seen() for _ in steps]
    end = len(steps)
    while end > 0:
        if steps[end - 1].down is None:
            end -= 1
            continue
        walk = walker.there_and_back(steps[:end], "last", late=True, texts=texts)
        stop = _stopped(walk.seen, steps[:end])
        if stop is not None and not texts and (texts := _form(walk.seen[stop].down)):
            continue
        made[:end] = walk.seen
        _written(walk)
        if stop is None:
            return made
        end = stop
    return made


def _written(walk: Walk) -> None:
    """Note what the way down takes of the rows that were written at the far end."""
    sight = walk.far
    for seen in reversed(walk.seen):
        if sight and seen.after:
            told = rows.compare(sight.rows, seen.after.rows)
            seen.told = rows.Told(tuple(replace(one, when="after") for one in told.lost))
            sight = seen.after


def _fails_empty(walker: Walker, steps: Sequence[Step]) -> bool:
    walk = walker.there_and_back(steps, None)
    return bool(walk.seen and walk.seen[-1].down)


def graded(made: Tried, steps: Sequence[Step], sifter: Sifter) -> tuple[tuple[Rehearsed, ...], Verdict, str]:
    """Give the verdict on each step, and that on the whole with its reason."""
    found = [_grade(at, made, steps, sifter) for at in range(len(steps))]
    whole, reason = _whole(made, found, sifter)
    if whole in ("reversible", "data-loss") and len(found) > 1:
        found = [_together(one) for one in found]
    return tuple(found), whole, reason


def _grade(at: int, made: Tried, steps: Sequence[Step], sifter: Sifter) -> Rehearsed:
    step, seen = steps[at], made.below[at]
    above = made.above[at] if at < len(made.above) else Seen()
    base = blank(step)
    base = replace(base, up_ms=seen.up_ms, down_ms=seen.down_ms, locks=locks(step, seen, sifter.dialect))
    base = replace(base, unfilled=_unfilled(seen, above, step))
    if made.broken is not None:
        return _broken(base, at, made)
    if step.down is None:
        return _noted(replace(base, verdict=step.without, reason=step.reason), seen)  # type: ignore[arg-type]
    told = sifter.sift(step, seen)
    small = (f"of no consequence: {text}" for text in seen.small)
    base = replace(base, lost=(*told.lost, *above.told.lost), notes=(*told.notes, *small))
    return _noted(_judged(base, at, seen, above, made, told.lost), seen)


def _judged(base: Rehearsed, at: int, seen: Seen, above: Seen, made: Tried, lost: tuple[Lost, ...]) -> Rehearsed:
    if seen.down:
        verdict: Verdict = "down-fails" if at in made.empty_fails else "down-fails-with-rows"
        return replace(base, verdict=verdict, failure=seen.down, reason=seen.down.message)
    if seen.grave:
        return replace(base, verdict="schema-differs", differences=tuple(seen.grave))
    if above.down:
        reason = f"with rows written after the up: {above.down.message}"
        return replace(base, verdict="down-fails-with-rows", failure=above.down, reason=reason)
    if any(one.when == "before" for one in lost):
        return replace(base, verdict="data-loss")
    if seen.again:
        return replace(base, verdict="schema-differs", reason=seen.again, differences=(seen.again,))
    if base.unfilled:
        return replace(base, reason=_unseen(base.unfilled))
    return replace(base, verdict="reversible")


def _unfilled(seen: Seen, above: Seen, step: Step) -> tuple[Unfilled, ...]:
    """Give what was seen without rows; where nothing goes back, no rows written after the change could show it."""
    return (*seen.unfilled, *above.unfilled) if step.down is not None else seen.unfilled


def _unseen(unfilled: Sequence[Unfilled]) -> str:
    """Say which tables had no rows, and what to do."""
    said = {one.table: f"{one.table} ({one.reason})" if one.reason else one.table for one in reversed(unfilled)}
    listed = "; ".join(sorted(said.values())[:3]) + (f"; and {len(said) - 3} more" if len(said) > 3 else "")
    return (
        f"no rows could be put into {listed}, so that nothing was seen of what happens to rows there; "
        "try the migration up and down by hand on a copy with real rows, or plan a backup: gatepost rollback plan"
    )


def _noted(base: Rehearsed, seen: Seen) -> Rehearsed:
    """Say where an up fails on rows with NULLs and passes on others; made-up values prove nothing by their form."""
    if seen.up is None:
        return base
    if not _null(seen.up):
        return replace(base, notes=(*base.notes, f"the up takes only values of another form: {seen.up.message}"))
    note = f"the up fails on rows that are allowed before it: {seen.up.message}"
    return replace(base, failure=base.failure or seen.up, notes=(*base.notes, note))


def _null(failure: Failure) -> bool:
    """Tell a failure on a NULL, which the base allows, from one on the form of a value."""
    said = failure.message.lower()
    return failure.code in ("23502", "1048", "1138") or "null" in said


def _broken(base: Rehearsed, at: int, made: Tried) -> Rehearsed:
    assert made.broken is not None
    if at < made.broken:
        return replace(base, reason="not judged: an up above it fails")
    if at > made.broken:
        return replace(base, reason="not judged: an up below it fails")
    how = "" if made.broken_always else "once there are rows, also without NULLs: "
    reason = f"the up fails: {how}{made.up.message if made.up else ''}"
    return replace(base, verdict="up-fails", failure=made.up, reason=reason)


def blank(step: Step, reason: str = "") -> Rehearsed:
    """Give what is known of a migration before anything has run."""
    one = step.migration
    return Rehearsed(one.framework, one.version, one.path, digest(one.up), digest(one.down), "unknown", reason)


def _together(one: Rehearsed) -> Rehearsed:
    if one.verdict not in ("missing", "schema-differs") or one.unfilled:
        return one
    note = f"by itself: {one.reason or '; '.join(one.differences[:3])}; the other downs of the change undo it"
    return replace(one, verdict="reversible", differences=(), reason="", notes=(*one.notes, note))


def _whole(made: Tried, found: Sequence[Rehearsed], sifter: Sifter) -> tuple[Verdict, str]:
    verdicts = {one.verdict for one in found}
    worst: Verdict = next((word for word in GRAVITY if word in verdicts), "unknown")
    start, end = made.first.start, made.first.end
    failing = verdicts & {"up-fails", "down-fails", "down-fails-with-rows", "unknown"}
    if failing or start is None or end is None or len(found) < 2:
        return worst, next((one.reason for one in found if one.verdict == worst), "")
    grave, _ = same.differences(start.schema, end.schema)
    if grave:
        return "schema-differs", "; ".join(grave[:5])
    lost = sifter.of_whole(start, end)
    unfilled = [each for one in found for each in one.unfilled]
    if unfilled and not lost:
        return "unknown", _unseen(unfilled)
    whole: Verdict = "data-loss" if lost else "reversible"
    return whole, ""
