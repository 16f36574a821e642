"""What a plan is derived from: collected by the checks, so that nothing is computed twice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a change of a lockfile pays for none of them
    from gatepost.migrations import History
    from gatepost.rehearsals import Rehearsal
    from gatepost.rollbacks import Compatible
    from gatepost.rollbacks._static import Story


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a change.

    ``downs`` has the report's word for the down of each changed migration, by path and version; ``lossy`` the texts
    of what cannot come back; ``dependencies`` the changed direct production dependencies; ``growth`` the artifacts
    whose growth is more than the policy allows, ``artifacts`` a file of each; ``named`` the paths that the policy
    names; ``said`` how the author asked for a plan; ``stories`` what the static model tells of each history, by its
    root. ``claims`` are rehearsals that a server has only the pusher's word for: told, and counted for nothing.
    """

    histories: tuple[History, ...] = ()
    downs: Mapping[tuple[str, str], str] = field(default_factory=dict)
    lossy: tuple[str, ...] = ()
    dependencies: tuple[Mapping[str, Any], ...] = ()
    growth: tuple[str, ...] = ()
    artifacts: tuple[str, ...] = ()
    named: tuple[str, ...] = ()
    said: str = ""
    old_code: Compatible | None = None
    rehearsals: tuple[Rehearsal, ...] = ()
    claims: tuple[Rehearsal, ...] = ()
    stories: Mapping[str, Story] = field(default_factory=dict)

    @property
    def why(self) -> dict[str, str]:
        """Say what makes the change significant, by the words of ``rollback.require``."""
        moved = [migration for history in self.histories for migration in history.new]
        found = {
            "migrations": _listed(
                "a migration" if len(moved) == 1 else f"{len(moved)} migrations",
                [one.version or one.name for one in moved],
            ),
            "dependencies": _listed("direct production dependency", [str(one["name"]) for one in self.dependencies]),
            "bundle": _listed("bundle growth", list(self.growth)),
            "paths": _listed("named by the policy", list(self.named)),
            "author": self.said,
        }
        return {key: text for key, text in found.items() if text}


def _listed(what: str, names: list[str]) -> str:
    if not names:
        return ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"{what}: {', '.join(names[:3])}{more}"
