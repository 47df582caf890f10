"""Calls into plugins during a run: a fault there fails the job and names the plugin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from persopt.domain.errors import PersoptError, PluginError
from persopt.plugins.contracts.base import Contribution
from persopt.plugins.registry import Registry
from persopt.plugins.safety import describe_exception

__all__ = ("plugin_guard",)


@contextmanager
def plugin_guard(registry: Registry, contribution: Contribution) -> Iterator[None]:
    """Turn what a contribution raises inside the block into an error that names its plugin.

    Errors of persopt's own tree pass as they are (a strategy may say that options and space do not go
    together), and so does what is not a fault of the code: an interrupt, a generator or a task that is closed.

    Raises:
        PluginError: for every other exception, `SystemExit` included; the exception is its cause.
    """
    try:
        yield
    except PersoptError:
        raise
    except (Exception, SystemExit) as error:
        reason = describe_exception(error)
        raise PluginError(contribution.name, registry.distribution_of(contribution), reason) from error
