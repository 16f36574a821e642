"""What a query needs of a schema, one fact for each place in its tree that names something."""

from __future__ import annotations

from dataclasses import dataclass

from gatepost.sql.operations import Column

OK, GONE, UNSURE, AMBIGUOUS = "ok", "gone", "unsure", "ambiguous"
Place = tuple[str, int, str]  # the kind of fact, the node of the tree, and a name where a node needs several


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a query needs: whether it is there, of which table, by which name; ``text`` is for a person."""

    state: str
    kind: str
    table: str
    name: str
    text: str
    certain: bool = True


def required(column: Column) -> bool:
    """Tell whether an INSERT has to give a column."""
    filled = column.default is not None or column.generated or column.identity
    return column.nullable is False and not filled


class Facts:
    """The facts of one query on one schema, by their place in the tree."""

    def __init__(self) -> None:
        self.found: dict[Place, Fact] = {}

    def note(self, node: object, fact: Fact, part: str = "") -> None:
        """Keep a fact; the first that is said of a place stays."""
        self.found.setdefault((fact.kind, id(node), part), fact)
