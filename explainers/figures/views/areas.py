"""Areas of a picture, found in the picture alone, and what a map's scores add up to in each.

Ranking areas instead of pixels is XRAI's idea (Kapishnikov et al. 2019, arXiv:1906.02825). Here the
areas do not overlap, so that their sums add up to the total.
"""

from __future__ import annotations

import heapq

import numpy as np

SUPERPIXELS, AREAS = 220, 40
LONGEST = 160
"""The side in px at which areas are looked for; finer ones nobody could tell apart."""
_COMPACTNESS = 12.0
_SMALLEST, _SMALL = 0.005, 0.02
"""Areas below this part of the picture are joined before all others: at this part of the cost."""


def find_areas(picture: np.ndarray, areas: int = AREAS) -> np.ndarray:
    """Areas of one colour each, which follow the edges of what is on a picture.

    Superpixels by SNIC (Achanta & Süsstrunk 2017), joined, the most alike first (Ward 1963), until
    so many are left. The map to be shown has no say in them.

    Parameters
    ----------
    picture : ndarray, shape (H, W, 3)
        From 0 to 255.
    areas : int
        At most so many.

    Returns
    -------
    ndarray, int64, shape (H, W)
        The number of each cell's area, from 0 without a gap; every area hangs together.

    Examples
    --------
    >>> picture = np.zeros((20, 30, 3))
    >>> picture[:, 15:] = 255
    >>> found = find_areas(picture, 2)
    >>> bool((found[:, :15] == found[0, 0]).all()), int(found.max())
    (True, 1)
    """
    height, width = picture.shape[:2]
    step = max(1, -(-max(height, width) // LONGEST))
    lab = _lab(picture[::step, ::step])
    joined = _join(_superpixels(lab, SUPERPIXELS), lab, areas)
    return joined.repeat(step, 0).repeat(step, 1)[:height, :width]


def sums(heat: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """What the scores add up to in each area: float64, shape (areas,).

    Examples
    --------
    >>> sums(np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([[0, 0], [1, 1]]))
    array([ 3., -1.])
    """
    return np.bincount(areas.ravel(), heat.astype(np.float64).ravel())


def area_map(heat: np.ndarray, areas: np.ndarray) -> np.ndarray:
    """The map with every area's sum spread evenly over it: what each adds up to stays the same.

    Examples
    --------
    >>> area_map(np.array([[1.0, 2.0], [3.0, -4.0]]), np.array([[0, 0], [1, 1]]))
    array([[ 1.5,  1.5],
           [-0.5, -0.5]])
    """
    return (sums(heat, areas) / np.bincount(areas.ravel()))[areas]


def _lab(picture: np.ndarray) -> np.ndarray:
    """Colours as people tell them apart: CIE L*a*b*, of sRGB in daylight."""
    rgb = picture.astype(np.float64) / 255
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    matrix = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = linear @ np.array(matrix).T / np.array([0.9505, 1.0, 1.089])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = np.moveaxis(f, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def _superpixels(lab: np.ndarray, count: int) -> np.ndarray:
    """SNIC: from seeds on a grid, the cell nearest to its area's mean is taken in, one at a time.

    Near in colour and place together; what is taken in is always a neighbour, so that every area
    hangs together.
    """
    height, width = lab.shape[:2]
    side = max(1.0, (height * width / count) ** 0.5)
    rows = np.arange(side / 2, height, side).astype(int)
    columns = np.arange(side / 2, width, side).astype(int)
    seeds = [(int(r), int(c)) for r in rows for c in columns] or [(height // 2, width // 2)]
    near = (_COMPACTNESS / side) ** 2
    colours = lab.tolist()
    labels = [[-1] * width for _ in range(height)]
    means = [[0.0] * 5 for _ in seeds]
    sizes = [0] * len(seeds)
    queue = [(0.0, k, r, c) for k, (r, c) in enumerate(seeds)]
    while queue:
        _, k, r, c = heapq.heappop(queue)
        if labels[r][c] >= 0:
            continue
        labels[r][c] = k
        mean, colour = means[k], colours[r][c]
        sizes[k] += 1
        for i, value in enumerate((*colour, r, c)):
            mean[i] += (value - mean[i]) / sizes[k]
        one, two, three, down, across = mean
        for y, x in ((r - 1, c), (r + 1, c), (r, c - 1), (r, c + 1)):
            if 0 <= y < height and 0 <= x < width and labels[y][x] < 0:
                u, v, w = colours[y][x]
                apart = (u - one) ** 2 + (v - two) ** 2 + (w - three) ** 2
                apart += near * ((y - down) ** 2 + (x - across) ** 2)
                heapq.heappush(queue, (apart, k, y, x))
    return np.array(labels)


def _join(labels: np.ndarray, lab: np.ndarray, most: int) -> np.ndarray:
    """Neighbours joined, the pair first that Ward's criterion finds most alike, down to `most`."""
    labels = np.unique(labels, return_inverse=True)[1].reshape(labels.shape)
    count = int(labels.max()) + 1
    size = np.bincount(labels.ravel()).astype(np.float64)
    flat = lab.reshape(-1, 3)
    mean = np.stack([np.bincount(labels.ravel(), flat[:, i]) / size for i in range(3)], 1)
    beside: list[set[int]] = [set() for _ in range(count)]
    for first, second in ((labels[1:], labels[:-1]), (labels[:, 1:], labels[:, :-1])):
        for a, b in {(int(a), int(b)) for a, b in zip(first.flat, second.flat, strict=True)}:
            if a != b:
                beside[a].add(b)
                beside[b].add(a)
    parent = list(range(count))

    def cost(a: int, b: int) -> float:
        apart = float(((mean[a] - mean[b]) ** 2).sum())
        small = min(size[a], size[b]) < _SMALLEST * labels.size
        return apart * size[a] * size[b] / (size[a] + size[b]) * (_SMALL if small else 1)

    version = [0] * count
    queue = [(cost(a, b), a, b, 0, 0) for a in range(count) for b in beside[a] if a < b]
    heapq.heapify(queue)
    left = count
    while left > most and queue:
        _, a, b, of_a, of_b = heapq.heappop(queue)
        if version[a] != of_a or version[b] != of_b:
            continue
        mean[a] = (mean[a] * size[a] + mean[b] * size[b]) / (size[a] + size[b])
        size[a] += size[b]
        parent[b], left = a, left - 1
        version[a], version[b] = version[a] + 1, -1
        beside[a] = (beside[a] | beside[b]) - {a, b}
        for c in beside[a]:
            beside[c].discard(b)
            beside[c].add(a)
            low, high = min(a, c), max(a, c)
            entry = (cost(low, high), low, high, version[low], version[high])
            heapq.heappush(queue, entry)
    for place in range(count):
        root = place
        while parent[root] != root:
            root = parent[root]
        parent[place] = root
    return np.unique(np.array(parent)[labels], return_inverse=True)[1].reshape(labels.shape)
