"""Say what one operation of Django's does, and what its inverse does."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from gatepost.migrations import Sql, _python, _sqltext
from gatepost.migrations import _django_fields as fields
from gatepost.migrations._django_fields import Field
from gatepost.migrations._django_state import Model, State, read_field
from gatepost.migrations._python import name
from gatepost.sql import operations as ops

if TYPE_CHECKING:
    from gatepost.migrations._django import File

EXTENSIONS = {
    "TrigramExtension": "pg_trgm",
    "UnaccentExtension": "unaccent",
    "HStoreExtension": "hstore",
    "BtreeGinExtension": "btree_gin",
    "BtreeGistExtension": "btree_gist",
    "CITextExtension": "citext",
    "CryptoExtension": "pgcrypto",
    "BloomExtension": "bloom",
}
STATE_ONLY = ("AlterModelOptions", "AlterModelManagers", "AlterModelTableComment")


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


def effect(node: ast.expr, file: File, state: State) -> Effect:
    """Give what an operation does, and put it into the state."""
    node = file.scope.expression(node)
    called = name(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
    if not isinstance(node, ast.Call) or called in file.classes:
        return _unknown(node)
    if called in STATE_ONLY:
        return Effect(node.lineno)
    if called in EXTENSIONS:
        return _extension(node, EXTENSIONS[called])
    handler = _HANDLERS.get(called)
    if handler is None:
        return _unknown(node)
    function, order = handler
    return function(Call(node, file, state, order))


def _unknown(node: ast.expr) -> Effect:
    text = ast.unparse(node).split("\n", 1)[0][:120]
    step = ops.Opaque("an operation that is not Django's own", text, line=node.lineno)
    return Effect(node.lineno, [step], [step], certain=False)


def _extension(node: ast.Call, named: str) -> Effect:
    create = ops.CreateObject("extension", named, if_not_exists=True, line=node.lineno)
    return Effect(node.lineno, [create], [ops.DropObject("extension", named, if_exists=True, line=node.lineno)])


def _create_extension(call: Call) -> Effect:
    return _extension(call.node, call.text("name"))


def _create_model(call: Call) -> Effect:
    model = _new_model(call)
    call.state.put(model)
    if not model.managed:
        return Effect(call.line)
    made, dropped = tables(model, call.state, call.line)
    return Effect(call.line, made, dropped)


def _new_model(call: Call) -> Model:
    named = call.text("name")
    found: dict[str, Field] = {}
    node = call.file.scope.expression(call.words["fields"]) if "fields" in call.words else None
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        if isinstance(item, (ast.Tuple, ast.List)) and len(item.elts) == 2:
            key, made = call.file.scope.value(item.elts[0]), read_field(item.elts[1], call.file.scope)
            if isinstance(key, str) and made:
                found[key] = made
    options = _options(call)
    table = call.file.scope.value(options.get("db_table"))
    managed = call.file.scope.value(options.get("managed")) is not False
    proxy = call.file.scope.value(options.get("proxy")) is True
    return Model(
        named,
        table.replace('"', "") if isinstance(table, str) else f"{call.state.app}_{named.lower()}",
        found,
        managed and not proxy,
        together=_together(call.file.scope.value(options.get("unique_together"))),
        indexes=_listed(options.get("indexes"), call, found, _index),
        constraints=_listed(options.get("constraints"), call, found, _constraint),
    )


def _options(call: Call) -> dict[str, ast.expr]:
    node = call.file.scope.expression(call.words["options"]) if "options" in call.words else None
    if not isinstance(node, ast.Dict):
        return {}
    return {
        key.value: value
        for key, value in zip(node.keys, node.values, strict=True)
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }


def _listed(node: ast.expr | None, call: Call, found: dict[str, Field], read: Callable[..., Any]) -> tuple[Any, ...]:
    node = call.file.scope.expression(node) if node is not None else None
    model = Model("", "", found)
    made = [
        (one.name or "", one)
        for item in (node.elts if isinstance(node, (ast.List, ast.Tuple)) else ())
        if (one := read(item, call, model))
    ]
    return tuple(made)


def _together(value: Any) -> tuple[tuple[str, ...], ...]:
    if not isinstance(value, list):
        return ()
    if value and all(isinstance(one, str) for one in value):
        value = [value]
    return tuple(tuple(one) for one in value if isinstance(one, list) and all(isinstance(x, str) for x in one))


def tables(model: Model, state: State, line: int) -> tuple[list[Any], list[Any]]:
    """Give what makes the tables of a model, and what drops them."""
    columns, constraints, more, drops = [], [], [], []
    for key, made in model.fields.items():
        if made.kind == fields.MANY:
            many = _through(key, made, model, state, line)
            more += many[0]
            drops += many[1]
            continue
        column = state.column(key, made, model)
        columns.append(column)
        if made.true("primary_key") or made.kind in ("AutoField", "BigAutoField", "SmallAutoField"):
            constraints.append(ops.Constraint("primary key", (column.name,)))
            columns[-1] = replace(column, nullable=False)
        constraints += fields.beside(key, made, state.target(made, model))
        if fields.indexed(made):
            more.append(ops.CreateIndex(model.table, ops.Index((column.name,)), line=line))
    constraints += [ops.Constraint("unique", tuple(model.column(one) for one in group)) for group in model.together]
    constraints += [one for _, one in model.constraints]
    more += [ops.CreateIndex(model.table, one, line=line) for _, one in model.indexes]
    create = ops.CreateTable(model.table, tuple(columns), tuple(constraints), line=line)
    return [create, *more], [*drops, ops.DropTable(model.table, cascade=True, line=line)]


def _through(key: str, made: Field, model: Model, state: State, line: int) -> tuple[list[Any], list[Any]]:
    """Give the table of a many-to-many field that has no model of its own."""
    if "through" in made.words:
        return [], []
    table = made.words.get("db_table")
    table = table if isinstance(table, str) else f"{model.table}_{key}"
    target = state.target(made, model)
    other = made.to.rpartition(".")[2].lower() or "other"
    own = model.name.lower()
    first, second = (f"from_{own}_id", f"to_{own}_id") if other in ("self", own) else (f"{own}_id", f"{other}_id")
    columns = (
        ops.Column("id", "", nullable=False),
        ops.Column(first, "", nullable=False),
        ops.Column(second, "", nullable=False),
    )
    constraints = [
        ops.Constraint("primary key", ("id",)),
        ops.Constraint("unique", (first, second)),
        ops.Constraint("foreign key", (first,), target=model.table, target_columns=(model.key()[0],)),
    ]
    if target:
        constraints.append(ops.Constraint("foreign key", (second,), target=target[0], target_columns=(target[1],)))
    create = ops.CreateTable(table, columns, tuple(constraints), line=line)
    return [create], [ops.DropTable(table, cascade=True, line=line)]


def _delete_model(call: Call) -> Effect:
    model = call.model("name")
    call.state.models.pop(model.name.lower(), None)
    if not model.managed:
        return Effect(call.line)
    made, dropped = tables(model, call.state, call.line)
    if not model.known:
        made = [ops.Opaque("a model whose beginning is not in this history", model.name, line=call.line)]
    return Effect(call.line, dropped, made, certain=model.known)


def _rename_model(call: Call) -> Effect:
    model = call.model("old_name")
    new = call.text("new_name")
    call.state.models.pop(model.name.lower(), None)
    usual = model.table == f"{call.state.app}_{model.name.lower()}"
    renamed = replace(model, name=new, table=f"{call.state.app}_{new.lower()}" if usual else model.table)
    call.state.put(renamed)
    if renamed.table == model.table or not model.managed:
        return Effect(call.line)
    return _renamed_table(model.table, renamed.table, call.line)


def _renamed_table(old: str, new: str, line: int) -> Effect:
    return Effect(line, [ops.RenameTable(old, new, line=line)], [ops.RenameTable(new, old, line=line)])


def _alter_table(call: Call) -> Effect:
    model = call.model("name")
    table = call.text("table") or f"{call.state.app}_{model.name.lower()}"
    call.state.put(replace(model, table=table))
    if table == model.table or not model.managed:
        return Effect(call.line)
    return _renamed_table(model.table, table, call.line)


def _add_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    made = read_field(call.words.get("field"), call.file.scope)
    if made is None:
        return _unknown(call.node)
    lasting = _lasting(made, call)
    call.state.put(model.with_fields({key: lasting}))
    if not model.managed:
        return Effect(call.line)
    return Effect(call.line, *_added(model, key, made, call.state, call.line))


def _lasting(made: Field, call: Call) -> Field:
    """Give the field without a default that was given for the rows of the moment only."""
    if call.file.scope.value(call.words.get("preserve_default")) is False:
        return replace(made, words={key: value for key, value in made.words.items() if key != "default"})
    return made


def _added(model: Model, key: str, made: Field, state: State, line: int) -> tuple[list[Any], list[Any]]:
    if made.kind == fields.MANY:
        return _through(key, made, model, state, line)
    column = state.column(key, made, model)
    passing = fields.passing_default(made, state.dialect)
    if passing is not None:
        column = replace(column, default=passing)
    constraints = fields.beside(key, made, state.target(made, model))
    steps: list[Any] = [ops.AddColumn(model.table, column, constraints, line=line)]
    if passing is not None:
        steps.append(ops.SetDefault(model.table, column.name, None, line=line))
    if fields.indexed(made):
        steps.append(ops.CreateIndex(model.table, ops.Index((column.name,)), line=line))
    return steps, [ops.DropColumn(model.table, column.name, cascade=True, line=line)]


def _remove_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    made = model.fields.get(key)
    call.state.put(model.with_fields({key: None}))
    if not model.managed:
        return Effect(call.line)
    if made is None:
        step = ops.Opaque("a field whose beginning is not in this history", f"{model.name}.{key}", line=call.line)
        return Effect(call.line, [ops.DropColumn(model.table, key, line=call.line)], [step], certain=False)
    added, dropped = _added(model, key, made, call.state, call.line)
    return Effect(call.line, dropped, added)


def _alter_field(call: Call) -> Effect:
    model, key = call.model(), call.text("name")
    new = read_field(call.words.get("field"), call.file.scope)
    if new is None:
        return _unknown(call.node)
    old = model.fields.get(key)
    call.state.put(model.with_fields({key: _lasting(new, call)}))
    if not model.managed or fields.MANY in (new.kind, old.kind if old else ""):
        return Effect(call.line)
    if old is None:
        after = call.state.column(key, new, model)
        step = ops.Opaque("a field whose beginning is not in this history", f"{model.name}.{key}", line=call.line)
        return Effect(call.line, _redefined(model, None, after, call.line), [step], certain=False)
    before, after = call.state.column(key, old, model), call.state.column(key, new, model)
    up = _redefined(model, before, after, call.line) + _keys(model, key, (old, new), call)
    down = _redefined(model, after, before, call.line) + _keys(model, key, (new, old), call)
    return Effect(call.line, up, down)


def _redefined(model: Model, old: ops.Column | None, new: ops.Column, line: int) -> list[Any]:
    table = model.table
    steps: list[Any] = []
    if old and old.name != new.name:
        steps.append(ops.RenameColumn(table, old.name, new.name, line=line))
    if (old is None or old.type != new.type) and (new.type or (old and old.type)):
        steps.append(ops.SetType(table, new.name, new.type, line=line))
    if (old is None or old.nullable != new.nullable) and new.nullable is not None:
        steps.append(ops.SetNullable(table, new.name, new.nullable, line=line))
    if old and old.default != new.default:
        steps.append(ops.SetDefault(table, new.name, new.default, line=line))
    return steps


def _keys(model: Model, key: str, sides: tuple[Field, Field], call: Call) -> list[Any]:
    """Give the change of what stands beside a column: uniqueness, an index, a foreign key."""
    old, new = sides
    column = fields.column_name(key, new)
    steps: list[Any] = []
    before = {one.kind: one for one in fields.beside(key, old, call.state.target(old, model))}
    after = {one.kind: one for one in fields.beside(key, new, call.state.target(new, model))}
    for kind, constraint in after.items():
        if kind not in before:
            steps.append(ops.AddConstraint(model.table, constraint, line=call.line))
    gone = [kind for kind in before if kind not in after]
    steps += [ops.DropConstraint(model.table, None, kind, (column,), line=call.line) for kind in gone]
    if fields.indexed(new) and not fields.indexed(old):
        steps.append(ops.CreateIndex(model.table, ops.Index((column,)), line=call.line))
    if fields.indexed(old) and not fields.indexed(new):
        steps.append(ops.DropIndex(None, model.table, (column,), line=call.line))
    return steps


def _rename_field(call: Call) -> Effect:
    model, old, new = call.model(), call.text("old_name"), call.text("new_name")
    made = model.fields.get(old)
    call.state.put(model.with_fields({old: None, new: made}))
    if not model.managed or (made and made.kind == fields.MANY):
        return Effect(call.line)
    before = fields.column_name(old, made) if made else old
    after = fields.column_name(new, made) if made else new
    if before == after:
        return Effect(call.line)
    return Effect(
        call.line,
        [ops.RenameColumn(model.table, before, after, line=call.line)],
        [ops.RenameColumn(model.table, after, before, line=call.line)],
    )


def _index(node: ast.expr | None, call: Call, model: Model) -> ops.Index | None:
    node = call.file.scope.expression(node) if node is not None else None
    if not isinstance(node, ast.Call):
        return None
    words = {word.arg: word.value for word in node.keywords if word.arg}
    value = call.file.scope.value(words.get("fields"))
    names = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []
    columns = [model.column(one.lstrip("-")) + (" desc" if one.startswith("-") else "") for one in names]
    columns += [ast.unparse(one) for one in node.args]
    named = call.file.scope.value(words.get("name"))
    method = name(node.func).rpartition(".")[2].removesuffix("Index").lower()
    condition = ast.unparse(words["condition"]) if "condition" in words else None
    return ops.Index(tuple(columns), named if isinstance(named, str) else None, method=method, predicate=condition)


def _add_index(call: Call) -> Effect:
    model = call.model()
    index = _index(call.words.get("index"), call, model)
    if index is None:
        return _unknown(call.node)
    call.state.put(replace(model, indexes=(*model.indexes, (index.name or "", index))))
    return _index_effect(model, index, call, added=True)


def _index_effect(model: Model, index: ops.Index, call: Call, *, added: bool) -> Effect:
    if not model.managed:
        return Effect(call.line)
    beside = name(call.node.func).endswith("Concurrently")
    create = ops.CreateIndex(model.table, index, beside, line=call.line)
    drop = ops.DropIndex(index.name, model.table, concurrently=beside, line=call.line)
    return Effect(call.line, [create], [drop]) if added else Effect(call.line, [drop], [create])


def _remove_index(call: Call) -> Effect:
    model, named = call.model(), call.text("name")
    known = dict(model.indexes).get(named)
    call.state.put(replace(model, indexes=tuple(pair for pair in model.indexes if pair[0] != named)))
    made = _index_effect(model, known or ops.Index((), named), call, added=False)
    return made if known else _forgotten(made, f"index {named}")


def _forgotten(made: Effect, what: str) -> Effect:
    step = ops.Opaque("something whose beginning is not in this history", what, line=made.line)
    return replace(made, down=[step], certain=False)


def _rename_index(call: Call) -> Effect:
    model, old, new = call.model(), call.text("old_name"), call.text("new_name")
    if not old:
        return _unknown(call.node)
    renamed = tuple((new, replace(one, name=new)) if key == old else (key, one) for key, one in model.indexes)
    call.state.put(replace(model, indexes=renamed))
    return Effect(
        call.line,
        [ops.RenameIndex(old, new, model.table, line=call.line)],
        [ops.RenameIndex(new, old, model.table, line=call.line)],
    )


def _constraint(node: ast.expr | None, call: Call, model: Model) -> ops.Constraint | ops.Index | None:
    node = call.file.scope.expression(node) if node is not None else None
    if not isinstance(node, ast.Call):
        return None
    words = {word.arg: word.value for word in node.keywords if word.arg}
    named = call.file.scope.value(words.get("name"))
    named = named if isinstance(named, str) else None
    kind = name(node.func).rpartition(".")[2]
    if kind == "UniqueConstraint":
        value = call.file.scope.value(words.get("fields"))
        names = value if isinstance(value, list) and all(isinstance(one, str) for one in value) else []
        return ops.Constraint("unique", tuple(model.column(one) for one in names), named)
    text = ast.unparse(words.get("check") or words.get("condition") or node)
    return ops.Constraint("check" if kind == "CheckConstraint" else "exclude", (), named, text)


def _add_constraint(call: Call) -> Effect:
    model = call.model()
    made = _constraint(call.words.get("constraint"), call, model)
    if not isinstance(made, ops.Constraint):
        return _unknown(call.node)
    call.state.put(replace(model, constraints=(*model.constraints, (made.name or "", made))))
    if not model.managed:
        return Effect(call.line)
    valid = not name(call.node.func).endswith("NotValid")
    add = ops.AddConstraint(model.table, replace(made, valid=valid), line=call.line)
    return Effect(call.line, [add], [ops.DropConstraint(model.table, made.name, made.kind, line=call.line)])


def _remove_constraint(call: Call) -> Effect:
    model, named = call.model(), call.text("name")
    known = dict(model.constraints).get(named)
    call.state.put(replace(model, constraints=tuple(pair for pair in model.constraints if pair[0] != named)))
    if not model.managed:
        return Effect(call.line)
    drop = ops.DropConstraint(model.table, named, known.kind if known else None, line=call.line)
    if known is None:
        return _forgotten(Effect(call.line, [drop]), f"constraint {named}")
    return Effect(call.line, [drop], [ops.AddConstraint(model.table, known, line=call.line)])


def _validate(call: Call) -> Effect:
    return Effect(call.line, [ops.ValidateConstraint(call.model().table, call.text("name"), line=call.line)])


def _unique_together(call: Call) -> Effect:
    model = call.model("name")
    value = call.file.scope.value(call.words.get("unique_together"))
    new = _together(value) if value else ()
    call.state.put(replace(model, together=new))
    old = model.together
    if not model.managed:
        return Effect(call.line)
    return Effect(call.line, _grouped(model, old, new, call.line), _grouped(model, new, old, call.line), model.known)


def _grouped(model: Model, old: tuple[tuple[str, ...], ...], new: tuple[tuple[str, ...], ...], line: int) -> list[Any]:
    columns: Callable[[tuple[str, ...]], tuple[str, ...]] = lambda group: tuple(model.column(one) for one in group)  # noqa: E731 - one line
    steps: list[Any] = [
        ops.DropConstraint(model.table, None, "unique", columns(group), line=line) for group in old if group not in new
    ]
    return steps + [
        ops.AddConstraint(model.table, ops.Constraint("unique", columns(group)), line=line)
        for group in new
        if group not in old
    ]


def _index_together(call: Call) -> Effect:
    model = call.model("name")
    value = _together(call.file.scope.value(call.words.get("index_together")))
    steps = [
        ops.CreateIndex(model.table, ops.Index(tuple(model.column(one) for one in group)), line=call.line)
        for group in value
    ]
    return Effect(call.line, list(steps), [], certain=False)


def _run_python(call: Call) -> Effect:
    up = _code(call.words.get("code"), call)
    made = Effect(call.line, up[0], certain=up[1])
    node = call.words.get("reverse_code")
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        made.absent = f"RunPython({name(call.words.get('code') or call.node) or '…'}) has no reverse_code"
        return made
    return _reverse_code(made, node, call)


def _reverse_code(made: Effect, node: ast.expr, call: Call) -> Effect:
    named = name(node)
    function = call.file.functions.get(named)
    forward = name(call.words["code"]) if "code" in call.words else ""
    if named.endswith("noop"):
        made.idle = f"its reverse_code is {named}"
    elif isinstance(node, ast.Lambda) and isinstance(node.body, (ast.Constant, ast.Tuple)):
        made.idle = "its reverse_code is an empty lambda"
    elif named and named == forward:
        made.idle = f"its reverse_code is {named} itself, which is the way up"
    elif function is not None:
        state, reason, _ = _python.form(function.body)
        if state in ("empty", "noop"):
            made.idle = f"its reverse_code {named} does nothing"
        elif state == "raising":
            made.raising = reason
    if not made.idle and not made.raising:
        down, certain = _code(node, call)
        made.down, made.certain = down, made.certain and certain
    return made


def _code(node: ast.expr | None, call: Call) -> tuple[list[Any], bool]:
    """Say that a function changes rows; one that uses the schema editor may do anything."""
    if node is None or name(node).endswith("noop"):
        return [], True
    function = call.file.functions.get(name(node))
    if function is not None and _python.form(function.body)[0] == "empty":
        return [], True
    text = ast.dump(function) if function is not None else ""
    if "attr='execute'" in text or "attr='cursor'" in text:
        return [ops.Opaque("Python that runs SQL of its own", name(node), line=call.line)], False
    return [ops.Data("code", line=call.line)], True


def _run_sql(call: Call) -> Effect:
    up = _statements(call.words.get("sql"), call)
    state = call.words.get("state_operations")
    if state is not None:
        _apply(state, call)
    made = Effect(call.line, up or [], certain=up is not None)
    node = call.words.get("reverse_sql")
    if node is None or (isinstance(node, ast.Constant) and node.value is None):
        made.absent = "RunSQL has no reverse_sql"
        return made
    if name(node).endswith("noop"):
        made.idle = "its reverse_sql is RunSQL.noop"
        return made
    down = _statements(node, call)
    made.certain = made.certain and down is not None
    texts = ";\n".join(step.text for step in down or ())
    if down is not None and _sqltext.state(texts)[0] in ("empty", "noop"):
        made.idle = "its reverse_sql does nothing"
        return made
    made.down = down or []
    return made


def _statements(node: ast.expr | None, call: Call) -> list[Sql] | None:
    """Give the SQL of a string, or of a list of strings and of pairs with parameters."""
    if node is None:
        return None
    if name(node).endswith("noop"):
        return []
    node = call.file.scope.expression(node)
    if isinstance(node, (ast.List, ast.Tuple)):
        found: list[Sql] = []
        for item in node.elts:
            inner = item.elts[0] if isinstance(item, ast.Tuple) and item.elts else item
            sql = call.file.scope.sql(inner)
            if sql is None:
                return None
            found.append(sql)
        return found
    sql = call.file.scope.sql(node)
    return None if sql is None else [sql]


def _apply(node: ast.expr, call: Call) -> None:
    """Put operations into the state that touch no database."""
    node = call.file.scope.expression(node)
    for item in node.elts if isinstance(node, (ast.List, ast.Tuple)) else ():
        effect(item, call.file, call.state)


def _separate(call: Call) -> Effect:
    made = Effect(call.line)
    node = call.words.get("database_operations")
    node = call.file.scope.expression(node) if node is not None else None
    aside = call.state.copy()
    effects = [
        effect(item, call.file, aside) for item in (node.elts if isinstance(node, (ast.List, ast.Tuple)) else ())
    ]
    if "state_operations" in call.words:
        _apply(call.words["state_operations"], call)
    for one in effects:
        made.up += one.up
        made.down = one.down + made.down
        made.certain = made.certain and one.certain
        made.absent = made.absent or one.absent
        made.idle = made.idle or one.idle
        made.raising = made.raising or one.raising
    return made


_Handler = tuple[Callable[[Call], Effect], tuple[str, ...]]
_HANDLERS: dict[str, _Handler] = {
    "CreateModel": (_create_model, ("name", "fields", "options", "bases")),
    "DeleteModel": (_delete_model, ("name",)),
    "RenameModel": (_rename_model, ("old_name", "new_name")),
    "AlterModelTable": (_alter_table, ("name", "table")),
    "AddField": (_add_field, ("model_name", "name", "field", "preserve_default")),
    "RemoveField": (_remove_field, ("model_name", "name")),
    "AlterField": (_alter_field, ("model_name", "name", "field", "preserve_default")),
    "RenameField": (_rename_field, ("model_name", "old_name", "new_name")),
    "AddIndex": (_add_index, ("model_name", "index")),
    "AddIndexConcurrently": (_add_index, ("model_name", "index")),
    "RemoveIndex": (_remove_index, ("model_name", "name")),
    "RemoveIndexConcurrently": (_remove_index, ("model_name", "name")),
    "RenameIndex": (_rename_index, ("model_name", "new_name", "old_name")),
    "AddConstraint": (_add_constraint, ("model_name", "constraint")),
    "AddConstraintNotValid": (_add_constraint, ("model_name", "constraint")),
    "RemoveConstraint": (_remove_constraint, ("model_name", "name")),
    "ValidateConstraint": (_validate, ("model_name", "name")),
    "AlterUniqueTogether": (_unique_together, ("name", "unique_together")),
    "AlterIndexTogether": (_index_together, ("name", "index_together")),
    "RunPython": (_run_python, ("code", "reverse_code")),
    "RunSQL": (_run_sql, ("sql", "reverse_sql", "state_operations")),
    "SeparateDatabaseAndState": (_separate, ("database_operations", "state_operations")),
    "CreateExtension": (_create_extension, ("name",)),
}
