"""Judge whether the known queries, those of the running version too, still run after the migrations of a change."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.checks._plausible import touches_migrations
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting


def rules() -> tuple[Rule, ...]:
    """Give the rules of this check."""
    from gatepost.checks._queries_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the tables of the policy that this check reads."""
    return (Setting("queries", _queries),)


def _queries() -> type:
    from gatepost.queries._settings import Queries

    return Queries


def run(change: Change, policy: Policy) -> Outcome:
    """Judge the queries that what the migrations take away may concern."""
    from gatepost.checks._queries_run import outcome

    return outcome(change, policy)


CHECK = Check(
    "queries",
    "the queries of the running and of the pushed version run after the migrations",
    rules,
    touches_migrations,
    run,
    settings,
    sections={"queries": {"broken": [], "loses_index": [], "judged": 0, "unread": 0, "prepared": 0, "server": ""}},
)
