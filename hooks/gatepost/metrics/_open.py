"""Open the metric source that a policy names."""

from __future__ import annotations

from gatepost import metrics, registry
from gatepost.errors import PolicyError
from gatepost.metrics import MetricSource, Reader, Verification
from gatepost.model import printable
from gatepost.policy import nearest


def sources() -> tuple[MetricSource, ...]:
    """Give every source there is."""
    return registry.load(metrics, "SOURCE", MetricSource)


def open_source(settings: Verification) -> Reader:
    """Open ``verification.source``; PolicyError where there is none of that name."""
    known = {source.name: source for source in sources()}
    if settings.source not in known:
        near = nearest(settings.source, known)
        problem = f"gatepost.toml: verification.source: no source {printable(settings.source, 40)!r}{near}"
        raise PolicyError([problem], "one of: " + ", ".join(sorted(known)))
    return known[settings.source].open(settings)
