"""Judge by the model whether the downs of a change give the schema back, and what they cannot bring back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from gatepost.checks import _migration_rules as rules
from gatepost.git import Change
from gatepost.migrations import Changed, History, Migration, Script, collect
from gatepost.migrations._produced import base_schema, replayed
from gatepost.migrations._story import dialect_of, in_transaction, operations
from gatepost.model import Finding, Level, Rule, printable
from gatepost.policy import Policy
from gatepost.sql.inline import spoken
from gatepost.sql.undo import Piece, Remark, judge

_DEFAULT = re.compile(r"column \S+ of \S+ has default [^,]{1,200}")
Key = tuple[str, str]
_GRAVITY = ("wrong", "data-dependent", "lossy", "unsure")
_RULES: Mapping[str, Rule] = {
    "wrong": rules.WRONG_DOWN,
    "data-dependent": rules.DATA_DEPENDENT_DOWN,
    "lossy": rules.LOSSY_DOWN,
    "unsure": rules.NOT_ANALYSED,
}
_FIX = {
    "wrong": "mend the down, then: gatepost rehearse BASE..HEAD",
    "data-dependent": "in the down, first fill, convert or delete the rows that do not fit",
    "lossy": "copy the values aside in the up and read them in the down, or declare in {path}: {declare}",
    "unsure": "gatepost rehearse BASE..HEAD runs it",
}


@dataclass(frozen=True, slots=True)
class Judged:
    """What the model says of the down of one migration: the report's word, and why."""

    migration: Migration
    status: str
    down: Script
    remarks: tuple[Remark, ...]

    @property
    def word(self) -> str:
        """The gravest word, "" where there is nothing to say."""
        found = [remark.word for remark in self.remarks if not remark.small]
        gravest = next((word for word in _GRAVITY if word in found), "")
        return "not-analysed" if gravest == "unsure" else gravest


def downs(change: Change, policy: Policy) -> dict[Key, Judged]:
    """Give what the model says, by path and version: one file may hold several migrations."""
    found: dict[Key, Judged] = {}
    for history in change.shared(collect, policy).histories:
        dialect = dialect_of(history)
        new = [changed for changed in history.changes if changed.status == "new" and changed.after]
        if new:
            _judge(new, base_schema(change, history), dialect, found)
        for changed in history.changes:
            if changed.status == "edited" and changed.after and _down(changed.after):
                before = _before(history, changed.after)
                _judge([changed], replayed(before, dialect), dialect, found)
    return found


def _judge(changes: list[Changed], schema: object, dialect: str, found: dict[Key, Judged]) -> None:
    from gatepost.sql.schema import Schema

    assert isinstance(schema, Schema)
    pieces = [_piece(changed.migration, dialect, str(number)) for number, changed in enumerate(changes)]
    remarks = judge(pieces, schema) if any(piece.usable for piece in pieces) else []
    for piece, changed in zip(pieces, changes, strict=True):
        down = _down(changed.migration)
        if down:
            mine = tuple(_own(remark, changed.migration) for remark in remarks if remark.name == piece.name)
            found[changed.migration.path, changed.migration.version] = Judged(
                changed.migration, changed.status, down, mine
            )


def _own(remark: Remark, migration: Migration) -> Remark:
    """Make little of a default that EF Core writes: it needs one to add the column, and its model keeps none."""
    small = migration.framework == "ef-core" and remark.word == "wrong" and _DEFAULT.fullmatch(remark.text) is not None
    return replace(remark, small=True) if small else remark


def _before(history: History, migration: Migration) -> list[Migration]:
    return [one for one in history.head if one.order < migration.order]


def _piece(migration: Migration, dialect: str, name: str) -> Piece:
    down = _down(migration)
    up = operations(migration.up, dialect)
    steps = operations(down, dialect) if down else ()
    return Piece(name, up, steps, usable=down is not None, transaction=bool(down and in_transaction(down, steps)))


def _down(migration: Migration) -> Script | None:
    """Give the down that can be judged: one that runs something, of an up that was read."""
    scripts = migration.scripts
    if scripts.irreversible or scripts.down is None or scripts.down.state != "ok":
        return None
    readable = scripts.up.state in ("ok", "noop") or (
        scripts.up.state == "empty" and scripts.up.path != scripts.down.path
    )
    return scripts.down if readable and scripts.up.path in migration.files else None


def findings(change: Change, policy: Policy) -> Iterator[Finding]:
    """Give the findings on the downs of a change."""
    for judged in change.shared(downs, policy).values():
        for word in _GRAVITY:
            for small in (False, True):
                said = [remark for remark in judged.remarks if remark.word == word and remark.small == small]
                if said:
                    yield _finding(judged, word, said)


_MOST = 5


def _finding(judged: Judged, word: str, said: list[Remark]) -> Finding:
    texts = list(dict.fromkeys(printable(remark.text, 200) for remark in said))
    more = f"; and {len(texts) - _MOST} more" if len(texts) > _MOST else ""
    migration = judged.migration
    name = printable(migration.version or migration.name, 60)
    head = {
        "wrong": f"the down of {name} does not give back what was there",
        "data-dependent": f"the down of {name} can fail as soon as there are rows",
        "lossy": f"the down of {name} cannot bring back values",
        "unsure": f"the model cannot tell whether the down of {name} is right",
    }[word]
    data = {
        "framework": migration.framework,
        "version": name,
        "path": migration.path,
        "status": judged.status,
        "down": judged.word or "ok",
        "differences": [
            {"table": r.table, "object": r.object, "before": r.before, "after": r.after, "text": printable(r.text, 300)}
            for r in said[:50]
        ],
    }
    return Finding(
        _RULES[word],
        judged.down.path,
        f"{head}: {'; '.join(texts[:_MOST])}{more}",
        _fix(word, migration.path),
        next((remark.line for remark in said if remark.line), judged.down.line),
        data,
        _level(word, said),
        key=f"{migration.version} {word} {'; '.join(texts)}",
    )


def _fix(word: str, path: str) -> str:
    declare = spoken(path, 'irreversible reason="…" strategy="restore"')
    return _FIX[word].replace("{path}", printable(path)).replace("{declare}", declare)


def _level(word: str, said: list[Remark]) -> Level | None:
    return "note" if said[0].small and word in ("wrong", "lossy") else None
