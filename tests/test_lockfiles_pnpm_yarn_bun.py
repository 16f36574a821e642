"""pnpm-lock.yaml, both kinds of yarn.lock, and bun.lock."""

from __future__ import annotations

import pytest
import yaml

from _dependencies import parse
from gatepost.lockfiles import Unreadable, _yaml, _yarn_berry, pnpm_lock

PNPM_9 = """lockfileVersion: '9.0'

settings:
  autoInstallPeers: true

catalogs:
  default:
    react:
      specifier: ^18.3.0
      version: 18.3.1

overrides:
  minimist: ^1.2.6

importers:

  .:
    dependencies:
      react:
        specifier: 'catalog:'
        version: 18.3.1
      lib:
        specifier: workspace:*
        version: link:packages/lib
      alias:
        specifier: npm:left@1
        version: left@1.3.0

  packages/lib:
    devDependencies:
      '@a/b':
        specifier: ^1.0.0
        version: 1.0.1(react@18.3.1)

packages:

  '@a/b@1.0.1':
    resolution: {integrity: sha512-AB==}
    engines: {node: '>=18'}
    peerDependencies:
      react: ^18

  left@1.3.0:
    resolution: {integrity: sha512-LL==, tarball: https://user:pw@npm.corp.example/left/-/left-1.3.0.tgz}
    deprecated: |-
      use something else: this
      is folded

  react@18.3.1:
    resolution: {integrity: sha512-RR==}
    hasBin: true

snapshots:

  '@a/b@1.0.1(react@18.3.1)':
    dependencies:
      left-pad: left@1.3.0
      react: 18.3.1

  left@1.3.0: {}

  ? react@18.3.1
  : dependencies:
      left: 1.3.0
"""
PNPM_6 = """lockfileVersion: '6.0'

dependencies:
  a:
    specifier: ^1.0.0
    version: 1.0.0(b@2.0.0)

devDependencies:
  b:
    specifier: ^2.0.0
    version: 2.0.0

packages:

  /a@1.0.0(b@2.0.0):
    resolution: {integrity: sha512-A==}
    dependencies:
      b: 2.0.0
    dev: false

  /b@2.0.0:
    resolution: {integrity: sha512-B==}
    dev: true
"""
PNPM_5 = """lockfileVersion: 5.4

specifiers:
  a: ^1.0.0
  b: ^2.0.0

dependencies:
  a: 1.0.0_b@2.0.0

devDependencies:
  b: 2.0.0

packages:

  /@s/c/3.0.0:
    resolution: {integrity: sha512-C==}
    dev: false

  /a/1.0.0_b@2.0.0:
    resolution: {integrity: sha512-A==}
    dependencies:
      '@s/c': 3.0.0
      b: 2.0.0
    dev: false

  /b/2.0.0:
    resolution: {integrity: sha512-B==}
    dev: true
"""


def test_pnpm_9() -> None:
    lock = parse("pnpm-lock.yaml", PNPM_9)
    pins = {pin.key: pin for pin in lock.pins}
    assert list(pins) == ["@a/b@1.0.1", "left@1.3.0", "react@18.3.1"]
    assert pins["@a/b@1.0.1"].requires == ("left@1.3.0", "react@18.3.1")
    assert pins["react@18.3.1"].requires == ("left@1.3.0",)
    assert pins["left@1.3.0"].source == "registry:npm.corp.example"
    assert [(d.name, d.range, d.scope, d.key, d.manifest) for d in lock.declared] == [
        ("react", "^18.3.0", "prod", "react@18.3.1", "package.json"),
        ("lib", "workspace:*", "prod", "", "package.json"),
        ("alias", "npm:left@1", "prod", "left@1.3.0", "package.json"),
        ("@a/b", "^1.0.0", "dev", "@a/b@1.0.1", "packages/lib/package.json"),
    ]
    assert lock.expectations == {"react": "^18.3.0"}


@pytest.mark.parametrize("text", [PNPM_6, PNPM_5])
def test_older_pnpm(text: str) -> None:
    lock = parse("pnpm-lock.yaml", text)
    pins = {pin.name: pin for pin in lock.pins}
    assert (pins["a"].version, pins["a"].scope, pins["b"].scope) == ("1.0.0", "prod", "dev")
    assert "b@2.0.0" in pins["a"].requires
    assert [(d.name, d.range, d.scope, d.key) for d in lock.declared] == [
        ("a", "^1.0.0", "prod", "a@1.0.0"),
        ("b", "^2.0.0", "dev", "b@2.0.0"),
    ]


