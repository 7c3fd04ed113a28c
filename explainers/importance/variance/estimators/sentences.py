"""What must be said of methods that draw every feature independently."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explainers.kinds.features import correlated_groups

if TYPE_CHECKING:
    from explainers.importance.data import DatasetContext


def independently(context: DatasetContext) -> list[str]:
    """A sentence where features that are drawn independently are correlated in the data, or none.

    Of a table its columns count, of a series its variables over all rows and steps; those of the
    same group are drawn together, and so need no word.

    Parameters
    ----------
    context : DatasetContext
    """
    if context.layout.kind not in ("table", "series"):
        return []
    features = context.features
    values = context.inputs.detach().double().flatten(0, -2).cpu().numpy()
    own = {column: index for index, part in enumerate(features.columns) for column in part}
    groups = [
        list(dict.fromkeys(own[int(column)] for column in group))
        for group in correlated_groups(values, [str(column) for column in range(len(own))])
    ]
    apart = [[features.names[index] for index in group] for group in groups if len(group) > 1]
    if not apart:
        return []
    listed = "; ".join(" + ".join(group) for group in apart)
    return [
        "Sobol indices, Morris' effects and Shapley effects let every feature vary independently, "
        f"but in these rows some move together (|r| above 0.7): {listed}. So they count answers to "
        "inputs that hardly occur. Let those vary as one: give them as groups."
    ]
