"""Trying models on a text."""

from __future__ import annotations

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import RawBody

from persopt.domain.predictions import PredictSpec
from persopt.domain.validation import decode_struct
from persopt.server.options import API_PREFIX
from persopt.server.requests import decode_json
from persopt.server.responses import json_response
from persopt.server.routes.parameters import Served

__all__ = ("prediction_routes",)


@post(f"{API_PREFIX}/predict", name="predict", status_code=200)
async def predict(services: Served, body: RawBody) -> Response[bytes]:
    """Let one to four models say something of a text: classes, tags, or what they write."""
    spec = decode_struct(decode_json(body, services.options.max_depth), PredictSpec)
    return json_response(await services.predictions.predict(spec))


def prediction_routes() -> list[HTTPRouteHandler]:
    """Return the route of predictions."""
    return [predict]
