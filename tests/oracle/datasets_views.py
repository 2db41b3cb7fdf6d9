"""datasets_views: data sets made of others, and the base for data sets of one's own."""

import torch
from oracle import case, fails, run
from torch.utils.data import ConcatDataset, random_split
from torchvision.datasets import VisionDataset


@case("datasets_views/random_split", size=[0, 1, 10, 31, 1000],
      lengths=[[1.0], [0.5, 0.5], [0.3, 0.3, 0.4], [0.9, 0.1], [1 / 3, 1 / 3, 1 / 3], [0.1] * 10, [10], [3, 7], [0, 31], [1, 0], [0.25, 0.75, 0.0],
               [0.5, 0.4], [-0.5, 1.5], []])
def random_split_(size, lengths):
    split = lambda: random_split(range(size), lengths)
    if fails(split):
        return {"fails": True}
    torch.manual_seed(3)
    return {"fails": False, "parts": [list(part.indices) for part in split()], "next": torch.rand(1)}


@case("datasets_views/concat", sizes=[[3], [2, 0, 5], [0, 1], [4, 4]])
def concat(sizes):
    data = ConcatDataset([[(i, k) for k in range(size)] for i, size in enumerate(sizes)])
    return {"pairs": torch.tensor([data[i] for i in range(len(data))]).view(-1, 2), "cumulative_sizes": data.cumulative_sizes}


class _Slides(VisionDataset):
    def __len__(self):
        return 60

    def extra_repr(self):
        return self.extra


@case("datasets_views/vision_dataset", root=["slides", ""], extra=["", "Split: train", "Split: train\nScanner: 3"])
def vision_dataset(root, extra):
    slides = _Slides(root or None)
    slides.extra = extra
    return {"repr": repr(slides).replace("_Slides", "Slides")}


run(__file__)
