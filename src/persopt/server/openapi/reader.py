"""The document as a page for people: no script and nothing from elsewhere, so the strictest policy holds."""

from __future__ import annotations

from typing import Any, Final

__all__ = ("render_reference",)

_TEMPLATE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>persopt API</title>
<meta name="viewport" content="width=device-width"><style>
:root { color-scheme: light dark; } body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto;
padding: 0 1rem; } code, pre { font-size: .9em; } pre { overflow-x: auto; padding: .5rem; border: 1px solid #8886; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: .15rem .75rem .15rem 0; }
summary { cursor: pointer; padding: .3rem 0; } .method { font-weight: bold; text-transform: uppercase; }
</style></head><body>
<h1>{{ info.title }} {{ info.version }}</h1><p>{{ info.description }} <a href="openapi.json">openapi.json</a></p>
{% for path, methods in paths.items() %}{% for method, one in methods.items() %}
<details id="{{ one.operationId }}"><summary><span class="method">{{ method }}</span> <code>{{ path }}</code>
{{ one.summary }}</summary>
{% if one.parameters %}<table><tr><th>parameter<th>in<th>meaning</tr>
{% for item in one.parameters %}<tr><td><code>{{ item.name }}</code><td>{{ item["in"] }}<td>{{ item.description }}</tr>
{% endfor %}</table>{% endif %}
{% for kind, content in (one.requestBody or {}).get("content", {}).items() %}
<p>Body: {{ kind }} {{ names(content.schema) }}</p>
{% for name, example in content.examples.items() %}<p>{{ name }}</p><pre>{{ example.value | tojson(2) }}</pre>
{% endfor %}{% endfor %}
<table><tr><th>status<th>meaning</tr>{% for status, answer in one.responses.items() %}
<tr><td>{{ status }}<td>{{ answer.description or problem(answer) }}</tr>{% endfor %}</table></details>
{% endfor %}{% endfor %}
<h2>Schemas</h2>
{% for name, schema in components.schemas.items() %}<details id="schema-{{ name }}"><summary><code>{{ name }}</code>
{{ schema.description or schema.title or "" }}</summary><pre>{{ schema | tojson(2) }}</pre></details>
{% endfor %}</body></html>
"""


def render_reference(document: dict[str, Any]) -> bytes:
    """Return the page."""
    from jinja2 import Environment

    def names(schema: dict[str, Any]) -> str:
        refs = schema.get("anyOf", [schema])
        return " or ".join(str(ref.get("$ref", "")).rpartition("/")[2] for ref in refs)

    def problem(answer: dict[str, Any]) -> str:
        key = str(answer.get("$ref", "")).rpartition("/")[2]
        return str(document["components"]["responses"][key]["description"])

    template = Environment(autoescape=True).from_string(_TEMPLATE)
    return template.render(document, names=names, problem=problem).encode()
