"""Draw a watch as one self-contained HTML page: both windows, the deploy, when the evidence was enough."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from html import escape
from math import log10
from typing import Any

from gatepost.model import printable
from gatepost.watch.baseline import Baseline
from gatepost.watch.counts import Counts
from gatepost.watch.model import Watch

WIDTH, HEIGHT = 720, 220
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 14, 26
BEFORE = 0.42  # the share of the width that the baseline gets
QUANTILES = ("p50", "p90", "p99")
WORDS = {"pass": "good", "warn": "odd", "regressed": "bad"}

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --dim: #5c6570; --line: #d5dae0; --page: #fff; --card: #f5f7f9;
  --a: #2563b8; --b: #8a5a00; --c: #9b2c6f; --good: #1b6e3c; --odd: #8a5a00; --bad: #b3261e; --none: #5c6570 }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e9ed; --dim: #9aa4b0; --line: #3a424c; --page: #15181c; --card: #1e2329;
    --a: #7ab0f5; --b: #e0b050; --c: #ee90c6; --good: #6fd098; --odd: #e0b050; --bad: #ff8a80; --none: #9aa4b0 } }
* { box-sizing: border-box }
body { margin: 0 auto; max-width: 760px; padding: 20px 16px 48px; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, sans-serif }
h1 { font-size: 1.35rem; line-height: 1.3; margin: 0 0 4px } h2 { font-size: 1.05rem; margin: 28px 0 8px }
p { margin: 6px 0 } code { font: 0.9em ui-monospace, monospace; overflow-wrap: anywhere }
.word { display: inline-block; padding: 1px 10px; border-radius: 4px; border: 2px solid currentColor; font-weight: 600 }
.good { color: var(--good) } .odd { color: var(--odd) } .bad { color: var(--bad) } .none { color: var(--none) }
.dim, figcaption, text { color: var(--dim); fill: var(--dim) }
figure { margin: 0; background: var(--card); border-radius: 6px; padding: 8px; overflow-x: auto }
svg { display: block; width: 100%; height: auto } text { font: 12px system-ui, sans-serif }
@media (max-width: 560px) { text { font-size: 20px } }
figcaption { font-size: .85rem; padding: 4px 6px }
path { fill: none; stroke-width: 2 } .grid { stroke: var(--line) }
.p0 { stroke: var(--a) } .p1 { stroke: var(--b); stroke-dasharray: 6 3 } .p2 { stroke: var(--c); stroke-dasharray: 2 4 }
.k0 { color: var(--a) } .k1 { color: var(--b) } .k2 { color: var(--c) }
.deploy { stroke: var(--ink); stroke-width: 1.5 }
.alarm { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 4 3 }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  font-size: .92rem }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
"""

Point = tuple[float, float]  # share of the width, value


def render(watch: Watch, polls: Sequence[Counts]) -> str:
    """Give the page of a watch."""
    baseline = Baseline.from_json(watch.baseline) if watch.baseline else Baseline("nothing", 0.0, 0.0)
    verdict = watch.verdict or {"verdict": watch.state, "reason": watch.problem or "nothing certain yet"}
    word = str(verdict.get("verdict"))
    title = f"{watch.oid[:12]} {word}"
    parts = [
        f"<h1><code>{watch.oid[:12]}</code> <span class='word {WORDS.get(word, 'none')}'>{_text(word)}</span></h1>",
        f"<p>{_text(verdict.get('reason', ''))}</p>",
        f"<p class=dim>{_text(watch.service)}, deployed {_moment(watch.begun)}, judged {_moment(watch.ended)}</p>",
        *_figures(baseline, polls, verdict.get("detected_after_s")),
        *_signals(verdict),
        *_missed(verdict, baseline, polls),
        *_routes(baseline, polls),
    ]
    return (
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width,"
        f"initial-scale=1'><title>{_text(title)}</title><style>{_STYLE}</style>\n" + "\n".join(parts) + "\n</html>\n"
    )


