"""core: the draws of random.h are torch's own."""

import random

import torch
from oracle import case, fails, run


@case("core/draws", seed=[0, 7, 123456789])
def draws(seed):
    torch.manual_seed(seed)
    return {
        "uniform": [torch.rand(1).item() for _ in range(5)],
        "between": [torch.empty(1).uniform_(-3.0, 9.5).item() for _ in range(5)],
        "integer": [torch.randint(2, 100, (1,)).item() for _ in range(5)],
        "permutation": torch.randperm(17).tolist(),
        "next": torch.rand(1).item(),
    }


@case("core/python_draws", seed=[0, 1, 7, 2**31, 2**32 - 1, 2**32, 2**32 + 5, 123456789012345, 2**64 - 1])
def python_draws(seed):
    python = random.Random(seed)
    return {
        "seed_text": str(seed),
        "uniform": [python.random() for _ in range(700)],
        "below": [python.randrange(n) for n in (1, 2, 3, 7, 100, 2**31, 2**32 - 1, 2**32, 2**40 + 3)],
        "shuffled": [_shuffled(python, n) for n in (0, 1, 2, 5, 40)],
        "choice": [python.choices(range(n))[0] for n in (1, 2, 3, 10)],
        "weighted": [python.choices(range(4), weights=w)[0] for w in ([1, 1, 1, 1], [0, 0, 2, 0], [0.1, 0.2, 0.3, 5], [9, 0, 0, 0])],
        "next": python.random(),
    }


def _shuffled(python, n):
    order = list(range(n))
    python.shuffle(order)
    return order


@case("core/python_refusals", weights=[[0, 0], [1], [1, 2, 3], [-1, -2], [1, 2], [-1, 2], []])
def python_refusals(weights):
    return {"refused": fails(lambda: random.choices(range(2), weights=weights))}


run(__file__)
