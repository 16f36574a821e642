"""Judge by the model whether the downs of a change undo it: all ups in order, then all downs in reverse.

``wrong``: what is there afterwards is not what was there before, or a down fails on an empty database.
``data-dependent``: a down can fail as soon as there are rows. ``lossy``: values that were there cannot come back.
Where code runs that the model cannot see it says ``unsure`` and concludes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from gatepost.sql import operations as ops
from gatepost.sql.changes import Fresh
from gatepost.sql.compare import Difference, compare
from gatepost.sql.names import key
from gatepost.sql.replay import apply
from gatepost.sql.risks import data_dependent, lossy
from gatepost.sql.schema import Schema, mentions

Word = Literal["wrong", "data-dependent", "lossy", "unsure"]


@dataclass(frozen=True, slots=True)
class Piece:
    """One migration: its ``name`` for the caller, both directions, and whether the down can be used at all."""

    name: str
    up: tuple[ops.Operation, ...]
    down: tuple[ops.Operation, ...] = ()
    usable: bool = True
    transaction: bool = False


@dataclass(frozen=True, slots=True)
class Remark:
    """What is said of one down; ``line`` is in the down's file, 0 where no line of it is to blame."""

    name: str
    word: Word
    text: str
    line: int = 0
    table: str = ""
    object: str = ""
    before: str | None = None
    after: str | None = None
    small: bool = False


@dataclass(slots=True)
class _Run:
    """One way there and back over some pieces."""

    before: Schema
    far: Schema
    after: Schema
    remarks: list[Remark] = field(default_factory=list)
    failed: list[Remark] = field(default_factory=list)
    shaky: set[str] = field(default_factory=set)


def judge(pieces: Sequence[Piece], schema: Schema) -> list[Remark]:
    """Judge the downs of the pieces, which are in the order in which they run on ``schema``."""
    said = _judge(pieces, schema)
    return [*said, *_unread(pieces, said)]


def _unread(pieces: Sequence[Piece], said: Sequence[Remark]) -> Iterator[Remark]:
    """Name what was not read in a down of which nothing else is said: that it looks right proves nothing."""
    named = {remark.name for remark in said if remark.word in ("wrong", "unsure")}
    for piece in pieces:
        unread = [op for op in piece.down if isinstance(op, ops.Opaque)]
        if unread and piece.usable and piece.name not in named:
            saw = f" (it shows {', '.join(unread[0].saw[:3])})" if unread[0].saw else ""
            yield Remark(piece.name, "unsure", f"{unread[0].reason}{saw}", unread[0].line, unread[0].table)


def _judge(pieces: Sequence[Piece], schema: Schema) -> list[Remark]:
    whole = _run(pieces, schema)
    if not _wrong(whole, pieces):
        return [*_risks(pieces, schema), *_small(whole, pieces)]
    found: list[Remark] = []
    start = schema
    for group in _groups(pieces):
        run = _run(group, start)
        if group[-1].usable:
            found += [*_wrong(run, group), *_risks(group, start), *_small(run, group)]
        start = run.far
    return found


def _groups(pieces: Sequence[Piece]) -> Iterator[list[Piece]]:
    """Give runs of pieces that can be undone together: one without a usable down stands alone."""
    group: list[Piece] = []
    for piece in pieces:
        if piece.usable:
            group.append(piece)
            continue
        if group:
            yield group
        yield [piece]
        group = []
    if group:
        yield group


def _run(pieces: Sequence[Piece], schema: Schema) -> _Run:
    state = schema.copy()
    state.casts = True
    run = _Run(schema, state, state)
    for piece in pieces:
        for operation in piece.up:
            if _perhaps(operation, state):
                run.shaky.add(_table_of(operation, state))
            apply(state, operation)
            run.shaky |= {_table_of(operation, state) for _ in state.problems}
            state.problems.clear()
    run.far = state.copy()
    run.after = state
    for piece in reversed(pieces):
        for operation in piece.down if piece.usable else ():
            refused = _refused(operation, piece, state)
            if refused:
                run.failed.append(Remark(piece.name, "wrong", f"the down fails: {refused}", operation.line))
            apply(state, operation)
            for line, text in state.problems:
                about = _table_of(operation, state)
                run.failed.append(Remark(piece.name, "wrong", f"the down fails: {text}", line, about))
            state.problems.clear()
    return run


def _refused(operation: ops.Operation, piece: Piece, schema: Schema) -> str:
    """Say what the database refuses whatever it holds: a syntax error, CONCURRENTLY in a transaction."""
    if isinstance(operation, ops.Opaque) and operation.refused:
        return operation.reason
    index = isinstance(operation, (ops.CreateIndex, ops.DropIndex)) and operation.concurrently
    if index and piece.transaction and schema.dialect == "postgresql":
        return "CONCURRENTLY cannot run in a transaction"
    return ""


