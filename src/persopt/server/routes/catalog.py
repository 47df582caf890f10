"""The models and data sets that are installed, page by page."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta, Struct

from persopt.server.catalog import DatasetView, ModelView, find_datasets, find_models
from persopt.server.options import API_PREFIX
from persopt.server.paging import read_number_cursor
from persopt.server.requests import read_query
from persopt.server.responses import json_response
from persopt.server.routes.parameters import AnyRequest, Served, in_thread

__all__ = ("CatalogQuery", "DatasetList", "ModelList", "catalog_routes")

T = TypeVar("T")


class CatalogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    limit: Annotated[int, Meta(ge=1, le=500, description="Entries on a page, at most.")] = 100
    cursor: Annotated[str | None, Meta(description="`next` of the page before.")] = None


class ModelList(Struct, frozen=True, kw_only=True):
    """Models by name."""

    models: list[ModelView]
    total: int
    next: str | None = None


class DatasetList(Struct, frozen=True, kw_only=True):
    """Data sets by name."""

    datasets: list[DatasetView]
    total: int
    next: str | None = None


@get(f"{API_PREFIX}/models", name="listModels")
@in_thread
def list_models(request: AnyRequest, services: Served) -> Response[bytes]:
    """List the models that are installed."""
    query = read_query(request, CatalogQuery)
    found = find_models(services.runtime.settings)
    page, following = _cut(found, query)
    return json_response(ModelList(models=page, total=len(found), next=following))


@get(f"{API_PREFIX}/datasets", name="listDatasets")
@in_thread
def list_datasets(request: AnyRequest, services: Served) -> Response[bytes]:
    """List the data sets that are installed."""
    query = read_query(request, CatalogQuery)
    found = find_datasets(services.runtime.settings)
    page, following = _cut(found, query)
    return json_response(DatasetList(datasets=page, total=len(found), next=following))


def catalog_routes() -> list[HTTPRouteHandler]:
    """Return the routes of what is installed."""
    return [list_models, list_datasets]


def _cut(found: list[T], query: CatalogQuery) -> tuple[list[T], str | None]:
    first = 0 if query.cursor is None else read_number_cursor(query.cursor)
    end = first + query.limit
    return found[first:end], str(end) if end < len(found) else None
