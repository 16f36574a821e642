"""Java, .NET, Elixir, Dart, Swift, Terraform, images and actions."""

from __future__ import annotations

import json

import pytest

from _dependencies import changes, judge, parse, rules
from conftest import Builder
from gatepost.lockfiles import Unreadable

POM = """<?xml version="1.0"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <parent><groupId>org.p</groupId><artifactId>parent</artifactId><version>3.0</version></parent>
  <properties><a.version>1.2.3</a.version></properties>
  <dependencyManagement><dependencies>
    <dependency><groupId>org.b</groupId><artifactId>b</artifactId><version>2.0</version></dependency>
  </dependencies></dependencyManagement>
  <dependencies>
    <dependency><groupId>org.a</groupId><artifactId>a</artifactId><version>${a.version}</version></dependency>
    <dependency><groupId>org.b</groupId><artifactId>b</artifactId><scope>test</scope></dependency>
  </dependencies>
</project>
"""


def test_pom() -> None:
    lock = parse("pom.xml", POM)
    assert [(d.name, d.range, d.scope) for d in lock.declared] == [
        ("org.a:a", "1.2.3", "prod"),
        ("org.b:b", "2.0", "dev"),
        ("org.p:parent", "3.0", "build"),
        ("org.b:b", "2.0", "override"),
    ]
    assert lock.expectations == {"org.b:b": "[2.0]"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<project>", "is not XML"),
        ("<html></html>", "no pom.xml"),
        ('<!DOCTYPE x [<!ENTITY a "b">]><project/>', "document type"),
        ("<project>" + "<a>" * 300, "nested too deeply"),
        ("", "is not XML"),
    ],
)
def test_bad_pom(text: str, reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse("pom.xml", text)


def test_a_property_of_a_pom_upgrades(two_sides: Builder) -> None:
    found = judge(two_sides({"pom.xml": POM}, {"pom.xml": POM.replace("1.2.3<", "1.3.0<")}))
    assert [(n, e["facts"], e["old"], e["new"], e["step"]) for n, e in changes(found).items()] == [
        ("org.a:a", ["upgraded"], ["1.2.3"], ["1.3.0"], "minor")
    ]


def test_gradle() -> None:
    text = "# a comment\norg.a:a:1.0=compileClasspath,runtimeClasspath\norg.t:t:2.0=testRuntimeClasspath\nempty=x\n"
    a, t = parse("gradle.lockfile", text).pins
    assert (a.name, a.version, a.scope, t.scope) == ("org.a:a", "1.0", "prod", "dev")
    catalog = '[versions]\na = "1.0"\n[libraries]\na = { module = "org.a:a", version.ref = "a" }\nb = "org.b:b:2"\n'
    catalog += '[plugins]\np = { id = "org.p", version = "3" }\n'
    lock = parse("gradle/libs.versions.toml", catalog)
    assert lock.expectations == {"org.a:a": "1.0", "org.b:b": "2", "org.p:org.p.gradle.plugin": "3"}


def test_nuget() -> None:
    wants_b = {"dependencies": {"B": "2"}}
    table = {
        "A": {"type": "Direct", "requested": "[1.0.0, )", "resolved": "1.0.0", "contentHash": "x", **wants_b},
        "B": {"type": "Transitive", "resolved": "2.0.0", "contentHash": "y"},
        "own": {"type": "Project"},
    }
    lock = parse("packages.lock.json", json.dumps({"version": 1, "dependencies": {"net8.0": table}}))
    a, b, own = lock.pins
    assert (a.requires, a.integrity, own.own) == ((b.key,), ("sha512:x",), True)
    assert [(d.name, d.range, d.key) for d in lock.declared] == [("A", "[1.0.0, )", a.key)]
    text = (
        '<Project><ItemGroup><PackageReference Include="A" Version="1.0.0" /><PackageVersion Include="B" Version="2"/>'
    )
    text += '<PackageReference Include="C" PrivateAssets="all"><Version>3</Version></PackageReference>'
    text += "</ItemGroup></Project>"
    assert [(d.name, d.range, d.scope) for d in parse("src/App.csproj", text).declared] == [
        ("A", "1.0.0", "prod"),
        ("B", "2", "override"),
        ("C", "3", "build"),
    ]


MIX = """%{
  "jason": {:hex, :jason, "1.4.1", "aa", [:mix], [{:decimal, "~> 1.0", [hex: :decimal]}], "hexpm", "bb"},
  "decimal": {:hex, :decimal, "2.1.1", "cc", [:mix], [], "hexpm", "dd"},
  "fork": {:git, "https://u:pw@github.com/x/fork.git", "0123456789abcdef0123456789abcdef01234567", [branch: "main"]},
}
"""


def test_mix() -> None:
    jason, decimal, fork = parse("mix.lock", MIX).pins
    assert (jason.version, jason.requires, jason.integrity) == ("1.4.1", ("decimal",), ("sha256:bb",))
    assert decimal.source == ""
    assert fork.source == "git:github.com/x/fork#0123456789abcdef0123456789abcdef01234567"
    text = 'defmodule A do\n  defp deps do\n    [\n      {:jason, "~> 1.4"},\n'
    text += '      {:fork, github: "x/fork"},\n      {:credo, "~> 1.7", only: [:dev, :test]}\n    ]\n  end\nend\n'
    assert [(d.name, d.range, d.scope) for d in parse("mix.exs", text).declared] == [
        ("jason", "~> 1.4", "prod"),
        ("fork", "git:github.com/x/fork", "prod"),
        ("credo", "~> 1.7", "dev"),
    ]


def test_pub() -> None:
    text = 'packages:\n  a:\n    dependency: "direct main"\n    description:\n      name: a\n      sha256: aa\n'
    text += '      url: "https://pub.dev"\n    source: hosted\n    version: "1.0.0"\n  b:\n    dependency: transitive\n'
    text += '    description:\n      path: "../b"\n      relative: true\n    source: path\n'
    text += '    version: "0.1.0"\nsdks:\n  dart: ">=3"\n'
    lock = parse("pubspec.lock", text)
    a, b = lock.pins
    assert (a.version, a.integrity, a.source, b.own) == ("1.0.0", ("sha256:aa",), "registry:pub.dev", True)
    assert [d.name for d in lock.declared] == ["a"]
    text = "name: app\npublish_to: none\n# why\ndependencies:\n  a: ^1.0.0\n  b:\n    path: ../b\n"
    text += "dev_dependencies:\n  t: any\n"
    lock = parse("pubspec.yaml", text)
    assert [(d.name, d.range, d.scope) for d in lock.declared] == [
        ("a", "^1.0.0", "prod"),
        ("b", "path:../b", "prod"),
        ("t", "any", "dev"),
    ]


def test_swift() -> None:
    pins = [
        {"identity": "a", "location": "https://github.com/x/a.git", "state": {"revision": "abc", "version": "1.0.0"}}
    ]
    pins.append({"identity": "b", "location": "https://github.com/x/b", "state": {"revision": "def", "branch": "main"}})
    a, b = parse("Package.resolved", json.dumps({"version": 2, "pins": pins})).pins
    assert (a.version, a.source, a.integrity) == ("1.0.0", "git:github.com/x/a", ("commit:abc",))
    assert b.source == "git:github.com/x/b#def"


def test_terraform() -> None:
    text = '# a comment\n\nprovider "registry.terraform.io/hashicorp/aws" {\n  version     = "5.0.0"\n'
    text += '  constraints = "~> 5.0"\n'
    text += '  hashes = [\n    "h1:x=",\n    "zh:yy",\n  ]\n}\n'
    lock = parse("infra/.terraform.lock.hcl", text)
    (aws,) = lock.pins
    assert (aws.name, aws.version, aws.source) == ("hashicorp/aws", "5.0.0", "registry:registry.terraform.io")
    assert (aws.integrity, lock.declared[0].range) == (("h1:x=", "zh:yy"), "~> 5.0")


DOCKER = """ARG TAG=3.12
FROM --platform=$BUILDPLATFORM python:${TAG}-slim@sha256:aa AS build
RUN echo FROM nothing
FROM build AS test
FROM ghcr.io/x/base:1.0
COPY --from=busybox:1 /bin/sh /sh
COPY --from=build /a /a
FROM scratch
"""


def test_dockerfile() -> None:
    lock = parse("Dockerfile", DOCKER)
    assert [(p.name, p.version, p.source, p.integrity) for p in lock.pins] == [
        ("python", "3.12-slim", "", ("sha256:aa",)),
        ("x/base", "1.0", "registry:ghcr.io", ()),
        ("busybox", "1", "", ()),
    ]


def test_an_image_with_another_digest_under_its_tag(two_sides: Builder) -> None:
    found = judge(two_sides({"Dockerfile": DOCKER}, {"Dockerfile": DOCKER.replace("sha256:aa", "sha256:bb")}))
    assert rules(found) == [("integrity-changed", "warning")]


def test_actions() -> None:
    commit = "0123456789abcdef0123456789abcdef01234567"
    text = f"jobs:\n  a:\n    steps:\n      - uses: actions/checkout@v4\n      - uses: 'x/y/sub@{commit}' # v1.2.3\n"
    text += "      - uses: ./local\n    uses: org/r/.github/workflows/w.yml@main\n"
    lock = parse(".github/workflows/ci.yml", text)
    assert [(p.name, p.version, p.integrity) for p in lock.pins] == [
        ("actions/checkout", "v4", ()),
        ("x/y", "v1.2.3", (f"commit:{commit}",)),
        ("org/r/.github/workflows/w.yml", "main", ()),
    ]


def test_a_commit_that_changes_under_its_tag(two_sides: Builder) -> None:
    text = "      - uses: x/y@" + "0" * 40 + " # v1.2.3\n"
    file = ".github/workflows/ci.yml"
    found = judge(two_sides({file: text}, {file: text.replace("0" * 40, "1" * 40)}))
    assert rules(found) == [("integrity-changed", "warning")]


def test_a_catalog_of_pnpm() -> None:
    text = "packages:\n  - 'packages/*'\ncatalog:\n  react: ^18.3.0\ncatalogs:\n  old:\n    vue: ^2.7.0\n"
    text += "overrides:\n  left: 1.0.0\n"
    lock = parse("pnpm-workspace.yaml", text)
    assert lock.expectations == {"react": "^18.3.0", "vue": "^2.7.0"}
    assert [(d.name, d.range) for d in lock.declared] == [("react", "^18.3.0"), ("vue", "^2.7.0"), ("left", "1.0.0")]


NAMES = [
    *(
        "gradle.lockfile",
        "gradle/libs.versions.toml",
        "packages.lock.json",
        "mix.lock",
        "pubspec.lock",
        "Package.resolved",
    ),
    *(".terraform.lock.hcl", "a.csproj", "pom.xml"),
]


@pytest.mark.parametrize("path", NAMES)
@pytest.mark.parametrize("raw", [b"<html>", b"a\0", b"\xff\xfea", b"<<<<<<< x\n", b"[[[[", b"\xff"])
def test_bad_files_are_named(path: str, raw: bytes) -> None:
    if (path, raw) == ("a.csproj", b"<html>"):
        raw = b"<html"
    with pytest.raises(Unreadable):
        parse(path, raw)
