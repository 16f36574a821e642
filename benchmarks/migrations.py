"""Measure how long one new migration takes on top of a long history, by framework."""

from __future__ import annotations

import subprocess
import tempfile
import time
from collections.abc import Callable

from gatepost.checks.migrations import CHECK
from gatepost.git import Change, Repository, make_change
from gatepost.migrations import collect
from gatepost.policy import Policy

Files = dict[str, str]


def golang(i: int) -> Files:
    return {
        f"m/{i:06}_x.up.sql": f"ALTER TABLE t ADD COLUMN c{i} int;\n",
        f"m/{i:06}_x.down.sql": f"ALTER TABLE t DROP COLUMN c{i};\n",
    }


def alembic(i: int) -> Files:
    before = f'"r{i - 1:05}"' if i else "None"
    return {
        f"alembic/versions/r{i:05}.py": "from alembic import op\nimport sqlalchemy as sa\n"
        f'revision = "r{i:05}"\ndown_revision = {before}\n\n'
        f'def upgrade():\n    op.add_column("t", sa.Column("c{i}", sa.Integer()))\n\n'
        f'def downgrade():\n    op.drop_column("t", "c{i}")\n'
    }


def django(i: int) -> Files:
    before = f'("a", "{i - 1:04}_x")' if i else ""
    return {
        f"a/migrations/{i:04}_x.py": "from django.db import migrations, models\n\n"
        f"class Migration(migrations.Migration):\n    dependencies = [{before}]\n"
        f'    operations = [\n        migrations.AddField("t", "c{i}", models.IntegerField(null=True)),\n    ]\n'
    }


def rails(i: int) -> Files:
    return {
        f"db/migrate/{20200101000000 + i}_x{i}.rb": f"class X{i} < ActiveRecord::Migration[7.0]\n"
        f"  def change\n    add_column :t, :c{i}, :integer\n  end\nend\n"
    }


def commit(directory: str, files: Files, parent: str | None) -> str:
    out = [b"commit refs/heads/main\ncommitter A <a@b> 1700000000 +0000\ndata 1\nx\n"]
    out += [b"from %s\n" % parent.encode()] if parent else []
    for path, text in files.items():
        out.append(b"M 100644 inline %s\ndata %d\n%s\n" % (path.encode(), len(text), text.encode()))
    git = ["git", "-C", directory]
    subprocess.run([*git, "fast-import", "--quiet", "--force"], input=b"".join(out), check=True)
    return subprocess.run([*git, "rev-parse", "main"], capture_output=True, text=True, check=True).stdout.strip()


def timed(change: Change, call: Callable[[Change, Policy], object]) -> float:
    started = time.process_time()
    call(change, Policy())
    return time.process_time() - started


def main() -> None:
    print("history              collect   first   later   (CPU seconds)")
    for make, count in ((golang, 4000), (alembic, 500), (django, 500), (rails, 1000)):
        with tempfile.TemporaryDirectory() as directory:
            subprocess.run(["git", "init", "-q", "--bare", directory], check=True)
            everything: Files = {}
            for number in range(count):
                everything |= make(number)
            base = commit(directory, everything, None)
            head = commit(directory, make(count), base)
            with Repository(directory) as repo:
                figures = [timed(make_change(repo, base, head), call) for call in (collect, CHECK.run, CHECK.run)]
        print(f"{count:5} {make.__name__:14}" + "".join(f"{figure:8.2f}" for figure in figures))


if __name__ == "__main__":
    main()
