"""Read Ecto migrations: ``change``, or ``up`` and ``down``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import POSTGRESQL, Script, Scripts, _elixir, _sqltext, _types
from gatepost.migrations._code import UNKNOWN, Block, Call, Text, form, plain, plains, script
from gatepost.migrations._interpret import Interpreter, Steps, literal, sql
from gatepost.sql import operations as ops

_TYPES: dict[str, tuple[str, str]] = {
    "string": ("varchar(255)", "varchar(255)"),
    "text": ("text", "text"),
    "integer": ("integer", "int"),
    "bigint": ("bigint", "bigint"),
    "id": ("bigint", "bigint"),
    "float": ("double precision", "double"),
    "decimal": ("numeric", "decimal"),
    "boolean": ("boolean", "tinyint(1)"),
    "date": ("date", "date"),
    "time": ("time(0)", "time"),
    "utc_datetime": ("timestamp(0)", "datetime"),
    "naive_datetime": ("timestamp(0)", "datetime"),
    "utc_datetime_usec": ("timestamp", "datetime(6)"),
    "naive_datetime_usec": ("timestamp", "datetime(6)"),
    "binary": ("bytea", "blob"),
    "binary_id": ("uuid", "binary(16)"),
    "uuid": ("uuid", "binary(16)"),
    "map": ("jsonb", "json"),
    "serial": ("integer", "int"),
    "bigserial": ("bigint", "bigint"),
}


@dataclass(slots=True)
class Both:
    """What a call does, what undoes it, or why Ecto refuses to."""

    up: Steps
    down: Steps = field(default_factory=list)
    absent: str = ""


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    found = _elixir.read(text, path)
    declared = _sqltext.marker(text, path)
    transaction = found.attributes.get("disable_ddl_transaction") is not True
    change, up, down = (found.functions.get(name) for name in ("change", "up", "down"))
    if change is not None:
        return _change(change, path, dialect, transaction, declared)
    if up is None:
        reason = "defines neither change nor up"
        return Scripts(Script(path, (), dialect, state="not-analysed", reason=reason, certain=False))
    second = _direction(down, path, dialect, transaction)[0] if down else None
    return Scripts(_direction(up, path, dialect, transaction)[0], second, declared)


def _direction(block: Block, path: str, dialect: str, transaction: bool) -> tuple[Script, _Reader]:
    reader = _Reader(dialect)
    runner = Interpreter(reader.call).run(block)
    return script(path, block, dialect, runner.steps, runner.certain, transaction), reader


def _change(block: Block, path: str, dialect: str, transaction: bool, declared: Any) -> Scripts:
    up, reader = _direction(block, path, dialect, transaction)
    if reader.absent:
        return Scripts(up, None, declared, *reader.absent[0])
    state, reason, line = form(block)
    steps = tuple(reader.down)
    return Scripts(up, Script(path, steps, dialect, transaction, line, state, reason, certain=up.certain), declared)


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.down: Steps = []
        self.absent: list[tuple[str, int]] = []

    def call(self, call: Call) -> Steps | None:
        """Take one call, and keep what undoes it."""
        made = self._both(call)
        if made is None:
            return None
        if made.absent:
            self.absent.append((made.absent, call.line))
        self.down = made.down + self.down
        return made.up

    def _both(self, call: Call) -> Both | None:
        if call.name == "flush":
            return Both([])
        if call.name in ("execute", "execute_file"):
            return self._execute(call)
        what = call.arg(0)
        if not isinstance(what, Call):
            return None
        if what.name == "table":
            return self._table(call, what)
        if what.name in ("index", "unique_index"):
            return self._index(call, what)
        return self._constraint(call, what) if what.name == "constraint" else None

    def _execute(self, call: Call) -> Both | None:
        up = sql(call)
        if up is None:
            return None
        if call.args and len(call.args) > 1:
            down = sql(call, 1)
            empty = isinstance(call.args[1], Text) and not call.args[1].value.strip()
            return Both(up, [] if empty else down or [])
        return Both(up, absent="execute with one statement has no reverse")

    def _table(self, call: Call, what: Call) -> Both | None:
        table = _qualified(what)
        if not table:
            return None
        if call.name in ("create", "create_if_not_exists"):
            return self._create(call, what, table)
        if call.name in ("drop", "drop_if_exists"):
            drop = ops.DropTable(table, call.name.endswith("exists"), line=call.line)
            return Both([drop], absent="drop table has no reverse")
        if call.name == "alter":
            return self._alter(call, table)
        return self._rename(call, table) if call.name == "rename" else None

    def _rename(self, call: Call, table: str) -> Both | None:
        new = call.words.get("to")
        if isinstance(new, Call) and new.name == "table":
            to = _qualified(new)
            return Both([ops.RenameTable(table, to, line=call.line)], [ops.RenameTable(to, table, line=call.line)])
        old, name = call.text(1), plain(new)
        if not old or not name:
            return None
        forth, back = (ops.RenameColumn(table, *pair, line=call.line) for pair in ((old, name), (name, old)))
        return Both([forth], [back])

    def _create(self, call: Call, what: Call, table: str) -> Both | None:
        columns: list[ops.Column] = []
        constraints: list[ops.Constraint] = []
        key = what.words.get("primary_key", True)
        if key is not False:
            identity = "serial" if self.dialect == POSTGRESQL else "auto_increment"
            columns.append(ops.Column("id", "bigint", False, identity=identity))
            constraints.append(ops.Constraint("primary key", ("id",)))
        for node in call.block.body if call.block else ():
            if not isinstance(node, Call) or not self._line(node, columns, constraints):
                return None
        made = ops.CreateTable(
            table, tuple(columns), tuple(constraints), if_not_exists=call.name.endswith("exists"), line=call.line
        )
        return Both([made], [ops.DropTable(table, line=call.line)])

    def _line(self, node: Call, columns: list[ops.Column], constraints: list[ops.Constraint]) -> bool:
        if node.name == "timestamps":
            typed = plain(node.words.get("type")) or "naive_datetime"
            columns += [ops.Column(name, self._type(Text(typed), {}), False) for name in ("inserted_at", "updated_at")]
            return True
        if node.name not in ("add", "add_if_not_exists") or not node.text(0):
            return False
        column, made = self._column(node)
        columns.append(column)
        constraints += made
        return True

    def _column(self, node: Call) -> tuple[ops.Column, list[ops.Constraint]]:
        name, kind, null = node.text(0), node.arg(1), node.words.get("null", True)
        primary = node.words.get("primary_key") is True
        made = [ops.Constraint("primary key", (name,))] if primary else []
        typed = self._type(kind, node.words)
        if isinstance(kind, Call) and kind.name == "references":
            typed = self._type(kind.words.get("type", Text("id")), {})
            target = (plain(kind.words.get("column")) or "id",)
            deleted = {"delete_all": "cascade", "nilify_all": "set null"}.get(plain(kind.words.get("on_delete")), "")
            made.append(
                ops.Constraint("foreign key", (name,), target=kind.text(0), target_columns=target, on_delete=deleted)
            )
        default = node.words.get("default")
        text = _default(default) if "default" in node.words else None
        return ops.Column(name, typed, False if primary else null if isinstance(null, bool) else None, text), made

    def _type(self, kind: Any, words: dict[str, Any]) -> str:
        if isinstance(kind, list) and len(kind) == 2:
            inner = self._type(kind[1], {})
            return inner + "[]" if inner else ""
        known = _TYPES.get(plain(kind))
        text = (known[0] if self.dialect == POSTGRESQL else known[1]) if known else plain(kind)
        size, precision = words.get("size"), words.get("precision")
        if type(size) is int:
            text = f"{text.partition('(')[0]}({size})"
        elif type(precision) is int:
            scale = words.get("scale")
            text = f"{text}({precision},{scale if type(scale) is int else 0})"
        return _types.canonical(text, self.dialect) if text else ""

    def _alter(self, call: Call, table: str) -> Both | None:
        made = Both([])
        for node in call.block.body if call.block else ():
            found = self._change(node, table) if isinstance(node, Call) else None
            if found is None:
                return None
            made.up += found.up
            made.down = found.down + made.down
            made.absent = made.absent or found.absent
        return made

    def _change(self, node: Call, table: str) -> Both | None:
        name = node.text(0)
        if node.name == "timestamps":
            columns: list[ops.Column] = []
            self._line(node, columns, [])
            return Both(
                [ops.AddColumn(table, one, line=node.line) for one in columns],
                [ops.DropColumn(table, one.name, line=node.line) for one in columns],
            )
        if not name:
            return None
        if node.name in ("add", "add_if_not_exists"):
            column, made = self._column(node)
            add = ops.AddColumn(table, column, tuple(made), node.name.endswith("exists"), line=node.line)
            return Both([add], [ops.DropColumn(table, name, line=node.line)])
        if node.name in ("remove", "remove_if_exists"):
            drop: Steps = [ops.DropColumn(table, name, node.name.endswith("exists"), line=node.line)]
            if node.arg(1) is UNKNOWN:
                return Both(drop, absent=f"remove :{name} has no type, so Ecto cannot add it again")
            column, made = self._column(node)
            return Both(drop, [ops.AddColumn(table, column, tuple(made), line=node.line)])
        return self._modify(node, table, name) if node.name == "modify" else None

    def _modify(self, node: Call, table: str, name: str) -> Both:
        column, _ = self._column(node)
        steps: Steps = [ops.SetType(table, name, column.type, line=node.line)]
        if isinstance(node.words.get("null"), bool):
            steps.append(ops.SetNullable(table, name, node.words["null"], line=node.line))
        if "default" in node.words:
            steps.append(ops.SetDefault(table, name, column.default, line=node.line))
        old = node.words.get("from")
        if old is None:
            return Both(steps, absent=f"modify :{name} has no from:")
        pair = isinstance(old, list) and len(old) == 2 and isinstance(old[1], dict)
        kind, words = (old[0], old[1]) if pair else (old, {})
        back: Steps = [ops.SetType(table, name, self._type(kind, {}), line=node.line)]
        if isinstance(words.get("null"), bool):
            back.append(ops.SetNullable(table, name, words["null"], line=node.line))
        if "default" in words:
            back.append(ops.SetDefault(table, name, _default(words["default"]), line=node.line))
        return Both(steps, back)

    def _index(self, call: Call, what: Call) -> Both | None:
        table, columns = what.text(0), plains(what.arg(1))
        if not table:
            return None
        named = plain(what.words.get("name")) or f"{table}_{'_'.join(columns)}_index"
        unique = what.name == "unique_index" or what.words.get("unique") is True
        where = what.words.get("where")
        predicate = where.value if isinstance(where, Text) else None
        beside = what.words.get("concurrently") is True
        index = ops.Index(columns, named, unique, plain(what.words.get("using")), predicate)
        lenient = call.name.endswith("exists")
        create = ops.CreateIndex(table, index, beside, lenient, line=call.line)
        drop = ops.DropIndex(named, table, (), beside, lenient, line=call.line)
        return Both([create], [drop]) if call.name.startswith("create") else Both([drop], [create])

    def _constraint(self, call: Call, what: Call) -> Both | None:
        table, named = what.text(0), what.text(1)
        if not table or not named:
            return None
        check = what.words.get("check")
        text = check.value if isinstance(check, Text) else None
        valid = what.words.get("validate") is not False
        drop: Steps = [ops.DropConstraint(table, named, if_exists=call.name.endswith("exists"), line=call.line)]
        if call.name.startswith("drop"):
            return Both(drop, absent="drop constraint has no reverse")
        kind: ops.ConstraintKind = "check" if check is not None else "exclude"
        made = ops.Constraint(kind, (), named, text, valid=valid)
        return Both([ops.AddConstraint(table, made, line=call.line)], drop)


def _default(value: Any) -> str | None:
    if isinstance(value, Call) and value.name == "fragment" and value.text(0):
        return value.text(0)
    return literal(value)


def _qualified(what: Call) -> str:
    prefix, name = plain(what.words.get("prefix")), what.text(0)
    return f"{prefix}.{name}" if prefix and prefix != "public" and name else name
