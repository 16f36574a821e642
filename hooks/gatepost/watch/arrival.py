"""Find out when a deploy has happened, where that is later than the push."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlencode

from gatepost.errors import GatepostError, PolicyError
from gatepost.git import Repository
from gatepost.metrics import SourceError, Verification
from gatepost.metrics._http import get, get_json
from gatepost.metrics.prometheus import headers
from gatepost.watch.model import Watch

SHORT = 7
LONGEST = 100
HEX = frozenset("0123456789abcdef")
PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._+/-")


def checked(settings: Verification) -> None:
    """Raise PolicyError where the deploy could never be seen."""
    if settings.begin == "version" and not settings.version_url:
        raise PolicyError(['verification.begin: "version" needs verification.version_url'])
    if settings.begin == "label" and not settings.url:
        raise PolicyError(['verification.begin: "label" needs verification.url, the address of Prometheus'])


def happened(watch: Watch, git_dir: Path, now: float) -> float | None:
    """Give when the version endpoint or a new label named the commit; None where that has not been, yet.

    ``gatepost deploy mark`` needs no asking. Raises SourceError where nobody answers.
    """
    if watch.settings.begin == "version":
        answer = get(watch.settings.version_url, watch.settings.timeout).decode("utf-8", "replace")
        return now if names(answer, watch.oid) else None
    if watch.settings.begin == "label":
        return _labelled(watch, git_dir, now)
    return None


def names(text: str, oid: str) -> bool:
    """Tell whether a text holds a commit's id, or seven characters of it or more."""
    words = "".join(char if char in HEX else " " for char in text[:100_000]).split()
    return oid in text or any(len(word) >= SHORT and oid.startswith(word) for word in words)


def _labelled(watch: Watch, git_dir: Path, now: float) -> float | None:
    """Give when the version of a commit appeared among the values of a label, a scrape early rather than late."""
    settings = watch.settings
    step = max(1.0, settings.scrape / 3)
    start = watch.pushed - step
    seen = _values(settings, start, max(now, watch.pushed), step)
    before = {value for value, first in seen.items() if first < watch.pushed}
    with Repository(git_dir, client=False) as repo:
        tags = frozenset(repo.text("tag", "--points-at", watch.oid).split())
        found = [first for value, first in seen.items() if names(value, watch.oid) or _tagged(value, tags)]
        if not found and not any(_ours(repo, value) for value in seen):
            # Nothing here names commits, a build number say: what was not there before the push is the deploy.
            found = [first for value, first in seen.items() if value not in before]
    return max(watch.pushed, min(found) - step - settings.scrape) if found else None


def _tagged(value: str, tags: frozenset[str]) -> bool:
    return bool({value, f"v{value}", value.removeprefix("v")} & tags)


def _ours(repo: Repository, value: str) -> bool:
    """Tell whether a value is a commit's id or the name of a tag, here or in another repository."""
    if not value or len(value) > LONGEST or not set(value) <= PLAIN:
        return False
    letters = set(value)
    if SHORT <= len(value) <= 64 and letters <= HEX and not value.isdigit():
        return True
    try:
        return any(repo.resolve(f"refs/tags/{name}") is not None for name in (value, f"v{value}"))
    except GatepostError:
        return False


def _values(settings: Verification, start: float, end: float, step: float) -> dict[str, float]:
    """Give each value of the label with the first moment at which it was there."""
    label = settings.version_label
    matchers = ",".join(filter(None, (f'{label}!=""', settings.selector)))
    parameters = {
        "query": f"count by ({label}) ({settings.version_metric}{{{matchers}}})",
        "start": f"{start:.3f}",
        "end": f"{end:.3f}",
        "step": f"{step:g}",
    }
    address = f"{settings.url.rstrip('/')}/api/v1/query_range?{urlencode(parameters)}"
    answer = get_json(address, settings.timeout, headers(settings))
    try:
        return dict(_firsts(label, answer["data"]["result"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError):
        raise SourceError(f"{settings.url}: the answer is not one of Prometheus' API") from None


def _firsts(label: str, rows: Iterable[Mapping[str, Mapping[str, str]]]) -> Iterable[tuple[str, float]]:
    for row in rows:
        value, points = row["metric"].get(label, ""), row["values"]
        if value and points:
            yield str(value), float(points[0][0])  # type: ignore[index]  # JSON: pairs of a time and a number
