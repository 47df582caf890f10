"""docs/http.md names every route there is, and no other; its sample is a body that is accepted."""

from __future__ import annotations

import json
import re
from pathlib import Path

from persopt.domain.prune_specs import PruneSpec
from persopt.domain.validation import decode_struct
from persopt.server.app import list_routes
from persopt.server.routes.jobs import open_kinds

TEXT = (Path(__file__).parents[2] / "docs" / "http.md").read_text("utf-8")


def test_the_table_of_routes_is_whole() -> None:
    written = set(re.findall(r"`((?:GET|POST) /\S*)`", TEXT.partition("## Events")[0]))
    served = {
        f"{method} {re.sub(r':(str|path)', '', path)}"
        for route in list_routes()
        for method in route.http_methods
        if method in ("GET", "POST")
        for path in route.paths
    }
    kinds = {f"POST /api/optimization/{kind}" for kind in open_kinds()}
    assert served - written <= kinds  # "each kind that can be run has such a route"
    assert written <= served


def test_the_sample_is_accepted() -> None:
    (body,) = re.findall(r"-d '(.*)'", TEXT)
    assert decode_struct(json.loads(body), PruneSpec).config.sparsity == 0.5
