"""What failures have in common: one change may mend many contracts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litellm_contracts._model import Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from litellm_contracts._model import Report


def likely(finding: Mapping[str, Any]) -> str:
    """Tell the likeliest cause of a finding, after the clue that gives it away."""
    return ": ".join(filter(None, (finding.get("clue"), finding["cause"])))


def common_causes(report: Report) -> list[tuple[str, list[str]]]:
    """Return the likeliest causes with the ids of the contracts they break, the commonest first.

    The first finding of a contract speaks for it. Nothing where there is one such contract alone:
    its own story tells the cause.
    """
    causes: dict[str, list[str]] = {}
    for result in report.results:
        findings = result.evidence.get("findings")
        if findings and findings[0]["cause"] and result.status in {Status.FAIL, Status.WARN}:
            causes.setdefault(findings[0]["cause"], []).append(result.id)
    told = sorted(causes.items(), key=lambda cause: len(cause[1]), reverse=True)
    return told if sum(len(ids) for _, ids in told) > 1 else []


def cause_line(cause: str, ids: list[str]) -> str:
    """Tell a cause on one line."""
    such = f"{len(ids)} contracts, such as {ids[0]}" if len(ids) > 1 else ids[0]
    return f"{such}: {cause}"
