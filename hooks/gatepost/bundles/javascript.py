"""The import graph of JavaScript and TypeScript, with HTML, CSS, Vue and Svelte."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gatepost.bundles import Family, Import, Source
from gatepost.bundles._resolve import Resolver, project
from gatepost.bundles._tree import Tree
from gatepost.paths import join, normal, parent

_LANGUAGES = {
    ".ts": "ts", ".tsx": "ts", ".mts": "ts", ".cts": "ts",
    ".js": "js", ".jsx": "js", ".mjs": "js", ".cjs": "js",
    ".vue": "component", ".svelte": "component", ".astro": "astro",
    ".html": "page", ".css": "css", ".mdx": "mdx",
}  # fmt: skip
_LEAVES = (".json", ".scss", ".less", ".graphql", ".gql", ".svg", ".wasm")
# A tsconfig.json may extend a file of any name: those below a directory that is named after it count too.
_CONFIG = re.compile(r"(?:.*/)?(?:package\.json|pnpm-workspace\.yaml|lerna\.json)|.*config.*\.json")
_CONVENTIONAL = (
    *("src/main", "src/index", "src/app", "src/App", "main", "index", "app", "server", "src/server"),
    *("resources/js/app", "assets/js/app", "app/javascript/application"),
)
_FIELDS = ("source", "svelte", "module", "browser", "main")
_NEXT = re.compile(
    r"(?:src/)?(?:app/(?:.*/)?(?:page|layout|template|loading|error|not-found|route|default|global-error)|pages/.*"
    r"|middleware|proxy|instrumentation(?:-client)?)\.(?:tsx?|jsx?|mjs)"
)
_SCRIPT = (".tsx", ".ts", ".jsx", ".js", ".mjs", ".cjs", ".mts", ".cts")
_BUILDS = re.compile(r"(?:pre)?(?:build|bundle|package|compile|dist|prod)")
_CONFIGURES = re.compile(
    r"(?:config|build|script|gulpfile|rollup|webpack)[^/]*\.[a-z]+$|(?:^|/)(?:scripts|build|tools)/"
)
_PROJECT_LIMIT = 20


def language(path: str) -> str | None:
    """Name how a file is scanned: "" for data, None for what is none of this family."""
    suffix = "." + path.rpartition("/")[2].rpartition(".")[2]
    return _LANGUAGES.get(suffix, "" if suffix in _LEAVES else None)


def scan(kind: str, text: str) -> tuple[Import, ...]:
    """Give the imports of a file."""
    from gatepost.bundles import _ecmascript, _markup

    if kind in ("ts", "js"):
        return _ecmascript.scan(text, typescript=kind == "ts")
    if kind == "astro":
        front = text.partition("---")[2].partition("\n---")[0] if text.lstrip().startswith("---") else ""
        return (*_ecmascript.scan(front), *_markup.component(text))
    readers = {"component": _markup.component, "page": _markup.page, "css": _markup.style, "mdx": _markup.markdown}
    return readers[kind](text)


def entries(tree: Tree, changed: Iterable[str]) -> tuple[str, ...]:
    """Detect where production begins in the projects that the changed paths belong to."""
    relevant = (path for path in changed if language(path) is not None or settles(path))
    projects = dict.fromkeys(project(tree, directory) for directory in dict.fromkeys(map(parent, relevant)))
    found: dict[str, None] = {}
    for directory in list(projects)[:_PROJECT_LIMIT]:
        own = list(_of_project(tree, directory))
        found.update(dict.fromkeys(own))
    return tuple(found)


def _of_project(tree: Tree, directory: str) -> Iterator[str]:
    manifest, resolver = tree.json(join(directory, "package.json")), Resolver(tree)
    pages = list(_pages(tree, directory))
    routes = list(_routes(tree, directory)) if _uses(manifest, "next") else []
    values = [value for value in _named(manifest) if resolver.plausible(directory, value)]
    origins = [resolver.origin(directory, value) for value in values]
    named = [path for path in origins if path and path.endswith(_SCRIPT)]
    yield from (*pages, *routes, *named)
    if None in origins or not (pages or routes or named):
        scripts = list(_scripts(tree, directory, manifest))
        yield from scripts or _conventional(tree, directory)


def _scripts(tree: Tree, directory: str, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Give the sources that the scripts which build name, as in ``ncc build src/restore.ts``."""
    table = manifest.get("scripts")
    for name, command in table.items() if isinstance(table, dict) else ():
        if isinstance(command, str) and _BUILDS.match(str(name)):
            for word in command[:2000].split():
                path = normal(join(directory, word.strip("'\"")))
                if path and path.endswith(_SCRIPT) and tree.is_file(path) and not _CONFIGURES.search(path):
                    yield path


