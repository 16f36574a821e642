"""Compare the whole dependency graph on both sides of a change, in every ecosystem."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting

# No format reads these, so that a commit of code alone does not load the formats.
SOURCE = frozenset(
    (
        *("py", "pyi", "js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "go", "rs", "rb", "erb"),
        *("php", "java", "scala", "cs", "c", "h", "cc", "cpp", "hpp", "ex", "dart", "sql", "css", "scss", "less"),
        *("html", "md", "rst", "svg", "png", "jpg", "gif", "ico", "woff", "woff2", "snap", "sh", "po", "mo"),
    )
)


def relevant(change: Change, _policy: Policy) -> bool:
    """Tell whether a lockfile or manifest changed."""
    paths = [path for path in change.paths if path.rpartition(".")[2] not in SOURCE]
    if not paths:
        return False
    from gatepost.checks._dependencies_groups import concerns

    return any(concerns(path) for path in paths)


def run(change: Change, policy: Policy) -> Outcome:
    """Judge every group of files that changed."""
    from gatepost.checks._dependencies_run import judge

    return judge(change, policy)


def rules() -> tuple[Rule, ...]:
    """Give what the check can say."""
    from gatepost.checks._dependencies_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the tables of the policy that the check reads."""

    def dependencies() -> type:
        from gatepost.checks._dependencies_settings import Dependencies

        return Dependencies

    def fleet() -> type:
        from gatepost.checks._fleet import Fleet

        return Fleet

    return (Setting("dependencies", dependencies), Setting("fleet", fleet))


CHECK = Check(
    name="dependencies",
    summary="what was added, what moved with it, from where, and does it match what the other services run",
    rules=rules,
    relevant=relevant,
    run=run,
    settings=settings,
    sections={"dependencies": {"changes": [], "fleet": []}},
)
