"""Counts what the service does, for the operator's monitoring: by route, method and status, never by person.

Labels are the service's own words: route templates, methods, statuses. Whatever came from outside (an address that no
route has, a made-up method) is counted as `other`. Text format 0.0.4 of Prometheus.

Legal: GDPR Art. 5(1)(c), (f), Art. 32(1)(d); R-AUD-6.
"""

import hmac
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS_SECONDS = (0.005, 0.025, 0.1, 0.5, 2.0, 10.0)
OTHER = "other"
_METHODS = frozenset({"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"})


class Metrics:
    """The counters of one process."""

    def __init__(self) -> None:
        self._answers: Counter[tuple[str, str, int]] = Counter()
        self._times: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = {}

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One answered request.

        Args:
            method: as asked; an unknown one counts as `other`.
            route: the template, such as /v1/subjects/{subject_id}; never the path that was asked for.
            status: of the answer.
            seconds: from the first byte of the request to the end of the answer.
        """
        self._answers[method if method in _METHODS else OTHER, route, status] += 1
        buckets = self._times.setdefault(route, [0] * (len(BOUNDS_SECONDS) + 1))
        buckets[next((n for n, bound in enumerate(BOUNDS_SECONDS) if seconds <= bound), len(BOUNDS_SECONDS))] += 1
        self._seconds[route] = self._seconds.get(route, 0.0) + seconds

    def text(self, gauges: Mapping[str, tuple[str, float]]) -> str:
        """Everything as text; gauges are (what it says, value) by name."""
        return "\n".join([*self._counters(), *self._histograms(), *_gauges(gauges)]) + "\n"

    def _counters(self) -> Iterator[str]:
        yield from _head("registry_answers_total", "counter", "Answered requests.")
        for (method, route, status), count in sorted(self._answers.items()):
            yield f'registry_answers_total{{method="{method}",route="{route}",status="{status}"}} {count}'

    def _histograms(self) -> Iterator[str]:
        name = "registry_answer_seconds"
        yield from _head(name, "histogram", "From a request to the end of its answer.")
        for route, buckets in sorted(self._times.items()):
            for bound, count in zip([*map(str, BOUNDS_SECONDS), "+Inf"], accumulate(buckets), strict=True):
                yield f'{name}_bucket{{route="{route}",le="{bound}"}} {count}'
            yield f'{name}_sum{{route="{route}"}} {self._seconds[route]:.6f}'
            yield f'{name}_count{{route="{route}"}} {sum(buckets)}'


def is_operator(given: str, token: str) -> bool:
    """Whether an Authorization header bears the operator's token; nobody does where none is set."""
    return bool(token) and hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _gauges(gauges: Mapping[str, tuple[str, float]]) -> Iterator[str]:
    for name, (help_, value) in gauges.items():
        yield from _head(name, "gauge", help_)
        yield f"{name} {value:g}"


def _head(name: str, kind: str, help_: str) -> Iterator[str]:
    yield f"# HELP {name} {help_}"
    yield f"# TYPE {name} {kind}"
