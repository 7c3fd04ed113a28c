"""What the receipts of importance over a data set cost."""

CHECKS = 4096
"""Draws for each side of an identity."""


def checking_costs(features: int) -> int:
    """About how many evaluations checking the identities takes.

    Examples
    --------
    >>> checking_costs(3) // CHECKS  # 4 for Shapley effects, 4 permuted, 4 and 2 for slopes
    14
    """
    return CHECKS * (3 * (features + 1) + 2)
