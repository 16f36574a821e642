"""What an operation of Django's does and what undoes it, and its arguments."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gatepost.migrations._django_state import Model, State
from gatepost.sql import operations as ops

if TYPE_CHECKING:
    from gatepost.migrations._django import File


@dataclass(slots=True)
class Effect:
    """What an operation does and what undoes it.

    ``absent`` says why Django refuses to go back; ``idle`` that the way back is there and does nothing;
    ``raising`` that it always fails.
    """

    line: int
    up: list[Any] = field(default_factory=list)
    down: list[Any] = field(default_factory=list)
    certain: bool = True
    absent: str = ""
    idle: str = ""
    raising: str = ""


class Call:
    """An operation's arguments by name, in the scope of its file."""

    def __init__(self, node: ast.Call, file: File, state: State, order: tuple[str, ...]) -> None:
        self.node, self.file, self.state = node, file, state
        self.words = {word.arg: word.value for word in node.keywords if word.arg}
        self.words |= dict(zip(order, node.args, strict=False))
        self.line = node.lineno

    def text(self, word: str) -> str:
        """Give a string, "" where there is none."""
        value = self.file.scope.value(self.words.get(word))
        return value if isinstance(value, str) else ""

    def model(self, word: str = "model_name") -> Model:
        """Give the model that an argument names."""
        return self.state.model(self.text(word))


# By the operation's name: what reads it, and the names of its arguments in order.
Handlers = dict[str, tuple[Callable[[Call], Effect], tuple[str, ...]]]


def unknown(node: ast.expr) -> Effect:
    """Give what nobody can follow, both ways."""
    text = ast.unparse(node).split("\n", 1)[0][:120]
    step = ops.Opaque("an operation that is not Django's own", text, line=node.lineno)
    return Effect(node.lineno, [step], [step], certain=False)
