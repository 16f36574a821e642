"""Rails: ``db/schema.rb``, in the words of its migrations."""

from __future__ import annotations

import re

from gatepost.declared import Declared
from gatepost.paths import join, parent
from gatepost.sql.schema import Schema

_DEFINE = re.compile(r"(?m)^ActiveRecord::Schema(?:\[[\d.]+\])?\.define\([^)\n]*\) do$")
_END = re.compile(r"(?m)^end\s*\Z")


def paths(root: str) -> tuple[str, ...]:
    """Give where it stands: beside the directory of migrations."""
    return (join(parent(root), "schema.rb"),)


def read(text: str, dialect: str) -> Schema:
    """Read its calls as those of a migration."""
    from gatepost.migrations import _rails
    from gatepost.migrations._look import Unreadable
    from gatepost.migrations._story import operations
    from gatepost.sql.replay import replay

    schema = Schema(dialect)
    body, found = _DEFINE.subn("class Declared < ActiveRecord::Migration[8.0]; def up", text, count=1)
    if not found:
        schema.doubts.append("has no ActiveRecord::Schema.define that can be read")
        return schema
    try:
        up = _rails.read(_END.sub("end; end\n", body), "schema.rb", dialect).up
    except Unreadable as error:
        schema.doubts.append(str(error))
        return schema
    replay(schema, operations(up, dialect))
    if not up.certain or up.state != "ok":
        schema.doubts.append(up.reason or "holds calls that were not understood")
    return schema


DECLARED = Declared("rails", "db/schema.rb of Rails", ("rails",), paths, read, "bin/rails db:schema:dump")
