"""Read node-pg-migrate's JavaScript: calls of ``pgm``; without a down it inverts the up by itself, if it can."""

from __future__ import annotations

from typing import Any

from gatepost.migrations import POSTGRESQL, Script, Scripts, _javascript, _types
from gatepost.migrations._code import Call, Text, plain, plains
from gatepost.migrations._interpret import Interpreter, Steps, literal
from gatepost.sql import operations as ops

SHORT = {"id": "serial", "string": "varchar", "int": "integer", "bool": "boolean", "datetime": "timestamp"}


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    from dataclasses import replace

    _ = dialect
    reader = _Reader()
    scripts, module = _javascript.both(text, path, POSTGRESQL, reader.call)
    if module.values.get("down", True) is False:
        down = Script(path, (), POSTGRESQL, state="irreversible", reason="down = false")
        return replace(scripts, down=down)
    if "down" in module.functions or "up" not in module.functions:
        return scripts
    again = _Reader()
    Interpreter(again.call, _javascript.WRAPPERS).run(module.functions["up"])
    if again.absent:
        return replace(scripts, down=None, absent=again.absent[0][0], line=again.absent[0][1])
    up = scripts.up
    state = "ok" if again.down or not up.certain else up.state
    down = Script(path, tuple(again.down), POSTGRESQL, line=up.line, state=state, certain=up.certain)
    return replace(scripts, down=down)