def _pages(tree: Tree, directory: str) -> Iterator[str]:
    for name, entry in tree.names(directory).items():
        if name.endswith(".html") and entry.is_file:
            yield join(directory, name)


def _routes(tree: Tree, directory: str) -> Iterator[str]:
    prefix = directory + "/" if directory else ""
    for top in ("app", "pages", "src/app", "src/pages"):
        for entry in tree.snapshot.walk(join(directory, top)):
            if entry.is_file and _NEXT.fullmatch(entry.path[len(prefix) :]):
                yield entry.path
    for stem in ("middleware", "proxy", "instrumentation-client", "src/middleware", "src/proxy"):
        yield from (path for suffix in _SCRIPT if tree.is_file(path := join(directory, stem + suffix)))


def _named(manifest: Mapping[str, Any]) -> Iterator[str]:
    values = [manifest.get(field) for field in _FIELDS] + [manifest.get("bin"), manifest.get("exports")]
    stack = values[::-1]
    count = 0
    while stack and (count := count + 1) < 500:
        value = stack.pop()
        if isinstance(value, str) and "*" not in value:
            yield value
        elif isinstance(value, dict):
            stack.extend(each for key, each in value.items() if key != "types")
        elif isinstance(value, list):
            stack.extend(value)


def _uses(manifest: Mapping[str, Any], package: str) -> bool:
    tables = (manifest.get(kind) for kind in ("dependencies", "devDependencies"))
    return any(isinstance(table, dict) and package in table for table in tables)


def _conventional(tree: Tree, directory: str) -> Iterator[str]:
    for place in ("src/entrypoints", "src/entries", "app/javascript/packs"):
        listed = [e for name, e in tree.names(join(directory, place)).items() if name.endswith(_SCRIPT) and e.is_file]
        yield from (join(directory, place, entry.path) for entry in listed)
    for stem in _CONVENTIONAL:
        for suffix in _SCRIPT:
            if tree.is_file(path := join(directory, stem + suffix)):
                yield path
                return


def settles(path: str) -> bool:
    """Tell a file that decides how imports resolve."""
    return _CONFIG.fullmatch(path) is not None


def _resolver(tree: Tree, aliases: Mapping[str, str]) -> Resolver:
    return Resolver(tree, aliases)


SOURCE = Source(
    "javascript",
    "JavaScript and TypeScript, with HTML, CSS, Vue and Svelte",
    Family(
    language,
    scan,
    _resolver,
    entries,
    settles,
    test_paths=(
        "**/{__tests__,__mocks__,__fixtures__,__snapshots__,__testfixtures__}/**",
        "**/{test,tests,spec,specs,e2e,fixtures,mocks,testdata,test-utils,testutils,testing,cypress}/**",
        "*.{test,spec,stories,story,mock,mocks,fixture,fixtures,cy,e2e}.*",
        "{setupTests,testUtils,test-utils,setup-tests,vitest.setup,jest.setup}.*",
    ),
    test_packages=(
        "faker", "@faker-js/*", "msw", "jest", "jest-*", "@jest/*", "vitest", "@vitest/*", "chai", "chai-*", "sinon",
        "sinon-*", "@testing-library/*", "enzyme", "enzyme-*", "mocha", "jasmine", "jasmine-*", "cypress", "ava",
        "@cypress/*", "playwright", "playwright-*", "@playwright/*", "supertest", "nock", "storybook", "@storybook/*",
        "react-test-renderer", "@vue/test-utils", "karma", "karma-*", "fishery", "happy-dom", "axios-mock-adapter",
        "fetch-mock", "testdouble", "tape", "uvu", "expect", "testcafe", "webdriverio", "@wdio/*", "qunit",
    ),
    ),
)  # fmt: skip
