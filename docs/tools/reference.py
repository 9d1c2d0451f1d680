"""Writes the pages that are told from the code: `python docs/tools/reference.py`.

Each template beside this becomes the page of its name; a test holds the pages to what it writes.
"""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema2md
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from litellm_contracts._errors import EXIT_CODES
from litellm_contracts._profile import profiles
from litellm_contracts._tables import all_contracts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from litellm_contracts._model import Contract

DOCS = Path(__file__).parents[1]
PACKAGE = files("litellm_contracts")
TEMPLATES = Path(__file__).with_name("templates")


def pages() -> dict[str, str]:
    """Return the text of each page, by its name in docs/."""
    environment = Environment(  # noqa: S701 - writes Markdown
        loader=FileSystemLoader(TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    facts = {
        "groups": list(_groups()),
        "contracts": all_contracts(),
        "exit_codes": EXIT_CODES,
        "profiles": profiles().values(),
        "result_fields": _fields("reports/result-1.schema.json"),
        "protocol_lines": _fields("doors/protocol-1.schema.json"),
    }
    return {
        name.removesuffix(".jinja"): environment.get_template(name).render(facts)
        for name in environment.list_templates()
    }


def _groups() -> Iterator[tuple[str, str, list[Contract]]]:
    """Yield each group's name, what its table says of it, and its contracts."""
    about = dict(_about_tables())
    for name, contracts in groupby(all_contracts(), key=_group):
        yield name, about.get(name, ""), list(contracts)


def _group(contract: Contract) -> str:
    return contract.id.partition("/")[0]


def _about_tables() -> Iterator[tuple[str, str]]:
    for table in PACKAGE.joinpath("tables").iterdir():
        if table.name.endswith(".toml"):
            text = table.read_text(encoding="utf-8")
            first = tomllib.loads(text)["contract"][0]["id"]
            yield first.partition("/")[0], _first_comment(text)


def _first_comment(text: str) -> str:
    lines: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    return " ".join(lines)


def _fields(place: str) -> str:
    """Return a schema's properties and definitions as lists."""
    schema = Path(str(PACKAGE.joinpath(place)))
    (lines,) = jsonschema2md.Parser().parse_file(schema, locale="en").values()
    text = "".join(lines)
    text = text[text.index("\n## ") :].strip().replace("%24defs/", "defs/")
    return re.sub(r"^ +(?=- )", lambda found: found[0] * 2, text, flags=re.MULTILINE)  # 4 a level


if __name__ == "__main__":
    for name, text in pages().items():
        DOCS.joinpath(name).write_text(text, encoding="utf-8")
