"""Read the methods of a Rails migration in both directions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gatepost.migrations import Script, Scripts, _interpret, _rails_tables, _ruby, _sqltext
from gatepost.migrations._code import Block, Branch, Call, Name, Text, form, plain, plains, script
from gatepost.migrations._interpret import Interpreter, literal
from gatepost.sql import operations as ops

Steps = list[Any]
WRAPPERS = (
    "safety_assured",
    "transaction",
    "with_lock_retries",
    "say_with_time",
    "suppress_messages",
    "disable_statement_timeout",
    "tap",
)


@dataclass(slots=True)
class Both:
    """What a call does and what undoes it; ``absent`` says why Rails refuses to go back."""

    up: Steps
    down: Steps = field(default_factory=list)
    absent: str = ""


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions of a migration. Raises Unreadable."""
    found = _ruby.read(text, path)
    declared = _sqltext.marker(text, path)
    if found is None:
        unread = Script(path, (), dialect, state="not-analysed", reason="has no class that can be read", certain=False)
        return Scripts(unread, unread, declared)
    methods = found.methods
    transaction = "disable_ddl_transaction!" not in found.calls
    own = {name: block for name, block in methods.items() if name not in ("up", "down", "change")}
    change = methods.get("change")
    if change is not None:
        return _change(change, own, path, dialect, transaction, declared)
    up = methods.get("up") or methods.get("self.up")
    down = methods.get("down") or methods.get("self.down")
    first = _one(up, own, path, dialect, transaction) if up else Script(path, (), dialect, state="empty")
    return Scripts(first, _one(down, own, path, dialect, transaction) if down else None, declared)


def _one(block: Block, own: dict[str, Block], path: str, dialect: str, transaction: bool) -> Script:
    walk = _Walk(dialect, own)
    runner = Interpreter(walk.forward, WRAPPERS)
    walk.runner = runner
    runner.run(block)
    made = script(path, block, dialect, runner.steps, runner.certain, transaction)
    if made.state == "raising" and "IrreversibleMigration" in made.reason:
        from dataclasses import replace

        return replace(made, state="irreversible")
    return made


def _change(block: Block, own: dict[str, Block], path: str, dialect: str, transaction: bool, declared: Any) -> Scripts:
    walk = _Walk(dialect, own)
    runner = Interpreter(walk.change, WRAPPERS)
    walk.runner = runner
    runner.run(block)
    up = script(path, block, dialect, runner.steps, runner.certain, transaction)
    if walk.absent:
        return Scripts(up, None, declared, *walk.absent[0])
    state, reason, line = form(block)
    if not walk.down and up.state != "empty" and runner.certain:
        state, reason = ("noop", "its change undoes nothing") if state == "ok" else (state, reason)
    down = Script(path, tuple(walk.down), dialect, transaction, line, state, reason, certain=runner.certain)
    return Scripts(up, down, declared)


