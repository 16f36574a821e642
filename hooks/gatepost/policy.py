"""Read ``gatepost.toml``: typed settings, errors with the key's path, and what a push may tighten.

A check declares its own tables as frozen dataclasses (``Setting``); the types of the fields are the
schema: ``str``, ``int``, ``bool``, ``Size``, ``Percent``, ``Duration``, ``Literal``, ``date``, tuples,
mappings from ``str``, nested dataclasses, and ``X | None``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass
from types import UnionType
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

from gatepost.errors import PolicyError
from gatepost.model import LEVELS, Finding, Level, Rule, printable
from gatepost.paths import matches

if TYPE_CHECKING:
    from datetime import date  # 1 ms, and most commits read no policy

T = TypeVar("T")
FILE = "gatepost.toml"
LINE_LIMIT = 4096
HIGHEST = 2**53  # the last whole number that a float holds exactly
PROBLEMS = 100
OFF = "off"


class Size(int):
    """A number of bytes, written ``"10 KiB"``, ``"2 MB"`` or ``"500 B"``."""


class Percent(float):
    """A share, written ``"5%"``; the value is the ratio, 0.05."""


class Duration(float):
    """Seconds, written ``"20s"``, ``"10m"``, ``"2h"``, ``"7d"`` or ``"250ms"``."""


# Which way a value is stricter, for what a pushed policy may change at once: a lower number, the earlier
# word of a Literal, the shorter array; or the other way round.
LOWER: Mapping[str, str] = {"tighter": "lower"}
HIGHER: Mapping[str, str] = {"tighter": "higher"}


class Setting(NamedTuple):
    """A table ``[key]`` of the policy, or with ``many`` an array of tables ``[[key]]``.

    ``load`` gives the settings class; it is called only where a policy has the table, because a policy
    is read on the way of every commit.
    """

    key: str
    load: Callable[[], type]
    many: bool = False

    @property
    def type(self) -> type:
        """The settings class."""
        return self.load()


@dataclass(frozen=True, slots=True)
class Gate:
    """``[gate]``: what is judged, how strictly, within which limits."""

    protected: tuple[str, ...] = ("refs/heads/main", "refs/heads/master")
    deploy: tuple[str, ...] = ("refs/heads/main", "refs/heads/master")
    mode: Literal["enforce", "report"] = field(default="enforce", metadata=LOWER)
    deadline: Duration = field(default=Duration(20), metadata=LOWER)
    max_file: Size = field(default=Size(20 * 1024 * 1024), metadata=LOWER)
    max_changed: int = field(default=50_000, metadata=LOWER)


@dataclass(frozen=True, slots=True)
class Suppression:
    """``[[suppress]]``: one rule, within a scope of paths, for a reason, owned, until a day."""

    rule: str
    scope: str
    reason: str
    owner: str
    expires: date

    def covers(self, finding: Finding, today: date) -> bool:
        """Tell whether it silences a finding today."""
        named = finding.rule.id == self.rule or self.rule in finding.rule.formerly
        return named and today <= self.expires and matches(finding.path, self.scope)


@dataclass(frozen=True, slots=True)
class Policy:
    """What the gate is told: levels, suppressions, and the tables of the checks.

    ``pushed`` is the policy of the tree that is judged; it only ever makes this one stricter.
    ``trees`` is there for who compares what a change does to the policy itself.
    """

    source: str = "defaults"
    gate: Gate = field(default_factory=Gate)
    rules: Mapping[str, str] = field(default_factory=dict)
    suppress: tuple[Suppression, ...] = ()
    tables: Mapping[str, Any] = field(default_factory=dict)
    pushed: Policy | None = None
    trees: Trees | None = None

    def level(self, rule: Rule, default: Level | None = None) -> str:
        """Give the level of a rule, or "off"; the stricter one where the pushed tree names another.

        ``default`` is the level that a check chose for one finding; a policy that names the rule wins.
        """
        names = (rule.id, *rule.formerly)
        own = next((self.rules[name] for name in names if name in self.rules), default or rule.level)
        other = self.pushed.level(rule, default) if self.pushed else own
        return max(own, other, key=strictness)

    def get(self, key: str, kind: type[T]) -> T:
        """Give the settings of the table ``[key]``, tightened by the pushed tree, defaults where absent."""
        own: Any = self.tables.get(key) or kind()
        if self.pushed is None or key not in self.pushed.tables:
            return own  # type: ignore[no-any-return]  # was parsed as ``kind``
        from gatepost.strictness import tightened

        return tightened(own, self.pushed.tables[key])  # type: ignore[no-any-return]

    def get_all(self, key: str, kind: type[T]) -> tuple[T, ...]:  # noqa: ARG002 - names the entries' type
        """Give the entries of ``[[key]]``; the pushed tree may add entries, not change or drop any."""
        own: Any = self.tables.get(key) or ()
        if self.pushed is None or key not in self.pushed.tables:
            return own  # type: ignore[no-any-return]
        from gatepost.strictness import with_added

        return with_added(own, self.pushed.tables[key])


class Trees(NamedTuple):
    """The policies as they stand in the two trees of a change.

    ``head`` is None where the change does not touch the policy; ``landing`` is the whole policy, the
    server's file included, that will be in force when head has landed (None: head's cannot be read), and
    ``force`` the one that is in force at the base.
    """

    base: Policy
    head: Policy | None = None
    landing: Policy | None = None
    force: Policy | None = None


def strictness(level: str) -> int:
    """Order the levels: off, note, warning, error."""
    return (OFF, *LEVELS).index(level)


def identity(entry: Any) -> object:
    """Give what names an entry of an array of tables: its first field."""
    return getattr(entry, fields(entry)[0].name)


def default_of(item: Any) -> Any:
    """Give the default of a dataclass field, or MISSING where it is required."""
    return item.default_factory() if item.default_factory is not MISSING else item.default


def hints_of(kind: type) -> dict[str, Any]:
    """Give the types of the fields of a settings class."""
    from datetime import date

    return get_type_hints(kind, localns={"date": date})


class Vocabulary(NamedTuple):
    """What a policy may name: the tables of the checks, and the rule ids; asked for only when needed."""

    settings: Callable[[], tuple[Setting, ...]]
    rules: Callable[[], Collection[str]]


def parse_toml(raw: bytes, file: str) -> dict[str, Any]:
    """Read TOML; PolicyError names the file and the place. ``pyproject.toml`` gives ``[tool.gatepost]``."""
    try:
        import tomllib  # type: ignore[import-not-found,unused-ignore]  # standard from Python 3.11
    except ModuleNotFoundError:
        import tomli as tomllib  # type: ignore[no-redef,import-not-found,unused-ignore]
    try:
        text = raw.decode("utf-8-sig")
        long = next((n for n, line in enumerate(text.splitlines(), 1) if len(line) > LINE_LIMIT), 0)
        if long and file.rpartition("/")[2] == FILE:  # tomllib needs 40 s for one key of 50,000 parts
            raise PolicyError([f"{file}: line {long} is longer than {LINE_LIMIT} characters"], "break it")
        data = tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise PolicyError([f"{file}: is not UTF-8 (byte {error.start})"], "save it as UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise PolicyError([f"{file}: {printable(str(error))}"], "see https://toml.io") from None
    except RecursionError:
        raise PolicyError([f"{file}: is nested too deeply"]) from None
    if file.rpartition("/")[2] == "pyproject.toml":
        tool = data.get("tool")
        data = tool.get("gatepost", {}) if isinstance(tool, dict) else {}
        if not isinstance(data, dict):
            raise PolicyError([f"{file}: tool.gatepost: must be a table"])
    return dict(data)


def overlay(base: Mapping[str, Any], winner: Mapping[str, Any]) -> dict[str, Any]:
    """Lay the server's policy over that of the base tree: its keys win, suppressions add up."""
    merged = {**base}
    for key, value in winner.items():
        mine = base.get(key)
        if key == "suppress" and isinstance(mine, list) and isinstance(value, list):
            merged[key] = mine + value
        elif isinstance(mine, Mapping) and isinstance(value, Mapping):
            merged[key] = overlay(mine, value)
        else:
            merged[key] = value
    return merged


