"""Read Phinx migrations: ``change``, or ``up`` and ``down``, with tables that are built and saved."""

from __future__ import annotations

from typing import Any

from gatepost.migrations import Script, Scripts, _php, _sqltext, _types
from gatepost.migrations._code import Block, Call, plain, plains, script
from gatepost.migrations._interpret import Interpreter, Steps, literal, sql
from gatepost.sql import operations as ops

_TYPES = {"string": "varchar(255)", "biginteger": "bigint", "datetime": "timestamp", "float": "float", "json": "json"}
SAVES = ("create", "save", "update", "saveData")


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    found = _php.read(text, path)
    declared = _sqltext.marker(text, path)
    methods = found.methods if found else {}
    if "change" in methods:
        return _change(methods["change"], path, dialect, declared)
    up, down = methods.get("up"), methods.get("down")
    if up is None:
        reason = "has neither change() nor up()"
        return Scripts(Script(path, (), dialect, state="not-analysed", reason=reason, certain=False))
    second = _direction(down, path, dialect)[0] if down else None
    return Scripts(_direction(up, path, dialect)[0], second, declared)


def _direction(block: Block, path: str, dialect: str) -> tuple[Script, _Reader]:
    reader = _Reader(dialect)
    runner = Interpreter(reader.call).run(block)
    return script(path, block, dialect, runner.steps, runner.certain), reader


def _change(block: Block, path: str, dialect: str, declared: Any) -> Scripts:
    up, reader = _direction(block, path, dialect)
    if reader.absent:
        return Scripts(up, None, declared, *reader.absent[0])
    down = Script(path, tuple(reader.down), dialect, True, up.line, up.state, up.reason, certain=up.certain)
    return Scripts(up, down, declared)


class _Reader:
    """Takes chains of calls on tables; keeps what undoes them, or that Phinx cannot."""

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.down: Steps = []
        self.absent: list[tuple[str, int]] = []

    def call(self, call: Call) -> Steps | None:
        """Take a whole chain."""
        chain = call.chain()
        if call.name in ("execute", "query"):
            self.absent.append((f"{call.name}() in change() has no reverse", call.line))
            return sql(call)
        if call.name in ("dropTable", "dropIfExists") and call.text(0):
            self.absent.append(("dropTable() has no reverse", call.line))
            return [ops.DropTable(call.text(0), line=call.line)]
        if chain[0].name != "table" or not chain[0].text(0):
            return None
        return self._table(chain[0], chain[1:])

    def _table(self, head: Call, rest: list[Call]) -> Steps | None:
        table = head.text(0)
        steps: Steps = []
        for one in rest:
            made = self._one(one, table)
            if made is None:
                return None
            steps += made
        if any(one.name == "create" for one in rest):
            return self._created(head, table, steps)
        return steps

    def _created(self, head: Call, table: str, steps: Steps) -> Steps:
        options = head.arg(1)
        options = options if isinstance(options, dict) else {}
        keyed = options.get("id", True)
        columns = [step.column for step in steps if isinstance(step, ops.AddColumn)]
        constraints = [step.constraint for step in steps if isinstance(step, ops.AddConstraint)]
        if keyed is not False:
            name = plain(keyed) or "id"
            columns.insert(0, ops.Column(name, _types.generic("integer", self.dialect), False, identity="by default"))
            constraints.insert(0, ops.Constraint("primary key", (name,)))
        elif plains(options.get("primary_key")):
            constraints.insert(0, ops.Constraint("primary key", plains(options.get("primary_key"))))
        rest = [step for step in steps if not isinstance(step, (ops.AddColumn, ops.AddConstraint))]
        own = [step for step in self.down if getattr(step, "table", "") == table]
        self.down = [step for step in self.down if step not in own]
        self.down.insert(0, ops.DropTable(table, line=head.line))
        return [ops.CreateTable(table, tuple(columns), tuple(constraints), line=head.line), *rest]

    def _one(self, call: Call, table: str) -> Steps | None:
        name = call.text(0)
        if call.name in SAVES:
            return []
        if call.name == "addColumn" and name:
            self.down.insert(0, ops.DropColumn(table, name, line=call.line))
            return [ops.AddColumn(table, self._column(call), line=call.line)]
        if call.name == "addTimestamps":
            return self._timestamps(call, table)
        if call.name == "renameColumn" and name and call.text(1):
            self.down.insert(0, ops.RenameColumn(table, call.text(1), name, line=call.line))
            return [ops.RenameColumn(table, name, call.text(1), line=call.line)]
        if call.name == "rename" and name:
            self.down.insert(0, ops.RenameTable(name, table, line=call.line))
            return [ops.RenameTable(table, name, line=call.line)]
        if call.name in ("addIndex", "addForeignKey"):
            return self._key(call, table)
        return self._no_way_back(call, table, name)

    def _no_way_back(self, call: Call, table: str, name: str) -> Steps | None:
        self.absent.append((f"{call.name}() in change() has no reverse", call.line))
        if call.name == "removeColumn" and name:
            return [ops.DropColumn(table, name, line=call.line)]
        if call.name == "changeColumn" and name:
            return [ops.SetType(table, name, self._column(call).type, line=call.line)]
        if call.name == "drop":
            return [ops.DropTable(table, line=call.line)]
        if call.name in ("insert", "truncate"):
            return [ops.Data(call.name, table, line=call.line)]
        if call.name == "removeIndex" and plains(call.arg(0)):
            return [ops.DropIndex(None, table, plains(call.arg(0)), line=call.line)]
        if call.name == "dropForeignKey" and plains(call.arg(0)):
            return [ops.DropConstraint(table, None, "foreign key", plains(call.arg(0)), line=call.line)]
        return None

    def _column(self, call: Call) -> ops.Column:
        options = call.arg(2)
        options = options if isinstance(options, dict) else {}
        kind = call.text(1)
        text = _TYPES.get(kind, kind)
        limit, precision = options.get("limit"), options.get("precision")
        if type(limit) is int and kind in ("string", "char"):
            text = f"varchar({limit})"
        elif type(precision) is int:
            scale = options.get("scale")
            text = f"{text}({precision},{scale if type(scale) is int else 0})"
        null = options.get("null", True)
        default = literal(options["default"]) if "default" in options else None
        typed = _types.generic(text, self.dialect)
        return ops.Column(call.text(0), typed, null if isinstance(null, bool) else None, default)

    def _timestamps(self, call: Call, table: str) -> Steps:
        steps: Steps = []
        for name in (call.text(0) or "created_at", call.text(1) or "updated_at"):
            steps.append(ops.AddColumn(table, ops.Column(name, "timestamp"), line=call.line))
            self.down.insert(0, ops.DropColumn(table, name, line=call.line))
        return steps

    def _key(self, call: Call, table: str) -> Steps | None:
        columns = plains(call.arg(0))
        if not columns:
            return None
        if call.name == "addIndex":
            options = call.arg(1)
            options = options if isinstance(options, dict) else {}
            named = plain(options.get("name")) or None
            index = ops.Index(columns, named, options.get("unique") is True)
            self.down.insert(0, ops.DropIndex(named, table, columns, line=call.line))
            return [ops.CreateIndex(table, index, line=call.line)]
        made = ops.Constraint("foreign key", columns, target=call.text(1) or None, target_columns=plains(call.arg(2)))
        self.down.insert(0, ops.DropConstraint(table, None, "foreign key", columns, line=call.line))
        return [ops.AddConstraint(table, made, line=call.line)]
