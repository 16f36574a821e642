"""Measure how far the static model and the introspection of a scratch database agree on what migrations produce.

    python benchmarks/agreement.py GIT_DIR PATH [--until=NAME] [--before=SQL] [--all]

Takes the migrations below PATH at HEAD (with --until those before the first whose path holds NAME; --before is run
first, as a project's code does), replays them statically and on a scratch server, and compares the two schemas object
by object on what both know. Expressions are compared without casts, parentheses and case; bodies of views and functions
are user text against catalog text and are not compared. Prints a line for each kind and every disagreement (the first
twenty without --all).
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gatepost.databases import Failed, Limits, Needs, Scratch, Unable, engine
from gatepost.databases._differences_left_out import USUAL, trimmed
from gatepost.git import Repository, make_change
from gatepost.migrations import History, Migration, collect
from gatepost.migrations._produced import replayed
from gatepost.migrations._story import dialect_of
from gatepost.policy import Policy
from gatepost.sql.compare import loose
from gatepost.sql.operations import Column, Constraint, Index
from gatepost.sql.schema import Schema, Table
from gatepost.sql.splitter import split

KINDS = ("enum", "view", "materialized view", "function", "procedure", "aggregate", "trigger", "extension", "policy",
         "schema", "domain")  # fmt: skip
NUMBERED = {"true": "1", "t": "1", "false": "0", "f": "0"}


@dataclass
class Tally:
    """How many objects of each kind there are, how many agree, and what is said of the others."""

    all: Counter[str] = field(default_factory=Counter)
    agreed: Counter[str] = field(default_factory=Counter)
    said: list[str] = field(default_factory=list)

    def note(self, kind: str, name: str, problems: list[str]) -> None:
        """Count one object."""
        self.all[kind] += 1
        self.agreed[kind] += not problems
        self.said += [f"{kind} {name}: {problem}" for problem in problems]


def main() -> None:
    for history in histories(Path(sys.argv[1]), sys.argv[2]):
        dialect = dialect_of(history)
        migrations = before(history)
        print(f"-- {history.place.framework} {history.place.root} {dialect}: {len(migrations)} migrations")
        static = replayed(migrations, dialect)
        with engine(dialect).scratch(Needs(), Limits(seconds=120)) as scratch:
            live, failed = produced(scratch, migrations, dialect)
        for line in failed:
            print(f"   could not be run: {line}")
        for doubt in static.doubts[:10]:
            print(f"   doubt: {doubt}")
        print(f"   doubts: {len(static.doubts)}")
        report(compared(static, live))


def histories(repo: Path, below: str) -> Iterator[History]:
    with Repository(repo) as opened:
        change = make_change(opened, None, "HEAD")
        kept = {path: what for path, what in change.paths.items() if path.startswith(below)}
        object.__setattr__(change, "paths", kept)
        for found in change.shared(collect, Policy()).histories:
            for migration in found.head:
                _ = migration.up.steps
            yield found


def before(history: History) -> Sequence[Migration]:
    names = [word.removeprefix("--until=") for word in sys.argv if word.startswith("--until=")]
    ends = [at for at, migration in enumerate(history.head) if names and names[0] in migration.path]
    return history.head[: ends[0]] if ends else history.head


def produced(scratch: Scratch, migrations: Sequence[Migration], dialect: Any) -> tuple[Schema, list[str]]:
    """Run the ups in order as the server's own administrator; one that fails is told, and the next are tried."""
    database, failed = scratch.empty(), []
    connection = database.trusted()
    for word in sys.argv:
        if word.startswith("--before="):
            connection.rows(word.removeprefix("--before="))
    for migration in migrations:
        script = [statement for piece in migration.up.sql for statement in split(piece.text, dialect)]
        whole = migration.up.transaction and dialect != "mysql"
        try:
            for text in (["BEGIN"] if whole else []) + [one.text for one in script] + (["COMMIT"] if whole else []):
                connection.rows(text)
        except (Failed, Unable) as error:
            failed.append(f"{migration.path}: {error.message}")
            if whole:
                connection.rows("ROLLBACK")
    connection.close()
    return database.schema(), failed


def compared(static: Schema, live: Schema) -> Tally:
    tally = Tally()
    one, other = trimmed(static, USUAL), trimmed(live, USUAL)
    for name in dict.fromkeys([*one.tables, *other.tables]):
        mine, real = one.tables.get(name), other.tables.get(name)
        if mine and real:
            tally.note("table", name, [])
            tables(tally, mine, real)
        elif mine and mine.columns:
            tally.note("table", name, ["only in the model"])
        elif real and real.complete:
            tally.note("table", name, ["only in the database"])
    for place in dict.fromkeys([*one.objects, *other.objects]):
        if place[0] in KINDS and place not in (("extension", "plpgsql"), ("schema", "public")):
            objects(tally, place, one, other)
    return tally


