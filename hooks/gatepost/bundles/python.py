"""The import graph of Python: what the modules that are shipped import."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gatepost.bundles import PACKAGE, Family, Import, Resolved, Source
from gatepost.bundles._tree import Tree
from gatepost.paths import join, matches, parent

if TYPE_CHECKING:
    import ast

_LINE = re.compile(
    r"^[ \t]*(?:from[ \t]+(\.*[\w.]*)[ \t]+import[ \t]+([\w, \t]+)|import[ \t]+([\w., \t]+))", re.MULTILINE
)
_PROJECT = ("pyproject.toml", "setup.py", "setup.cfg")
_NOT_SHIPPED = (
    "{setup,conftest,noxfile,tasks,fabfile,manage,dodo}.py",
    "*{pytest,testing}*.py",
    "**/{docs,doc,examples,example,scripts,benchmarks,tools,testing,.*}/**",
)


_TESTS = ("**/{test,tests,testdata}/**", "test_*.py", "*_test.py", "conftest.py")


def language(path: str) -> str | None:
    """Name how a file is scanned: Python, or not at all."""
    return "python" if path.endswith(".py") else None


def scan(kind: str, text: str) -> tuple[Import, ...]:  # noqa: ARG001 - one language only
    """Give the imports of a module as ``package.module:name``; those inside of functions are lazy."""
    import ast
    import warnings

    try:
        with warnings.catch_warnings():  # an invalid escape in pushed code is none of our warnings
            warnings.simplefilter("ignore")
            return tuple(_imports(ast.parse(text)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return tuple(_by_lines(text))


def _imports(tree: ast.Module) -> Iterator[Import]:
    import ast

    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, lazy = stack.pop()
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno, lazy) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (Import(f"{module}:{alias.name}", node.lineno, lazy) for alias in node.names)
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            stack.extend((child, lazy) for child in reversed(node.orelse))
        else:
            inner = lazy or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
            stack.extend((child, inner) for child in reversed(list(ast.iter_child_nodes(node))))


def _by_lines(text: str) -> Iterator[Import]:
    """Read what this Python cannot parse, such as Python 2, by its lines."""
    for found in _LINE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        names = (found[2] or found[3]).split(",")
        for name in (each.split()[0] for each in names if each.strip()):
            yield Import(f"{found[1]}:{name}" if found[1] else name, line)


@dataclass(slots=True)
class Resolver:
    """Resolve modules to files of the tree: beside the importer's package, then in the project."""

    tree: Tree
    _roots: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def resolve(self, importer: str, item: Import) -> Resolved:
        """Give the files that an import runs, the packages around the module included."""
        module, _, name = item.specifier.partition(":")
        level = len(module) - len(module.lstrip("."))
        parts = [part for part in module[level:].split(".") if part]
        tried: list[str] = []
        if level:
            directory = parent(importer)
            for _ in range(level - 1):
                directory = parent(directory)
            return Resolved(self.files(directory, [*parts, name] if name else parts, tried), tuple(tried))
        if not parts or parts[0] in sys.stdlib_module_names:
            return Resolved()
        for root in self.roots(parent(importer)):
            found = self.files(root, [*parts, name] if name else parts, tried)
            if found or self.tree.is_directory(join(root, parts[0])):
                return Resolved(found, tuple(tried))
        return Resolved((PACKAGE + parts[0],), tuple(tried))

    def files(self, root: str, parts: list[str], tried: list[str]) -> tuple[str, ...]:
        """Give a module's own file and those of the packages on the way to it, the innermost first."""
        at, found = root, list[str]()
        for part in parts:
            at = join(at, part)
            tried.append(at)
            if self.tree.is_file(path := join(at, "__init__.py")):
                found.append(path)
            elif self.tree.is_file(path := at + ".py"):
                found.append(path)
                break
            elif not self.tree.is_directory(at):
                break
        return tuple(reversed(found))

    def roots(self, directory: str) -> tuple[str, ...]:
        """Give the directories on whose level absolute imports begin."""
        if directory not in self._roots:
            top = directory
            while top and self.tree.is_file(join(top, "__init__.py")):
                top = parent(top)
            home = _project(self.tree, directory)
            self._roots[directory] = tuple(dict.fromkeys((top, join(home, "src"), home, "")))
        return self._roots[directory]


def _project(tree: Tree, directory: str) -> str:
    files = (tree.above(directory, name) for name in _PROJECT)
    return max((parent(file) for file in files if file), key=len, default="")


def entries(tree: Tree, changed: Iterable[str]) -> tuple[str, ...]:
    """Give the changed modules that a wheel or a service ships: all of them are loaded from outside."""
    return tuple(path for path in changed if path.endswith(".py") and _shipped(tree, path))


def _shipped(tree: Tree, path: str) -> bool:
    if not tree.is_file(path) or matches(path, *_NOT_SHIPPED, *_TESTS):
        return False
    directory = parent(path)
    packaged = tree.is_file(join(directory, "__init__.py"))
    return packaged or directory == _project(tree, directory) or "src" in directory.split("/")


def settles(path: str) -> bool:
    """Tell a file that decides how imports resolve."""
    return path.rpartition("/")[2] in _PROJECT


def _resolver(tree: Tree, aliases: Mapping[str, str]) -> Resolver:  # noqa: ARG001 - Python has no aliases
    return Resolver(tree)


SOURCE = Source(
    "python",
    "Python modules that a wheel or a service ships",
    Family(
        language,
        scan,
        _resolver,
        entries,
        settles,
        test_paths=_TESTS,
        test_packages=(
            "pytest", "_pytest", "pytest_*", "hypothesis", "faker", "factory", "mock", "responses", "moto",
            "freezegun", "nose", "nose2", "respx", "requests_mock", "vcr", "testcontainers", "model_bakery",
            "mimesis", "time_machine",
        ),
        first_load=False,
    ),
)  # fmt: skip
