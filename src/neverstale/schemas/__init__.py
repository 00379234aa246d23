"""JSON Schemas: of what the doctor prints, and of ``[tool.neverstale]``."""

import json
from pathlib import Path
from typing import Any


def settings(tool_name: str) -> dict[str, Any]:
    """Return the schema of ``[tool.neverstale]``, for validate-pyproject's plugins."""
    schema: dict[str, Any] = json.loads(
        Path(__file__).with_name("settings.json").read_text("utf-8")
    )
    return {**schema, "$id": f"https://json.schemastore.org/{tool_name}.json"}