class _Walk:
    """Takes the calls of one method; in ``change`` their inverses as well."""

    def __init__(self, dialect: str, own: dict[str, Block]) -> None:
        self.dialect = dialect
        self.own = own
        self.runner: Interpreter | None = None
        self.down: Steps = []
        self.absent: list[tuple[str, int]] = []
        self.depth = 0

    def forward(self, call: Call) -> Steps | None:
        """Give what a call does in ``up`` or ``down``."""
        if self._own(call):
            return []
        made = self.both(call)
        return made.up if made else None

    def change(self, call: Call) -> Steps | None:
        """Give what a call does in ``change``, and keep its inverse."""
        if call.name == "reversible" and call.block:
            return self._reversible(call.block)
        if call.name == "up_only" and call.block:
            return self._aside(call.block)
        if call.name == "revert":
            return self._revert(call)
        if self._own(call):
            return []
        made = self.both(call)
        if made is None:
            return None
        if made.absent:
            self.absent.append((made.absent, call.line))
        self.down = made.down + self.down
        return made.up

    def _own(self, call: Call) -> bool:
        """Go into a method of the same class."""
        block = self.own.get(call.name) if call.receiver is None else None
        if block is None or self.runner is None or self.depth > 5:
            return False
        self.depth += 1
        self.runner.run(block)
        self.depth -= 1
        return True

    def _aside(self, block: Block) -> Steps:
        runner = Interpreter(self.forward, WRAPPERS).run(block)
        if self.runner:
            self.runner.certain = self.runner.certain and runner.certain
        return runner.steps

    def _reversible(self, block: Block) -> Steps:
        """Take ``dir.up { … }`` and ``dir.down { … }``."""
        up: Steps = []
        for node in block.body:
            inner = node.block if isinstance(node, Call) else None
            if isinstance(node, Call) and inner is not None and node.name in ("up", "down"):
                raising = form(inner)
                steps = self._aside(inner)
                if node.name == "up":
                    up += steps
                elif raising[0] == "raising":
                    self.absent.append((f"its reversible block says {raising[1]}", raising[2]))
                else:
                    self.down = steps + self.down
            elif isinstance(node, Branch) and self.runner:
                self.runner.certain = False
        return up

    def _revert(self, call: Call) -> Steps | None:
        """Take ``revert { … }``: what is in the block is undone."""
        if call.block is None:
            return None
        inner = _Walk(self.dialect, self.own)
        runner = Interpreter(inner.change, WRAPPERS)
        inner.runner = runner
        runner.run(call.block)
        if self.runner:
            self.runner.certain = self.runner.certain and runner.certain
        self.down = runner.steps + self.down
        return inner.down

    def both(self, call: Call) -> Both | None:
        """Give what a call of Rails' own does in both directions; None where it is not known."""
        if isinstance(call.receiver, (Name, Call)) and call.name != "execute":
            return self._rows(call)
        if isinstance(call.receiver, Name) and "connection" not in call.receiver.value:
            return None
        handler = _HANDLERS.get(call.name)
        return handler(call, self.dialect) if handler else None

    def _rows(self, call: Call) -> Both | None:
        """Take calls on models: they change rows."""
        names = {one.name for one in call.chain()}
        verbs = {"update_all": "update", "delete_all": "delete", "destroy_all": "delete", "insert_all": "insert"}
        verbs |= {"create": "insert", "create!": "insert", "update_columns": "update", "find_each": "update"}
        verb = next((verbs[name] for name in verbs if name in names), "")
        if verb:
            return Both([ops.Data(verb, "", "where" in names or verb == "insert", line=call.line)])
        return Both([]) if names <= {"reset_column_information", "reset_sequence_name"} else None


_Handler = Callable[[Call, str], "Both | None"]


def _execute(call: Call, _: str) -> Both | None:
    steps = _interpret.sql(call)
    return Both(steps, absent="execute in change has no reverse") if steps else None


def _add_column(call: Call, dialect: str) -> Both | None:
    table, name = call.text(0), call.text(1)
    if not table or not name:
        return None
    column = _rails_tables.column(name, call.text(2), call.words, dialect)
    lenient = call.words.get("if_not_exists") is True
    return Both(
        [ops.AddColumn(table, column, (), lenient, line=call.line)], [ops.DropColumn(table, name, line=call.line)]
    )


def _remove_column(call: Call, dialect: str) -> Both | None:
    table, name, kind = call.text(0), call.text(1), call.text(2)
    if not table or not name:
        return None
    drop = ops.DropColumn(table, name, call.words.get("if_exists") is True, line=call.line)
    if not kind:
        return Both([drop], absent=f"remove_column :{name} has no type, so Rails cannot add it again")
    return Both([drop], [ops.AddColumn(table, _rails_tables.column(name, kind, call.words, dialect), line=call.line)])


def _remove_columns(call: Call, dialect: str) -> Both | None:
    table, names = call.text(0), [plain(one) for one in (call.args or [])[1:]]
    if not table or not all(names):
        return None
    drops: Steps = [ops.DropColumn(table, name, line=call.line) for name in names]
    kind = plain(call.words.get("type"))
    if not kind:
        return Both(drops, absent="remove_columns has no type:, so Rails cannot add them again")
    words = {key: value for key, value in call.words.items() if key != "type"}
    back = [_rails_tables.column(name, kind, words, dialect) for name in names]
    return Both(drops, [ops.AddColumn(table, one, line=call.line) for one in back])


def _rename(call: Call, _: str) -> Both | None:
    table, old, new = call.text(0), call.text(1), call.text(2)
    if not table or not old or not new:
        return None
    made = ops.RenameIndex if call.name == "rename_index" else None
    if made:
        return Both([made(old, new, table, line=call.line)], [made(new, old, table, line=call.line)])
    forth, back = (ops.RenameColumn(table, *pair, line=call.line) for pair in ((old, new), (new, old)))
    return Both([forth], [back])


