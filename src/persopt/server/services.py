"""What the routes of one server work with; made by the app's factory, given to each route."""

from __future__ import annotations

from typing import Any

from persopt.runtime import Runtime
from persopt.server.checksums import Checksums
from persopt.server.dataset_samples import DatasetSamples
from persopt.server.event_hub import EventHub
from persopt.server.figures import Figures
from persopt.server.known_answers import KnownAnswers
from persopt.server.options import ServerOptions
from persopt.server.predictions import Predictions
from persopt.server.system_monitor import SystemMonitor

__all__ = ("Services",)


class Services:
    """The runtime, the options, and what the server itself counts and keeps."""

    def __init__(self, runtime: Runtime, options: ServerOptions) -> None:
        self.runtime = runtime
        self.kernel = runtime.kernel
        self.options = options
        self.figures = Figures(runtime.kernel)
        self.answers = KnownAnswers(runtime.kernel.store.version)
        self.checksums = Checksums()
        self.samples = DatasetSamples(runtime.settings)
        self.monitor = SystemMonitor(runtime.settings.workspace)
        self.hub = EventHub(runtime.settings)
        self.predictions = Predictions(runtime.settings)
        self.is_closing = False
        self.document: dict[str, Any] = {}

    def close_streams(self) -> None:
        """Let every stream end, and whoever waits for a prediction wait no longer; in the event loop."""
        self.is_closing = True
        self.hub.close_readers()
        self.predictions.interrupt()
