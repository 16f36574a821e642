"""Tell the files that choose which tests run, and the code in which a tool can be silenced."""

from __future__ import annotations

_NAMES = frozenset(
    (
        *(
            "pyproject.toml",
            "pytest.ini",
            ".pytest.ini",
            "tox.ini",
            "setup.cfg",
            ".coveragerc",
            "noxfile.py",
            "tasks.py",
        ),
        *("package.json", ".nycrc", ".nycrc.json", ".c8rc.json", "codecov.yml", ".codecov.yml", "conftest.py"),
        *("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile", "Taskfile.yml", "Rakefile", "run-tests.sh"),
        *(
            ".gitlab-ci.yml",
            ".travis.yml",
            "azure-pipelines.yml",
            "Jenkinsfile",
            "bitbucket-pipelines.yml",
            ".cirrus.yml",
        ),
        *("appveyor.yml", ".appveyor.yml", "pom.xml", "build.gradle", "build.gradle.kts", "Cargo.toml", ".rspec"),
    )
)
_STEMS = ("jest.config.", "vitest.config.", "vitest.workspace.", ".mocharc.", "karma.conf.", "playwright.config.")
_MORE_STEMS = ("cypress.config.", "vite.config.", "jest.setup.", "ava.config.")
_FOLDERS = (".github/workflows/", ".github/actions/", ".circleci/", ".ci/", ".buildkite/", ".woodpecker/")
_CODE = (
    *(".py", ".pyi", ".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts", ".vue", ".svelte"),
    *(".go", ".rb", ".rake", ".java", ".kt", ".rs"),
)


def selects(path: str) -> bool:
    """Tell the files that decide which tests run and what counts as passing."""
    name = path.rpartition("/")[2]
    return name in _NAMES or name.startswith((*_STEMS, *_MORE_STEMS)) or any(part in f"/{path}" for part in _folders())


def _folders() -> tuple[str, ...]:
    return tuple(f"/{folder}" for folder in _FOLDERS)


def snapshot(path: str) -> bool:
    """Tell the files that hold expected values which a tool wrote."""
    return path.endswith((".snap", ".ambr", ".snap.new")) or "/__snapshots__/" in path


def code(path: str) -> bool:
    """Tell the files in which a comment can silence a tool."""
    return path.endswith(_CODE)
