"""package.json and package-lock.json."""

from __future__ import annotations

import json

from _dependencies import parse


def test_all_versions_of_the_file_say_the_same() -> None:
    entry = {"version": "2.0.0", "resolved": "https://registry.npmjs.org/a/-/a-2.0.0.tgz", "integrity": "sha1-x"}
    inner = {"version": "1.0.0", "resolved": "https://registry.npmjs.org/b/-/b-1.0.0.tgz", "integrity": "sha1-y"}
    old = {
        "lockfileVersion": 1,
        "dependencies": {"a": {**entry, "requires": {"b": "^1"}, "dependencies": {"b": inner}}},
    }
    packages = {
        "": {"dependencies": {"a": "^2"}},
        "node_modules/a": {**entry, "dependencies": {"b": "^1"}},
        "node_modules/a/node_modules/b": inner,
    }
    new = {"lockfileVersion": 3, "packages": packages}
    assert parse("package-lock.json", json.dumps(old)).pins == parse("npm-shrinkwrap.json", json.dumps(new)).pins


def test_aliases_links_git_and_workspaces() -> None:
    packages = {
        "": {"dependencies": {"alias": "npm:real@1", "lib": "*", "fork": "github:a/b"}, "workspaces": ["packages/*"]},
        "node_modules/alias": {"name": "real", "version": "1.0.0", "resolved": "https://r.example/real/-/real-1.tgz"},
        "node_modules/lib": {"link": True, "resolved": "packages/lib"},
        "packages/lib": {"name": "@app/lib", "version": "0.0.1", "dependencies": {"alias": "npm:real@1"}},
        "node_modules/fork": {"version": "3.0.0", "resolved": "git+ssh://git@github.com/a/b.git#0123abc"},
    }
    lock = parse("package-lock.json", json.dumps({"lockfileVersion": 2, "packages": packages}))
    pins = {pin.name: pin for pin in lock.pins}
    assert pins["real"].source == "registry:r.example"
    assert pins["@app/lib"].own
    assert pins["@app/lib"].requires == ("node_modules/alias",)
    assert pins["fork"].source == "git:github.com/a/b#0123abc"
    declared = {(d.name, d.manifest): d.key for d in lock.declared}
    assert declared["lib", "package.json"] == "packages/lib"
    assert declared["alias", "packages/lib/package.json"] == "node_modules/alias"


def test_credentials_never_get_into_a_source() -> None:
    packages = {"node_modules/a": {"version": "1", "resolved": "https://user:secret@r.example/a/-/a.tgz?token=secret"}}
    packages["node_modules/b"] = {"version": "1", "resolved": "git+https://u:secret@h.example/a/b.git#0123abc"}
    packages["node_modules/c"] = {"version": "1", "resolved": "https://user:secret@h.example/c.tgz?token=secret#secret"}
    lock = parse("package-lock.json", json.dumps({"lockfileVersion": 3, "packages": packages}))
    assert [pin.source for pin in lock.pins] == [
        "registry:r.example",
        "git:h.example/a/b#0123abc",
        "url:https://h.example/c.tgz",
    ]


def test_a_manifest_tells_scopes_overrides_and_members() -> None:
    data = {
        "dependencies": {"a": "^1", "o": "1"},
        "devDependencies": {"a": "^1", "b": "~2"},
        "optionalDependencies": {"o": "^1"},
        "overrides": {"c": "3"},
        "resolutions": {"x/**/d": "4", "@s/e@npm:1": "5"},
        "workspaces": {"packages": ["packages/*"]},
    }
    lock = parse("package.json", b"\xef\xbb\xbf" + json.dumps(data).encode())
    assert [(d.name, d.range, d.scope) for d in lock.declared] == [
        ("a", "^1", "prod"),
        ("o", "^1", "optional"),
        ("b", "~2", "dev"),
        ("c", "3", "override"),
        ("d", "4", "override"),
        ("@s/e", "5", "override"),
    ]
    assert lock.members == ("packages/*",)
