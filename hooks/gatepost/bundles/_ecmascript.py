"""Find the imports of JavaScript and TypeScript text without a parser.

A lexer of strings, templates, regular expressions and comments, and the three words that import.
Each step only moves forward, so that hostile text costs time in proportion to its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from gatepost.bundles import Import

_STOP = re.compile(r"""["'`/]|\b(?:import|export|require)\b""")
_STOP_NESTED = re.compile(r"""["'`/{}]|\b(?:import|export|require)\b""")
_BODIES = {
    '"': re.compile(r'[^"\\\n]*(?:\\.[^"\\\n]*)*', re.DOTALL),
    "'": re.compile(r"[^'\\\n]*(?:\\.[^'\\\n]*)*", re.DOTALL),
    "/": re.compile(r"(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\]?)*"),
}
_TEMPLATE = re.compile(r"`|\\|\$\{")
_SPACE = re.compile(r"\s*")
_TOKEN = re.compile(r"[\w$]+|.", re.DOTALL)
_WORD = re.compile(r"[\w$]+")
_MEMBER = re.compile(r"\s*\)\s*\.\s*([\w$]*)")
_META_GLOB = re.compile(r"\.\s*meta\s*\.\s*glob(?:Eager)?\b\s*(?:<[^()]{0,200}>)?\s*\(")
_NEW_URL = re.compile(r"""\bnew\s+URL\s*\(\s*(["'`])([^"'`\n]{1,200})\1\s*,\s*$""")
_EAGER = re.compile(r"""[^;]{0,200}?\beager\s*:\s*true\b""")
_GUARD = re.compile(r"NODE_ENV|import\.meta\.env\.(?:DEV|PROD|MODE)|__DEV__|process\.env\.VITEST|import\.meta\.vitest")
_BEFORE_REGEX = frozenset(
    "return typeof case in of delete void throw new instanceof do else yield await default".split()  # noqa: SIM905
)
_BEFORE_STRING = _BEFORE_REGEX | {"from", "import", "export", "extends", "as", "static", "get", "set", "async"}
_PROMISE = frozenset(("then", "catch", "finally"))
_GUARD_REACH = 300


def scan(text: str, *, typescript: bool = True) -> tuple[Import, ...]:
    """Give the imports of a module in their order."""
    return tuple(_Lexer(text, typescript).imports())


