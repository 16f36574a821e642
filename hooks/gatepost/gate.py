"""Judge a Change: the one function that every hook, the server and the command line call."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from gatepost import checks, registry, suspicious
from gatepost.checks import Check, outcome
from gatepost.errors import CannotJudge, GatepostError, NotAFile, PolicyError, TimeUp, TooLarge
from gatepost.git import INDEX, Change, Snapshot
from gatepost.model import LEVELS, Finding, Outcome, Report, Rule, Skip, printable
from gatepost.paths import parent
from gatepost.policy import FILE, Gate, Policy, Setting, Trees, Vocabulary, line_of, overlay, parse_policy, parse_toml

if TYPE_CHECKING:  # imported where they are used: each costs a commit that has nothing to judge 1 to 3 ms
    from datetime import date
    from pathlib import Path

POLICY_FILES = (FILE, "pyproject.toml")
POLICY_LIMIT = 256 * 1024


def all_checks() -> tuple[Check, ...]:
    """Give every check there is."""
    return registry.load(checks, "CHECK", Check)


@lru_cache(maxsize=1)
def all_rules() -> dict[str, Rule]:
    """Give every rule there is by id, in the order of the ids."""
    found = {rule.id: rule for check in all_checks() for rule in check.rules()}
    found |= {rule.id: rule for rule in gate_rules()}
    return dict(sorted(found.items()))


def gate_rules() -> tuple[Rule, ...]:
    """Give the rules that belong to the gate itself and to no check."""
    from gatepost import gate_rules as own
    from gatepost import verify_rules as verification

    return (*own.RULES, *verification.RULES)


def all_settings() -> tuple[Setting, ...]:
    """Give every table that a policy may have beside the gate's own."""

    def verification() -> type:
        from gatepost.metrics._settings import Verification

        return Verification

    settings = {setting.key: setting for check in all_checks() for setting in check.settings()}
    return (*settings.values(), Setting("verification", verification))


def rule_names() -> set[str]:
    """Give every id that a policy may name, former ones too."""
    return {name for rule in all_rules().values() for name in (rule.id, *rule.formerly)}


VOCABULARY = Vocabulary(all_settings, rule_names)


def with_range(report: Report) -> Report:
    """Name the range that was judged in what is said to be done next, where it is one of commits."""
    if report.base is None or report.head == INDEX:
        return report
    named = f"{report.base[:12]}..{report.head[:12]}"
    findings = tuple(replace(one, fix=one.fix.replace("BASE..HEAD", named)) for one in report.findings)
    return replace(report, findings=findings)


def read_policy(change: Change, server_file: Path | None = None) -> tuple[Policy, tuple[Finding, ...]]:
    """Put the policy of a Change together, and say what is wrong with the pushed one.

    The protected side counts: the server's file over that of the base tree. The head's own policy
    may only tighten it; where it cannot be read it is a finding and changes nothing. Raises
    PolicyError where the protected side itself cannot be used, TimeUp where reading takes too long.
    """
    with deadline(Gate().deadline):
        return _read_policy(change, server_file)


def _read_policy(change: Change, server_file: Path | None) -> tuple[Policy, tuple[Finding, ...]]:
    own = _server_policy(server_file) if server_file is not None else {}
    pushed, invalid = _head_policy(change) if policy_changed(change) else (None, ())
    try:
        base = _Read(*tree_policy(change.base))
    except PolicyError:
        if pushed is None:
            raise
        base = _Read("defaults", {})  # the push mends what landed broken
    force = _over(base, own, server_file)
    trees = Trees(base.policy, force=force)
    if pushed is not None:
        trees = Trees(base.policy, pushed.policy, _over(pushed, own, server_file), force)
    return replace(force, pushed=trees.head, trees=trees), invalid


def landed_policy(snapshot: Snapshot, server_file: Path | None = None) -> Policy:
    """Give the policy of a tree that has landed: the server's file over the tree's own, if that can be used."""
    own = _server_policy(server_file) if server_file is not None else {}
    try:
        tree = _Read(*tree_policy(snapshot))
    except PolicyError:
        tree = _Read("defaults", {})
    return _over(tree, own, server_file)


class _Read:
    """A policy file that was understood, with what it says."""

    def __init__(self, file: str, data: dict[str, Any]) -> None:
        self.file, self.data = file, data
        self.policy = parse_policy(data, file, VOCABULARY)


def _server_policy(file: Path) -> dict[str, Any]:
    data = parse_toml(_read_limited(file), str(file))
    parse_policy(data, str(file), VOCABULARY)
    return data


def _over(tree: _Read, own: dict[str, Any], file: Path | None) -> Policy:
    return parse_policy(overlay(tree.data, own), str(file), VOCABULARY) if own else tree.policy


def _head_policy(change: Change) -> tuple[_Read | None, tuple[Finding, ...]]:
    try:
        return _Read(*tree_policy(change.head)), ()
    except PolicyError as error:
        from gatepost.gate_rules import INVALID

        fix = error.hint or "mend the file"
        parts = [text.partition(": ") for text in error.problems]
        return None, tuple(Finding(INVALID, file, said, fix, _line(change, file, said)) for file, _, said in parts)


def _line(change: Change, file: str, said: str) -> int:
    import re

    syntax = re.search(r"\(at line (\d{1,7})", said)
    if syntax:
        return int(syntax[1])
    try:
        text = change.head.read(file, _limit(file)).decode("utf-8", "replace").splitlines()
    except GatepostError:
        return 1
    return line_of(text, said.partition(": ")[0])


