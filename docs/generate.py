"""Write the parts of README.md, docs/policy.md and docs/rules.md that the program itself knows.

python docs/generate.py            write them
python docs/generate.py --check    end with 1 where one is not as it would be written

"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from gatepost.cli import all_verbs
from gatepost.gate import all_rules, all_settings
from gatepost.policy import Gate, Suppression, default_of, hints_of, parse_toml, spelled

STRICTER = {
    **{(kind, "lower"): "less" for kind in ("size", "percent", "duration", "number")},
    **{(kind, "higher"): "more" for kind in ("size", "percent", "duration", "number")},
    ("list", "lower"): "fewer",
    ("list", ""): "more",
    ("list", "higher"): "more",
    ("table", ""): "more",
    ("`true` or `false`", "higher"): "`true`",
    ("`true` or `false`", "lower"): "`false`",
}
ROOT = Path(__file__).parent.parent
MARKS = {"error": "**", "warning": "", "note": "*"}


def verbs() -> str:
    """Write a table of the verbs."""
    rows = [f"| `gatepost {verb.name}` | {verb.summary} |" for verb in all_verbs()]
    return "\n".join(["| command | does |", "|---|---|", *rows])


def rules() -> str:
    """Write the rules by check, each as its last word, marked by its default level."""
    groups: dict[str, list[str]] = defaultdict(list)
    for rule in all_rules().values():
        mark = MARKS[rule.level]
        groups[rule.check].append(f"{mark}[{rule.id.partition('/')[2]}](docs/rules.md#{anchor(rule.id)}){mark}")
    rows = [f"| `{check}/` | {', '.join(words)} |" for check, words in sorted(groups.items())]
    legend = "By default **error** blocks, warning stays open until it is reviewed, *note* only tells."
    return "\n".join([legend, "", "| check | rules |", "|---|---|", *rows])


def extras() -> str:
    """Write a table of the extras of pyproject.toml, explained by the comment at each."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    named = parse_toml(text.encode(), "extras.toml")["project"].get("optional-dependencies", {})
    told = dict(re.findall(r"(?m)^([a-z0-9-]+) = \[[^\n]*\] +# ([^\n]+)$", text))
    told |= dict(re.findall(r"(?m)^([a-z0-9-]+) = \[\n(?:  [^\n]*\n)+\] +# ([^\n]+)$", text))
    return "\n".join(f"| `gatepost[{name}]` | {told.get(name, '')} |" for name in named)


def keys() -> str:
    """Write a table of the keys of each table of the policy, with what hooks/gatepost/policy_keys.toml says of them."""
    told = parse_toml((ROOT / "hooks" / "gatepost" / "policy_keys.toml").read_bytes(), "policy_keys.toml")
    parts = []
    for name, kind, many in settings_tables():
        words = told
        for part in name.split("."):
            words = words.get(part, {})
        heads = f"[[{name}]]" if many else f"[{name}]"
        parts += [f"### `{heads}`", "| key | type | default | stricter | what it is for |\n|---|---|---|---|---|"]
        rows = [_key(item, hints_of(kind)[item.name], words.get(item.name, "")) for item in plain_fields(kind)]
        parts[-1] += "".join("\n" + row for row in rows)
    return "\n" + "\n\n".join(parts) + "\n"


def settings_tables() -> list[tuple[str, type, bool]]:
    """Give each table of the policy: its name, its class, and whether there may be many of it."""
    found: list[tuple[str, type, bool]] = [("gate", Gate, False), ("suppress", Suppression, True)]
    found += sorted((setting.key, setting.type, setting.many) for setting in all_settings())
    for name, kind, _ in found:
        for item in fields(kind):
            hint = hints_of(kind)[item.name]
            inner = next((arg for arg in (hint, *get_args(hint)) if is_dataclass(arg)), None)
            if isinstance(inner, type):
                found.append((f"{name}.{item.name}", inner, get_origin(hint) is tuple))
    return sorted(found, key=lambda each: each[0])