def test_the_document_of_pnpm_11s_own_tools_does_not_hide_the_project() -> None:
    own = PNPM_9.replace("left", "tool")
    lock = parse("pnpm-lock.yaml", f"---\n{own}\n---\n{PNPM_9}")
    assert {"left", "tool", "react"} <= {pin.name for pin in lock.pins}


@pytest.mark.parametrize("text", [PNPM_9, PNPM_6, PNPM_5])
def test_the_scanner_and_the_parser_agree_on_pnpm(text: str) -> None:
    assert pnpm_lock.scan(text) is not None
    assert pnpm_lock.build(pnpm_lock.scan(text) or []) == pnpm_lock.build(_yaml.documents(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  left@1.3.0:\n", "  left@1.3.0: &x\n"),
        ("      left: 1.3.0\n", "      left: >-\n        1.3.0\n"),
        ("  left@1.3.0: {}\n", '  "left@1.3.0": {}\n'),
        ("    hasBin: true\n", "    surprise: true\n"),
        ("{integrity: sha512-RR==}", "{integrity: sha512-RR==,\n      tarball: x}"),
        ("lockfileVersion", "\tlockfileVersion"),
        ("      react: 18.3.1\n", "      react: 18.3.1 # why\n"),
    ],
)
def test_what_pnpm_does_not_write_goes_to_the_parser(old: str, new: str) -> None:
    text = PNPM_9.replace(old, new, 1)
    assert text != PNPM_9
    try:
        expected = pnpm_lock.build(_yaml.documents(text))
    except Unreadable:
        with pytest.raises(Unreadable):
            parse("pnpm-lock.yaml", text)
        return
    assert parse("pnpm-lock.yaml", text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is empty"),
        ("lockfileVersion: 9\npackages: &a {}\n", "anchors"),
        ("packages: {a: 1, a: 2}\n", "twice"),
        ("[" * 2000, "nested too deeply"),
        ("x: 1\n", "no lockfileVersion"),
        (PNPM_9.replace("  left@1.3.0:\n    resolution", "  react@18.3.1:\n    resolution"), "twice"),
        (PNPM_9[: PNPM_9.index("snapshots")].replace("resolution: {int", "resolution: {int{"), "is not YAML"),
        ("lockfileVersion: '9.0'\n\npackages: 3\n", "not a table"),
    ],
)
def test_bad_pnpm(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse("pnpm-lock.yaml", text)


CLASSIC = """# yarn lockfile v1


"@s/a@^1.0.0", "@s/a@^1.1.0":
  version "1.2.0"
  resolved "https://registry.yarnpkg.com/@s/a/-/a-1.2.0.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709"
  integrity sha512-AA==
  dependencies:
    b "~2.0"
    "@s/c" "^3"

alias@npm:real@^1.0.0:
  version "1.0.1"
  resolved "https://registry.yarnpkg.com/real/-/real-1.0.1.tgz#da39a3ee5e6b4b0d3255bfef95601890afd80709"

b@~2.0:
  version "2.0.5"
  resolved "git+ssh://git@github.com/x/b.git#0123456789012345678901234567890123456789"
"""


def test_yarn_classic() -> None:
    lock = parse("yarn.lock", CLASSIC)
    a, real, b = lock.pins
    assert (a.name, a.version, a.source, a.integrity) == (
        "@s/a",
        "1.2.0",
        "registry:registry.yarnpkg.com",
        ("sha512-AA==",),
    )
    assert a.requires == ("b@~2.0",)
    assert (real.name, real.integrity) == ("real", ("sha1:da39a3ee5e6b4b0d3255bfef95601890afd80709",))
    assert b.source == "git:github.com/x/b#0123456789012345678901234567890123456789"
    assert lock.aliases["@s/a@^1.1.0"] == a.key


@pytest.mark.parametrize(
    "text",
    [
        '  version "1"\n',
        'a@1:\n   version "1"\n',
        "a@1\n",
        "a@1:\n",
        'a@1:\n  version "1\n',
        CLASSIC + CLASSIC,
        "a@1:\n  version 1\n  version 2\n",
    ],
)
def test_bad_yarn(text: str) -> None:
    with pytest.raises(Unreadable):
        parse("yarn.lock", text)


BERRY = """# This file is generated by running "yarn install" inside your project.

__metadata:
  version: 8
  cacheKey: 10c0

"@s/a@npm:^1.0.0, @s/a@npm:^1.1.0":
  version: 1.2.0
  resolution: "@s/a@npm:1.2.0"
  dependencies:
    b: "npm:~2.0"
    c: "npm:real@^3"
  peerDependencies:
    x: "*"
  bin:
    a: ./a.js
  checksum: 10c0/abc
  languageName: node
  linkType: hard

"app@workspace:.":
  version: 0.0.0-use.local
  resolution: "app@workspace:."
  dependencies:
    "@s/a": "npm:^1.0.0"
  languageName: unknown
  linkType: soft

"b@npm:~2.0":
  version: 2.0.5
  resolution: "b@https://github.com/x/b.git#commit=0123456"
  checksum: 10c0/def
  languageName: node
  linkType: hard

"c@npm:real@^3":
  version: 3.0.0
  resolution: "real@npm:3.0.0"
  languageName: node
  linkType: hard
"""


def test_yarn_berry() -> None:
    lock = parse("yarn.lock", BERRY)
    pins = {pin.name: pin for pin in lock.pins}
    assert pins["@s/a"].requires == ("b@https://github.com/x/b.git#commit=0123456", "real@npm:3.0.0")
    assert pins["@s/a"].integrity == ("yarn10c0:abc",)
    assert (pins["app"].own, pins["b"].source) == (True, "git:github.com/x/b#0123456")
    assert lock.aliases["@s/a@^1.1.0"] == "@s/a@npm:1.2.0"


def test_the_scanner_and_the_parser_agree_on_berry() -> None:
    text = BERRY.replace('"b@npm:~2.0":', '? "b@npm:~2.0"\n:')
    assert _yarn_berry.build(_yarn_berry.scan(text, {})) == _yarn_berry.build(_yaml.documents(text)[0])
    assert yaml.safe_load(text)


BUN = """{
  "lockfileVersion": 1,
  "workspaces": {
    "": { "name": "app", "dependencies": { "a": "^1.0.0", }, "devDependencies": { "lib": "workspace:*" }, },
    "packages/lib": { "name": "lib", "version": "0.0.1", "dependencies": { "b": "^2" } },
  },
  "packages": {
    "a": ["a@1.0.0", "", { "dependencies": { "b": "^1", "@s/x": "1" } }, "sha512-A=="],
    "a/b": ["b@1.0.0", "", {}, "sha512-B1=="],
    "b": ["b@2.0.0", "https://user:pw@npm.corp.example/b/-/b-2.0.0.tgz", {}, "sha512-B2=="],
    "lib": ["lib@workspace:packages/lib"],
    "@s/x": ["@s/x@github:s/x#0123456", { "dependencies": { "b": "2" } }, "s-x-0123456"], // a comment
  },
}
"""


def test_bun() -> None:
    lock = parse("bun.lock", BUN)
    pins = {pin.key: pin for pin in lock.pins}
    assert pins["a"].requires == ("a/b", "@s/x")
    assert pins["b"].source == "registry:npm.corp.example"
    assert pins["@s/x"].source == "git:github.com/s/x#0123456"
    assert pins["@s/x"].requires == ("b",)
    assert pins["lib"].own
    assert [(d.name, d.scope, d.key, d.manifest) for d in lock.declared] == [
        ("a", "prod", "a", "package.json"),
        ("lib", "dev", "lib", "package.json"),
        ("b", "prod", "b", "packages/lib/package.json"),
    ]


@pytest.mark.parametrize(
    "text", ["{}", '{"lockfileVersion": 1, "packages": {"a": []}}', '{"lockfileVersion": 1, "packages": {"a": ["a"]}}']
)
def test_bad_bun(text: str) -> None:
    with pytest.raises(Unreadable):
        parse("bun.lock", text)