def parse_policy(data: Mapping[str, Any], file: str, words: Vocabulary) -> Policy:
    """Check and type a whole policy; PolicyError carries all problems at once."""
    if not data:
        return Policy(file)
    reader = _Reader(file)
    settings = {setting.key: setting for setting in words.settings()}
    reader.known(data, "", ("gate", "rules", "suppress", *settings))
    gate = reader.table(Gate, data.get("gate", {}), "gate")
    for name in ("deadline", "max_file", "max_changed"):
        if gate and getattr(gate, name) <= 0:  # a timer of 0 would never ring
            reader.problem(f"gate.{name}", "must be more than 0")
    ids = words.rules() if data.get("rules") or data.get("suppress") else ()
    rules = _levels(reader, data.get("rules", {}), ids)
    suppress = reader.tables(Suppression, data.get("suppress", []), "suppress")
    for number, entry in enumerate(suppress):
        if entry.rule not in ids:
            reader.problem(f"suppress[{number}].rule", f"unknown rule {entry.rule!r}{nearest(entry.rule, ids)}")
        empty = [name for name in ("scope", "reason", "owner") if not getattr(entry, name).strip()]
        for name in empty:
            reader.problem(f"suppress[{number}].{name}", "must not be empty")
    tables = {key: reader.setting(settings[key], value) for key, value in data.items() if key in settings}
    if reader.problems:
        more = [f"{file}: and {len(reader.problems) - PROBLEMS} more"] if len(reader.problems) > PROBLEMS else []
        raise PolicyError(reader.problems[:PROBLEMS] + more, "every key: gatepost explain policy")
    return Policy(file, gate or Gate(), rules, suppress, tables)


