"""The scanner of imports: what counts, what does not, and hostile text."""

from __future__ import annotations

import time

import pytest

from gatepost.bundles import Import
from gatepost.bundles._ecmascript import scan
from gatepost.bundles._markup import component, markdown, page, style


def names(text: str, *, typescript: bool = True) -> list[str]:
    return [("~" if item.dynamic else "") + item.specifier for item in scan(text, typescript=typescript)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('import a from "a"', ["a"]),
        ("import {b, type C} from 'b'", ["b"]),
        ('import * as ns from "ns"; import "side"', ["ns", "side"]),
        ('import type D from "d"', []),
        ('import {type E, type F as G} from "e"', []),
        ('import {type as x} from "e"', ["e"]),
        ('import type, {x} from "x"', ["x"]),
        ('import type from "x"', ["x"]),
        ('import typeof T from "flow"', []),
        ('export * from "a"; export * as q from "b"; export {a as b} from "c"', ["a", "b", "c"]),
        ('export {type A} from "a"', ["a"]),
        ('export type {X} from "no"; export type * from "no2"', []),
        ('export {a, b}\nexport const z = "no"; export default "no"; export function from() {"no"}', []),
        ('const y = require("r"), s = [...require("s")]; foo.require("no"); require(x)', ["r", "s"]),
        ('const l = () => import(/* webpackChunkName: "x" */ "d").then(m => m.a)', ["~d"]),
        ('type T = typeof import("no"); type U = import("no").Foo; const v = import("yes")\nconst w = 1', ["~yes"]),
        ('// import "no"\n/* import "no" */ const s = "import \'no\'"', []),
        ('`import "no" ${require("in")} ${`nested ${import("deep")}`} import "no"`; import "x"', ["in", "~deep", "x"]),
        ('const r = /import "no"\\/["]/; const d = a / b; import("x")', ["~x"]),
        ("const e = <p>don't {import('x')} and/or it's</p>; import 'y'", ["~x", "y"]),
        ('<img src="x" />; import "y"', ["y"]),
        ('import{m as n}from"./a.js";export{k}from\'./b.js\';import"./c.js"', ["./a.js", "./b.js", "./c.js"]),
        ('import j from "./a.json" with { type: "json" }', ["./a.json"]),
        ('import { // it\'s\n aa, /* "x" */ bb } from "m"', ["m"]),
        ('import {"a b" as c} from "m"', ["m"]),
        ('import defer * as d from "m"; import source w from "n"; import x = require("o")', ["m", "n", "o"]),
        ('o = { import: 1, require: 2, export: 3 }; p.import("no"); $import("no"); #import', []),
        ('new Worker(new URL("./w.ts", import.meta.url))', ["~./w.ts"]),
        ("import(`./locales/${lang}.json`); import('./x/' + name)", ["~./locales/*.json", "~./x/*"]),
        ('import.meta.glob("./p/*.ts"); import.meta.glob(["./q/*.ts", "!./q/*.test.ts"], { eager: true })',
         ["~./p/*.ts", "./q/*.ts !./q/*.test.ts"]),
    ],
)  # fmt: skip
def test_what_is_imported(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_lines_and_guards() -> None:
    found = scan('import "a"\n\nif (import.meta.env.DEV) {\n  await import("b")\n}\n')
    assert found == (Import("a", 1), Import("b", 4, dynamic=True, guarded=True))


def test_a_type_of_flow_is_no_type_of_typescript() -> None:
    assert names('x = import("a").b', typescript=False) == ["~a"]


def test_markup() -> None:
    vue = '<template>import "no"</template>\n<script setup lang="ts">\nimport a from "./a"\n</script>'
    assert component(vue) == (Import("./a", 3),)
    html = (
        '<script type="module" src="/src/main.ts"></script><script src="local.js"></script>'
        '<script src="https://x/y.js"></script><link rel="stylesheet" href="a.css"><script>import("./b")</script>'
    )
    assert [item.specifier for item in page(html)] == ["/src/main.ts", "./local.js", "./b", "./a.css"]
    css = '/* @import "no" */ @import "a.css"; @import url(b.css) screen; a{b:url("img.png")} c{d:url(data:x)}'
    assert [item.specifier for item in style(css)] == ["a.css", "b.css", "./img.png"]
    assert [item.specifier for item in markdown('import A from "./a"\n\n```js\nimport "no"\n```\n# text')] == ["./a"]


HOSTILE = [
    "import a ", '"\\"', "'", "`${", "/[", "export {", 'import {"', "import(`", "import /*", "/", "import.meta ",
    "import.meta.glob([", "require(", 'typeof import("x")', "`${`}", "<script ", "url(", "{", "export * as ",
    "new URL(", "//", "a/b/",
]  # fmt: skip


@pytest.mark.parametrize("unit", HOSTILE)
def test_hostile_text_takes_time_in_proportion(unit: str) -> None:
    text = unit * (200_000 // len(unit))
    started = time.process_time()
    scan(text)
    component(text)
    style(text)
    assert time.process_time() - started < 3