def _rename_table(call: Call, _: str) -> Both | None:
    old, new = call.text(0), call.text(1)
    if not old or not new:
        return None
    return Both([ops.RenameTable(old, new, line=call.line)], [ops.RenameTable(new, old, line=call.line)])


def _create_table(call: Call, dialect: str) -> Both | None:
    made = _rails_tables.create_table(call, dialect)
    if made is None:
        return None
    table = call.text(0)
    return Both(made, [ops.DropTable(table, line=call.line)])


def _drop_table(call: Call, dialect: str) -> Both | None:
    names = [plain(one) for one in call.args or ()]
    if not names or not all(names):
        return None
    lenient, cascade = call.words.get("if_exists") is True, plain(call.words.get("force")) == "cascade"
    drops: Steps = [ops.DropTable(name, lenient, cascade, line=call.line) for name in names]
    if call.block is None:
        return Both(drops, absent=f"drop_table :{names[0]} has no block, so Rails cannot make it again")
    return Both(drops, _rails_tables.create_table(call, dialect) or [])


def _change_column(call: Call, dialect: str) -> Both | None:
    table, name = call.text(0), call.text(1)
    if not table or not name:
        return None
    column = _rails_tables.column(name, call.text(2), call.words, dialect)
    steps: Steps = [ops.SetType(table, name, column.type, plain(call.words.get("using")) or None, line=call.line)]
    if isinstance(call.words.get("null"), bool):
        steps.append(ops.SetNullable(table, name, bool(column.nullable), line=call.line))
    if "default" in call.words:
        steps.append(ops.SetDefault(table, name, column.default, line=call.line))
    return Both(steps, absent="change_column has no reverse")


def _change_null(call: Call, _: str) -> Both | None:
    table, name, allowed = call.text(0), call.text(1), call.arg(2)
    if not table or not name or not isinstance(allowed, bool):
        return None
    return Both(
        [ops.SetNullable(table, name, allowed, line=call.line)],
        [ops.SetNullable(table, name, not allowed, line=call.line)],
    )


def _change_default(call: Call, _: str) -> Both | None:
    table, name = call.text(0), call.text(1)
    if not table or not name:
        return None
    if "from" in call.words and "to" in call.words:
        new, old = literal(call.words["to"]), literal(call.words["from"])
        return Both(
            [ops.SetDefault(table, name, new, line=call.line)], [ops.SetDefault(table, name, old, line=call.line)]
        )
    steps: Steps = [ops.SetDefault(table, name, literal(call.words.get("to", call.arg(2))), line=call.line)]
    return Both(steps, absent="change_column_default has no from: and to:")


def _add_index(call: Call, _: str) -> Both | None:
    table, columns = call.text(0), plains(call.arg(1))
    if not table or not columns:
        return None
    index = _rails_tables.index(table, columns, call.words)
    beside = plain(call.words.get("algorithm")) == "concurrently"
    lenient = call.words.get("if_not_exists") is True
    return Both(
        [ops.CreateIndex(table, index, beside, lenient, line=call.line)],
        [ops.DropIndex(index.name, table, concurrently=beside, line=call.line)],
    )


def _remove_index(call: Call, _: str) -> Both | None:
    table = call.text(0)
    columns = plains(call.arg(1)) or plains(call.words.get("column"))
    named = plain(call.words.get("name"))
    if not table or not (columns or named):
        return None
    index = _rails_tables.index(table, columns, call.words)
    beside = plain(call.words.get("algorithm")) == "concurrently"
    lenient = call.words.get("if_exists") is True
    drop: Steps = [ops.DropIndex(index.name, table, columns, beside, lenient, line=call.line)]
    if not columns:
        return Both(drop, absent="remove_index has no column:, so Rails cannot make it again")
    return Both(drop, [ops.CreateIndex(table, index, beside, line=call.line)])


def _reference(call: Call, dialect: str) -> Both | None:
    table, name = call.text(0), call.text(1)
    if not table or not name:
        return None
    columns, constraints, index = _rails_tables.reference(table, name, call.words, dialect)
    add: Steps = [ops.AddColumn(table, column, constraints, line=call.line) for column in columns]
    if index:
        add.append(ops.CreateIndex(table, index, line=call.line))
    drop: Steps = [ops.DropColumn(table, column.name, line=call.line) for column in columns]
    return Both(add, drop) if call.name.startswith("add") else Both(drop, add)


