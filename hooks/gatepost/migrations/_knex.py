"""Read Knex migrations: chains of ``knex.schema``."""

from __future__ import annotations

from gatepost.migrations import MYSQL, POSTGRESQL, Scripts, _javascript, _types
from gatepost.migrations._code import Call, Text, plain, plains
from gatepost.migrations._interpret import Steps, literal
from gatepost.sql import operations as ops

_TYPES: dict[str, tuple[str, str, str]] = {
    "string": ("varchar(255)", "varchar(255)", "varchar(255)"),
    "text": ("text", "text", "text"),
    "integer": ("integer", "int", "integer"),
    "bigInteger": ("bigint", "bigint", "bigint"),
    "bigint": ("bigint", "bigint", "bigint"),
    "smallint": ("smallint", "smallint", "integer"),
    "tinyint": ("smallint", "tinyint", "tinyint"),
    "float": ("real", "float(8,2)", "float"),
    "double": ("double precision", "double", "float"),
    "decimal": ("numeric(8,2)", "decimal(8,2)", "float"),
    "boolean": ("boolean", "tinyint(1)", "boolean"),
    "date": ("date", "date", "date"),
    "time": ("time", "time", "time"),
    "datetime": ("timestamptz", "datetime", "datetime"),
    "dateTime": ("timestamptz", "datetime", "datetime"),
    "timestamp": ("timestamptz", "timestamp", "datetime"),
    "binary": ("bytea", "blob", "blob"),
    "json": ("json", "json", "json"),
    "jsonb": ("jsonb", "json", "json"),
    "uuid": ("uuid", "char(36)", "char(36)"),
}
_COUNTERS = {"increments": "integer", "bigIncrements": "bigint"}
ROWS = {"insert": "insert", "update": "update", "del": "delete", "delete": "delete", "truncate": "truncate"}


def read(text: str, path: str, dialect: str) -> Scripts:
    """Give both directions. Raises Unreadable."""
    reader = _Reader(dialect)
    scripts, module = _javascript.both(text, path, dialect, reader.call)
    config = module.values.get("config")
    alone = isinstance(config, dict) and config.get("transaction") is False
    return _javascript.outside(scripts) if alone else scripts


