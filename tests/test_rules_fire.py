"""Every rule speaks somewhere: in a case of its own, or, where it needs a history or a server, in the tests of that."""

from __future__ import annotations

import json
from pathlib import Path

from gatepost.gate import all_rules

TESTS = Path(__file__).parent
ELSEWHERE = {
    "bundle/drift": "test_bundle_drift.py",
    "bundle/duplicate-package": "test_bundle_texts.py",
    "bundle/minification-lost": "test_bundle_texts.py",
    "gate/internal": "test_gate.py",
    "gate/path-suspicious": "test_attacks.py",
    "gate/ref-refused": "test_attacks.py",
    "gate/review-pending": "test_reviews.py",
    "gate/timeout": "test_gate.py",
    "gate/too-large": "test_gate.py",
    "query/loses-index": "test_queries_prepared.py",
    "rollback/rehearsal-failed": "test_rehearsals_checks.py",
    "schema/declared-differs": "test_declared.py",
    "schema/drift": "test_staging.py",
    "verify/error-rate": "test_watch_tell.py",
    "verify/inconclusive": "test_watch_tell.py",
    "verify/landed-without-verdict": "test_server.py",
    "verify/latency": "test_watch_tell.py",
    "verify/new-error": "test_watch_tell.py",
    "verify/regression-live": "test_watch_after_push.py",
}


def fired() -> set[str]:
    """Give the rules that the cases expect."""
    expected = (json.loads(file.read_text(encoding="utf-8")) for file in (TESTS / "cases").glob("*/*/expect.json"))
    return {finding["rule"] for answer in expected for finding in answer["findings"]}


def test_every_rule_speaks_somewhere() -> None:
    assert set(all_rules()) - fired() == set(ELSEWHERE)
    for rule, module in ELSEWHERE.items():
        assert f'"{rule}"' in (TESTS / module).read_text(encoding="utf-8"), (rule, module)
