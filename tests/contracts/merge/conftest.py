"""What environments of a matrix leave behind, and how it is merged."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from litellm_contracts._model import Report, Status
from litellm_contracts.reports._json import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from litellm_contracts._merge import Merged

    Leave = Callable[..., Path]


@pytest.fixture
def left_behind(tmp_path: Path, report: Report) -> Callable[..., Path]:
    """Return a function that writes what an environment leaves behind, and returns its folder."""

    def leave(  # noqa: PLR0913 - a test names what differs
        name: str,
        openai: str,
        statuses: dict[str, str] | None = None,
        seen: str = "kept",
        folder: str = "results",
        *,
        departs: bool = False,
        handler: dict[str, str] | None = None,
        **suite: object,
    ) -> Path:
        statuses = statuses or {"group/one": "pass", "group/two": "pass"}
        failed = next(one for one in report.results if one.status is Status.FAIL)
        results = tuple(
            replace(
                failed if status == "fail" else report.results[0],
                id=one,
                status=Status(status),
                requirement=f"It must do {one}.",
            )
            for one, status in statuses.items()
        )
        told = to_dict(
            replace(
                report,
                results=results,
                suite={**report.suite, **suite},
                handler={**report.handler, **(handler or {})},
                environment={**report.environment, "openai": None if handler else openai},
            )
        )
        probe = {
            "id": "letter-case",
            "fact": "Letter case.",
            "openai": openai,
            "expected": "lower-case" if departs else seen,
            "seen": seen,
            "reason": "Because of a | and <b>.",
            "link": "https://example.com",
            "departs": departs,
        }
        place = tmp_path / folder
        place.mkdir(exist_ok=True)
        place.joinpath(f"{name}.json").write_text(json.dumps(told), encoding="utf-8")
        place.joinpath(f"{name}.probes.json").write_text(
            json.dumps({"schema_version": 1, "probes": [probe]}), encoding="utf-8"
        )
        return place

    return leave


@pytest.fixture
def left_by_node(left_behind: Callable[..., Path]) -> Callable[..., Path]:
    """Return a function that writes what an environment with the npm package leaves behind."""

    def leave(
        openai: str,
        statuses: dict[str, str] | None = None,
        name: str = "",
        **rest: Any,  # noqa: ANN401
    ) -> Path:
        handler = {
            "name": "my-node",
            "door": "command",
            "language": "node 20.20.2",
            "sdk": f"openai {openai}",
        }
        return left_behind(name or f"node{openai}", openai, statuses, handler=handler, **rest)

    return leave


@pytest.fixture
def three(left_behind: Leave) -> Path:
    """Leave three environments behind; the last keeps a contract that the others break."""
    broken = {"group/one": "pass", "group/two": "fail"}
    left_behind("openai3.19.1", "3.19.1", seen="lower-case")
    left_behind("openai1.9.0", "1.9.0", broken)
    return left_behind("openai1.10.0", "1.10.0", broken)


@pytest.fixture
def ranges() -> Callable[[Merged, str], list[tuple[str, str, bool]]]:
    """Return a function that tells a row's ranges, values, and whether it changes there."""

    def tell(matrix: Merged, row_id: str) -> list[tuple[str, str, bool]]:
        [row] = (row for row in matrix.rows if row.id == row_id)
        return [(one.range, one.value, one.changes) for one in row.segments]

    return tell
