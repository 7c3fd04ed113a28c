"""Perturbed copies of an input, of which only what the perturbation changes is computed anew.

A window over a picture or a letter of a sequence changes a part of each activation. The unmodified
network runs on tensors that know the unperturbed activations and the changed parts: convolutions,
pools, norms and what works value by value compute the parts only, until these cover most of an
activation, and whatever else the network does gets whole activations. The result is that of plain
passes but for rounding; whether it comes sooner is tried out.

The idea, of sequences and of pictures: Nair et al. 2022 (fastISM, doi:10.1093/bioinformatics/
btac135), Nakandala et al. 2019 (Krypton, doi:10.1145/3299869.3319874).
"""

from explainers.perturbation.incremental.answering import Incremental

__all__ = ["Incremental"]
