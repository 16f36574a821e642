"""What the dependency check says of a change."""

from __future__ import annotations

import json

import pytest

from _dependencies import HASH, OTHER, changes, judge, manifest, npm_lock, rules
from conftest import Builder
from gatepost.checks._dependencies_settings import Dependencies
from gatepost.policy import Policy

BASE = {
    "package.json": manifest({"chalk": "^2.0.0"}),
    "package-lock.json": npm_lock({"chalk": ("2.0.0", ["ansi"]), "ansi": ("1.0.0", [])}, {"chalk": "^2.0.0"}),
}


def test_a_new_direct_dependency_and_what_it_brings(two_sides: Builder) -> None:
    head = npm_lock(
        {"chalk": ("2.0.0", ["ansi"]), "ansi": ("1.0.0", []), "left": ("1.3.0", ["pad"]), "pad": ("0.1.0", [])},
        {"chalk": "^2.0.0", "left": "^1.0.0"},
    )
    found = judge(
        two_sides(BASE, {"package-lock.json": head, "package.json": manifest({"chalk": "^2.0.0", "left": "^1.0.0"})})
    )
    assert rules(found) == [("added", "warning"), ("added-transitive", "warning")]
    left, pad = changes(found)["left"], changes(found)["pad"]
    assert {
        k: left[k] for k in ("ecosystem", "directory", "lockfile", "facts", "old", "new", "direct", "explained")
    } == {
        "ecosystem": "npm",
        "directory": "",
        "lockfile": "package-lock.json",
        "facts": ["added"],
        "old": [],
        "new": ["1.3.0"],
        "direct": True,
        "explained": True,
    }
    assert (pad["why"], pad["introducers"], pad["explained"]) == (["left", "pad"], ["left"], True)


def test_a_transitive_package_that_nothing_explains(two_sides: Builder) -> None:
    lock = npm_lock(
        {"chalk": ("2.0.0", ["ansi", "evil"]), "ansi": ("1.0.0", []), "evil": ("6.6.6", [])}, {"chalk": "^2.0.0"}
    )
    found = judge(two_sides(BASE, {"package-lock.json": lock}))
    assert rules(found) == [("added-transitive", "warning")]
    assert changes(found)["evil"]["explained"] is False
    assert "nothing in the manifests explains it" in found.findings[0].message
    assert found.findings[0].line > 1


@pytest.mark.parametrize(
    ("version", "fact", "step"),
    [
        ("2.0.1", "upgraded", "patch"),
        ("2.1.0", "upgraded", "minor"),
        ("3.0.0", "upgraded", "major"),
        ("1.9.9", "downgraded", "major"),
        ("2.0.0-rc.1", "downgraded", "pre-release"),
    ],
)
def test_steps_of_a_direct_dependency(two_sides: Builder, version: str, fact: str, step: str) -> None:
    lock = npm_lock({"chalk": (version, ["ansi"]), "ansi": ("1.0.0", [])}, {"chalk": "^2.0.0"})
    found = changes(judge(two_sides(BASE, {"package-lock.json": lock})))
    assert found["chalk"]["facts"] == [fact]
    assert found["chalk"]["step"] == step
    assert list(found) == ["chalk"]


def test_a_silent_transitive_downgrade(two_sides: Builder) -> None:
    lock = npm_lock({"chalk": ("2.0.0", ["ansi"]), "ansi": ("0.9.0", [])}, {"chalk": "^2.0.0"})
    found = judge(two_sides(BASE, {"package-lock.json": lock}))
    assert rules(found) == [("downgraded", "warning")]
    assert changes(found)["ansi"]["old"] == ["1.0.0"]


def test_an_unlisted_host_blocks_and_a_listed_one_warns(two_sides: Builder) -> None:
    lock = BASE["package-lock.json"].replace("registry.npmjs.org/ansi", "evil.example/ansi")
    change = two_sides(BASE, {"package-lock.json": lock})
    assert rules(judge(change)) == [("source-changed", "error")]
    listed = Policy(tables={"dependencies": Dependencies(hosts=("evil.example",))})
    assert rules(judge(change, listed)) == [("source-changed", "warning")]
    pushed = Policy(pushed=listed)
    assert rules(judge(change, pushed)) == [("source-changed", "error")]


