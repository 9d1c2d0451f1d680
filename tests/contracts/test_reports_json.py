from __future__ import annotations

import json
from typing import TYPE_CHECKING

from litellm_contracts.reports._json import write_json

if TYPE_CHECKING:
    from litellm_contracts._model import Report

CONTRACT_KEYS = {"id", "level", "status", "message", "seconds", "evidence"}


def test_the_keys_are_the_public_ones(report: Report) -> None:
    told = json.loads(write_json(report))
    assert told["schema_version"] == 1
    assert set(told) >= {"verdict", "suite", "handler", "environment", "counts", "contracts"}
    assert set(told) - {"seconds"} == {
        "schema_version",
        "verdict",
        "suite",
        "handler",
        "environment",
        "counts",
        "contracts",
    }
    assert {frozenset(contract) for contract in told["contracts"]} == {
        frozenset(CONTRACT_KEYS | {"requirement"})
    }
    assert {"python", "openai", "litellm"} <= set(told["environment"])


def test_the_statuses_are_the_public_ones(report: Report) -> None:
    told = json.loads(write_json(report))
    assert [contract["status"] for contract in told["contracts"]] == [
        "pass",
        "fail",
        "warn",
        "waived",
        "not-applicable",
        "not-run",
        "error",
    ]
    assert told["counts"] == dict.fromkeys([one["status"] for one in told["contracts"]], 1)
    assert told["verdict"] == "error"


def test_a_result_is_told_in_full(report: Report) -> None:
    failed = json.loads(write_json(report))["contracts"][1]
    assert failed == {
        "id": "group/fail",
        "level": "must",
        "status": "fail",
        "requirement": "It must fail.",
        "message": "request 2: wrong\x1b[31m",
        "seconds": 0.25,
        "evidence": report.results[1].evidence,
    }
