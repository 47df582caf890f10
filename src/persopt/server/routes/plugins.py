"""The plugins: what each offers, with the schema of its options, and what is wrong with it."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta, Struct

from persopt.plugins.options import options_schema
from persopt.plugins.points import PLUGIN_POINTS
from persopt.plugins.registry import PluginRecord, Registry
from persopt.server.options import API_PREFIX
from persopt.server.responses import json_response
from persopt.server.routes.parameters import Served, in_thread

__all__ = ("ContributionView", "PluginList", "describe_contributions", "plugin_routes")


class ContributionView(Struct, frozen=True, kw_only=True):
    """What a plugin offers under one name."""

    kind: Annotated[str, Meta(description="The plugin point, such as `sampling-strategy`.")]
    name: Annotated[str, Meta(description="As it stands in a spec.")]
    title: Annotated[dict[str, str], Meta(description="For people, by language: `en`, `fa`.")]
    distribution: Annotated[str, Meta(description="Distribution and version that it comes from.")]
    options: Annotated[dict[str, Any], Meta(description="JSON Schema of its options.")]


class PluginList(Struct, frozen=True, kw_only=True):
    """The plugins that were found, and everything that was taken from them."""

    plugins: list[PluginRecord]
    contributions: list[ContributionView]


@get(f"{API_PREFIX}/plugins", name="listPlugins")
@in_thread
def list_plugins(services: Served) -> Response[bytes]:
    """List the plugins."""
    registry = services.runtime.registry
    return json_response(PluginList(plugins=list(registry.records), contributions=describe_contributions(registry)))


def describe_contributions(registry: Registry) -> list[ContributionView]:
    """Return everything that the plugins offer."""
    return [
        ContributionView(
            kind=point.kind,
            name=name,
            title=dict(found.title),
            distribution=registry.distribution_of(found),
            options=options_schema(found.options),
        )
        for point in PLUGIN_POINTS
        for name, found in registry.contributions(point.kind).items()
    ]


def plugin_routes() -> list[HTTPRouteHandler]:
    """Return the route of plugins."""
    return [list_plugins]