def test_a_mirror_of_the_registry_is_no_change(two_sides: Builder) -> None:
    lock = BASE["package-lock.json"].replace("registry.npmjs.org", "registry.yarnpkg.com")
    found = judge(two_sides(BASE, {"package-lock.json": lock}))
    assert (found.findings, changes(found)) == ((), {})


def test_a_mass_change_of_one_host_is_one_finding(two_sides: Builder) -> None:
    names = {f"p{n}": ("1.0.0", []) for n in range(12)}
    base = npm_lock(names)
    head = base.replace("registry.npmjs.org", "npm.corp.example")
    found = judge(two_sides({"package-lock.json": base}, {"package-lock.json": head}))
    assert rules(found) == [("source-changed", "error")]
    assert found.findings[0].data["count"] == 12
    assert len(changes(found)) == 12


@pytest.mark.parametrize(("hashed", "found"), [(OTHER, "replaced"), (None, "vanished")])
def test_a_hash_that_is_replaced_or_vanishes_blocks(two_sides: Builder, hashed: str | None, found: str) -> None:
    data = json.loads(BASE["package-lock.json"])
    entry = data["packages"]["node_modules/ansi"]
    entry["integrity"] = hashed
    if hashed is None:
        del entry["integrity"]
    outcome = judge(two_sides(BASE, {"package-lock.json": json.dumps(data, indent=2)}))
    assert rules(outcome) == [("integrity-changed", "error")]
    assert changes(outcome)["ansi"]["integrity"] == found


def test_other_algorithms_and_more_hashes_are_only_counted(two_sides: Builder) -> None:
    base = BASE["package-lock.json"].replace(HASH, "sha1-AAAAAAAAAAAAAAAAAAAAAAAAAAA=")
    found = judge(two_sides({**BASE, "package-lock.json": base}, {"package-lock.json": BASE["package-lock.json"]}))
    assert (found.findings, changes(found)) == ((), {})
    assert found.sections["dependencies"]["summary"]["harmless_hashes"] == {"algorithm": 2}


def test_a_reformatted_lock_is_no_change(two_sides: Builder) -> None:
    data = json.loads(BASE["package-lock.json"])
    found = judge(two_sides(BASE, {"package-lock.json": json.dumps(data)}))
    assert (found.findings, changes(found)) == ((), {})


def test_a_moved_lock_is_no_change(two_sides: Builder) -> None:
    moved = {f"web/{path}": text for path, text in BASE.items()}
    found = judge(two_sides(BASE, {**dict.fromkeys(BASE), **moved}))
    assert (found.findings, changes(found)) == ((), {})


def test_a_package_moves_from_dev_to_prod(two_sides: Builder) -> None:
    lock = npm_lock({"jest": ("1.0.0", [])}, {}, {"jest": "^1"}, entry={"dev": True})
    head = npm_lock({"jest": ("1.0.0", [])}, {"jest": "^1"})
    found = judge(
        two_sides(
            {"package.json": manifest({}, {"jest": "^1"}), "package-lock.json": lock},
            {"package.json": manifest({"jest": "^1"}), "package-lock.json": head},
        )
    )
    assert changes(found)["jest"]["facts"] == ["reclassified"]
    assert changes(found)["jest"]["was"] == {"direct": True, "scope": "dev"}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "is empty"),
        (b'{"lockfileVersion": 3, "packages": {', "is not JSON"),
        (b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> x\n", "merge conflict"),
        (b"\xff\xfe{\0}\0", "UTF-16"),
        (b'{"lockfileVersion": 3}\0', "NUL"),
        (b'\xef\xbb\xbf{"lockfileVersion": 3, "packages": {}}', "byte order mark"),
        (b'{"lockfileVersion": 3, "packages": {"a": {}, "a": {}}}', "twice"),
        (b'{"lockfileVersion": 3, "packages": []}', "not a table"),
        (b'{"lockfileVersion": 3, "packages": {"node_modules/a": 7}}', "not a table"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{}", "no lockfileVersion"),
        (b'{"lockfileVersion": 3, "packages": {"": {}}}', "holds no package"),
    ],
)
def test_broken_locks_are_named(two_sides: Builder, raw: bytes, reason: str) -> None:
    found = judge(two_sides(BASE, {"package-lock.json": raw}))
    assert rules(found) == [("unreadable", "error")]
    assert found.findings[0].path == "package-lock.json"
    assert reason in found.findings[0].message


