"""Settings are frozen dataclasses whose values are part of a record's identity, and so may grow but not change."""

from dataclasses import asdict, fields
from typing import Any

LATER = {"later": True}  # metadata of a field that came after the first records


def counted(settings: Any) -> dict[str, Any]:
    """The values by name that tell one configuration from another: of later fields, those that are not the default."""
    late = {field.name: field.default for field in fields(settings) if "later" in field.metadata}
    return {name: value for name, value in asdict(settings).items() if name not in late or value != late[name]}
