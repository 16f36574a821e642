"""See where the runner is told to run less or to accept less: a comparison of configuration, line by line."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from gatepost.model import Level
from gatepost.suites._weakening import Weakening
from gatepost.suites._words import squeeze

# A runner counts where a command stands, not in lists of packages, imports, keys or names.
_RUNNERS = re.compile(
    r"(?:^(?:- )?|\brun:\s*|[&|;(\"'`@=]\s*|\s-m\s+|\b(?:run|exec|npx|bunx|sudo|time|xvfb-run|then|do)\s+|\s--\s+|^-)"
    r"(pytest|py\.test|tox|nox|unittest|jest|vitest|mocha|ava|karma|cypress run|playwright test"
    r"|npm (?:run )?test|npm t|yarn (?:run )?test|pnpm (?:run )?test|bun test|go test|gotestsum|ginkgo"
    r"|cargo (?:nextest|test)|rspec|rake test|rake spec|rails test|(?:\./)?mvnw? [^|;&]{0,60}(?:test|verify)"
    r"|(?:\./)?gradlew? [^|;&]{0,60}(?:test|check)|ctest|bats|make (?:test|check))(?![\w.-])(?!\s*[:=,\])])"
)
_INSTALLS = re.compile(
    r"\b(?:install|add|require|uses|image|name|key|deps|import|from|cache|restore-keys|version)\b\s*:?"
)
_FLOORS = re.compile(
    r"(?i)\b(fail[_-]under|cov-fail-under|min[_-]?coverage|coverage[_-]?threshold|minimum_coverage|branches|functions|lines"
    r"|statements|target|mutation-?threshold)['\"]?\s*[:= ]\s*['\"]?(\d{1,3}(?:\.\d{1,3})?)"
)
_LEFT_OUT = re.compile(
    r"--(?:deselect|ignore-glob|ignore)[= ]['\"]?([^\s'\",\]]+)|(?:^|\s)-[km][= ]?['\"]?(not\s[^'\"]{1,80})"
    r"|(testPathIgnorePatterns|--passWithNoTests|passWithNoTests\W+true|maven\.test\.skip\W+true|skipTests\W+true"
    r"|collect_ignore(?:_glob)?\W)|\s(-skip[= ]\S+)|(?<=\s)(-short)(?=\s|$)"
)
_FORGIVES = re.compile(r"\|\|\s*(?:true|:|exit 0|echo\b)|;\s*true\s*$|^-(?=\w)")
_ALLOWED = re.compile(
    r"(?:continue-on-error|allow_failure|continueOnError)\s*:\s*true\b|^if\s*:\s*(?:false|\$\{\{\s*false\s*\}\})"
)
_STRICT = re.compile(r"(?:xfail_strict\s*=\s*true|--strict-markers|--strict-config|^['\"]?error['\"]?,?$|-W\s*error\b)")
_PATHS = re.compile(r"(?s)testpaths\s*=\s*(\[[^\]]{0,2000}\]|[^\n\[]{0,400}(?:\n[ \t]+\S[^\n]{0,200}){0,20})")
_PUBLISHES = re.compile(r"(?i)release|publish|deploy|canary")
_MAKES = frozenset(("makefile", "gnumakefile", "justfile", "taskfile.yml"))
_TARGET = re.compile(r"^(tests?|check|spec|coverage|ci)\s*:(?!=)")


@dataclass(frozen=True, slots=True)
class Config:
    """One file that selects tests, on both sides; "" where it is absent."""

    path: str
    old: str
    new: str


def narrowed(files: Iterable[Config], exists: Callable[[str], bool]) -> Iterator[Weakening]:
    """Give every way in which less is run, or more is accepted, than before."""
    known = [file for file in files if not file.path.endswith("conftest.py")]
    run_before = Counter(word for file in known for word in _commands(file.old))
    run_after = Counter(word for file in known for word in _commands(file.new))
    everywhere = " ".join(line for file in known for line in _changed(file.old, file.new)[1])
    for file in known:
        lost, more = _changed(file.old, file.new)
        yield from _floors(file)
        yield from _added(file, more, lost, exists)
        yield from _paths(file, exists)
        yield from _strictness(file, lost, everywhere)
        yield from _steps(file, lost, more, run_before, run_after)
        for line in lost:
            yield from _fewer(file, line, more, exists)


def _told(file: Config, before: str, after: str, explained: str = "", near: str = "") -> Weakening:
    line = next((number for number, text in enumerate(file.new.splitlines(), 1) if near and near in text), 1)
    return Weakening("selection-narrowed", "", file.path, line, squeeze(before, 160), squeeze(after, 160), explained)


def _lines(text: str) -> Iterator[str]:
    for line in text.splitlines():
        plain = line.strip()[:1000]
        if plain and not plain.startswith(("#", "//", ";", "<!--")):
            yield plain.partition(" #")[0].rstrip()


def _changed(old: str, new: str) -> tuple[list[str], list[str]]:
    before, after = Counter(_lines(old)), Counter(_lines(new))
    return list((before - after).elements()), list((after - before).elements())


def _floors(file: Config) -> Iterator[Weakening]:
    covers = re.compile(r"(?i)threshold|coverage|fail[_-]under")
    if not covers.search(file.old):
        return
    before, after = _limits(file.old), _limits(file.new)
    for key, value in before.items():
        now = after.get(key)
        if now is not None and now < value:
            yield _told(file, f"{key} {value:g}", f"{key} is {now:g} now", near=key)
        elif now is None and file.new and "under" in key:
            yield _told(file, f"{key} {value:g}", f"{key} is gone")


def _limits(text: str) -> dict[str, float]:
    found: dict[str, float] = {}
    shared = "threshold" in text.lower()
    for line in _lines(text):
        for match in _FLOORS.finditer(line):
            key = match[1].lower().replace("-", "_").removeprefix("cov_")
            if key in ("branches", "functions", "lines", "statements") and not shared:
                continue
            if key == "target" and "%" not in line:
                continue
            found.setdefault(key, float(match[2]))
    return found


def _added(file: Config, more: list[str], lost: list[str], exists: Callable[[str], bool]) -> Iterator[Weakening]:
    had = {match[0].strip() for line in lost for match in _LEFT_OUT.finditer(line)}
    forgave = any(_FORGIVES.search(line) or _ALLOWED.search(line) for line in lost)
    for line in more:
        for match in _LEFT_OUT.finditer(line):
            if match[0].strip() in had or (match[5] and not _RUNNERS.search(line)):
                continue
            named = (match[1] or "").partition("::")[0]
            gone = bool(named) and "*" not in named and not exists(named)
            yield _told(
                file, "", f"leaves out {match[0].strip()}", f"{named} does not exist any more" if gone else "", line
            )
        forgives = (_RUNNERS.search(line) and _FORGIVES.search(line)) or _ALLOWED.search(line)
        if forgives and not forgave:
            yield _told(file, "", f"a failure no longer counts: {line}", near=line)


def _paths(file: Config, exists: Callable[[str], bool]) -> Iterator[Weakening]:
    before, after = _named_paths(file.old), _named_paths(file.new)
    if before is None or after is None:
        return
    left = [path for path in before if path not in after and exists(path)]
    inside = [path for path in left if not any(path.startswith(f"{kept}/") for kept in after)]
    if inside:
        yield _told(file, f"testpaths {', '.join(before)}", f"testpaths lost {', '.join(inside)}", near="testpaths")


def _named_paths(text: str) -> list[str] | None:
    found = _PATHS.search(text)
    return re.findall(r"[\w./*-]+", found[1]) if found else None


def _strictness(file: Config, lost: list[str], kept: str) -> Iterator[Weakening]:
    if not re.search(r"pytest|xfail_strict|filterwarnings", file.old) or re.search(r"\bstrict\s*=\s*true\b", kept):
        return
    for line in lost:
        match = _STRICT.search(line)
        if match is not None and match[0].strip("'\",") not in kept:
            yield _told(file, line, f"{match[0]} is gone")


def _commands(text: str) -> Iterator[str]:
    for line in _lines(text):
        if not _INSTALLS.match(line.lstrip("- ")) and not re.match(
            r"['\"]?[\w@/.-]+['\"]?\s*[:=]\s*['\"][\^~]?\d", line
        ):
            for match in _RUNNERS.finditer(line):
                if not re.search(r"\b(?:install|add)\b[^|;&]*$", line[: match.start()]):
                    yield " ".join(match[1].split()[:3])


def _steps(
    file: Config, lost: list[str], more: list[str], before: Counter[str], after: Counter[str]
) -> Iterator[Weakening]:
    for line in lost:
        words = list(_commands(line))
        if words and all(after[word] < before[word] for word in words):
            beside = sum(after.values()) or (file.path.endswith("package.json") and not line.startswith('"test"'))
            level: Level | None = "note" if beside else None
            found = _told(
                file, line, f"{words[0]} is run in fewer places" if level else f"nothing runs {words[0]} any more"
            )
            publishes = bool(level and _PUBLISHES.search(f"{file.path.rpartition('/')[2]} {line}"))
            yield replace(found, level=level, explained="it is run elsewhere than where it is published" * publishes)
        target = _TARGET.match(line) if file.path.rpartition("/")[2].lower() in _MAKES else None
        if target and file.new and not any(other.startswith(target[1]) for other in more):
            yield _told(file, line, f"the target {target[1]} is gone")


def _fewer(file: Config, line: str, more: list[str], exists: Callable[[str], bool]) -> Iterator[Weakening]:
    """Compare the paths that a command was given with those that it is given now."""
    word = next(_commands(line), "")
    now = [other for other in more if word and word in _commands(other)]
    if len(now) != 1:
        return
    had, has = _arguments(line, word, exists), _arguments(now[0], word, exists)
    inside = {path for path in had if any(path.startswith(f"{other.rstrip('/')}/") for other in has)}
    if (has and not had) or (had - has - inside and has < had) or _below(had, has):
        yield _told(file, line, f"{word} is given less to run: {now[0]}", near=now[0])


def _below(had: set[str], has: set[str]) -> bool:
    return (
        bool(had and has)
        and all(any(path.startswith(f"{old.rstrip('/')}/") for old in had) for path in has - had)
        and not had <= has
    )


def _arguments(line: str, word: str, exists: Callable[[str], bool]) -> set[str]:
    """Give the paths among the arguments of a command."""
    rest = re.split(r"[|;&\"']", line.partition(word)[2])[0]
    plain = (part.removeprefix("./") for part in rest.split() if re.match(r"[\w./*:-]+$", part) and part[0] != "-")
    return {part for part in plain if "/" in part or exists(part)}
