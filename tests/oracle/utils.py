"""utils: grids of images, and pictures on disk."""

import torch
from oracle import case, fails, out_dir, run
from PIL import Image
from torchvision.transforms.functional import pil_to_tensor
from torchvision.utils import make_grid, save_image


def _images(shape, dtype):
    if dtype == "uint8":
        return torch.randint(0, 256, shape, dtype=torch.uint8)
    return torch.randn(shape).to(getattr(torch, dtype))


@case("utils/make_grid", shape=[(1, 3, 4, 5), (2, 3, 4, 5), (7, 1, 3, 2), (5, 2, 4, 4), (3, 4, 5), (1, 4, 5), (4, 5)],
      dtype=["float32", "uint8", "float64"], nrow=[1, 3, 8], padding=[0, 2], pad_value=[0.0, 0.75, 200.0])
def grid(shape, dtype, nrow, padding, pad_value):
    images = _images(shape, dtype)
    return {"images": images, "expected": make_grid(images, nrow=nrow, padding=padding, pad_value=pad_value)}


@case("utils/make_grid_normalize", shape=[(6, 3, 4, 5), (3, 1, 4, 5), (1, 3, 4, 5), (4, 5)],
      dtype=["float32", "float64", "float16"], value_range=[None, (-1, 1), (-0.3, 0.7), (0, 0)], scale_each=[False, True])
def grid_normalize(shape, dtype, value_range, scale_each):
    images = _images(shape, dtype)
    if images.dim() == 4:
        images[0] = 0.5  # a flat image has no range
    expected = make_grid(images, normalize=True, value_range=value_range, scale_each=scale_each)
    return {"images": images, "expected": expected}


@case("utils/make_grid_refusals", shape=[(0, 3, 4, 5), (2, 3, 4, 5, 6), (5,)], normalize=[False])
def grid_refusals(shape, normalize):
    images = torch.rand(shape)
    return {"images": images, "refused": fails(lambda: make_grid(images, normalize=normalize))}


@case("utils/save_image", shape=[(3, 5, 7), (1, 5, 7), (5, 1, 8, 8), (6, 3, 4, 5)], normalize=[False, True])
def save(shape, normalize):
    # Beyond [0, 1] on both sides, and the halves between levels, where rounding shows.
    images = torch.rand(shape) * 1.4 - 0.2
    images.view(-1)[:9] = torch.tensor([0.0, 1.0, 0.5 / 255, 1.5 / 255, 2.5 / 255, 254.5 / 255, 1 / 255, -1.0, 2.0])
    file = out_dir() / "utils" / "saved.png"
    file.parent.mkdir(parents=True, exist_ok=True)
    save_image(images, file, normalize=normalize, nrow=3)
    return {"images": images, "expected": pil_to_tensor(Image.open(file))}


run(__file__)
