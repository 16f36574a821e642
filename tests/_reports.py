"""Reports that the tests of the formats share."""

from __future__ import annotations

from typing import Any

from gatepost.model import Finding, Report, Rule, Skip

PAGE = "Too wide.\n\nWhy: it hurts.\n\nInstead: make it narrow.\n\nFine when: never."
WIDE = Rule("schema/drop-column", "error", PAGE)
LOOSE = Rule("tests/assertion-loosened", "warning", PAGE)
TOLD = Rule("dependency/added", "note", PAGE)
EVIL = "a\x1b[31m\r\n::error::\u202ex\u200b</script><b>&\"'|`\udcff@all #1 [x](http://x) {0} www.x ${{ a }}"
SECTIONS: dict[str, Any] = {
    "dependencies": {
        "changes": [
            {
                "ecosystem": "npm",
                "directory": "",
                "lockfile": "package-lock.json",
                "name": "left-pad",
                "facts": ["added"],
                "old": [],
                "new": ["1.3.0"],
                "direct": True,
                "scope": "prod",
                "why": [],
                "introducers": [],
                "explained": True,
            }
        ],
        "fleet": [],
    },
    "migrations": [
        {"framework": "goose", "version": "42", "path": "db/migrations/0042.sql", "status": "new", "down": "missing"}
    ],
    "schema": {
        "changes": [
            {
                "operation": "drop-column",
                "table": "users",
                "object": "nickname",
                "before": {"type": "text"},
                "after": None,
                "path": "db/migrations/0042.sql",
                "line": 3,
            }
        ]
    },
    "bundle": {
        "artifacts": [
            {
                "name": "web",
                "path": "dist/app.js",
                "before": {"raw": 1000, "gzip": 400, "compressor": "zlib-9"},
                "after": {"raw": 2000, "gzip": 700, "compressor": "zlib-9"},
            }
        ],
        "reachable": {"new": [{"chain": ["src/main.tsx", "src/big.ts"], "initial": True}], "gone": []},
    },
    "tests": [],
    "rollback": {},
}


def make(*findings: Finding, **changes: Any) -> Report:
    """Give a report of a push to main."""
    values: dict[str, Any] = {
        "base": "1" * 40,
        "head": "2" * 40,
        "ref": "refs/heads/main",
        "commits": 3,
        "findings": findings,
        "sections": {},
        "skipped": (),
        "elapsed_ms": 83,
    }
    return Report(**(values | changes))


def sample() -> Report:
    """Give a report with something of everything."""
    return make(
        Finding(
            LOOSE,
            "tests/test_price.py",
            "test_total no longer compares the sum",
            "restore `assert total == 12`",
            line=7,
            data={"suite": "pytest", "test": "test_total", "path": "tests/test_price.py"},
        ),
        Finding(
            WIDE,
            "db/migrations/0042_drop_nickname.up.sql",
            "drops column users.nickname, which the running release still reads",
            "ship the release that stops reading it first, then drop the column in a later push",
            line=3,
            data={"operation": "drop-column", "table": "users", "object": "nickname"},
        ),
        Finding(TOLD, "package-lock.json", "adds left-pad 1.3.0", data={"name": "left-pad"}),
        Finding(WIDE, "db/migrations/0001_old.up.sql", "drops column a.b", suppressed="unused since March"),
        skipped=(Skip("drift", "no staging snapshot is configured"),),
        sections=SECTIONS,
    )


def hostile() -> Report:
    """Give a report in which every text was pushed by somebody who means harm."""
    return make(
        Finding(WIDE, EVIL, EVIL, EVIL, data={EVIL: [EVIL]}),
        Finding(LOOSE, EVIL, EVIL, EVIL, suppressed=EVIL),
        ref=EVIL,
        skipped=(Skip("drift", EVIL, True, "gate/too-large"), Skip("queries", EVIL)),
        sections={
            "dependencies": {EVIL: [{EVIL: EVIL}]},
            "tests": [dict.fromkeys(("suite", "test", "path", "change", "before", "after", "explained", EVIL), EVIL)],
        },
    )