def test_a_symlinked_lock_is_unreadable(two_sides: Builder) -> None:
    found = judge(two_sides(BASE, {"package-lock.json": ("120000", b"/etc/passwd")}))
    assert rules(found) == [("unreadable", "error")]
    assert "symlink" in found.findings[0].message


def test_a_huge_lock_is_unreadable(two_sides: Builder) -> None:
    from dataclasses import replace

    from gatepost.policy import Size

    policy = Policy()
    policy = replace(policy, gate=replace(policy.gate, max_file=Size(100)))
    found = judge(two_sides(BASE, {"package-lock.json": b" " * 101}), policy)
    assert ("unreadable", "error") in rules(found)


def test_mending_a_broken_lock_passes_with_a_warning(two_sides: Builder) -> None:
    found = judge(
        two_sides({**BASE, "package-lock.json": "<<<<<<< x\n"}, {"package-lock.json": BASE["package-lock.json"]})
    )
    assert ("unreadable", "warning") in rules(found)
    assert "error" not in {level for _, level in rules(found)}


def test_another_package_manager_in_one_commit(two_sides: Builder) -> None:
    poetry = '[[package]]\nname = "flask"\nversion = "2.0"\nfiles = [{file = "f", hash = "sha256:aa"}]\n'
    poetry += '[metadata]\nlock-version = "2.0"\n'
    uv = (
        'version = 1\n[[package]]\nname = "app"\nsource = { virtual = "." }\ndependencies = [{ name = "flask" }]\n'
        '[[package]]\nname = "flask"\nversion = "2.1"\nsource = { registry = "https://pypi.org/simple" }\n'
    )
    project = '[project]\nname = "app"\nversion = "1"\ndependencies = ["flask>=2"]\n'
    found = judge(two_sides({"pyproject.toml": project, "poetry.lock": poetry}, {"poetry.lock": None, "uv.lock": uv}))
    assert {name: entry["facts"] for name, entry in changes(found).items()} == {"flask": ["upgraded"]}


def test_many_new_packages_of_one_kind_are_folded(two_sides: Builder) -> None:
    names = {f"p{n}": ("1.0.0", []) for n in range(40)}
    lock = npm_lock({"chalk": ("2.0.0", ["ansi", *names]), "ansi": ("1.0.0", []), **names}, {"chalk": "^2.0.0"})
    found = judge(two_sides(BASE, {"package-lock.json": lock}))
    assert rules(found) == [("added-transitive", "warning")]
    assert found.findings[0].data["count"] == 40


def test_a_finding_keeps_its_fingerprint_while_lines_move(two_sides: Builder) -> None:
    lock = npm_lock({"chalk": ("2.0.0", ["ansi"]), "ansi": ("0.9.0", [])}, {"chalk": "^2.0.0"})
    first = judge(two_sides(BASE, {"package-lock.json": lock})).findings[0]
    second = judge(two_sides(BASE, {"package-lock.json": lock.replace("{", "{\n\n\n", 1)})).findings[0]
    third = judge(two_sides(BASE, {"package-lock.json": lock.replace("0.9.0", "0.8.0")})).findings[0]
    assert first.line != second.line
    assert first.fingerprint == second.fingerprint != third.fingerprint


def test_a_manifest_that_its_lock_does_not_satisfy(two_sides: Builder) -> None:
    found = judge(two_sides(BASE, {"package.json": manifest({"chalk": "^3.0.0", "left": "^1"})}))
    assert rules(found) == [("added", "warning"), ("lock-mismatch", "warning"), ("lock-mismatch", "warning")]
    texts = sorted(f.message for f in found.findings if f.rule.id.endswith("mismatch"))
    assert "asks for ^3.0.0, and the lock holds 2.0.0" in texts[0]
    assert "the lock holds no such package" in texts[1]
    assert {f.path for f in found.findings if f.rule.id.endswith("mismatch")} == {"package.json"}


def test_a_manifest_that_its_lock_still_satisfies(two_sides: Builder) -> None:
    found = judge(two_sides(BASE, {"package.json": manifest({"chalk": ">=1"})}))
    assert found.findings == ()


