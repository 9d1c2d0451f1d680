"""The command `config`: each setting, and where it was given."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from litellm_contracts._cli_check import add_run_arguments, configured
from litellm_contracts._cli_output import show
from litellm_contracts._errors import EXIT_CONFORMANT

if TYPE_CHECKING:
    import argparse

    from litellm_contracts._config import Config

_WORDS = {
    "flag": "flag ",
    "environment": "environment variable ",
    "file": "",
    "profile": "profile ",
}


def add_config_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Register `config`."""
    config = commands.add_parser(
        "config",
        help="print each setting and where it was given",
        description="Print the settings with which `check` would run here, given the same flags: "
        "flags over environment variables (LITELLM_CONTRACTS_SEED, ...) over "
        "[tool.litellm-contracts] of the nearest pyproject.toml that has it over defaults.",
    )
    add_run_arguments(config)
    config.add_argument("--json", action="store_true", help="print them as JSON")
    config.set_defaults(run=_config)


def _config(args: argparse.Namespace) -> int:
    from litellm_contracts._options import contracts_of, options_of

    config = configured(args)
    contracts_of(config)  # a value that `check` refuses is refused here, too
    rows = _rows(config, options_of(config).profile.header)
    show(f"{json.dumps(rows, indent=2)}\n" if args.json else _table(rows))
    return EXIT_CONFORMANT


def _rows(config: Config, header: str) -> dict[str, dict[str, Any]]:
    from litellm_contracts._config import KEYS
    from litellm_contracts._doors import BUNDLED

    shown = {key: getattr(config, key) for key in KEYS}
    shown["header"] = header
    shown["handler"] = config.handler or (None if config.command else BUNDLED)
    shown["capabilities"] = list(config.capabilities)
    shown["waivers"] = [waiver.id for waiver in config.waivers]
    return {key: {"value": value, **_origin(config, key)} for key, value in shown.items()}


def _origin(config: Config, key: str) -> dict[str, str | None]:
    given = config.given.get(key)
    if given is None and key == "header":
        return {"source": "profile", "origin": config.profile}
    if given is None:
        return {"source": "default", "origin": None}
    return {"source": given.source, "origin": given.origin}


def _table(rows: dict[str, dict[str, Any]]) -> str:
    texts = {key: _shown(row["value"]) for key, row in rows.items()}
    widths = (max(map(len, texts)), max(map(len, texts.values())))
    return "".join(
        f"{key:<{widths[0]}}  {texts[key]:<{widths[1]}}  {_told(row)}\n"
        for key, row in rows.items()
    )


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)


def _told(row: dict[str, Any]) -> str:
    if row["origin"] is None:
        return "default"
    return f"{_WORDS[row['source']]}{row['origin']}"