def _text(value: Any) -> str:
    return escape(printable(str(value), 500))


def _moment(when: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(when)) if when else "not yet"


def _figures(baseline: Baseline, polls: Sequence[Counts], alarm: float | None) -> list[str]:
    if not baseline.series and not polls:
        return ["<p>There is nothing to draw: no traffic was seen.</p>"]
    errors = [*_before(baseline, lambda row: 100 * row[3] / row[2] if row[2] else None),
              *_after(polls, lambda p: 100 * p.errors / p.requests if p.requests else None)]  # fmt: skip
    crossed = _share(alarm, polls)
    drawn = _figure("Errors, % of requests", [errors], crossed, logarithmic=False, names=())
    times = [
        [*_before(baseline, lambda row, i=i: 1000 * row[4 + i] if len(row) > 4 + i else None),  # type: ignore[misc]
         *_after(polls, lambda p, i=i: 1000 * p.quantiles[i] if len(p.quantiles) > i else None)]  # type: ignore[misc]
        for i in range(len(QUANTILES))
    ]  # fmt: skip
    if any(times):
        drawn += _figure("Response times, ms", times, crossed, logarithmic=True, names=QUANTILES)
    return drawn


def _before(baseline: Baseline, of: Callable[[Sequence[float]], float | None]) -> list[Point]:
    rows = baseline.series
    found = [(BEFORE * (i + 0.5) / len(rows), of(row)) for i, row in enumerate(rows)]
    return [(x, value) for x, value in found if value is not None]


def _after(polls: Sequence[Counts], of: Callable[[Counts], float | None]) -> list[Point]:
    found = [(BEFORE + (1 - BEFORE) * (i + 0.5) / len(polls), of(poll)) for i, poll in enumerate(polls)]
    return [(x, value) for x, value in found if value is not None]


def _share(alarm: float | None, polls: Sequence[Counts]) -> float | None:
    if alarm is None or not polls:
        return None
    length = polls[-1].end - polls[0].start
    return BEFORE + (1 - BEFORE) * min(1.0, alarm / length) if length else None


def _figure(
    title: str, lines: Sequence[Sequence[Point]], alarm: float | None, *, logarithmic: bool, names: Sequence[str]
) -> list[str]:
    values = [value for line in lines for _, value in line if value > 0 or not logarithmic]
    if not values:
        return []
    ticks, place = _logarithmic(values) if logarithmic else _linear(max(values))
    width = WIDTH - LEFT - RIGHT
    body = [
        f"<line class=grid x1={LEFT} x2={WIDTH - RIGHT} y1={place(t):.1f} y2={place(t):.1f} />"
        f"<text x={LEFT - 6} y={place(t) + 4:.1f} text-anchor=end>{t:g}</text>"
        for t in ticks
    ]
    for number, line in enumerate(lines):
        for side in ([p for p in line if p[0] < BEFORE], [p for p in line if p[0] >= BEFORE]):
            points = [f"{LEFT + width * x:.1f},{place(v):.1f}" for x, v in side if v > 0 or not logarithmic]
            if points:
                body.append(f'<path class=p{number} d="M{"L".join(points)}" stroke-linecap=round />')
    body.append(_mark("deploy", LEFT + width * BEFORE, "deploy"))
    if alarm is not None:
        body.append(f"<line class=alarm x1={LEFT + width * alarm:.1f} x2={LEFT + width * alarm:.1f} "
                    f"y1={TOP} y2={HEIGHT - BOTTOM} />")  # fmt: skip
    label = f"{title}, before and after the deploy"
    keys = ", ".join(f"<span class=k{i}>{name}</span>" for i, name in enumerate(names))
    caption = " left of the line the hour before, right of it the watch" + (
        "; dashed red: the evidence was enough" if alarm is not None else ""
    )
    svg = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role=img aria-label="{escape(label)}">{"".join(body)}</svg>'
    return [
        f"<h2>{_text(title)}</h2><figure>{svg}<figcaption>{keys + ':' if keys else ''}{caption}</figcaption></figure>"
    ]