def test_a_mismatch_of_old_is_not_blamed_on_this_change(two_sides: Builder) -> None:
    base = {**BASE, "package.json": manifest({"chalk": "^9.0.0"})}
    lock = npm_lock({"chalk": ("2.0.0", ["ansi"]), "ansi": ("1.0.1", [])}, {"chalk": "^2.0.0"})
    assert rules(judge(two_sides(base, {"package-lock.json": lock}))) == [("upgraded-transitive", "note")]


def test_an_application_without_a_lock(two_sides: Builder) -> None:
    found = judge(two_sides({"README": "x"}, {"package.json": manifest({"chalk": "^2.0.0"})}))
    assert ("unlocked", "warning") in rules(found)
    assert changes(found)["chalk"]["new"] == ["^2.0.0"]
    library = {"name": "lib", "main": "x.js", "dependencies": {"chalk": "^2"}}
    found = judge(two_sides({"README": "y"}, {"package.json": json.dumps(library)}))
    assert ("unlocked", "warning") not in rules(found)


LOOSE = "-c constraints.txt\nflask==3.0.0\nrequests>=2\n"


def test_requirements_without_an_exact_version(two_sides: Builder) -> None:
    base = {"requirements.txt": "flask==3.0.0\n"}
    found = judge(
        two_sides(base, {"requirements.txt": "flask==3.0.0\n\nurllib3<3\nrequests[socks]>=2 ; os_name == 'nt'\n"})
    )
    unlocked = [f for f in found.findings if f.rule.id == "dependency/unlocked"]
    assert [(f.path, f.line, f.data["names"]) for f in unlocked] == [("requirements.txt", 4, ["requests", "urllib3"])]
    assert "requests, urllib3 without an exact version" in unlocked[0].message


@pytest.mark.parametrize(
    ("base", "head"),
    [
        ({"requirements.txt": "requests>=2\n"}, {"requirements.txt": "flask==3.0.0\nrequests>=2\n"}),  # of old
        ({}, {"requirements.txt": "requests==2.32.0\nmine @ https://files.example/mine-1.0.whl\n-e ./here\n"}),
        ({}, {"requirements.txt": LOOSE, "constraints.txt": "requests==2.32.0\n"}),
        (
            {},
            {
                "requirements.txt": "-c deep/one.txt\nrequests\n",
                "deep/one.txt": "-r two.txt",
                "deep/two.txt": "requests==2",
            },
        ),
        ({}, {"requirements.in": "requests>=2\n"}),  # a source of pip-compile
        (
            {},
            {
                "requirements-dev.txt": "pytest\n",
                "docs/requirements.txt": "sphinx\n",
                "constraints-requirements.txt": "a<2\n",
            },
        ),
        ({"setup.py": "x"}, {"requirements.txt": "requests>=2\n"}),  # a library
        ({"pyproject.toml": "[build-system]\nrequires = []\n"}, {"services/requirements.txt": "requests>=2\n"}),
        ({"uv.lock": "version = 1\n"}, {"requirements.txt": "requests>=2\n"}),
        ({}, {"requirements.txt": "requests>=2\n", "requirements-pinned.txt": "requests==2.32.0\n"}),
    ],
)
def test_requirements_that_are_pinned_elsewhere_or_need_no_pin(
    two_sides: Builder, base: dict[str, str], head: dict[str, str]
) -> None:
    found = judge(two_sides({"README": "x", **base}, head))
    assert "unlocked" not in [rule for rule, _ in rules(found)]


def test_a_mismatch_names_the_line_of_the_manifest(two_sides: Builder) -> None:
    found = judge(two_sides(BASE, {"package.json": manifest({"ansi": "^1.0.0", "chalk": "^9.0.0"})}))
    lines = manifest({"ansi": "^1.0.0", "chalk": "^9.0.0"}).splitlines()
    mismatch = next(f for f in found.findings if f.rule.id == "dependency/lock-mismatch" and "chalk" in f.message)
    assert '"chalk"' in lines[mismatch.line - 1]


def test_a_lock_that_is_gone(two_sides: Builder) -> None:
    found = judge(two_sides(BASE, {"package-lock.json": None}))
    assert rules(found) == [("unlocked", "warning")]
    assert "package-lock.json is gone" in found.findings[0].message


