"""The figures of `/metrics` in Prometheus' form: of the jobs, of the events, and of the server itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from persopt.domain.jobs import JOB_STATES
from persopt.kernel.kernel import Kernel

__all__ = ("Figures",)

_BUCKETS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_SECONDS_AN_HOUR: Final = 3600.0


class Figures:
    """What one server counts; nothing of it is global.

    Args:
        kernel: Where the jobs are looked up, when the figures are asked for.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Jobs(kernel))
        self._latencies = Histogram(
            "persopt_http_request_seconds",
            "Time from a request to the end of its answer.",
            ("method", "route", "status"),
            buckets=_BUCKETS,
            registry=self._registry,
        )

    def note_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request that was answered; `route` is the path's template, so that there are few."""
        known = method if method in ("GET", "HEAD", "POST", "OPTIONS") else "other"
        self._latencies.labels(known, route, str(status)).observe(seconds)

    def expose(self) -> bytes:
        """Return all figures as text."""
        return generate_latest(self._registry)


class _Jobs(Collector):
    """Reads the store when it is asked."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def collect(self) -> Iterator[Metric]:
        jobs = GaugeMetricFamily("persopt_jobs", "Jobs by state.", labels=("state",))
        for state in JOB_STATES:
            jobs.add_metric((state,), self._kernel.store.count_jobs(states=(state,)))
        yield jobs
        totals = self._kernel.totals()
        ended = CounterMetricFamily("persopt_trials", "Trials that ended, by outcome.", labels=("outcome",))
        ended.add_metric(("successful",), totals.successful_trials)
        ended.add_metric(("failed",), totals.failed_trials)
        yield ended
        seconds = totals.total_training_time * _SECONDS_AN_HOUR
        yield CounterMetricFamily("persopt_trial_seconds", "Wall time of all trials that ended.", value=seconds)
        mean = totals.average_trial_time * 60
        yield GaugeMetricFamily("persopt_trial_seconds_mean", "Mean wall time of a trial.", value=mean)
        lag = self._kernel.store.event_lag()
        yield GaugeMetricFamily("persopt_events_waiting", "Events that are not published yet.", value=lag)

    def describe(self) -> Iterator[Metric]:
        """Say nothing: the store is not read before somebody asks."""
        return iter(())
