"""What the axes of one input mean, and what belongs together in it, whatever its kind."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class InputLayout:
    """One input as methods see it.

    Attributes
    ----------
    kind : str
        A key of KINDS, or "" where neither it was said nor the shape tells.
    shape : tuple of int
        Of one input: a picture (C, H, W), a row of a table (F,), a series (T, V) of T steps and V
        variables, DNA (4, L).
    """

    kind: str
    shape: tuple[int, ...]

    @classmethod
    def of(cls, shape: tuple[int, ...], kind: str | None = None) -> InputLayout:
        """The layout of an input of that kind; without one, of the kind that such shapes have.

        Examples
        --------
        >>> InputLayout.of((4, 200)).kind, InputLayout.of((4, 200), "series").kind
        ('sequence', 'series')
        """
        if kind is None:
            two = "sequence" if shape[:1] == (4,) else "series"
            kind = {1: "table", 2: two, 3: "picture"}.get(len(shape), "")
        return cls(kind, tuple(shape))

    @property
    def units(self) -> str:
        """How `group_labels` groups what is hidden at once: a letter, a square, or one value."""
        return {"sequence": "letter", "picture": "square"}.get(self.kind, "cell")

    @property
    def features(self) -> str:
        """How `group_labels` groups what counts as one feature: also a variable at all steps."""
        return "variable" if self.kind == "series" else self.units

    @property
    def columns(self) -> int:
        """How many columns or variables it has: places along its last axis."""
        return self.shape[-1]
