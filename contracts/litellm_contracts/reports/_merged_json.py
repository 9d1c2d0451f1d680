"""The merged matrix as JSON, schema version 1, and as an endpoint badge of shields.io."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from litellm_contracts.reports._merged_words import badge_words, runtime

if TYPE_CHECKING:
    from litellm_contracts._merge import Environment, Merged, Row

SCHEMA_VERSION = 1


def write_merged_json(merged: Merged) -> str:
    """Return the JSON text; `matrix-1.schema.json` describes it."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "verdict": merged.verdict.value,
        "date": merged.date,
        "judged_by": _judged_by(merged),
        "problems": list(merged.problems),
        "environments": [_environment(one) for one in merged.environments],
        "rows": [_row(row) for row in merged.rows],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def write_badge(merged: Merged) -> str:
    """Return what https://shields.io/badges/endpoint-badge reads."""
    message, colour = badge_words(merged)
    badge = {
        "schemaVersion": 1,
        "label": "litellm-contracts",
        "message": message,
        "color": colour,
        "isError": colour == "red",
    }
    return json.dumps(badge, indent=1, ensure_ascii=False) + "\n"


def _judged_by(merged: Merged) -> dict[str, Any]:
    handlers = {table.sdk: table.handler for table in merged.tables if table.handler}
    if not handlers:
        return {}
    return {**merged.demands, "handler name": ", ".join(handlers.values()), "handlers": handlers}


def _environment(one: Environment) -> dict[str, Any]:
    return {
        "name": one.name,
        "label": one.label,
        "sdk": one.sdk,
        "openai": one.openai or None,
        "python": (one.sdk == "python" and one.runtime) or None,
        "runtime": runtime(one) or None,
        "verdict": one.verdict,
    }


def _row(row: Row) -> dict[str, Any]:
    return {
        "id": row.id,
        "sdk": row.sdk,
        "kind": row.kind,
        "level": row.level or None,
        "requirement": row.requirement,
        "segments": [
            {
                "range": one.range,
                "value": one.value,
                "changes": one.changes,
                "departs": one.departs,
                "environments": [environment.name for environment in one.environments],
            }
            for one in row.segments
        ],
    }