def plain_fields(kind: type) -> list[Any]:
    """Give the fields of a settings class that are no tables themselves."""
    hints = hints_of(kind)
    return [i for i in fields(kind) if not any(map(is_dataclass, (hints[i.name], *get_args(hints[i.name]))))]


def _key(item: Any, hint: Any, words: str) -> str:
    default = default_of(item)
    shown = "needed" if default is MISSING else "" if default is None else f"`{spelled(default)}`"
    tighter = item.metadata.get("tighter", "")
    way = STRICTER.get((_kind(hint), tighter), {"lower": "the first", "higher": "the last"}.get(tighter, ""))
    return f"| `{item.name}` | {_kind(hint)} | {shown} | {way} | {words.replace('|', '&#124;')} |"


def _kind(hint: Any) -> str:
    if get_origin(hint) in (Union, UnionType):
        return _kind(next(arg for arg in get_args(hint) if arg is not type(None)))
    if get_origin(hint) is Literal:
        return " or ".join(f'`"{word}"`' for word in get_args(hint))
    if get_origin(hint) in (tuple, dict, Mapping):
        return "list" if get_origin(hint) is tuple else "table"
    return {"str": "text", "int": "number", "bool": "`true` or `false`"}.get(hint.__name__, hint.__name__.lower())


def pages() -> str:
    """Write docs/rules.md."""
    parts = ["# Rules", "What `gatepost explain RULE` prints, for every rule. Written by `python docs/generate.py`."]
    for rule in all_rules().values():
        parts.append(f"## {rule.id}")
        parts.append(f"Default level: `{rule.level}`.")
        parts += [re.sub(r"^(Why|Instead|Fine when):", r"**\1:**", paragraph) for paragraph in rule.paragraphs]
    return "\n\n".join(parts) + "\n"


def anchor(rule: str) -> str:
    """Give the anchor that a forge makes of a heading."""
    return rule.replace("/", "")


def example() -> str:
    """Show a commit that is refused, as the hook really prints it (the line of JSON and the time left out)."""
    first = {"0001_product.up.sql": "CREATE TABLE product (id bigint PRIMARY KEY, stock int);\n"}
    first["0001_product.down.sql"] = "DROP TABLE product;\n"
    with tempfile.TemporaryDirectory() as root:
        directory = Path(root) / "db" / "migrations"
        directory.mkdir(parents=True)
        _git(root, "init", "-q", "-b", "main")
        for name, text in first.items():
            (directory / name).write_text(text, encoding="utf-8")
        _git(root, "add", ".")
        _git(root, "-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-q", "-m", "first")
        (directory / "0002_drop_stock.up.sql").write_text("ALTER TABLE product DROP COLUMN stock;\n", encoding="utf-8")
        _git(root, "add", ".")
        command = [sys.executable, "-m", "gatepost", "pre-commit"]
        said = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout.splitlines()[:-1]
    return "\n".join(["```console", "$ git commit -m 'Drop the stock'", *said, "```"])


def _git(root: str, *args: str) -> None:
    subprocess.run(["git", *args], cwd=root, check=True)


def filled(text: str) -> str:
    """Fill the marked blocks of a document."""
    blocks = {"verbs": verbs, "rules": rules, "extras": extras, "example": example, "keys": keys}
    for name, write in blocks.items():
        if f"<!-- {name}: begin -->" not in text:
            continue
        pattern = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        block = re.sub(r"; \d+ ms\)", ")", write())
        text = pattern.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
    return text


def documents() -> dict[Path, str]:
    """Give each document's path and its text as it should be."""
    marked = (ROOT / "README.md", ROOT / "docs" / "policy.md")
    found = {path: filled(path.read_text(encoding="utf-8")) for path in marked}
    return found | {ROOT / "docs" / "rules.md": pages()}


def main() -> int:
    """Write, or with ``--check`` compare."""
    stale = [
        path for path, text in documents().items() if not path.exists() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        if "--check" in sys.argv[1:]:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale; run: python docs/generate.py\n")
        else:
            path.write_text(documents()[path], encoding="utf-8")
    return 1 if stale and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