def tree_policy(snapshot: Snapshot) -> tuple[str, dict[str, Any]]:
    """Read the policy of a tree: ``gatepost.toml``, else ``[tool.gatepost]`` of ``pyproject.toml``."""
    for name in POLICY_FILES:
        entry = snapshot.entry(name)
        if entry is None:
            continue
        try:
            raw = snapshot.read(name, _limit(name))
            # pyproject.toml belongs to others too: TOML is parsed only where we are named.
            data = parse_toml(raw, name) if name == FILE or b"gatepost" in raw else {}
        except NotAFile as error:
            raise PolicyError([f"{name}: {error.kind} cannot be a policy"], "make it a regular file") from None
        except TooLarge as error:
            raise PolicyError([f"{name}: {error.message}"]) from None
        if name == FILE or data:
            return name, data
    return "defaults", {}


def _limit(name: str) -> int:
    return POLICY_LIMIT if name == FILE else 4 * POLICY_LIMIT


def _read_limited(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            raw = stream.read(POLICY_LIMIT + 1)
    except OSError as error:
        raise PolicyError([f"{file}: {error.strerror}"]) from None
    if len(raw) > POLICY_LIMIT:
        raise PolicyError([f"{file}: is larger than {POLICY_LIMIT} bytes"])
    return raw


def policy_changed(change: Change) -> bool:
    """Tell whether a change touches a file that may be the policy."""
    return any(name in change.paths for name in POLICY_FILES) or any(
        path.startswith(tuple(name + "/" for name in POLICY_FILES)) for path in change.paths
    )


def evaluate(change: Change, policy: Policy, only: Iterable[str] = (), extra: Iterable[Finding] = ()) -> Report:
    """Run the checks on a Change and put the report together.

    A check that fails, or runs out of time, makes the verdict "unknown" and never hides what the
    other checks found. ``extra`` are findings made before, such as a policy that cannot be read.
    """
    started, wanted = time.monotonic(), set(only)
    change.repo.file_limit = int(policy.gate.max_file)
    findings, skipped = [*extra, *suspicious.findings(change, _watcher(policy))], list[Skip]()
    sections: dict[str, Any] = {}
    for check in all_checks():
        sections.update(check.sections)
        if wanted and check.name not in wanted:
            skipped.append(Skip(check.name, "not asked for (--only)"))
            continue
        outcome = _run(check, change, policy)
        findings += outcome.findings
        skipped += outcome.skipped
        sections.update(outcome.sections)
    return Report(
        base=change.base_oid,
        head=change.head_oid,
        ref=change.ref,
        commits=change.commits,
        findings=tuple(_levelled(findings, policy)),
        sections=sections,
        skipped=tuple(skipped),
        elapsed_ms=round((time.monotonic() - started) * 1000),
    )


def _watcher(policy: Policy) -> Callable[[Change], bool]:
    """Give what tells whether the names in a change are ones that the checks look for."""
    named = [check for check in all_checks() if check.name in ("dependencies", "migrations")]
    told = (policy, policy.pushed) if policy.pushed else (policy,)
    above = set()  # what a link there leads to has none of the names that the checks look for
    for place in (table.path.strip("/") for one in told for table in one.tables.get("migrations", ())):
        while place := parent(place):
            above.add(place)

    def watched(change: Change) -> bool:
        if any(path in above or path in POLICY_FILES for path in change.paths):
            return True
        return any(check.relevant(change, policy) for check in named)

    return watched


def _run(check: Check, change: Change, policy: Policy) -> Outcome:
    try:
        return outcome(check, change, policy) if check.relevant(change, policy) else Outcome()
    except TimeUp:
        raise
    except CannotJudge as error:
        return Outcome(
            skipped=(Skip(check.name, f"{error.message}{'; ' + error.hint if error.hint else ''}", True, error.rule),)
        )
    except GatepostError as error:
        return Outcome(skipped=(Skip(check.name, error.message, True, error.rule),))
    except Exception as error:  # noqa: BLE001 - whatever a hostile file makes a parser raise must refuse, not pass
        import traceback

        where = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{where.filename.rpartition('/')[2]}:{where.lineno}"
        reason = f"internal error, {type(error).__name__} at {place}: {printable(str(error), 120)}"
        detail = "".join(traceback.format_exception(error))
        return Outcome(skipped=(Skip(check.name, reason, True, "gate/internal", detail),))


def _levelled(findings: Iterable[Finding], policy: Policy) -> Iterator[Finding]:
    day = today() if policy.suppress else None
    for finding in sorted(findings, key=_order):
        level = policy.level(finding.rule, finding.level)
        if level not in LEVELS:  # "off"
            continue
        reason = finding.suppressed
        if reason is None and day is not None:
            reason = next((s.reason for s in policy.suppress if s.covers(finding, day)), None)
        yield replace(finding, level=level, suppressed=reason)


def _order(finding: Finding) -> tuple[str, int, str, str]:
    return finding.path, finding.line, finding.rule.id, finding.message


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raise TimeUp in the block after so many seconds, where the platform has SIGALRM (main thread only).

    It is raised again each second and at the end of the block, in case a parser within takes it for an
    error of its own. Of blocks within each other the outermost counts.
    """
    import signal
    import threading

    able = hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()
    if not able or signal.getitimer(signal.ITIMER_REAL)[0]:
        yield
        return

    late = TimeUp(
        f"no verdict within {seconds:g} seconds", "raise gate.deadline in gatepost.toml, or push less at once"
    )
    rung = False

    def ring(*_: object) -> None:
        nonlocal rung
        rung = True
        raise late

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds, 1)
    try:
        yield
        if rung:
            raise late
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def today() -> date:
    """Give today in UTC: suppressions expire at the same moment everywhere."""
    from datetime import datetime, timezone

    return datetime.now(timezone.utc).date()
