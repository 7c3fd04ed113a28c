"""A model must be found after a measure exactly as it was before."""

from contextlib import contextmanager

import torch


@contextmanager
def untouched(model: torch.nn.Module):
    """Modes, hooks, gradients, weights to the bit, and the global random state are unchanged."""
    before, generator = _state(model), torch.get_rng_state()
    yield
    after = _state(model)
    assert before[0] == after[0]
    assert before[1].keys() == after[1].keys()
    assert all(torch.equal(before[1][name], after[1][name]) for name in after[1])
    assert torch.equal(generator, torch.get_rng_state())


def _state(model):
    parts = [
        (name, module.training, len(module._forward_hooks), len(module._forward_pre_hooks))
        for name, module in model.named_modules()
    ]
    learning = [(p.requires_grad, p.grad is None, id(p)) for p in model.parameters()]
    return (parts, learning), {k: v.clone() for k, v in model.state_dict().items()}
