"""The documents that the program itself can check: every key of the policy, every rule's page."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest

from gatepost.gate import all_checks, all_rules
from gatepost.model import Rule
from gatepost.policy import parse_toml

ROOT = Path(__file__).parents[1]
STALE = "run: python docs/generate.py"


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_key_of_the_policy_is_told_with_its_default(generate: ModuleType) -> None:
    text = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    assert generate.filled(text) == text, STALE


def test_every_key_is_explained_and_no_other(generate: ModuleType) -> None:
    told = parse_toml((ROOT / "hooks" / "gatepost" / "policy_keys.toml").read_bytes(), "policy_keys.toml")

    def keys(table: dict[str, object], prefix: str) -> set[str]:
        found = set()
        for name, value in table.items():
            found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
        return found

    known = {
        f"{name}.{item.name}" for name, kind, _ in generate.settings_tables() for item in generate.plain_fields(kind)
    }
    assert known ^ keys(told, "") == set(), "explain it in hooks/gatepost/policy_keys.toml"


def test_every_rule_is_told(generate: ModuleType) -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == generate.pages(), STALE


@pytest.mark.parametrize("rule", all_rules().values(), ids=lambda rule: rule.id)
def test_a_rule_says_why_and_what_to_do_and_when_it_is_fine(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+/[a-z]+(-[a-z]+)*", rule.id)
    assert rule.level in ("error", "warning", "note")
    assert rule.summary
    assert not rule.summary.startswith(("Why:", "Instead:", "Fine when:"))
    assert [head for head in ("Why", "Instead", "Fine when") if not rule.section(head)] == []


def test_checks_that_share_a_rule_mean_the_same() -> None:
    told = [rule for check in all_checks() for rule in check.rules()]
    assert [rule.id for rule in told if all_rules()[rule.id] != rule] == []


def test_a_former_name_is_no_rule_of_today() -> None:
    former = [name for rule in all_rules().values() for name in rule.formerly]
    assert not set(former) & set(all_rules())
    assert len(set(former)) == len(former)
