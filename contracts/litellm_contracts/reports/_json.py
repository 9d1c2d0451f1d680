"""The report as JSON, schema version 1."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litellm_contracts._model import Report

SCHEMA_VERSION = 1


def to_dict(report: Report) -> dict[str, Any]:
    """Return the report as plain data; keys and statuses are part of the public interface."""
    return {
        "schema_version": SCHEMA_VERSION,
        **({"inputs": report.inputs} if report.inputs else {}),
        "verdict": report.verdict.value,
        "suite": dict(report.suite),
        "handler": dict(report.handler),
        "environment": dict(report.environment),
        "seconds": round(report.seconds, 3),
        "counts": report.counts,
        "contracts": [
            {
                "id": result.id,
                "level": result.level.value,
                "status": result.status.value,
                "requirement": result.requirement,
                "message": result.message,
                "seconds": round(result.seconds, 4),
                "evidence": dict(result.evidence),
            }
            for result in report.results
        ],
    }


def write_json(report: Report) -> str:
    """Return the JSON text."""
    return json.dumps(to_dict(report), indent=1, ensure_ascii=False) + "\n"