def _foreign_key(call: Call, _: str) -> Both | None:
    table, target = call.text(0), call.text(1) or plain(call.words.get("to_table"))
    if not table:
        return None
    constraint = _rails_tables.foreign_key(target, call.words)
    add: Steps = [ops.AddConstraint(table, constraint, line=call.line)]
    drop: Steps = [ops.DropConstraint(table, constraint.name, "foreign key", constraint.columns, line=call.line)]
    if call.name.startswith("add"):
        return Both(add, drop) if target else None
    return Both(drop, add, "" if target else "remove_foreign_key names no table that it points to")


def _check(call: Call, _: str) -> Both | None:
    table, text = call.text(0), call.arg(1)
    if not table:
        return None
    named = plain(call.words.get("name")) or None
    expression = text.value if isinstance(text, Text) else ""
    valid = call.words.get("validate") is not False
    add: Steps = [ops.AddConstraint(table, ops.Constraint("check", (), named, expression, valid=valid), line=call.line)]
    drop: Steps = [ops.DropConstraint(table, named, "check", line=call.line)]
    if call.name.startswith("add"):
        return Both(add, drop)
    return Both(drop, add, "" if expression else "remove_check_constraint has no expression")


def _validate(call: Call, _: str) -> Both | None:
    named = plain(call.words.get("name")) or call.text(1)
    return Both([ops.ValidateConstraint(call.text(0), named, line=call.line)])


def _timestamps(call: Call, dialect: str) -> Both | None:
    table = call.text(0)
    columns = _rails_tables.timestamps(call.words, dialect)
    add: Steps = [ops.AddColumn(table, one, line=call.line) for one in columns]
    drop: Steps = [ops.DropColumn(table, one.name, line=call.line) for one in columns]
    return Both(add, drop) if call.name.startswith("add") else Both(drop, add)


def _extension(call: Call, _: str) -> Both | None:
    named = call.text(0)
    add: Steps = [ops.CreateObject("extension", named, if_not_exists=True, line=call.line)]
    drop: Steps = [ops.DropObject("extension", named, if_exists=True, cascade=True, line=call.line)]
    return Both(add, drop) if call.name.startswith("enable") else Both(drop, add)


def _enum(call: Call, _: str) -> Both | None:
    named, values = call.text(0), plains(call.arg(1))
    add: Steps = [ops.CreateObject("enum", named, values=values, if_not_exists=True, line=call.line)]
    drop: Steps = [ops.DropObject("enum", named, line=call.line)]
    if call.name.startswith("create"):
        return Both(add, drop)
    return Both(drop, add, "" if values else "drop_enum has no values")


def _change_table(call: Call, dialect: str) -> Both | None:
    """Take ``change_table :t do |t|`` as the calls that it stands for."""
    table, made = call.text(0), Both([])
    for node in call.block.body if call.block else ():
        inner = _rails_tables.as_statement(node, table)
        handler = _HANDLERS.get(inner.name) if inner else None
        found = handler(inner, dialect) if handler and inner else None
        if found is None:
            return None
        made.up += found.up
        made.down = found.down + made.down
        made.absent = made.absent or found.absent
    return made


def _nothing(_: Call, __: str) -> Both | None:
    return Both([])


_HANDLERS: dict[str, _Handler] = {
    "execute": _execute,
    "add_column": _add_column,
    "remove_column": _remove_column,
    "remove_columns": _remove_columns,
    "rename_column": _rename,
    "rename_index": _rename,
    "rename_table": _rename_table,
    "create_table": _create_table,
    "drop_table": _drop_table,
    "change_column": _change_column,
    "change_column_null": _change_null,
    "change_column_default": _change_default,
    "add_index": _add_index,
    "remove_index": _remove_index,
    "add_reference": _reference,
    "add_belongs_to": _reference,
    "remove_reference": _reference,
    "remove_belongs_to": _reference,
    "add_foreign_key": _foreign_key,
    "remove_foreign_key": _foreign_key,
    "add_check_constraint": _check,
    "remove_check_constraint": _check,
    "validate_foreign_key": _validate,
    "validate_check_constraint": _validate,
    "add_timestamps": _timestamps,
    "remove_timestamps": _timestamps,
    "enable_extension": _extension,
    "disable_extension": _extension,
    "create_enum": _enum,
    "drop_enum": _enum,
    "change_table": _change_table,
    "change_column_comment": _nothing,
    "change_table_comment": _nothing,
}
