"""Whether a backend can do its work, for whoever watches over the server."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

SECONDS_OF_GRACE = 30.0
"""So long a worker may be missing: it is being replaced, which takes a second or a few."""
SECONDS_TO_BEGIN = 180.0
"""So long the first one may take, on a computer that imports slowly."""


@dataclass(frozen=True)
class Health:
    """The state of a backend now.

    Attributes
    ----------
    engine : bool
        Whether the thread that gives jobs to the worker runs.
    worker : bool
        Whether there is a worker that has said that it is ready.
    store : bool
        Whether the store can be written.
    seconds_without_worker : float
        0 where there is one.
    beginning : bool
        Whether there was none yet.

    Examples
    --------
    >>> Health(True, True, True).well, Health(True, True, False).well
    (True, False)
    >>> Health(True, False, True, 2.0).well, Health(True, False, True, 60.0).well
    (True, False)
    """

    engine: bool
    worker: bool
    store: bool
    seconds_without_worker: float = 0.0
    beginning: bool = False

    @property
    def well(self) -> bool:
        """Whether nobody needs to do anything."""
        patience = SECONDS_TO_BEGIN if self.beginning else SECONDS_OF_GRACE
        return self.engine and self.store and self.seconds_without_worker < patience

    def as_facts(self) -> dict[str, Any]:
        """Plain data that JSON can hold."""
        facts = asdict(self) | {"ok": self.well}
        facts["seconds_without_worker"] = round(self.seconds_without_worker, 1)
        return facts
