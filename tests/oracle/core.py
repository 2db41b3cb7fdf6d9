"""core: the draws of random.h are torch's own."""

import torch
from oracle import case, run


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


run(__file__)
