"""Writing the card of a demo: what the app needs to know of it."""

import json
from pathlib import Path
from typing import Any


def write_card(folder: Path, card: dict[str, Any]) -> None:
    """Write the card into the demo's folder, and tell its figures."""
    text = json.dumps(card, indent=1, ensure_ascii=False)
    (folder / "card.json").write_text(text + "\n", encoding="utf-8")
    print(json.dumps(card["figures"], indent=1))
