"""Exact Shapley values, by trying every order."""

import itertools
import math

import torch


def shapley(function, x, reference):
    """Each value's change of function(x) (a number), averaged over all orders of changing them."""
    values = torch.zeros_like(x)
    for order in itertools.permutations(range(len(x))):
        now = reference.clone()
        last = function(now)
        for index in order:
            now[index] = x[index]
            values[index] += function(now) - last
            last = function(now)
    return values / math.factorial(len(x))
