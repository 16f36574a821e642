"""The README is held to the program: hooks, verbs, rules, exit codes, the example and the links."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import yaml

from gatepost.cli import all_verbs, overview
from gatepost.gate import all_rules

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_generated_parts_are_fresh() -> None:
    done = subprocess.run(
        [sys.executable, ROOT / "docs" / "generate.py", "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_readme_and_help_name_every_verb_hook_rule_and_exit_code() -> None:
    for verb in all_verbs():
        assert f"`gatepost {verb.name}`" in README
        assert f"  {verb.name} " in overview()
    for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")):
        assert f"`{hook['id']}`" in README
        assert hook["entry"].split()[1] in {verb.name for verb in all_verbs()}
    for rule in all_rules():
        assert f"docs/rules.md#{rule.replace('/', '')}" in README
    assert re.findall(r"(?m)^\| (\d) \|", README) == ["0", "1", "2", "3"]


def test_relative_links_of_the_readme_lead_somewhere() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", README):
        assert (ROOT / target).exists(), target
