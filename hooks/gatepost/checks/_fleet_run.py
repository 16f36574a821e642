"""Ask the fleet about a change: read it once, judge each group, put the section together."""

from __future__ import annotations

from typing import Any

from gatepost.checks._fleet import Fleet, Stock
from gatepost.checks._fleet_settings import expectations, fleet_of
from gatepost.errors import NotAFile, TooLarge
from gatepost.git import Change
from gatepost.lockfiles._diff import Delta
from gatepost.model import Finding, printable
from gatepost.policy import Policy


class FleetRun:
    """The fleet of one change; nothing is read until a name is asked for."""

    def __init__(self, change: Change, policy: Policy) -> None:
        self.change = change
        self.fleet: Fleet = fleet_of(policy, change.repo, change.base)
        self.problems: list[str] = []
        self._stocks: list[Stock] | None = None
        self._expected: list[Any] = []

    @property
    def configured(self) -> bool:
        """Tell whether there is any fleet to ask."""
        return bool(self.fleet.service or self.fleet.expect or self.fleet.snapshot)

    def judge(
        self, ecosystem: str, directory: str, deltas: list[Delta], places: dict[str, tuple[str, int]]
    ) -> tuple[list[dict[str, Any]], list[Finding]]:
        """Judge the names of one group; the service that the group belongs to is left out."""
        from datetime import datetime, timezone

        from gatepost.checks._fleet_judge import Judge, judge  # most pushes have no fleet to ask

        stocks = self._read()
        own = {s.name for s in self.fleet.service if not s.repository and _covers(s.path, directory)}
        today = datetime.now(timezone.utc).date()
        court = Judge([stock for stock in stocks if stock.service not in own], self._expected, today)
        return judge(court, ecosystem, deltas, places)

    def _read(self) -> list[Stock]:
        from gatepost.checks import _fleet_read as reading

        if self._stocks is None:
            self._expected = expectations(self.fleet.expect, self.change.base, self.problems)
            self._stocks = self._snapshot()
            if self.fleet.service:
                cache = reading.Cache.load(reading.cache_file(self.change.repo))
                self._stocks += reading.stocks(
                    self.change.repo, self.change.head, self.fleet.service, cache, self.problems
                )
                cache.save()
        return self._stocks

    def _snapshot(self) -> list[Stock]:
        from gatepost.checks import _fleet_read as reading

        path = self.fleet.snapshot
        if not path:
            return []
        try:
            return reading.load(self.change.base.read(path))
        except (NotAFile, TooLarge) as error:
            self.problems.append(f"fleet: {error.message}")
        except (ValueError, KeyError, TypeError):
            self.problems.append(f"fleet: {printable(path, 100)}: is no snapshot of a fleet (format 1)")
        return []


def _covers(path: str, directory: str) -> bool:
    bare = path.strip("/")
    return directory == bare or directory.startswith(bare + "/")


def summary(entries: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Count the verdicts before and after the push."""
    after: dict[str, int] = {}
    before: dict[str, int] = {}
    for entry in entries:
        after[entry["verdict"]] = after.get(entry["verdict"], 0) + 1
        if entry["before"]:
            before[entry["verdict"]] = before.get(entry["verdict"], 0) + 1
    return {"before": before, "after": after}
