"""Say how often an error that was never seen before must occur to be worth an alarm.

A catalogue holds every signature with its first and last moment and its count over a look-back of T0.
In a clean watch of T1 = t T0, the expected number of never-seen signatures that occur k times is about
``t^k Phi_k``, where Phi_k is the number of signatures seen exactly k times in T0 (Good and Toulmin 1956;
Orlitsky, Suresh and Wu, PNAS 2016). The alarm is at the smallest k of at least 2 for which that is below
``LIMIT``: 2 with a look-back of a week, more where only an hour is known. With the previous ten minutes as the
look-back, as most tools have it, there are 6 to 25 false "new" signatures in every watch.

Occurrences count once per poll and client, so that one retrying client is one. Units: seconds, counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

LIMIT = 0.0025
LEAST, MOST = 2, 12


def occurrences_needed(counts: Iterable[float], look_back: float, watch: float) -> int:
    """Give how many occurrences make an alarm; ``counts`` are those of the catalogue's signatures."""
    if look_back <= 0:
        return MOST
    seen, share = list(counts), min(1.0, watch / look_back)
    # Half a signature is added to what was seen: an empty class is no proof that there are none.
    prior = 0.5 if seen else 0.0
    for needed in range(LEAST, MOST):
        exactly = sum(1 for count in seen if round(count) == needed) + prior
        if share**needed * exactly <= LIMIT:
            return needed
    return MOST


def unseen(now: Mapping[str, float], known: Iterable[str]) -> dict[str, float]:
    """Give the signatures that the catalogue does not know, with their occurrences."""
    catalogue = set(known)
    return {signature: count for signature, count in now.items() if signature not in catalogue}