def test_credentials_never_get_into_a_report(two_sides: Builder) -> None:
    secret = "git+https://dana:hunter2@git.example/x.git?token=hunter2"
    lock = npm_lock({"x": ("1.0.0", [])}, {"x": secret}).replace("https://registry", "https://dana:hunter2@registry")
    head = {"package.json": manifest({"chalk": "^9", "x": secret}, y=1), "package-lock.json": lock}
    found = judge(two_sides(BASE, head))
    text = json.dumps([(f.message, f.fix, dict(f.data)) for f in found.findings]) + json.dumps(dict(found.sections))
    assert changes(found)["x"]["new"] == ["1.0.0"]
    assert "hunter2" not in text


def test_hostile_names_are_escaped_in_messages(two_sides: Builder) -> None:
    name = "a\u202e\x1b[31m" + "b" * 300
    lock = npm_lock({name: ("1.0.0", [])}, {name: "1"})
    found = judge(two_sides(BASE, {"package.json": manifest({name: "1"}), "package-lock.json": lock}))
    assert all(f.message.isprintable() and len(f.message) < 400 for f in found.findings)


def test_each_member_of_a_workspace_is_held_against_its_own_version(two_sides: Builder) -> None:
    def lock(version: str) -> str:
        packages = {
            "": {"workspaces": ["a", "b"]},
            "a": {"name": "a", "dependencies": {"left": "^1.0.0"}},
            "b": {"name": "b", "devDependencies": {"left": "^2.0.0"}},
            "node_modules/left": {"version": "1.0.0"},
            "b/node_modules/left": {"version": version},
        }
        return json.dumps({"lockfileVersion": 3, "packages": packages})

    base = {"a/package.json": manifest({"left": "^1.0.0"}), "b/package.json": manifest({}, {"left": "^2.0.0"})}
    base |= {"package.json": manifest(workspaces=["a", "b"]), "package-lock.json": lock("2.0.0")}
    head = {"b/package.json": manifest({}, {"left": "^2.1.0"}), "package-lock.json": lock("2.1.0")}
    assert "lock-mismatch" not in [rule for rule, _ in rules(judge(two_sides(base, head)))]
    head["package-lock.json"] = lock("2.0.5")
    assert "lock-mismatch" in [rule for rule, _ in rules(judge(two_sides(base, head)))]


def test_commits_are_not_ordered_as_versions(two_sides: Builder) -> None:
    line = '  "hex_core": {{:git, "https://github.com/hexpm/hex_core.git", "{}", []}},'
    workflow = "jobs:\n  a:\n    steps:\n      - uses: actions/checkout@{}\n"
    old, new = "95e09e71638c" + "a" * 28, "13f7b7811487" + "b" * 28
    change = two_sides(
        {"mix.lock": "%{\n" + line.format(old) + "\n}\n", ".github/workflows/ci.yml": workflow.format(old)},
        {"mix.lock": "%{\n" + line.format(new) + "\n}\n", ".github/workflows/ci.yml": workflow.format(new)},
    )
    found = judge(change)
    assert [fact for entry in changes(found).values() for fact in entry["facts"]] == [
        "versions-changed",
        "versions-changed",
        "source-changed",
    ]
    assert rules(found) == [("source-changed", "warning")]


def test_an_archive_of_a_commit_is_that_commit(two_sides: Builder) -> None:
    commit = "c" * 40
    sides = [
        npm_lock({"own": ("1.0.0", [])}, {"own": "*"}, entry={"resolved": resolved, "integrity": None})
        for resolved in (
            f"git+ssh://git@github.com/getredash/own.git#{commit}",
            f"https://codeload.github.com/getredash/own/tar.gz/{commit}",
        )
    ]
    change = two_sides({"package-lock.json": sides[0]}, {"package-lock.json": sides[1]})
    assert judge(change).findings == ()


def test_a_long_list_begins_with_what_is_worth_a_look(two_sides: Builder) -> None:
    many = {f"p{number:03}": ("1.0.0", []) for number in range(150)}
    base = npm_lock({**many, "zz": ("2.0.0", [])}, {"a": "*"})
    head = npm_lock({**{name: ("1.1.0", []) for name in many}, "zz": ("1.0.0", [])}, {"a": "*"})
    found = judge(two_sides({"package-lock.json": base}, {"package-lock.json": head}))
    listed = found.sections["dependencies"]["changes"]
    assert len(listed) == 151
    quiet = [bool(e["explained"]) and "downgraded" not in e["facts"] for e in listed]
    assert quiet == sorted(quiet)
