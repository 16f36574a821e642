"""pyproject.toml, uv.lock, poetry.lock and requirements files."""

from __future__ import annotations

import pytest

from _dependencies import parse
from gatepost.lockfiles import Unreadable

UV = """version = 1
revision = 2
requires-python = ">=3.10"

[[package]]
name = "app"
source = { editable = "." }
dependencies = [
    { name = "torch", version = "2.0", source = { registry = "https://pypi.org/simple" } },
]

[package.dev-dependencies]
dev = [
    { name = "pytest" },
]

[package.metadata]
requires-dist = [{ name = "torch", specifier = ">=2" }]

[package.metadata.requires-dev]
dev = [{ name = "pytest", specifier = ">=8" }]

[[package]]
name = "torch"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
sdist = { url = "https://files.pythonhosted.org/t.tar.gz", hash = "sha256:aa", size = 1 }
wheels = [
    { url = "https://files.pythonhosted.org/t.whl", hash = "sha256:bb", size = 1 },
]

[[package]]
name = "torch"
version = "2.0+cpu"
source = { registry = "https://download.pytorch.org/whl" }

[[package]]
name = "pytest"
version = "8.1"
source = { git = "https://github.com/pytest-dev/pytest?rev=main#0123456789" }
dependencies = [
    { name = "torch" },
]
"""


def test_uv_forks_groups_and_sources() -> None:
    lock = parse("uv.lock", UV)
    assert [(p.name, p.version, p.source, p.own) for p in lock.pins] == [
        ("app", "", "path:.", True),
        ("torch", "2.0", "registry:pypi.org", False),
        ("torch", "2.0+cpu", "registry:download.pytorch.org", False),
        ("pytest", "8.1", "git:github.com/pytest-dev/pytest#0123456789", False),
    ]
    assert lock.pins[1].integrity == ("sha256:aa", "sha256:bb")
    assert lock.pins[3].requires == ("torch@2.0", "torch@2.0+cpu")
    assert [(d.name, d.range, d.scope, d.key, d.manifest) for d in lock.declared] == [
        ("torch", ">=2", "prod", "torch@2.0", "pyproject.toml"),
        ("pytest", ">=8", "dev", "pytest@8.1", "pyproject.toml"),
    ]


POETRY_1 = """[[package]]
name = "Flask"
version = "2.0"
description = ""
category = "main"
optional = false
python-versions = "*"

[package.dependencies]
jinja2 = ">=3"

[[package]]
name = "jinja2"
version = "3.0"
category = "dev"
optional = false
python-versions = "*"

[package.source]
type = "git"
url = "https://github.com/pallets/jinja.git"
reference = "main"
resolved_reference = "abc"

[metadata]
lock-version = "1.1"
content-hash = "x"

[metadata.files]
flask = [{file = "f.whl", hash = "sha256:aa"}]
jinja2 = []
"""


def test_poetry_keeps_hashes_by_name_in_its_first_version() -> None:
    lock = parse("poetry.lock", POETRY_1)
    flask, jinja = lock.pins
    assert (flask.name, flask.integrity, flask.requires, flask.scope) == (
        "flask",
        ("sha256:aa",),
        ("jinja2@3.0",),
        "prod",
    )
    assert (jinja.source, jinja.scope) == ("git:github.com/pallets/jinja#abc", "dev")


def test_poetry_2_has_groups_and_files_with_the_package() -> None:
    text = '[[package]]\nname = "a"\nversion = "1"\ngroups = ["main", "dev"]\nfiles = [{file="f", hash="sha256:bb"}]\n'
    text += '[[package]]\nname = "b"\nversion = "1"\ngroups = ["test"]\n\n[metadata]\nlock-version = "2.1"\n'
    a, b = parse("poetry.lock", text).pins
    assert (a.scope, a.integrity, b.scope) == ("prod", ("sha256:bb",), "dev")


def test_pyproject_of_every_tool() -> None:
    text = """
[build-system]
requires = ["hatchling"]
[project]
name = "app"
dependencies = ["Foo_Bar[x] >=1,<2 ; python_version > '3'", "git-dep @ git+https://u:secret@h.example/r.git@v1"]
[project.optional-dependencies]
postgres = ["psycopg"]
test = ["pytest~=8.0"]
[dependency-groups]
lint = ["ruff", {include-group = "x"}]
[tool.poetry.dependencies]
python = "^3.10"
requests = {version = "^2.31", optional = true}
local = {path = "../local"}
[tool.poetry.group.docs.dependencies]
sphinx = "*"
[tool.uv]
override-dependencies = ["urllib3==2.0"]
"""
    lock = parse("pyproject.toml", text)
    assert [(d.name, d.range, d.scope) for d in lock.declared] == [
        ("foo-bar", ">=1,<2", "prod"),
        ("git-dep", "git:h.example/r#v1", "prod"),
        ("psycopg", "", "optional"),
        ("pytest", "~=8.0", "dev"),
        ("ruff", "", "dev"),
        ("requests", "^2.31", "optional"),
        ("local", "path:../local", "prod"),
        ("sphinx", "*", "dev"),
        ("urllib3", "==2.0", "override"),
        ("hatchling", "", "build"),
    ]


def test_requirements_with_hashes_and_via() -> None:
    text = """# made by a tool
flask==2.0 \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via -r requirements.in
Jinja_2==3.0 ; python_version > "3" \\
    --hash=sha256:cc
    # via
    #   flask
    #   other
other==1  # via flask, -r requirements.in
-e .
git+https://github.com/a/b@v2#egg=thing
"""
    lock = parse("requirements.txt", text)
    pins = {pin.name: pin for pin in lock.pins}
    assert pins["flask"].integrity == ("sha256:aa", "sha256:bb")
    assert pins["flask"].requires == ("jinja-2@3.0", "other@1")
    assert pins["other"].requires == ("jinja-2@3.0",)
    assert pins["thing"].source == "git:github.com/a/b#v2"
    assert sorted(d.name for d in lock.declared) == ["flask", "other", "thing"]


@pytest.mark.parametrize(
    ("text", "beside", "reason"),
    [
        ("-r ../../etc/passwd\n", {}, "outside the repository"),
        ("-r /etc/passwd\n", {}, "outside the repository"),
        ("-r a.txt\n", {}, "not a file of the repository"),
        ("-r requirements.txt\n", {"requirements.txt": b"-r requirements.txt\n"}, "includes itself"),
        ("-r a.txt\n", {"a.txt": b"-c requirements.txt\n"}, "includes itself"),
        ("<html>\n", {}, "is no requirement"),
    ],
)
def test_bad_requirements(text: str, beside: dict[str, bytes], reason: str) -> None:
    with pytest.raises(Unreadable, match=reason):
        parse("requirements.txt", text, {"requirements.txt": text.encode(), **beside})


@pytest.mark.parametrize(
    "raw", ["[[package]]\nname = 1\n", "version = 1\npackage = 3\n", "version = 1\n[[package]]\n", "x = ["]
)
def test_hostile_shapes(raw: str) -> None:
    for path in ("uv.lock", "poetry.lock"):
        with pytest.raises(Unreadable):
            parse(path, raw)