class _Reader:
    def __init__(self, dialect: str) -> None:
        self.dialect = dialect

    def call(self, call: Call) -> Steps | None:
        """Take a whole chain."""
        chain = call.chain()
        rows = next((ROWS[one.name] for one in chain if one.name in ROWS), "")
        if rows and not any(one.name == "schema" for one in chain) and not call.origin().endswith("schema"):
            filtered = any(one.name.startswith("where") for one in chain)
            table = next((one.text(0) for one in chain if one.text(0)), "")
            return [ops.Data(rows, table, filtered or rows == "insert", line=call.line)]
        steps: Steps = []
        schema = ""
        for one in chain:
            if one.name == "withSchema":
                schema = one.text(0)
            elif one.args is not None and one.name not in ("transacting", "then", "catch", "toString"):
                made = self._one(one, schema)
                if made is None:
                    return None
                steps += made
        return steps

    def _one(self, call: Call, schema: str) -> Steps | None:
        first = f"{schema}.{call.text(0)}" if schema and schema != "public" else call.text(0)
        if call.name in ("raw", "createView", "dropView", "dropViewIfExists"):
            return self._text(call, first)
        if not first:
            return None
        if call.name in ("createTable", "createTableIfNotExists"):
            return self._create(call, first)
        if call.name in ("table", "alterTable"):
            return self._alter(call, first)
        if call.name in ("dropTable", "dropTableIfExists"):
            return [ops.DropTable(first, call.name.endswith("IfExists"), line=call.line)]
        if call.name == "renameTable" and call.text(1):
            return [ops.RenameTable(first, call.text(1), line=call.line)]
        return None

    def _text(self, call: Call, first: str) -> Steps | None:
        if call.name == "raw":
            value = call.arg(0)
            return [value.sql()] if isinstance(value, Text) else None
        if call.name == "createView":
            return [ops.CreateObject("view", first, line=call.line)]
        return [ops.DropObject("view", first, if_exists=call.name.endswith("IfExists"), line=call.line)]

    def _create(self, call: Call, table: str) -> Steps | None:
        columns: list[ops.Column] = []
        constraints: list[ops.Constraint] = []
        after: Steps = []
        block = call.block_of()
        for node in block.body if block else ():
            made = self._line(node, table) if isinstance(node, Call) else None
            if made is None:
                return None
            for step in made:
                if isinstance(step, ops.AddColumn):
                    columns.append(step.column)
                    constraints += step.constraints
                elif isinstance(step, ops.AddConstraint):
                    constraints.append(step.constraint)
                else:
                    after.append(step)
        lenient = call.name.endswith("IfNotExists")
        made_table = ops.CreateTable(table, tuple(columns), tuple(constraints), if_not_exists=lenient, line=call.line)
        return [made_table, *after]

    def _alter(self, call: Call, table: str) -> Steps | None:
        steps: Steps = []
        block = call.block_of()
        for node in block.body if block else ():
            made = self._line(node, table) if isinstance(node, Call) else None
            if made is None:
                return None
            steps += made
        return steps if block else None

    def _line(self, call: Call, table: str) -> Steps | None:
        """Take one line about a table: its first call says what, the others how."""
        chain = [one for one in call.chain() if one.args is not None]
        if not chain:
            return None
        head, rest = chain[0], chain[1:]
        names = plains(head.arg(0))
        if head.name in _COUNTERS or head.name in _TYPES or head.name in ("enu", "enum", "specificType"):
            return self._column(head, rest, table)
        if head.name == "timestamps":
            return self._timestamps(head, table)
        if head.name in ("dropColumn", "dropColumns"):
            every = [plain(one) for one in head.args or ()] if not isinstance(head.arg(0), list) else names
            return [ops.DropColumn(table, one, line=head.line) for one in every] if all(every) and every else None
        if head.name == "dropTimestamps":
            return [ops.DropColumn(table, one, line=head.line) for one in ("created_at", "updated_at")]
        if head.name == "renameColumn" and names and head.text(1):
            return [ops.RenameColumn(table, names[0], head.text(1), line=head.line)]
        return self._key(head, rest, table, names)

    def _key(self, head: Call, rest: list[Call], table: str, names: tuple[str, ...]) -> Steps | None:
        named = head.text(1) or None
        if head.name in ("setNullable", "dropNullable") and names:
            return [ops.SetNullable(table, names[0], head.name == "setNullable", line=head.line)]
        if head.name in ("unique", "primary") and names:
            kind: ops.ConstraintKind = "unique" if head.name == "unique" else "primary key"
            usual = f"{table}_{'_'.join(names)}_unique".lower() if kind == "unique" else None
            return [ops.AddConstraint(table, ops.Constraint(kind, names, named or usual), line=head.line)]
        if head.name == "index" and names:
            usual = f"{table}_{'_'.join(names)}_index".lower()
            return [ops.CreateIndex(table, ops.Index(names, named or usual), line=head.line)]
        if head.name == "dropIndex" and (names or named):
            usual = f"{table}_{'_'.join(names)}_index".lower()
            return [ops.DropIndex(named or usual, table, line=head.line)]
        if head.name in ("dropUnique", "dropPrimary", "dropForeign"):
            return self._drop_key(head, table, names, named)
        if head.name == "foreign" and names:
            return self._foreign(head, rest, table, names)
        return [] if head.name in ("engine", "charset", "collate", "comment") else None

    def _drop_key(self, head: Call, table: str, names: tuple[str, ...], named: str | None) -> Steps:
        kinds: dict[str, ops.ConstraintKind] = {
            "dropUnique": "unique",
            "dropPrimary": "primary key",
            "dropForeign": "foreign key",
        }
        suffix = {"dropUnique": "unique", "dropForeign": "foreign"}.get(head.name)
        usual = f"{table}_{'_'.join(names)}_{suffix}".lower() if suffix else None
        return [ops.DropConstraint(table, named or usual, kinds[head.name], names, line=head.line)]

    def _foreign(self, head: Call, rest: list[Call], table: str, names: tuple[str, ...]) -> Steps:
        words = {one.name: one for one in rest}
        usual = f"{table}_{'_'.join(names)}_foreign".lower()
        constraint = _reference(words, names, head.text(1) or usual)
        return [ops.AddConstraint(table, constraint, line=head.line)] if constraint else []

    def _timestamps(self, head: Call, table: str) -> Steps:
        default = "now()" if head.arg(1) is True else None
        typed = self._type("timestamp")
        return [
            ops.AddColumn(table, ops.Column(name, typed, default is None, default), line=head.line)
            for name in ("created_at", "updated_at")
        ]

    def _type(self, kind: str) -> str:
        known = _TYPES.get(kind)
        return _types.canonical(known[{POSTGRESQL: 0, MYSQL: 1}.get(self.dialect, 2)], self.dialect) if known else ""

    def _column(self, head: Call, rest: list[Call], table: str) -> Steps | None:
        name = head.text(0)
        if not name:
            return None
        words = {one.name: one for one in rest}
        constraints: list[ops.Constraint] = []
        column = self._made(head, words, name)
        if head.name in _COUNTERS or "primary" in words:
            constraints.append(ops.Constraint("primary key", (name,)))
        if "unique" in words:
            constraints.append(ops.Constraint("unique", (name,), f"{table}_{name}_unique".lower()))
        key = _reference(words, (name,), f"{table}_{name}_foreign".lower())
        constraints += [key] if key else []
        if "alter" in words:
            return self._redefined(column, table, head.line, words)
        steps: Steps = [ops.AddColumn(table, column, tuple(constraints), line=head.line)]
        if "index" in words:
            steps.append(ops.CreateIndex(table, ops.Index((name,), f"{table}_{name}_index".lower()), line=head.line))
        return steps

    def _made(self, head: Call, words: dict[str, Call], name: str) -> ops.Column:
        typed = self._type(_COUNTERS.get(head.name, head.name))
        size = head.arg(1)
        if head.name == "string" and type(size) is int:
            typed = f"varchar({size})"
        elif head.name == "specificType":
            typed = _types.canonical(head.text(1), self.dialect)
        elif head.name in _COUNTERS:
            typed = _types.canonical(_COUNTERS[head.name], self.dialect)
        default = literal(words["defaultTo"].arg(0)) if "defaultTo" in words else None
        identity = {POSTGRESQL: "serial", MYSQL: "auto_increment"}.get(self.dialect)
        required = "notNullable" in words or "notNull" in words or "primary" in words or head.name in _COUNTERS
        return ops.Column(name, typed, not required, default, identity=identity if head.name in _COUNTERS else None)

    def _redefined(self, column: ops.Column, table: str, line: int, words: dict[str, Call]) -> Steps:
        steps: Steps = [ops.SetType(table, column.name, column.type, line=line)]
        if column.nullable is not None:
            steps.append(ops.SetNullable(table, column.name, column.nullable, line=line))
        if "defaultTo" in words:
            steps.append(ops.SetDefault(table, column.name, column.default, line=line))
        return steps


def _reference(words: dict[str, Call], names: tuple[str, ...], named: str) -> ops.Constraint | None:
    if "references" not in words:
        return None
    target = plains(words["references"].arg(0))
    table = words["inTable"].text(0) if "inTable" in words else words["on"].text(0) if "on" in words else ""
    if not table and target and "." in target[0]:
        table, _, column = target[0].rpartition(".")
        target = (column,)
    deleted = next((words[key].text(0).lower() for key in ("onDelete", "onDELETE") if key in words), "")
    return ops.Constraint("foreign key", names, named, target=table or None, target_columns=target, on_delete=deleted)
