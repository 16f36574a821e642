"""What migrations in other languages say, in one small shape: calls, texts, blocks; the rest is Other.

A converter for each language builds it (``_ruby``, ``_php``, ``_script``, ``_elixir``, ``_csharp``); a framework
reads it. Nothing is run, and what is not understood stays visible.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import Script, Sql, State

UNKNOWN = object()
PLACEHOLDER = "gatepost_unknown"


@dataclass(frozen=True, slots=True)
class Text:
    """A string as it stands; ``dynamic`` where a part is filled in when it runs."""

    value: str
    line: int = 1
    dynamic: bool = False

    def sql(self) -> Sql:
        """Give it as SQL."""
        return Sql(self.value, self.line, self.dynamic)


@dataclass(frozen=True, slots=True)
class Name:
    """An identifier, a constant, a dotted name: ``t``, ``Sequelize.STRING``."""

    value: str


@dataclass(slots=True)
class Block:
    """Statements, with the names of the parameters where they are a function's."""

    body: list[Any] = field(default_factory=list)
    params: list[str] = field(default_factory=list)
    line: int = 1


@dataclass(slots=True)
class Call:
    """A call; ``args`` None is a member that is only named. ``words`` are named arguments."""

    name: str
    receiver: Any = None
    args: list[Any] | None = None
    words: dict[str, Any] = field(default_factory=dict)
    block: Block | None = None
    line: int = 1

    def chain(self) -> list[Call]:
        """Give the calls of ``a.b().c()`` in the order in which they run; names at the beginning are left out."""
        found: list[Call] = []
        node: Any = self
        while isinstance(node, Call):
            found.append(node)
            node = node.receiver
        return found[::-1]

    def origin(self) -> str:
        """Give the name at the beginning of the chain, "" where there is none."""
        node: Any = self
        while isinstance(node, Call) and node.receiver is not None:
            node = node.receiver
        return node.value if isinstance(node, Name) else ""

    def arg(self, at: int, word: str = "") -> Any:
        """Give an argument by place or name, UNKNOWN where there is none."""
        if word and word in self.words:
            return self.words[word]
        return self.args[at] if self.args is not None and at < len(self.args) else UNKNOWN

    def text(self, at: int, word: str = "") -> str:
        """Give an argument that is a plain string or a symbol, "" where it is none."""
        return plain(self.arg(at, word))

    def block_of(self) -> Block | None:
        """Give the block, or the function among the arguments."""
        if self.block is not None:
            return self.block
        return next((one for one in self.args or () if isinstance(one, Block)), None)


@dataclass(frozen=True, slots=True)
class Raise:
    """A statement that always fails."""

    text: str
    line: int = 1


@dataclass(slots=True)
class Branch:
    """Statements that run under a condition, or again and again."""

    body: list[Any]
    line: int = 1
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Other:
    """A statement or a value that is not understood."""

    text: str
    line: int = 1


def plain(value: Any) -> str:
    """Give a value that is a plain string, "" where it is none."""
    return value.value if isinstance(value, Text) and not value.dynamic else ""


def plains(value: Any) -> tuple[str, ...]:
    """Give a list of plain strings, or one; nothing where it is neither."""
    if isinstance(value, Text):
        return (value.value,) if not value.dynamic else ()
    if isinstance(value, list) and all(plain(one) for one in value):
        return tuple(plain(one) for one in value)
    return ()


IDLE_CALLS = ("puts", "say", "log", "info", "print", "echo", "warn", "error", "debug", "resolve", "write", "writeln")


def form(block: Block) -> tuple[State, str, int]:
    """Say what a function's body amounts to by its form, in which words, and on which line."""
    active = [node for node in flat(block.body) if not idle(node)]
    if not active:
        return "empty", "its body is empty", block.line
    rest = [node for node in active if not (isinstance(node, Call) and node.name in IDLE_CALLS)]
    if not rest:
        return "noop", "it only prints", block.line
    if isinstance(rest[0], Raise):
        return "raising", rest[0].text[:80], rest[0].line
    return "ok", "", getattr(rest[0], "line", block.line)


def idle(node: Any) -> bool:
    """Tell a statement that is a plain value."""
    return node is None or isinstance(node, (Text, Name, bool, int, float, list)) or node is UNKNOWN


def flat(body: list[Any]) -> Iterator[Any]:
    """Give statements one by one, lists of them opened."""
    for node in body:
        if isinstance(node, list) and any(isinstance(one, (Call, Raise, Other)) for one in node):
            yield from node
        else:
            yield node


def script(path: str, block: Block, dialect: str, steps: list[Any], certain: bool, transaction: bool = True) -> Script:
    """Give the Script of a function whose steps were worked out."""
    from gatepost.migrations import _sqltext

    state, reason, line = form(block)
    if state == "ok" and certain:
        if not steps:
            state, reason = "empty", "it runs no operation"
        elif all(isinstance(step, Sql) for step in steps):
            state, reason = _sqltext.state(";\n".join(step.text for step in steps))
    return Script(path, tuple(steps), dialect, transaction, line, state, reason, certain=certain)
