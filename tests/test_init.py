"""``gatepost init``: what it finds, what it writes, that it can be run again."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from conftest import Repo
from gatepost.cli import main
from gatepost.errors import UsageError
from gatepost.gate import VOCABULARY
from gatepost.policy import parse_policy, parse_toml
from gatepost.setup_client import LOCAL, Hooks, Stack, config_entry, policy_text, with_entry

MIGRATION = {
    "db/migrations/0001_users.up.sql": "CREATE TABLE users (id bigserial PRIMARY KEY);\n",
    "db/migrations/0001_users.down.sql": "DROP TABLE users;\n",
}


def test_writes_installs_and_keeps(repo: Repo, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write(MIGRATION | {"web/package-lock.json": "{}", "web/package.json": "{}"})
    assert main(["init", "--repo", str(repo.path)]) == 0
    said = capsys.readouterr().out
    assert "found    migrations  db/migrations (golang-migrate" in said
    assert "found    lockfile    web/package-lock.json\n" in said
    for stage in ("pre-commit", "pre-push"):
        assert (repo.path / ".git" / "hooks" / stage).exists()
    before = {name: (repo.path / name).read_bytes() for name in ("gatepost.toml", ".pre-commit-config.yaml")}
    assert main(["init", "--repo", str(repo.path)]) == 0
    assert "kept     gatepost.toml\nkept     .pre-commit-config.yaml" in capsys.readouterr().out
    assert {name: (repo.path / name).read_bytes() for name in before} == before


def test_dry_run_writes_nothing(repo: Repo, capsys: pytest.CaptureFixture[str]) -> None:
    repo.write(MIGRATION)
    assert main(["init", "--dry-run", "--repo", str(repo.path)]) == 0
    assert "would write gatepost.toml" in capsys.readouterr().out
    assert sorted(file.name for file in repo.path.iterdir()) == [".git", "db"]


@pytest.mark.parametrize(
    "stack",
    [
        Stack(),
        Stack(migrations=(("db/migrations", "golang-migrate", "postgresql"), ("", "goose", ""))),
        Stack(entries=("src/main.tsx",), built=("web/dist", "dist")),
        Stack(migrations=(('odd "name"\n', "goose", ""),)),
    ],
)
def test_the_policy_that_is_written_is_valid(stack: Stack) -> None:
    text = policy_text(stack)
    policy = parse_policy(parse_toml(text.encode(), "gatepost.toml"), "gatepost.toml", VOCABULARY)
    assert len(policy.tables.get("migrations", ())) == len(stack.migrations)
    # What is commented out is valid too: a newcomer takes the mark away and it works.
    lines = [
        line[2:] if line.startswith("# ") and ("=" in line or line.startswith("# [")) else line
        for line in text.splitlines()
    ]
    shown = "\n".join(line for line in lines if "gatepost.toml: what" not in line)
    if stack == Stack():
        parse_policy(parse_toml(shown.encode(), "gatepost.toml"), "gatepost.toml", VOCABULARY)


@pytest.mark.parametrize(
    "config",
    [
        None,
        "repos:\n- repo: https://example.org/x\n  rev: v1\n  hooks:\n  - id: y\n",
        "# top\nrepos:   # ours\n    - repo: https://example.org/x\n      rev: v1\n      hooks: [{id: y}]\n",
        "default_stages: [pre-commit]\nrepos:\n",
        "repos:",
    ],
)
@pytest.mark.parametrize("hooks", [Hooks(), Hooks("https://git.example.org/gatepost", "v0.1.0")])
def test_the_entry_is_put_in(config: str | None, hooks: Hooks) -> None:
    text = with_entry(config, hooks)
    first, *others = yaml.safe_load(text)["repos"]
    assert [hook["id"] for hook in first["hooks"]] == ["gatepost-pre-commit", "gatepost-pre-push"]
    assert len(others) == (1 if config and "example.org/x" in config else 0)
    assert with_entry(text, hooks) == text
    if hooks.source == LOCAL:
        assert all(hook["always_run"] and not hook["pass_filenames"] for hook in first["hooks"])


def test_an_unusual_configuration_is_left_alone() -> None:
    with pytest.raises(UsageError) as caught:
        with_entry("repos: [{repo: local, hooks: []}]\n", Hooks())
    assert config_entry(Hooks(), "  ") in caught.value.hint


def test_where_it_cannot_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "--repo", str(tmp_path)]) == 2
    assert "is no git repository" in capsys.readouterr().err
    bare = Repo(tmp_path / "bare.git", bare=True)
    assert main(["init", "--repo", str(bare.path)]) == 2
    assert "gatepost install --server" in capsys.readouterr().err
    assert main(["init", "--source", "https://git.example.org/gatepost"]) == 2


def test_writes_nothing_where_the_entry_cannot_be_added(repo: Repo) -> None:
    repo.commit({".pre-commit-config.yaml": "repos: [{repo: local, hooks: []}]\n"})
    repo.git("reset", "-q", "--hard")
    assert main(["init", "--repo", str(repo.path)]) == 2
    assert not (repo.path / "gatepost.toml").exists()
