"""Find what HTML, style sheets and single-file components load."""

from __future__ import annotations

import re
from collections.abc import Iterator

from gatepost.bundles import Import
from gatepost.bundles._ecmascript import scan

_SCRIPT = re.compile(r"<script\b([^<>]{0,1000})>", re.IGNORECASE)
_LINK = re.compile(r"<link\b([^<>]{0,1000})>", re.IGNORECASE)
_ATTRIBUTE = re.compile(
    r"""\b(src|href|rel)\s*=\s*(?:"([^"]{0,500})"|'([^']{0,500})'|([^\s"'>]{1,500}))""", re.IGNORECASE
)
_CSS = re.compile(
    r"""/\*|@import\s+(?:url\(\s*)?["']?([^"'()\s;]{1,500})|\burl\(\s*["']?([^"'()\s]{1,500})"""
    r"""|\bcomposes\s*:[^;{}]{1,300}?\bfrom\s+["']([^"']{1,300})""",
    re.IGNORECASE,
)
_REMOTE = re.compile(r"(?:[a-z][a-z0-9+.-]*:|//|#|%)", re.IGNORECASE)


def component(text: str) -> tuple[Import, ...]:
    """Give the imports of the script blocks of a Vue or Svelte component."""
    return tuple(_scripts(text, page=False))


def page(text: str) -> tuple[Import, ...]:
    """Give what an HTML page loads: module scripts, their inline text, and style sheets."""
    links = []
    for tag in _LINK.finditer(text):
        attributes = _attributes(tag[1])
        if attributes.get("rel") == "stylesheet" and _local(attributes.get("href", "")):
            links.append(Import(_relative(attributes["href"]), _line(text, tag.start())))
    return (*_scripts(text, page=True), *links)


def _scripts(text: str, *, page: bool) -> Iterator[Import]:
    lowered, at = text.lower(), 0
    while tag := _SCRIPT.search(text, at):
        close = lowered.find("</script", tag.end())
        at = close if close >= 0 else len(text)
        first, source = _line(text, tag.start()), _attributes(tag[1]).get("src", "")
        if _local(source):
            yield Import(_relative(source) if page else source, first)
        start = _line(text, tag.end()) - 1
        for found in scan(text[tag.end() : at]):
            yield Import(found.specifier, start + found.line, found.dynamic, found.glob, found.guarded)


def style(text: str) -> tuple[Import, ...]:
    """Give the imports and the assets of a style sheet."""
    found, at, line, counted = [], 0, 1, 0
    while match := _CSS.search(text, at):
        at = match.end()
        if match[0] == "/*":
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
            continue
        target = match[1] or match[2] or match[3]
        line, counted = line + text.count("\n", counted, match.start()), match.start()
        if _local(target):
            # A bare name in url() is a file beside this one, in @import it may be a package.
            target = _relative(target) if match[2] else target.removeprefix("~")
            found.append(Import(target, line))
    return tuple(found)


def markdown(text: str) -> tuple[Import, ...]:
    """Give the imports of MDX: statements at the beginning of a line, outside of fenced code."""
    kept, fenced = [], False
    for line in text.split("\n"):
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        kept.append(line if not fenced and line.startswith(("import ", "export ", "} from", "  ")) else "")
    return scan("\n".join(kept))


def _attributes(text: str) -> dict[str, str]:
    return {match[1].lower(): match[2] or match[3] or match[4] or "" for match in _ATTRIBUTE.finditer(text)}


def _local(target: str) -> bool:
    return bool(target) and not _REMOTE.match(target)


def _relative(target: str) -> str:
    return target if target.startswith((".", "/")) else "./" + target


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
