"""Whether contributions lie on the planted motifs, by method: python -m assets.dna.figures.

Prints two tables in Markdown, one a kind of reference, and writes figures.json. Held-out sequences
with both motifs whose answer "both" is right are explained for that output's logit; the score of
a place is the sum over its four letters. Share: of all positive scores, how much lies on the
planted motifs (beside the motifs' share of the letters, which is chance). AUROC: the chance that a
place of a motif scores higher than one outside. Both are means over the sequences ± standard error.
"""

import json

import numpy as np
import torch
from torch import Tensor

from assets.dna.letters import BACKGROUND, Planted, planted
from assets.dna.train import FOLDER, HELD_OUT_SEED, auroc
from explainers import BASELINES, explain
from explainers.checks.localisation import relevance_mass
from explainers.models.zoo.demo_networks import load

WAYS = {
    "DeepLIFT Rescale": {"method": "deeplift", "rule": "rescale"},
    "DeepLIFT genomics": {"method": "deeplift", "rule": "genomics"},
    "DeepLIFT RevealCancel": {"method": "deeplift", "rule": "reveal_cancel"},
    "Integrated Gradients": {"method": "integrated_gradients"},
    "gradient × input": {"method": "gradient_x_input"},
}
SHUFFLES = 10


def flat(x: Tensor) -> Tensor:
    """The letters' frequencies at every place: (4, L)."""
    return torch.tensor(BACKGROUND).unsqueeze(1).expand(x.shape[1:]).contiguous()


def shuffled(x: Tensor) -> Tensor:
    """Ten shuffles of each sequence that keep its pairs of neighbours: (N, 10, 4, L)."""
    return BASELINES["shuffled"].make(x, count=SHUFFLES, seed=0)


REFERENCES = {"letter frequencies": flat, "ten dinucleotide shuffles": shuffled}


def on_motifs(scores: Tensor, data: Planted) -> dict[str, list[float]]:
    """Share of the positive scores on the motifs and AUROC, for scores (N, 4, L) of the data."""
    heat, mask = scores.sum(1).double().numpy(), data.mask()
    rows = list(zip(heat, mask, strict=True))
    return {
        "share": [relevance_mass(row, on) for row, on in rows],
        "auroc": [auroc(row, on) for row, on in rows],
    }


def right_ones(model, count: int, seed: int = HELD_OUT_SEED) -> tuple[Planted, Tensor]:
    """Up to `count` held-out sequences with both motifs that are answered so, and their letters."""
    data = planted(4 * count, seed)
    x = torch.from_numpy(data.one_hot())
    with torch.no_grad():
        yes = (model(x)[:, 0] > 0).numpy() & (data.answers[:, 0] > 0)
    chosen = np.flatnonzero(yes)
    spans = tuple(data.spans[k] for k in chosen)
    return Planted(data.letters[chosen], data.answers[chosen], spans), x[yes]


def _told(values: list[float]) -> str:
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1) / len(values) ** 0.5:.3f}"


def main(count: int = 100) -> None:
    """Print the tables, write the figures."""
    torch.set_num_threads(1)
    model = load(FOLDER / "card.json")
    data, x = right_ones(model, count)
    chance = float(data.mask().mean())
    told = {"sequences": len(x), "motifs_share_of_letters": chance, "shuffles": SHUFFLES}
    for kind, build in REFERENCES.items():
        print(f"\nReferences: {kind}; {len(x)} sequences; by chance the share is {chance:.3f}.\n")
        print("| method | share of the support on motifs | AUROC |\n|---|---|---|")
        references = build(x)
        for name, way in WAYS.items():
            found = on_motifs(explain(model, x, baseline=references, target=0, **way).scores, data)
            print(f"| {name} | {_told(found['share'])} | {_told(found['auroc'])} |", flush=True)
            told.setdefault(kind, {})[name] = {k: float(np.mean(v)) for k, v in found.items()}
    (FOLDER / "figures.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
