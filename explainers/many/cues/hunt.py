"""`hunt`: which evidence of a run is a cue, that takes the answer with it wherever it is pasted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.errors import Problem
from explainers.many.cues.cluster import Cluster
from explainers.many.cues.clusters import grouped, unlikeness
from explainers.many.cues.flips import Flips
from explainers.many.cues.patches import (
    Patches,
    cut_out,
    elsewhere,
    features,
    hottest,
    pasted,
    square,
)
from explainers.many.networks import Given, Network, opened
from explainers.many.reading.completion import parsed_file
from explainers.many.reading.inputs import Inputs, Parse
from explainers.many.reading.members import Source
from explainers.many.run import ManyRun

if TYPE_CHECKING:
    from explainers.models.spec import ModelSpec

VALUES_HELD = 2**26
"""So many values of pictures are held at once; of a larger run an even sample is hunted through."""
MOST_OF_A_CLASS, FEWEST = 400, 3
BATCH = 64
PAIRS, MOST_TRIED = 200, 24
"""Of each cluster so many pairs are tried, of so many clusters."""


def hunt(
    run: ManyRun,
    model: Given,
    source: Source | None = None,
    *,
    spec: ModelSpec | None = None,
    device: str | None = None,
    size: float = 0.19,
    pairs: int = PAIRS,
    most: int = MOST_TRIED,
    seed: int = 0,
    parse: Parse = parsed_file,
) -> tuple[Cluster, ...]:
    """Look for cues in a run over pictures.

    The patch with most of the evidence is taken from each picture; patches of one answer are
    clustered by what they show, by the map in them and by their place. The patches of the clusters
    that are most unlike the rest are cut out of their pictures, and pasted onto pictures of other
    answers. Maps alone cannot tell a cue from the thing itself, least of all where every picture
    of a class has it; that it goes on to decide far from the thing does.

    Parameters
    ----------
    run : ManyRun
        Over pictures, finished, of a network that answers with classes.
    model : str or callable
        The network of the run.
    source : str, Path, or sequence of them, optional
        The pictures of the run; where the run found them, unless given.
    spec, device, parse
        As in `explain_many`.
    size : float
        The patch's side, as a share of the picture's shorter side.
    pairs : int
        How many (picture, other picture) are tried for each cluster, each once.
    most : int
        How many clusters are tried.
    seed : int
        Of the random patches and pairs.

    Returns
    -------
    tuple of Cluster
        The one whose patch does most elsewhere first: by the lower end of the interval of what
        pasting it does beyond random patches. The intervals take pairs for independent.

    Raises
    ------
    Problem
        Where the run is no such, or pictures or network are others than the run's.

    Examples
    --------
    >>> import tempfile
    >>> from explainers import explain_many
    >>> from explainers.models.zoo.signs import samples
    >>> photos = [sample.path for sample in samples()]
    >>> run = explain_many("signs_cheating", photos, "deeplift", to=tempfile.mkdtemp())
    >>> first = hunt(run, "signs_cheating", photos, pairs=60)[0]
    >>> first.name, first.is_cue
    ('stop', True)
    """
    network = opened(model, spec, (), device)
    inputs = _inputs(run, network, source, parse)
    return hunt_among(network, *_read(run, inputs), size=size, pairs=pairs, most=most, seed=seed)


def hunt_among(
    network: Network,
    indices: np.ndarray,
    maps: np.ndarray,
    pictures: np.ndarray,
    *,
    size: float = 0.19,
    pairs: int = PAIRS,
    most: int = MOST_TRIED,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Cluster, ...]:
    """The same, among pictures whose maps are given.

    Parameters
    ----------
    network : Network
    indices : ndarray of whole numbers, shape (N,)
        By which the members of clusters are named.
    maps : ndarray, shape (N, H, W)
    pictures : ndarray, float32, shape (N, C, H, W)
        As the network takes them.
    size, pairs, most, seed
        See `hunt`.
    progress : callable
        Called with how many clusters have been tried, of how many; what it raises ends the call.
    """
    answers = _answers(network, pictures)
    patches = hottest(maps, max(2, round(size * min(maps.shape[1:]))))
    points = features(pictures, maps, patches)
    rng = np.random.default_rng(seed)
    groups: list[tuple[float, np.ndarray]] = []
    for answer in np.unique(answers):
        alike = np.flatnonzero(answers == answer)
        if len(alike) > MOST_OF_A_CLASS:
            alike = np.sort(rng.choice(alike, MOST_OF_A_CLASS, replace=False))
        found = grouped(points[alike], seed)
        for group in np.unique(found):
            members = np.isin(np.arange(len(answers)), alike[found == group])
            if FEWEST <= members.sum() < len(answers):
                groups.append((unlikeness(points, members), np.flatnonzero(members)))
    groups.sort(key=lambda one: -one[0])
    clusters = []
    tried = groups[:most]
    for place, (how_unlike, members) in enumerate(tried):
        answer = int(answers[members[0]])

        def alive(place: int = place) -> None:
            progress(place, len(tried))

        cut, paste = _tried(network, pictures, answers, patches, members, pairs, rng, alive)
        named = network.classes[answer] if answer < len(network.classes) else f"output {answer}"
        clusters.append(
            Cluster(
                answer,
                named,
                tuple(indices[members].tolist()),
                patches.places[members],
                patches.side,
                float(patches.shares[members].mean()),
                how_unlike,
                cut,
                paste,
            )
        )
    return tuple(sorted(clusters, key=lambda one: -one.paste.excess_interval[0]))


def _tried(
    network: Network,
    pictures: np.ndarray,
    answers: np.ndarray,
    patches: Patches,
    members: np.ndarray,
    pairs: int,
    rng: np.random.Generator,
    alive: Callable[[], None],
) -> tuple[Flips, Flips]:
    """What cutting out and pasting the members' patches does, beside random patches of theirs."""
    side, answer = patches.side, answers[members[0]]
    sides = (pictures.shape[2], pictures.shape[3])
    own = {int(k): elsewhere(patches.places[k], side, sides, rng) for k in members}
    cut = [cut_out(pictures[k], patches.places[k], side) for k in members]
    other_cut = [cut_out(pictures[k], own[int(k)], side) for k in members]
    cuts = Flips.of(
        _answers(network, np.stack(cut)) != answer, _answers(network, np.stack(other_cut)) != answer
    )
    others = np.flatnonzero(answers != answer)
    every = len(members) * len(others)
    chosen = rng.choice(every, min(pairs, every), replace=False)
    flipped: list[list[np.ndarray]] = [[], []]
    for start in range(0, len(chosen), BATCH):
        alive()
        batches: list[list[np.ndarray]] = [[], []]
        for pair in chosen[start : start + BATCH]:
            giver, taker = int(members[pair % len(members)]), others[pair // len(members)]
            place = patches.places[giver]
            for which, corner in enumerate((place, own[giver])):
                patch = pictures[giver][(slice(None), *square(corner, side))]
                batches[which].append(pasted(pictures[taker], patch, place))
        for which, batch in enumerate(batches):
            flipped[which].append(_answers(network, np.stack(batch)) == answer)
    cue, random = (np.concatenate(one) for one in flipped)
    return cuts, Flips.of(cue, random)


def _inputs(run: ManyRun, network: Network, source: Source | None, parse: Parse) -> Inputs:
    """The run's pictures. Problem where they, or the network, are others than the run's."""
    told: dict[str, Any] = run.told
    if network.spec.kind != "picture" or network.spec.answers != "classes":
        raise Problem("Cues are looked for in runs over pictures, of networks that name classes.")
    if told["asked"]["network"] != network.digest:
        raise Problem("This is not the network of the run: its weights have another digest.")
    inputs = Inputs(told["source"] if source is None else source, network.spec, parse)
    if inputs.digest != told["source_digest"]:
        raise Problem("These are not the pictures of the run: their files have other digests.")
    return inputs


def _read(run: ManyRun, inputs: Inputs) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Indices (N,), maps (N, H, W) and pictures (N, C, H, W) of an even sample of the run."""
    room = VALUES_HELD // (4 * int(np.prod(inputs.spec.sides)))
    step = max(1, -(-run.done // room))
    found = [(index, one) for index, one in run.maps() if index % step == 0]
    if not found:
        raise Problem("The run holds no map in which a cue could be looked for.")
    indices = np.array([index for index, _ in found])
    read = inputs.read(indices.tolist())
    pictures = [one.values for one in read if one.values is not None]
    return indices, np.stack([one for _, one in found]), np.stack(pictures)


def _answers(network: Network, pictures: np.ndarray) -> np.ndarray:
    """The class (N,) that the network answers to each picture."""
    import torch

    from explainers import eval_mode
    from explainers.passes import Passes

    place, _ = eval_mode.device_and_dtype(network.model)
    with eval_mode.evaluating(network.model):
        passes = Passes(network.model, batch_size=BATCH)
        outputs = passes.outputs(torch.from_numpy(pictures).to(place or "cpu"))
    found: np.ndarray = outputs.argmax(1).cpu().numpy()
    return found
