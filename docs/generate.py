"""Write the parts of README.md and docs/rules.md that the program itself knows.

python docs/generate.py            write them
python docs/generate.py --check    end with 1 where one is not as it would be written

"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from gatepost.cli import all_verbs
from gatepost.gate import all_rules
from gatepost.policy import parse_toml

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
    told = dict(re.findall(r"(?ms)^([a-z0-9-]+) = \[[^]]*(?:\[[^]]*\][^]]*)*\]\s*# ([^\n]+)$", text))
    return "\n".join(f"| `gatepost[{name}]` | {told.get(name, '')} |" for name in named)


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
    """Fill the marked blocks of README.md."""
    for name, write in (("verbs", verbs), ("rules", rules), ("extras", extras), ("example", example)):
        pattern = re.compile(rf"(<!-- {name}: begin -->\n).*?(<!-- {name}: end -->)", re.DOTALL)
        block = re.sub(r"; \d+ ms\)", ")", write())
        text = pattern.sub(lambda found, block=block: f"{found[1]}{block}\n{found[2]}", text)
    return text


def documents() -> dict[Path, str]:
    """Give each document's path and its text as it should be."""
    readme = ROOT / "README.md"
    return {readme: filled(readme.read_text(encoding="utf-8")), ROOT / "docs" / "rules.md": pages()}


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