def _levels(reader: _Reader, table: Any, ids: Collection[str]) -> dict[str, str]:
    if not isinstance(table, Mapping):
        reader.problem("rules", "must be a table of rule ids and levels")
        return {}
    for name, level in table.items():
        where = f'rules."{printable(str(name), 60)}"'
        if name not in ids:
            reader.problem(where, f"unknown rule{nearest(name, ids)}")
        if level not in (OFF, *LEVELS):
            reader.problem(where, f'must be "error", "warning", "note" or "off", not {printable(repr(level), 60)}')
    return {name: level for name, level in table.items() if isinstance(level, str)}


def nearest(word: str, known: Iterable[str]) -> str:
    """Give ``; did you mean "x"?`` for the nearest known word, or nothing."""
    from difflib import get_close_matches

    close = get_close_matches(word, list(known), 1, 0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


_UNITS: dict[type, tuple[str, dict[str, float]]] = {
    Size: (
        'a size such as "10 KiB"',
        {"B": 1, "kB": 1e3, "KB": 1e3, "KiB": 1024, "MB": 1e6, "MiB": 1024**2, "GB": 1e9, "GiB": 1024**3},
    ),
    Percent: ('a share such as "5%"', {"%": 0.01}),
    Duration: ('a duration such as "20s"', {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}),
}


def spelled(value: Any) -> str:
    """Write a value as a policy has it: ``"10 KiB"``, ``true``, ``["a"]``; ``nothing`` where there is none."""
    if value is None:
        return "nothing"
    if isinstance(value, (tuple, list)):
        return f"[{', '.join(spelled(entry) for entry in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key} = {spelled(entry)}' for key, entry in value.items())}}}"
    if is_dataclass(value):
        return spelled(identity(value))
    if type(value) in _UNITS:
        return f'"{_with_unit(value)}"'
    if isinstance(value, bool):
        return str(value).lower()
    return f'"{printable(value, 120)}"' if isinstance(value, str) else str(value)


def _with_unit(value: float) -> str:
    if isinstance(value, Percent):
        return f"{value * 100:.6f}".rstrip("0").rstrip(".") + "%"
    names = ("GiB", "MiB", "KiB", "B") if isinstance(value, Size) else ("d", "h", "m", "s", "ms")
    units = _UNITS[type(value)][1]
    unit = next((name for name in names if value >= units[name] and value % units[name] == 0), "")
    unit = unit or ("B" if isinstance(value, Size) else "ms" if value else "s")
    number = f"{value / units[unit]:.6f}".rstrip("0").rstrip(".")
    return f"{number} {unit}" if isinstance(value, Size) else f"{number}{unit}"


class _Reader:
    """Turn tables into dataclasses, collecting problems instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[str] = []

    def problem(self, path: str, text: str) -> None:
        path = printable(path)
        self.problems.append(f"{self.file}: {path}: {text}" if path else f"{self.file}: {text}")

    def known(self, table: Mapping[str, Any], path: str, names: Collection[str]) -> None:
        for name in table:
            if name not in names:
                where = f"{path}.{printable(name, 60)}" if path else printable(name, 60)
                self.problem(where, f"unknown key{nearest(name, names)}")

    def setting(self, setting: Setting, value: Any) -> Any:
        read = self.tables if setting.many else self.table
        return read(setting.type, value, setting.key)

    def tables(self, kind: type[T], value: Any, path: str) -> tuple[T, ...]:
        if not isinstance(value, list):
            self.problem(path, f"must be an array of tables: [[{path}]]")
            return ()
        read = (self.table(kind, entry, f"{path}[{number}]") for number, entry in enumerate(value))
        found = tuple(entry for entry in read if entry is not None)
        from collections import Counter

        named = kind is not Suppression and default_of(fields(kind)[0]) is MISSING  # type: ignore[arg-type]
        names = [identity(entry) for entry in found] if named else []
        for name in sorted({printable(str(name), 60) for name, number in Counter(names).items() if number > 1}):
            self.problem(path, f'"{name}" is there more than once')
        return found

    def table(self, kind: type[T], value: Any, path: str) -> T | None:
        if not isinstance(value, Mapping):
            self.problem(path, f"must be a table: [{path}]")
            return None
        hints, items = hints_of(kind), fields(kind)  # type: ignore[arg-type]  # settings are dataclasses
        names = [item.name for item in items]
        self.known(value, path, names)
        before, given = len(self.problems), {}
        for item in items:
            if item.name in value:
                given[item.name] = self.value(hints[item.name], value[item.name], f"{path}.{item.name}")
            elif default_of(item) is MISSING:
                self.problem(f"{path}.{item.name}", "is missing")
        return kind(**given) if len(self.problems) == before else None

    def value(self, kind: Any, value: Any, path: str) -> Any:
        from datetime import date

        origin, inner = get_origin(kind), get_args(kind)
        if origin in (Union, UnionType):
            return self.value(next(arg for arg in inner if arg is not type(None)), value, path)
        if origin is Literal:
            return self._checked(value in inner, value, path, " or ".join(f'"{word}"' for word in inner))
        if origin is tuple:
            if not isinstance(value, list):
                return self._checked(False, value, path, "an array")
            return tuple(self.value(inner[0], entry, f"{path}[{number}]") for number, entry in enumerate(value))
        if origin in (dict, Mapping):
            if not isinstance(value, Mapping):
                return self._checked(False, value, path, "a table")
            return {key: self.value(inner[1], entry, f"{path}.{key}") for key, entry in value.items()}
        if kind in _UNITS:
            return self._unit(kind, value, path)
        if is_dataclass(kind):
            return self.table(kind, value, path)  # type: ignore[arg-type]  # a class, not an instance
        names = {
            str: "a string",
            int: "a whole number",
            float: "a number",
            bool: "true or false",
            date: "a date such as 2027-01-31",
        }
        if type(value) is int and abs(value) > HIGHEST:
            self.problem(path, f"must be between -{HIGHEST} and {HIGHEST}")
            return value
        right = type(value) is kind or (kind is float and type(value) is int)
        return self._checked(right, value, path, names.get(kind, str(kind)))

    def _unit(self, kind: type, value: Any, path: str) -> Any:
        wanted, units = _UNITS[kind]
        found = (
            re.fullmatch(r"\s*(\d{1,15}(?:\.\d{1,6})?)\s*([A-Za-z%]+)\s*", value) if isinstance(value, str) else None
        )
        if not found or found[2] not in units:
            return self._checked(False, value, path, wanted)
        return kind(round(float(found[1]) * units[found[2]], 9))

    def _checked(self, right: bool, value: Any, path: str, wanted: str) -> Any:
        if not right:
            self.problem(path, f"must be {wanted}, not {printable(repr(value), 60)}")
        return value


def line_of(text: Sequence[str], key: str) -> int:
    """Give the line that sets a key such as ``gate.mode``, ``bundle.artifact[web].growth`` or ``suppress[2].rule``.

    ``text`` is the policy file's lines. This is a search, not a parser: it points at a place, and at
    line 1 where it finds none.
    """
    table, indexed, rest = key.partition("[")
    entry, _, name = rest.rpartition("]") if indexed else ("", "", "")
    if not indexed:
        table, _, name = ("rules", "", key[6:]) if key.startswith("rules.") else key.rpartition(".")
    heads = [number for number, line in enumerate(text) if _heads(line, table)]
    if indexed and not heads:  # an array of values, or tables written inline
        table, _, name = table.rpartition(".")
        heads = [number for number, line in enumerate(text) if _heads(line, table)]
    elif entry.isdigit():
        heads = heads[int(entry) :]
    elif entry:
        heads = [number for number, line in enumerate(text) if spelled(entry) in line]
    start = heads[0] if heads else 0
    name = name.strip('."')
    lines = enumerate(text[start:], start + 1)
    return next((n for n, line in lines if name and (_assigns(line, name) or _heads(line, key))), start + 1)


def _heads(line: str, table: str) -> bool:
    head = line.partition("#")[0].strip()
    return head.startswith("[") and head.strip("[] ").removeprefix("tool.gatepost.") == table


def _assigns(line: str, name: str) -> bool:
    before, found, _ = line.partition("=")
    return bool(found) and before.strip(" \t\"'") == name
