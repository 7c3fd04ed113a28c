"""Windows over what is longer than a network takes: which there are, and how they are numbered."""

from __future__ import annotations

import numpy as np


def starts(length: int, window: int, stride: int = 0) -> np.ndarray:
    """Where windows start that cover all of a length, the last one at its end.

    Parameters
    ----------
    length, window : int
    stride : int
        From one start to the next; 0: half a window.

    Returns
    -------
    ndarray, int64
        From 0; none where the window is longer.

    Examples
    --------
    >>> starts(10, 4).tolist(), starts(11, 4, 4).tolist(), starts(3, 4).tolist()
    ([0, 2, 4, 6], [0, 4, 7], [])
    """
    last = length - window
    if last < 0:
        return np.zeros(0, np.int64)
    regular = np.arange(0, last + 1, stride or max(1, window // 2), dtype=np.int64)
    return regular if regular[-1] == last else np.append(regular, last)


def windows(lengths: np.ndarray, window: int) -> np.ndarray:
    """The numbers of all windows of several inputs, each in the order of its starts.

    A window's number is that of its input, from 0, and so many times its start as there are inputs:
    the first window of an input has the input's own number.

    Parameters
    ----------
    lengths : ndarray of whole numbers, shape (N,)
    window : int

    Returns
    -------
    ndarray, int64

    Examples
    --------
    >>> windows(np.array([4, 3, 8]), 4).tolist()
    [0, 2, 8, 14]
    """
    count = len(lengths)
    parts = [at + count * starts(int(length), window) for at, length in enumerate(lengths)]
    return np.concatenate(parts)
