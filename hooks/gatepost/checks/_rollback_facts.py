"""Collect from the other checks what a rollback plan is derived from; what they found is not computed again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from gatepost.checks import Check, _plausible, bundle, dependencies, migrations, outcome, queries
from gatepost.checks.rollback import trailer
from gatepost.errors import CannotJudge, TimeUp
from gatepost.git import Change
from gatepost.model import Outcome, printable
from gatepost.paths import matches
from gatepost.policy import Policy
from gatepost.rollbacks import Compatible
from gatepost.rollbacks._author import files
from gatepost.rollbacks._facts import Facts
from gatepost.rollbacks._settings import Rollback

if TYPE_CHECKING:
    from gatepost.migrations import History
    from gatepost.rehearsals.known import Known
    from gatepost.rollbacks._static import Story


class _Moved(NamedTuple):
    """What the migrations of a change tell; nothing where it has none."""

    histories: tuple[History, ...] = ()
    judged: Outcome = Outcome()
    stories: Mapping[str, Story] = {}
    tried: tuple[Known, ...] = ()


def _moved(change: Change, policy: Policy) -> _Moved:
    if not _plausible.touches_migrations(change, policy):
        return _Moved()
    from gatepost.migrations import collect
    from gatepost.rehearsals import known
    from gatepost.rollbacks._static import read

    histories = tuple(one for one in change.shared(collect, policy).histories if one.new)
    stories = {one.place.root: read(change, one) for one in histories}
    tried = known.rehearsals(change, policy) if stories else ()
    return _Moved(histories, outcome(migrations.CHECK, change, policy), stories, tried)


def facts(change: Change, policy: Policy) -> Facts:
    """Give what is known of a change."""
    settings = policy.get("rollback", Rollback)
    histories, judged, stories, tried = _moved(change, policy)
    entries = [entry for entry in judged.sections.get("migrations", ()) if isinstance(entry, Mapping)]
    grown = list(_growth(change, policy))
    return Facts(
        histories=histories,
        downs={(entry["path"], entry["version"]): entry["down"] for entry in entries},
        lossy=tuple(_lossy(judged)),
        dependencies=tuple(_direct(change, policy)),
        growth=tuple(dict.fromkeys(name for name, _ in grown)),
        artifacts=tuple(path for _, path in grown),
        named=tuple(path for path in change.paths if settings.paths and matches(path, *settings.paths)),
        said=_said(change),
        old_code=_old_code(change, policy, stories) if stories else None,
        rehearsals=tuple(one.rehearsal for one in tried if not one.claimed),
        claims=tuple(one.rehearsal for one in tried if one.claimed),
        stories=stories,
    )


def _old_code(change: Change, policy: Policy, stories: Mapping[str, Story]) -> Compatible:
    """Say whether the old code runs on the new schema: its known queries decide over names that are gone."""
    from gatepost.rollbacks._static import combined

    told = combined(stories.values())
    if told.runs is False:
        return told
    section = _found(queries.CHECK, change, policy).sections.get("queries", {})
    touched = [one for one in section.get("broken", ()) if one.get("deployed")]
    broken = [one for one in touched if one.get("certain")]
    if broken:
        return Compatible(False, f"its {_query(broken)} does not run any more")
    if told.runs is None and touched:
        return Compatible(None, f"its {_query(touched)} may not run any more")
    if told.runs is None and section and all(one.by_name for one in stories.values()):
        return _unnamed(section, [name for one in stories.values() for name in one.taken])
    return told


def _query(found: list[Mapping[str, Any]]) -> str:
    first, more = found[0], f" and {len(found) - 1} more" if len(found) > 1 else ""
    named = first.get("query") or printable(str(first.get("text")), 60)
    return f"query {named} ({first.get('path')}:{first.get('line')}){more}"


def _unnamed(section: Mapping[str, Any], taken: list[str]) -> Compatible:
    """Say what follows from queries of which none breaks, where only names are gone."""
    judged, names = int(section.get("judged", 0)), ", ".join(taken[:3])
    if section.get("unread"):
        return Compatible(None, f"not every known query could be read; it may use {names}")
    if judged:
        return Compatible(True, f"{judged} known queries that name what changes still run")
    return Compatible(None, f"no known query names {names}; what the code builds as it runs is not known")


def _found(check: Check, change: Change, policy: Policy) -> Outcome:
    """Give what another check found; nothing where it could not judge, which it says itself."""
    try:
        return outcome(check, change, policy)
    except TimeUp:
        raise
    except CannotJudge:
        return Outcome()


def _lossy(judged: Outcome) -> Iterator[str]:
    for finding in judged.findings:
        if finding.rule.id == "migration/lossy-down" and finding.level != "note":
            yield from (str(one["text"]) for one in finding.data.get("differences", ()))


def _direct(change: Change, policy: Policy) -> Iterator[Mapping[str, Any]]:
    if not dependencies.relevant(change, policy):
        return
    section = _found(dependencies.CHECK, change, policy).sections.get("dependencies", {})
    for entry in section.get("changes", ()):
        if entry.get("direct") and entry.get("scope") == "prod":
            yield entry


def _growth(change: Change, policy: Policy) -> Iterator[tuple[str, str]]:
    """Give the artifacts that grow more than the policy allows, and a file of each."""
    named = any("bundle" in told.tables for told in (policy, policy.pushed) if told)
    if not named or not bundle.relevant(change, policy):
        return
    for finding in _found(bundle.CHECK, change, policy).findings:
        if finding.rule.id in ("bundle/growth", "bundle/over-budget"):
            yield str(finding.data.get("name") or finding.path), finding.path


def _said(change: Change) -> str:
    """Say how the author asked for a plan: by a file of it, or by a trailer of a commit."""
    written = files(change)
    if written:
        return f"the author wrote {written[0]}"
    asked = change.shared(trailer)
    return f"the author asks for it: Rollback-Plan: {printable(asked)}" if asked else ""