def _mark(kind: str, x: float, name: str) -> str:
    line = f"<line class={kind} x1={x:.1f} x2={x:.1f} y1={TOP} y2={HEIGHT - BOTTOM} />"
    return line + f"<text x={x:.1f} y={HEIGHT - 8} text-anchor=middle>{name}</text>"


def _linear(top: float) -> tuple[list[float], Callable[[float], float]]:
    top = top or 1.0
    step = 10.0 ** int(log10(top) - (1 if top < 1 else 0))
    step = next(s for s in (step / 5, step / 2, step, 2 * step, 5 * step, 10 * step) if top / s <= 5)
    ticks = [step * i for i in range(int(top / step) + 2)]
    height = HEIGHT - TOP - BOTTOM
    return ticks, lambda value: TOP + height * (1 - value / ticks[-1])


def _logarithmic(values: Sequence[float]) -> tuple[list[float], Callable[[float], float]]:
    low, high = log10(min(values)) - 0.1, log10(max(values)) + 0.1
    ticks = [
        m * 10.0**e for e in range(int(low) - 1, int(high) + 2) for m in (1, 2, 5) if low <= log10(m * 10.0**e) <= high
    ]
    height = HEIGHT - TOP - BOTTOM
    return ticks, lambda value: TOP + height * (1 - (log10(value) - low) / (high - low))


def _signals(verdict: Any) -> list[str]:
    rows = [
        f"<tr><td>{_text(s['level'])}<td>{_text(s['name'])}<td class=n>{s['at']:g} s<td>{_text(s['text'])}"
        + (f"<br><code>{_text(s['data']['example'])}</code>" if s.get("data", {}).get("example") else "")
        for s in verdict.get("evidence", ())
    ]
    rows += [f"<tr><td>told<td>new, once<td><td><code>{_text(name)}</code>" for name in verdict.get("new_once", ())]
    if not rows:
        return ["<h2>What changed</h2><p>Nothing that is certain.</p>"]
    head = "<tr><th>level<th>signal<th class=n>after<th>what"
    return [f"<h2>What changed</h2><div class=wide><table>{head}{''.join(rows)}</table></div>"]


def _missed(verdict: Any, baseline: Baseline, polls: Sequence[Counts]) -> list[str]:
    seen, errors = sum(p.requests for p in polls), sum(p.errors for p in polls)
    text = (verdict.get("could_have_missed") or {}).get("text")
    rows = [
        f"<tr><td>{name}<td class=n>{requests:,.0f}<td class=n>{bad:,.0f}"
        for name, requests, bad in (
            (f"before: {_text(baseline.origin)}", baseline.requests, baseline.errors),
            ("the watch", seen, errors),
        )
    ]
    table = f"<div class=wide><table><tr><th><th class=n>requests<th class=n>errors{''.join(rows)}</table></div>"
    missed = f"<p>Could have missed: {_text(text)}.</p>" if text else ""
    return [f"<h2>What was seen</h2>{table}{missed}"]


def _routes(baseline: Baseline, polls: Sequence[Counts]) -> list[str]:
    total = sum(p.requests for p in polls)
    if not baseline.requests or not total or len(baseline.routes) < 2:
        return []
    rows = []
    for name, (requests, errors) in list(baseline.routes.items())[:12]:
        after = [p.routes[name] for p in polls if name in p.routes]
        n, y = sum(each[0] for each in after), sum(each[1] for each in after)
        cells = (requests / baseline.requests, n / total, errors / requests if requests else 0.0, y / n if n else 0.0)
        rows.append(f"<tr><td><code>{_text(name)}</code>" + "".join(f"<td class=n>{100 * c:.2f} %" for c in cells))
    head = "<tr><th>route<th class=n>share before<th class=n>after<th class=n>errors before<th class=n>after"
    return [f"<h2>The mix of routes</h2><div class=wide><table>{head}{''.join(rows)}</table></div>"]