def tables(tally: Tally, mine: Table, real: Table) -> None:
    for kind, differ in (("columns", column), ("constraints", constraint), ("indexes", index)):
        ours, theirs = getattr(mine, kind), getattr(real, kind)
        for name in dict.fromkeys([*ours, *theirs]):
            a, b = ours.get(name), theirs.get(name)
            if (a is None and b is None) or (a is None and kind == "indexes" and of_a_key(b, real)):
                continue
            missing = ["only in the model"] if b is None else ["only in the database"] if a is None else []
            tally.note(kind, f"{mine.name}.{name}", missing or list(differ(a, b)))


def of_a_key(made: Index, table: Table) -> bool:
    """Tell an index that InnoDB makes by itself for a foreign key."""
    return any(one and one.kind == "foreign key" and one.columns == made.columns for one in table.constraints.values())


def column(mine: Column, real: Column) -> Iterator[str]:
    if mine.type and mine.type != real.type:
        yield f"type {mine.type} against {real.type}"
    if mine.nullable is not None and mine.nullable != real.nullable:
        yield f"nullable {mine.nullable} against {real.nullable}"
    if real.identity == "serial" and str(mine.default).startswith("nextval("):
        return  # the same, in the words of a dump
    if mine.default != "?" and truth(mine.default) != truth(real.default):
        yield f"default {mine.default} against {real.default}"
    if truth(mine.generated) != truth(real.generated):
        yield f"generated {mine.generated} against {real.generated}"
    if mine.collation != real.collation:
        yield f"collation {mine.collation} against {real.collation}"
    if mine.identity != real.identity:
        yield f"identity {mine.identity} against {real.identity}"


def truth(text: str | None) -> str:
    """Give a value: booleans are 1 and 0, moments without the midnight and the zone that a server writes."""
    plain = said(text).strip("'").removeprefix("null").replace("epoch", "1970-01-01")
    plain = re.sub(r"^(\d{4}-\d\d-\d\d)00:00:00(?:\+00)?$", r"\1", plain)
    return NUMBERED.get(plain, plain)


def said(text: str | None) -> str:
    """Give an expression without what only one side writes: casts, the default schema, other spellings."""
    text = re.sub(r"\bpublic\.", "", text or "", flags=re.IGNORECASE)
    text = re.sub(r"::[\"\w.]+(?: varying| precision| with(?:out)? time zone)?(?:\(\d+(?:,\d+)?\))?(?:\[\])*", "", text)
    text = re.sub(r"\bCAST\((.*?) AS [\w ]+\)", r"\1", text, flags=re.IGNORECASE)
    text = re.sub(r"= ANY \(ARRAY\[(.*?)\]\)", r"IN (\1)", text)
    text = re.sub(r"<> ALL \(ARRAY\[(.*?)\]\)", r"NOT IN (\1)", text)
    text = loose(text.replace("!=", "<>").replace("~~", "like"))
    return re.sub(r"\bcurrent_timestamp\b", "now", text)


def constraint(mine: Constraint, real: Constraint) -> Iterator[str]:
    for part in ("kind", "target", "target_columns", "on_delete", "on_update", "deferrable", "valid"):
        if getattr(mine, part) != getattr(real, part):
            yield f"{part} {getattr(mine, part)} against {getattr(real, part)}"
    if mine.kind not in ("check", "exclude") and mine.columns != real.columns:
        yield f"columns {mine.columns} against {real.columns}"
    if said(mine.expression) != said(real.expression):
        yield f"expression {mine.expression} against {real.expression}"


def index(mine: Index, real: Index) -> Iterator[str]:
    if mine.unique != real.unique or mine.method != real.method or mine.include != real.include:
        yield f"{mine} against {real}"
    if [said(part) for part in mine.columns] != [said(part) for part in real.columns]:
        yield f"columns {mine.columns} against {real.columns}"
    if said(mine.predicate) != said(real.predicate):
        yield f"predicate {mine.predicate} against {real.predicate}"


def objects(tally: Tally, place: tuple[str, str], one: Schema, other: Schema) -> None:
    mine, real = one.objects.get(place), other.objects.get(place)
    problems = []
    if mine is None:
        problems.append("only in the database")
    elif real is None:
        problems.append("only in the model")
    elif mine.values != real.values:
        problems.append(f"values {mine.values} against {real.values}")
    tally.note(place[0], place[1], problems)


def report(tally: Tally) -> None:
    for kind, count in tally.all.items():
        print(f"   {kind}: {tally.agreed[kind]} of {count}")
    whole, agreed = sum(tally.all.values()), sum(tally.agreed.values())
    print(f"   all: {agreed} of {whole}, {100 * agreed / max(1, whole):.1f} %")
    for line in tally.said if "--all" in sys.argv else tally.said[:20]:
        print(f"      {line}")


if __name__ == "__main__":
    main()