def _perhaps(operation: ops.Operation, schema: Schema) -> bool:
    """Tell a DROP … IF EXISTS of what the model does not know: it may be there, or not."""
    if not getattr(operation, "if_exists", False):
        return False
    table = schema.table(getattr(operation, "table", "") or "")
    if isinstance(operation, ops.DropColumn):
        return table is not None and table.column(operation.column, schema.dialect) is None
    if isinstance(operation, ops.DropConstraint):
        return table is not None and not table.constraints.get(schema.key(operation.name or ""))
    return False


def _table_of(operation: ops.Operation, schema: Schema) -> str:
    return schema.key(
        getattr(operation, "table", "") or getattr(operation, "on", "") or getattr(operation, "name", "") or ""
    )


def _wrong(run: _Run, pieces: Sequence[Piece]) -> list[Remark]:
    """Give what is certainly wrong, or where code hides it that nothing is certain."""
    found = [
        _remark(difference, pieces) for difference in compare(run.before, run.far, run.after) if not difference.small
    ]
    certain = [remark for remark in (*run.failed, *found) if key(remark.table, run.before.dialect) not in run.shaky]
    if not certain:
        return []
    doubts = _doubts(run, pieces)
    if not doubts:
        return certain
    return [
        remark
        if remark.text.startswith(_SURE) or not _hidden(remark, doubts)
        else Remark(
            remark.name, "unsure", f"{remark.text}; but {doubts[0][1]}", remark.line, remark.table, remark.object
        )
        for remark in certain
    ]


_SURE = ("the down fails: PostgreSQL's grammar", "the down fails: CONCURRENTLY")


def _doubts(run: _Run, pieces: Sequence[Piece]) -> list[tuple[str, str]]:
    """Give the code in the pieces that the model cannot follow: its text, and why."""
    found = []
    for piece in pieces:
        for operation in (*piece.up, *piece.down):
            if isinstance(operation, ops.Opaque):
                found.append((f"{operation.table} {operation.text} {' '.join(operation.saw)}", operation.reason))
            elif isinstance(operation, ops.Nothing) and not operation.harmless:
                found.append(("", f"{operation.verb} may do more than it says"))
    new = run.after.doubts[len(run.before.doubts) :]
    found += [("", text) for text in new if "CASCADE" in text]
    return found


def _hidden(remark: Remark, doubts: list[tuple[str, str]]) -> bool:
    """Tell whether the code could be what a remark misses."""
    names = [name for name in (remark.table, remark.object) if name]
    return any(
        not text.strip() or "…" in text or not names or any(mentions(text, name) for name in names) or _dynamic(text)
        for text, _ in doubts
    )


def _dynamic(text: str) -> bool:
    return len(text) > 100 or "execute" in text.lower() or "%" in text


def _small(run: _Run, pieces: Sequence[Piece]) -> list[Remark]:
    return [_remark(difference, pieces) for difference in compare(run.before, run.far, run.after) if difference.small]


def _remark(difference: Difference, pieces: Sequence[Piece]) -> Remark:
    """Lay a difference at the door of the piece that touched the object last."""
    piece, line = _blame(difference, pieces)
    return Remark(
        piece.name, "wrong", difference.text, line, difference.table, difference.object, difference.before,
        difference.after, difference.small,
    )  # fmt: skip


def _blame(difference: Difference, pieces: Sequence[Piece]) -> tuple[Piece, int]:
    names = [name.lower() for name in (difference.object, difference.table) if name]
    for wanted in (names[:1], names[1:]):
        for piece in reversed(pieces):
            if wanted and any(wanted[0] in _names(operation) for operation in (*piece.up, *piece.down)):
                lines = [op.line for op in piece.down if wanted[0] in _names(op)]
                return piece, (lines[0] if lines else 0)
    return pieces[-1], 0


def _names(operation: ops.Operation) -> set[str]:
    """Give every name that an operation says."""
    said: set[str] = set()
    for attribute in ("table", "column", "name", "to", "object", "on", "constraint", "index"):
        value = getattr(operation, attribute, None)
        if isinstance(value, str):
            said.add(value.lower())
        elif value is not None and getattr(value, "name", None):
            said.add(str(value.name).lower())
    return said


def _risks(pieces: Sequence[Piece], schema: Schema) -> Iterator[Remark]:
    """Say what the downs cannot bring back, and where they fail once there are rows."""
    run = _run(pieces, schema)
    state, fresh = schema.copy(), Fresh(schema.dialect)
    for piece in pieces:
        for loss in lossy(piece.up, piece.down, state, fresh):
            yield Remark(piece.name, "lossy", loss.text, 0, loss.table, loss.object, small=loss.small)
    state = run.far
    for piece in reversed(pieces):
        if piece.usable:
            for risk in data_dependent(piece.down, state, schema):
                yield Remark(piece.name, "data-dependent", risk.text, risk.line, risk.table, risk.object)
