"""The models and data sets that are installed, page by page."""

from __future__ import annotations

from typing import Annotated, TypeVar

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from msgspec import Meta, Struct

from persopt.server.catalog import DatasetView, ModelView, find_datasets, find_models
from persopt.server.dataset_samples import MOST_ROWS
from persopt.server.options import API_PREFIX
from persopt.server.paging import read_number_cursor
from persopt.server.requests import read_query
from persopt.server.responses import json_response
from persopt.server.routes.parameters import AnyRequest, Served, in_thread

__all__ = ("CatalogQuery", "DatasetList", "ModelList", "SampleQuery", "catalog_routes")

T = TypeVar("T")


class CatalogQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which part of the list."""

    limit: Annotated[int, Meta(ge=1, le=500, description="Entries on a page, at most.")] = 100
    cursor: Annotated[str | None, Meta(description="`next` of the page before.")] = None


class SampleQuery(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which data set, and how much of it."""

    name: Annotated[str, Meta(min_length=1, description="As `GET /datasets` gives it, or as `datasetPath` takes it.")]
    split: Annotated[str | None, Meta(description="Rows of this split; by default of the one that is trained on.")] = (
        None
    )
    limit: Annotated[int, Meta(ge=0, le=MOST_ROWS, description="Rows, at most.")] = 5


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


@get(f"{API_PREFIX}/datasets/sample", name="sampleDataset")
@in_thread
def sample_dataset(request: AnyRequest, services: Served) -> Response[bytes]:
    """Look into a data set: rows by split, columns and what each is for, classes, the first rows."""
    query = read_query(request, SampleQuery)
    return json_response(services.samples.look(query.name, query.limit, query.split))


def catalog_routes() -> list[HTTPRouteHandler]:
    """Return the routes of what is installed."""
    return [list_models, list_datasets, sample_dataset]


def _cut(found: list[T], query: CatalogQuery) -> tuple[list[T], str | None]:
    first = 0 if query.cursor is None else read_number_cursor(query.cursor)
    end = first + query.limit
    return found[first:end], str(end) if end < len(found) else None