@dataclass(slots=True)
class _Lexer:
    text: str
    typescript: bool
    at: int = 0
    counted: int = 0
    line: int = 1
    depths: list[int] = field(default_factory=list)
    dead: dict[str, int] = field(default_factory=dict)

    def imports(self) -> Iterator[Import]:
        while found := (_STOP_NESTED if self.depths else _STOP).search(self.text, self.at):
            word, self.at = found[0], found.end()
            if word in "\"'":
                if self.string_may_begin(found.start()):
                    self.string(word)
            elif word == "/":
                self.slash(found.start())
            elif word == "`":
                self.template(found.start())
            elif word in "{}":
                self.brace(word)
            elif self.free(found.start()):
                yield from self.keyword(word, found.start())

    def string_may_begin(self, start: int) -> bool:
        """Tell a string from an apostrophe in the text of JSX, which stands right behind a letter."""
        if start == 0 or not self.text[start - 1].isalnum():
            return True
        words = _WORD.findall(self.text[max(0, start - 24) : start])
        return bool(words) and words[-1] in _BEFORE_STRING

    def string(self, quote: str) -> str | None:
        """Pass over a string whose quote was just read, and give its text; None where it does not end."""
        start = self.at
        if start < self.dead.get(quote, 0):
            return None
        body = _BODIES[quote].match(self.text, start)
        end = body.end() if body else start
        if self.text[end : end + 1] != quote:
            self.dead[quote] = end  # an apostrophe in the text of JSX: nothing up to here closes it
            return None
        self.at = end + 1
        return self.text[start:end]

    def slash(self, start: int) -> None:
        after = self.text[self.at : self.at + 1]
        if after == "/":
            end = self.text.find("\n", self.at)
            self.at = len(self.text) if end < 0 else end
        elif after == "*":
            end = self.text.find("*/", self.at + 1)
            self.at = len(self.text) if end < 0 else end + 2
        elif after != ">" and start >= self.dead.get("/", 0) and self.regex_may_begin(start):
            body = _BODIES["/"].match(self.text, self.at)
            end = body.end() if body else self.at
            if self.text[end : end + 1] == "/":
                self.at = end + 1
            else:
                self.dead["/"] = end

    def regex_may_begin(self, start: int) -> bool:
        before = self.text[max(0, start - 200) : start].rstrip()
        if not before:
            return True
        last = before[-1]
        if last in ")]}\"'`<" or before.endswith(("++", "--")):
            return False
        if last == ">":
            return before.endswith("=>")
        if last.isalnum() or last in "_$":
            words = _WORD.findall(before[-24:])
            return bool(words) and words[-1] in _BEFORE_REGEX
        return True

    def template(self, start: int) -> None:
        if start < self.dead.get("`", 0):
            return
        while found := _TEMPLATE.search(self.text, self.at):
            self.at = found.end()
            if found[0] == "`":
                return
            if found[0] == "${":
                self.depths.append(0)
                return
            self.at += 1
        self.at, self.dead["`"] = start + 1, len(self.text)

    def brace(self, char: str) -> None:
        if char == "{":
            self.depths[-1] += 1
        elif self.depths[-1]:
            self.depths[-1] -= 1
        else:
            self.depths.pop()
            self.template(self.at - 1)

    def free(self, start: int) -> bool:
        """Tell a word from a member of that name; ``...require(x)`` is no member."""
        before = self.text[max(0, start - 3) : start]
        return not before.endswith(("$", "#")) and (not before.endswith(".") or before == "...")

    def skip(self) -> str:
        """Pass over white space and comments; give the next character."""
        while True:
            space = _SPACE.match(self.text, self.at)
            self.at = space.end() if space else self.at
            if self.text.startswith("//", self.at):
                end = self.text.find("\n", self.at)
            elif self.text.startswith("/*", self.at):
                end = self.text.find("*/", self.at + 2)
                end = end + 1 if end >= 0 else end
            else:
                return self.text[self.at : self.at + 1]
            self.at = len(self.text) if end < 0 else end + 1

    def keyword(self, word: str, start: int) -> Iterator[Import]:
        char = self.skip()
        if word == "require":
            if char == "(":
                yield from self.call(start, dynamic=False)
        elif char == "(" and word == "import":
            yield from self.call(start, dynamic=True)
        elif char == "." and word == "import":
            yield from self.meta(start)
        elif char and (char in "{*\"'" or char.isalnum() or char in "_$"):
            yield from self.statement(word, start)

    def call(self, start: int, *, dynamic: bool) -> Iterator[Import]:
        self.at += 1
        spec, pattern = self.argument()
        if not spec:
            return
        if dynamic and self.is_type(start):
            return
        guarded = bool(_GUARD.search(self.text, max(0, start - _GUARD_REACH), start))
        yield self.found(spec, start, dynamic=dynamic, glob=pattern, guarded=guarded)

    def argument(self) -> tuple[str, bool]:
        """Read one literal argument; a template with holes, or a sum that begins with a string, is a glob."""
        char, mark = self.skip(), self.at
        if char and char in "\"'":
            self.at += 1
            value = self.string(char)
            if value is None:
                return "", False
            return (value + "*", True) if self.skip() == "+" else (value, False)
        if char != "`":
            return "", False
        end = self.text.find("`", mark + 1)
        body = self.text[mark + 1 : end] if mark < end < mark + 1000 else ""
        if "${" in body:  # the lexer reads it again, for what the holes hold
            return re.sub(r"\$\{[^}]*\}", "*", body), True
        self.at = end + 1 if body else self.at
        return body, False

    def is_type(self, start: int) -> bool:
        """Tell ``typeof import("x")`` and ``import("x").Name``, which are types: a promise has no such members."""
        if not self.typescript:
            return False
        if re.search(r"\btypeof\s*$", self.text[max(0, start - 20) : start]):
            return True
        member = _MEMBER.match(self.text, self.at)
        return member is not None and member[1] not in _PROMISE

    def meta(self, start: int) -> Iterator[Import]:
        glob = _META_GLOB.match(self.text, self.at)
        if not glob:
            yield from self.asset(start)
            return
        eager = "globEager" in glob[0]
        self.at = glob.end()
        if self.skip() == "[":
            self.at += 1
        globs = []
        while (char := self.skip()) and char in "\"',":
            self.at += 1
            value = self.string(char) if char != "," else None
            if value:
                globs.append(value)
        eager = eager or bool(_EAGER.match(self.text, self.at))
        without = [value for value in globs if value.startswith("!")]
        for value in globs:
            if not value.startswith("!"):
                yield self.found(" ".join((value, *without)), start, dynamic=not eager, glob=True)

    def asset(self, start: int) -> Iterator[Import]:
        """Read backwards from ``import.meta.url``: ``new URL("./worker.js", import.meta.url)`` loads a file."""
        found = _NEW_URL.search(self.text[max(0, start - 300) : start])
        if found and found[2].startswith("."):
            yield self.found(found[2], start, dynamic=True)

    def statement(self, word: str, start: int) -> Iterator[Import]:
        words: list[str] = []
        depth = 0
        while char := self.skip():
            mark = self.at
            token = _TOKEN.match(self.text, mark)
            text = token[0] if token else char
            self.at = mark + len(text)
            if text in ("'", '"'):
                value = self.string(text)
                if value is None:
                    return
                if not depth:
                    yield from self.ended(word, words, value, start)
                    return
            elif text in "{}":
                depth += 1 if text == "{" else -1
                words.append(text)
            elif text in ("import", "export") or not (text in ",*" or _WORD.fullmatch(text)) or depth < 0:
                self.at = mark
                return
            else:
                words.append(text)
            if word == "export" and _closed(words, depth):
                return

    def ended(self, word: str, words: list[str], value: str, start: int) -> Iterator[Import]:
        if words and words[-1] != "from":
            return
        if not words and word == "export":
            return
        # esbuild keeps ``export {type A} from`` as an import, and drops ``import {type A} from``.
        if not _only_types(words[:-1], inline=word == "import"):
            yield self.found(value, start)

    def found(
        self, spec: str, start: int, *, dynamic: bool = False, glob: bool = False, guarded: bool = False
    ) -> Import:
        self.line += self.text.count("\n", self.counted, start)
        self.counted = start
        return Import(spec, self.line, dynamic, glob, guarded)


def _closed(words: list[str], depth: int) -> bool:
    """Tell an export that cannot have a source any more: its first words are no list, or "from" did not follow."""
    first = words[1] if words[0] == "type" and len(words) > 1 else words[0]
    if first not in ("{", "*", "type"):
        return True
    return depth == 0 and len(words) > 1 and words[-2] == "}" and words[-1] != "from"


def _only_types(words: list[str], *, inline: bool) -> bool:
    """Tell ``import type …`` and ``import {type A, type B}``, which leave nothing behind."""
    if words[:1] in (["type"], ["typeof"]):
        return len(words) > 1 and words[1] != ","
    if not inline or words[:1] != ["{"] or words[-1:] != ["}"]:
        return False
    names = " ".join(words[1:-1]).split(",")
    named = [name.split() for name in names if name.strip()]
    return bool(named) and all(name[0] in ("type", "typeof") and len(name) > 1 and name[1] != "as" for name in named)
