"""Derive the plan of a change from what is known of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gatepost.git import Change
from gatepost.metrics import Verification
from gatepost.model import is_zero
from gatepost.policy import Policy, spelled
from gatepost.rollbacks import (
    Changed,
    Compatible,
    Expectation,
    Expected,
    Moved,
    RollbackPlan,
    Step,
    Tested,
    Trigger,
    Version,
    _commands,
)
from gatepost.rollbacks._classify import Judged, claimed, judge, rehearsal_of
from gatepost.rollbacks._complete import STAYS
from gatepost.rollbacks._facts import Facts
from gatepost.rollbacks._settings import Rollback

if TYPE_CHECKING:
    from gatepost.migrations import History, Migration
    from gatepost.rehearsals import Rehearsal

_ROWS = 5  # tables whose rows are counted
_MOST = 50  # things of one kind that are looked at, or listed


@dataclass(frozen=True, slots=True)
class _Known:
    """What the parts of a plan are made from."""

    change: Change
    facts: Facts
    settings: Rollback
    ref: str
    old_code: Compatible
    judged: Judged

    @property
    def base(self) -> str:
        return self.change.base_oid or ""

    def engine(self, history: History) -> str:
        """Name the database of a history where the change has one history for each of several."""
        dialects = {one.place.dialect for one in self.facts.histories}
        return history.place.dialect if len(dialects) > 1 else ""

    @property
    def undone(self) -> bool:
        return "schema" in self.order

    @property
    def order(self) -> tuple[str, ...]:
        return _order(self)


def derive(change: Change, policy: Policy, facts: Facts) -> RollbackPlan | None:
    """Give the plan; None where nothing ran before the change, or it is not significant."""
    if change.base_oid is None or is_zero(change.base_oid) or not facts.why:
        return None
    settings = policy.get("rollback", Rollback)
    old_code = facts.old_code or Compatible(True, "no migration: the schema is the same")
    judged = judge(facts, old_code)
    ref = change.ref or next((ref for ref in policy.gate.deploy if not set("*?[{") & set(ref)), "refs/heads/main")
    known = _Known(change, facts, settings, ref, old_code, judged)
    verification = policy.get("verification", Verification)
    return RollbackPlan(
        change=_changed(known, verification),
        class_=judged.class_,
        basis=judged.basis,
        because=judged.because,
        owner=settings.owner or _author(change),
        decide_within=spelled(settings.decide_within).strip('"'),
        triggers=_triggers(verification),
        order=known.order,
        old_code=old_code,
        steps=tuple(_steps(known)),
        expected=_expected(known),
        point_of_no_return=_no_return(known),
        data_lost=_cut(judged.lost) if known.undone or judged.class_ == "C" else (),
        backup=_backup(known),
        forward_fix=_forward(known),
        valid_until=f"the next deploy of {ref}, or a migration that takes away what the old code needs",
        tested=_tested(facts.rehearsals),
        notes=tuple(_notes(known)),
    )


def _cut(texts: tuple[str, ...]) -> tuple[str, ...]:
    return texts if len(texts) <= _MOST else (*texts[:_MOST], f"and {len(texts) - _MOST} more")


def _changed(known: _Known, verification: Verification) -> Changed:
    services = (verification.service,) if verification.service else ()
    moved = tuple(
        Moved(one.migration.framework, one.migration.version, one.migration.path, *digests(one.migration), one.status)
        for history in known.facts.histories
        for one in history.changes
    )
    return Changed(known.base, known.change.head_oid, known.ref, tuple(known.facts.why.values()), services, moved)


def digests(migration: Migration) -> tuple[str, str]:
    """Give the digests of up and down: the ids of their blobs, "" for a down that is not there."""
    scripts = migration.scripts
    up = migration.files.get(scripts.up.path) or next(iter(migration.files.values()), "")
    down = scripts.down
    return up, (migration.files.get(down.path, up) if down else "")


def _author(change: Change) -> str:
    if change.head_oid == "index":
        found = change.repo.attempt("var", "GIT_AUTHOR_IDENT")[1]
    else:
        found = b""
        raw = change.repo.objects.read(change.head_oid, 1024 * 1024).partition(b"\n\n")[0]
        for line in raw.splitlines():
            if line.startswith(b"author "):
                found = line[7:]
    return found.partition(b">")[0].decode("utf-8", "replace") + ">" if b">" in found else ""


def _triggers(verification: Verification) -> tuple[Trigger, ...]:
    watch = spelled(verification.watch).strip('"')
    return (
        Trigger("verify/error-rate", f"more errors than before, within {watch}"),
        Trigger("verify/latency", f"slower than before, within {watch}"),
        Trigger("verify/new-error", f"an error that is new, within {watch}"),
    )


def _order(known: _Known) -> tuple[str, ...]:
    """Say what goes back, in which order: it depends on whether the old code runs on the new schema."""
    if not known.facts.histories:
        return ("application",)
    runs, class_ = known.old_code.runs, known.judged.class_
    if runs is False:
        return ("schema", "application")
    if class_ == "E":
        return ("application", STAYS)
    if runs is None and class_ == "C" and all(story.gives_back for story in known.facts.stories.values()):
        return ("schema", "application")
    if class_ == "A" or (class_ == "B" and known.settings.schema == "undo") or runs is None:
        return ("application", "schema")
    return ("application", STAYS)


def _steps(known: _Known) -> Iterator[Step]:
    for part in known.order:
        if part == "application":
            yield from _application(known)
        elif part == "schema":
            for history in known.facts.histories:
                yield from _schema(known, history)


def _application(known: _Known) -> Iterator[Step]:
    settings, ref, base = known.settings, known.ref, known.base
    locks = tuple(_locks(known))
    yield Step(
        kind="ref",
        title=f"move {ref} back to {base[:12]} through the gate, with this plan as the reason",
        command=f"git push --no-verify --force-with-lease={ref}:{known.change.head_oid} origin {base}:{ref}",
        approve=settings.approve,
        repeatable=True,
        before=(Expectation("ref", ref, known.change.head_oid),),
        after=(Expectation("ref", ref, base), *locks),
    )
    healthy = (Expectation("url", settings.health, "200"),) if settings.health else ()
    if settings.redeploy:
        yield Step(
            kind="application",
            title=f"deploy exactly {base[:12]} again",
            command=_commands.redeploy(settings.redeploy, base, ref),
            checkout=base,
            approve=settings.approve,
            timeout=float(settings.timeout),
            after=healthy,
        )


def _locks(known: _Known) -> Iterator[Expectation]:
    """Expect the lockfiles and artifacts of the old object: they come back with it."""
    locks = {str(one.get("lockfile") or "") for one in known.facts.dependencies}
    for path in sorted({*locks, *known.facts.artifacts} - {""}):
        entry = known.change.base.entry(path)
        if entry and entry.is_file:
            yield Expectation("blob", path, entry.oid)


def _schema(known: _Known, history: History) -> Iterator[Step]:
    commands = _commands.undo(history, known.settings.undo) if history.new else ()
    if not commands:
        return
    rehearsal = rehearsal_of(history, known.facts.rehearsals)
    times = {one.version: (one.down_ms, one.locks) for one in rehearsal.migrations} if rehearsal else {}
    for number, command in enumerate(commands):
        gone = [history.new[-1 - number]] if len(commands) == len(history.new) else list(history.new)
        measured = [times[one.version] for one in gone if one.version in times]
        yield Step(
            kind="schema",
            title=f"undo {', '.join(one.version or one.name for one in reversed(gone))} with {history.place.framework}",
            command=command,
            checkout=known.change.head_oid,
            approve=known.settings.approve,
            repeatable=None,
            timeout=float(known.settings.timeout),
            seconds=sum(one[0] for one in measured) / 1000 if measured else None,
            locks=tuple(f"{table}: {lock}" for one in measured for table, lock in one[1]),
            before=tuple(_before(known, history, rehearsal)) if number == 0 else _at(history, gone[-1]),
            after=(
                tuple(_after(known, history, rehearsal))
                if number == len(commands) - 1
                else _at(history, history.new[-2 - number])
            ),
            note=_commands.note(history),
            undoes=tuple(one.path for one in reversed(gone)),
            engine=known.engine(history),
        )


def _at(history: History, one: Migration) -> tuple[Expectation, ...]:
    """Expect a history to be at one of its migrations."""
    query = _commands.version_query(history)
    return (Expectation("version", history.place.root, one.version, query),) if query else ()


def _before(known: _Known, history: History, rehearsal: Rehearsal | None) -> Iterator[Expectation]:
    query = _commands.version_query(history)
    if query:
        yield Expectation("version", history.place.root, history.new[-1].version, query)
    if rehearsal and rehearsal.head:
        yield Expectation("schema", history.place.root, rehearsal.head, rehearsal.engine)
    else:
        for name in known.facts.stories[history.place.root].made[:_MOST]:
            yield Expectation("present", name, "")


def _after(known: _Known, history: History, rehearsal: Rehearsal | None) -> Iterator[Expectation]:
    query, last, story = (
        _commands.version_query(history),
        _commands.last(history),
        known.facts.stories[history.place.root],
    )
    if query:
        yield Expectation("version", history.place.root, last.version if last else "", query)
    if rehearsal and rehearsal.base:
        yield Expectation("schema", history.place.root, rehearsal.base, rehearsal.engine)
    else:
        yield from (Expectation("absent", name, "") for name in story.made[:_MOST])
        yield from (Expectation("present", name, "") for name in story.taken[:_MOST])
    if known.judged.class_ in ("A", "B"):
        yield from (Expectation("rows", table, "kept") for table in story.kept[:_ROWS])


def _expected(known: _Known) -> Expected:
    """Say what the state is afterwards: with a schema that stays it is the new one."""
    versions, schema, engine = [], "", ""
    for history in known.facts.histories:
        rehearsal = rehearsal_of(history, known.facts.rehearsals)
        last = _commands.last(history) if known.undone else (history.head[-1] if history.head else None)
        query = _commands.version_query(history)
        version, engine_of = last.version if last else "", known.engine(history)
        versions.append(Version(history.place.root, history.place.framework, version, query, engine_of))
        if rehearsal and len(known.facts.histories) == 1:
            schema, engine = rehearsal.base if known.undone else rehearsal.head, rehearsal.engine
    return Expected(known.base, known.ref, schema, tuple(versions), engine)


def _no_return(known: _Known) -> str:
    if known.judged.class_ == "C":
        return "the deploy itself: what it destroyed is only in the backup"
    if known.undone and known.judged.lost:
        return "the step that undoes the schema: from there what was written since the deploy is gone"
    return "none: every step can be taken back by deploying again" if known.judged.class_ != "F" else ""


def _backup(known: _Known) -> str:
    if known.settings.backup:
        return known.settings.backup
    return "none is needed: nothing that existed before is lost" if known.judged.class_ in ("A", "B") else ""


def _forward(known: _Known) -> str:
    """Say what is done instead of a way down: as declared in the migrations, or that nothing has to be."""
    said = []
    for history in known.facts.histories:
        for one in history.new:
            declared = one.scripts.irreversible
            if declared and declared.reason and declared.strategy in ("forward-fix", "expand-contract"):
                said.append(f"{one.version or one.name}: {declared.strategy}, {declared.reason}")
    if said:
        return "; ".join(said)
    if known.judged.class_ == "E" and known.old_code.runs:
        made = [name for story in known.facts.stories.values() for name in story.made]
        rest = f"; a later migration takes {', '.join(made[:5])} away" if made else ""
        return f"nothing has to be undone in the schema: the old code runs on it{rest}"
    return ""


def _tested(rehearsals: tuple[Rehearsal, ...]) -> Tested | None:
    known = [one for one in rehearsals if one.whole != "unknown"]
    if not known:
        return None
    first = known[0]
    digests = tuple(digest for one in known for each in one.migrations for digest in (each.up, each.down))
    seconds = sum(one.elapsed_ms for one in known) / 1000
    verdicts = ", ".join(dict.fromkeys(one.whole for one in known))
    return Tested(
        "gatepost rehearse", f"{first.engine} {first.server}", first.how, first.at, verdicts, seconds, digests
    )


def _notes(known: _Known) -> Iterator[str]:
    if STAYS in known.order:
        for history in known.facts.histories:
            note = _commands.ahead(history)
            if note:
                yield f"{history.place.framework}: {note}"
    for history in known.facts.histories:
        if _commands.undo(history, known.settings.undo) is None:
            yield _commands.unknown(history, known.settings.undo)
    if known.facts.histories and not _tested(known.facts.rehearsals):
        yield "not rehearsed: class, durations and locks are the static model's, not measured (gatepost rehearse)"
    for one in known.facts.claims:
        yield claimed(one)
    if not known.settings.redeploy:
        yield "what runs follows the deploy ref; where it does not, set [rollback] redeploy"