class _Reader:
    """Takes calls; keeps what undoes them, or that the tool cannot."""

    def __init__(self) -> None:
        self.down: Steps = []
        self.absent: list[tuple[str, int]] = []

    def call(self, call: Call) -> Steps | None:
        """Take one call."""
        if call.name in ("noTransaction", "func"):
            return []
        if call.name in ("sql", "query"):
            self.absent.append(("pgm.sql has no inverse", call.line))
            value = call.arg(0)
            return [value.sql()] if isinstance(value, Text) else None
        table = _name(call.arg(0))
        name = {"addColumn": "addColumns", "dropColumn": "dropColumns"}.get(call.name, call.name)
        handler = getattr(self, "_" + name, None) if not name.islower() else None
        if handler is not None and table:
            made: Steps | None = handler(call, table)
            return made
        if call.name.startswith(("drop", "alter")):
            self.absent.append((f"pgm.{call.name} has no inverse", call.line))
        return None

    def _createTable(self, call: Call, table: str) -> Steps | None:  # noqa: N802 - the tool's own name
        columns = call.arg(1)
        if not isinstance(columns, dict):
            return None
        found = [_column(name, words) for name, words in columns.items()]
        constraints = tuple(one for _, made in found for one in made)
        self.down.insert(0, ops.DropTable(table, line=call.line))
        return [ops.CreateTable(table, tuple(one for one, _ in found), constraints, line=call.line)]

    def _dropTable(self, call: Call, table: str) -> Steps:  # noqa: N802
        self.absent.append(("pgm.dropTable has no inverse", call.line))
        return [ops.DropTable(table, line=call.line)]

    def _addColumns(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        columns = call.arg(1)
        if not isinstance(columns, dict):
            return None
        found = [_column(name, words) for name, words in columns.items()]
        self.down[:0] = [ops.DropColumn(table, one.name, line=call.line) for one, _ in found]
        return [ops.AddColumn(table, one, tuple(made), line=call.line) for one, made in found]

    def _dropColumns(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        self.absent.append(("pgm.dropColumns has no inverse", call.line))
        return [ops.DropColumn(table, one, line=call.line) for one in plains(call.arg(1))] or None

    def _renameTable(self, call: Call, table: str) -> Steps:  # noqa: N802
        new = _name(call.arg(1))
        self.down.insert(0, ops.RenameTable(new, table, line=call.line))
        return [ops.RenameTable(table, new, line=call.line)]

    def _renameColumn(self, call: Call, table: str) -> Steps:  # noqa: N802
        old, new = call.text(1), call.text(2)
        self.down.insert(0, ops.RenameColumn(table, new, old, line=call.line))
        return [ops.RenameColumn(table, old, new, line=call.line)]

    def _alterColumn(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        self.absent.append(("pgm.alterColumn has no inverse", call.line))
        name, words = call.text(1), call.arg(2)
        if not name or not isinstance(words, dict):
            return None
        steps: Steps = []
        if plain(words.get("type")):
            steps.append(ops.SetType(table, name, _type(words["type"]), line=call.line))
        if isinstance(words.get("notNull"), bool):
            steps.append(ops.SetNullable(table, name, not words["notNull"], line=call.line))
        if "default" in words:
            steps.append(ops.SetDefault(table, name, _default(words["default"]), line=call.line))
        return steps

    def _createIndex(self, call: Call, table: str) -> Steps | None:  # noqa: N802
        columns, options = plains(call.arg(1)), call.arg(2)
        options = options if isinstance(options, dict) else {}
        if not columns:
            return None
        unique = options.get("unique") is True
        named = plain(options.get("name")) or f"{table}_{'_'.join(columns)}_{'unique_' if unique else ''}index"
        beside = options.get("concurrently") is True
        self.down.insert(0, ops.DropIndex(named, table, concurrently=beside, line=call.line))
        return [ops.CreateIndex(table, ops.Index(columns, named, unique), beside, line=call.line)]

    def _dropIndex(self, call: Call, table: str) -> Steps:  # noqa: N802
        self.absent.append(("pgm.dropIndex has no inverse", call.line))
        options = call.arg(2)
        columns = plains(call.arg(1))
        named = plain(options.get("name")) if isinstance(options, dict) else ""
        return [ops.DropIndex(named or f"{table}_{'_'.join(columns)}_index", table, line=call.line)]

    def _dropConstraint(self, call: Call, table: str) -> Steps:  # noqa: N802
        self.absent.append(("pgm.dropConstraint has no inverse", call.line))
        return [ops.DropConstraint(table, call.text(1), line=call.line)]

    def _createType(self, call: Call, name: str) -> Steps:  # noqa: N802
        self.down.insert(0, ops.DropObject("enum", name, line=call.line))
        return [ops.CreateObject("enum", name, values=plains(call.arg(1)), line=call.line)]

    def _dropType(self, call: Call, name: str) -> Steps:  # noqa: N802
        self.absent.append(("pgm.dropType has no inverse", call.line))
        return [ops.DropObject("enum", name, line=call.line)]

    def _createExtension(self, call: Call, name: str) -> Steps:  # noqa: N802
        self.down.insert(0, ops.DropObject("extension", name, line=call.line))
        return [ops.CreateObject("extension", name, line=call.line)]


def _name(value: Any) -> str:
    if isinstance(value, dict):
        schema, name = plain(value.get("schema")), plain(value.get("name"))
        return f"{schema}.{name}" if schema and schema != "public" else name
    return plain(value)


def _type(value: Any) -> str:
    text = plain(value)
    return _types.canonical(SHORT.get(text, text), POSTGRESQL) if text else ""


def _column(name: str, words: Any) -> tuple[ops.Column, list[ops.Constraint]]:
    if not isinstance(words, dict):
        counted = plain(words) == "id"
        made = [ops.Constraint("primary key", (name,))] if counted else []
        typed = "integer" if counted else _type(words)
        return ops.Column(name, typed, not counted, identity="serial" if counted else None), made
    primary = words.get("primaryKey") is True
    typed = _type(words.get("type"))
    counted = typed in ("serial", "bigserial")
    column = ops.Column(
        name,
        {"serial": "integer", "bigserial": "bigint"}.get(typed, typed),
        not (primary or counted or words.get("notNull") is True),
        _default(words.get("default")) if "default" in words else None,
        identity="serial" if counted else None,
    )
    constraints = [ops.Constraint("primary key", (name,))] if primary else []
    if words.get("unique") is True:
        constraints.append(ops.Constraint("unique", (name,)))
    target = plain(words.get("references")).partition("(")[0].strip('" ')
    if target:
        deleted = plain(words.get("onDelete")).lower()
        constraints.append(ops.Constraint("foreign key", (name,), target=target, on_delete=deleted))
    return column, constraints


def _default(value: Any) -> str | None:
    if isinstance(value, Call) and value.name == "func":
        return value.text(0)
    return literal(value)
