"""Say what a change does to what is shipped: sizes, and what production code can reach."""

from __future__ import annotations

from gatepost.checks import Check
from gatepost.git import Change
from gatepost.model import Outcome, Rule
from gatepost.policy import Policy, Setting

# Without a [bundle] table only these can matter: code, styles, and what settles how they find each other.
_CODE = frozenset(
    (
        *("js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx", "vue", "svelte", "css", "scss", "sass", "less"),
        *("json", "jsonc", "json5", "yaml", "yml", "toml", "cfg", "ini", "py", "pyi", "html", "mdx", "astro"),
    )
)


def relevant(change: Change, policy: Policy) -> bool:
    """Tell whether a changed path can change a size or the import graph."""
    named = any("bundle" in told.tables for told in (policy, policy.pushed) if told)
    if not named and not any(_plausible(path) for path in change.paths):
        return False
    from gatepost.checks._bundle_run import concerned

    return concerned(change, policy)


def _plausible(path: str) -> bool:
    # The one lock with such an ending that settles nothing: a push of it alone need not load this check (20 ms).
    return path.rpartition(".")[2] in _CODE and path.rpartition("/")[2] != "pnpm-lock.yaml"


def run(change: Change, policy: Policy) -> Outcome:
    """Measure what changed, follow the imports, and judge both."""
    from gatepost.checks._bundle_run import run as judge

    return judge(change, policy)


def rules() -> tuple[Rule, ...]:
    """Give what the check can say."""
    from gatepost.checks._bundle_rules import RULES

    return RULES


def settings() -> tuple[Setting, ...]:
    """Give the table of the policy that the check reads."""

    def bundle() -> type:
        from gatepost.bundles import Bundle

        return Bundle

    return (Setting("bundle", bundle),)


CHECK = Check(
    name="bundle",
    summary="what grew, by how much, through which import, and whether it loads first",
    rules=rules,
    relevant=relevant,
    run=run,
    settings=settings,
    sections={"bundle": {"artifacts": [], "reachable": {"new": [], "gone": []}}},
)
