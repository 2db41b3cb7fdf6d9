"""Opens by Pillow pictures that Opsis wrote: read_back.py PIXELS FILE OPTIONS [PIXELS FILE OPTIONS ...]

PIXELS is a safetensors file with the "pixels" that were encoded, (C, H, W) or, as frames, (T, C, H, W). OPTIONS are JSON: how
far off the mean pixel may be ("off", 0 when absent), and what Pillow must tell of an animation ("duration" of each, in ms, and
"loop").
"""

import json
import sys

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


def pixels_of(image, wanted):
    """The frame that Pillow is at, as numbers like the wanted ones."""
    if wanted.dtype not in (torch.uint8, torch.uint16) or wanted.shape[0] == 1 and image.mode.startswith("I;16"):
        return torch.from_numpy(np.array(image))[None]
    converted = torch.from_numpy(np.array(image.convert(MODES[wanted.shape[0]])))
    return converted[None] if converted.ndim == 2 else converted.permute(2, 0, 1)


def compare_frame(image, wanted, off):
    got = pixels_of(image, wanted)
    assert got.shape == wanted.shape, f"{tuple(got.shape)} and {tuple(wanted.shape)}"
    if wanted.dtype == torch.uint16 and got.dtype == torch.uint8:  # Pillow has no more of colors
        wanted = wanted.to(torch.float64) / 257
    got, wanted = got.to(torch.float64), wanted.to(torch.float64)
    if image.format == "GIF" and len(wanted) == 4:
        assert torch.equal(got[3] == 255, wanted[3] >= 128) and torch.equal(got[3] == 0, wanted[3] < 128), "alpha"
        got, wanted = (color[:3] * (wanted[3] >= 128) for color in (got, wanted))
    distance = (got - wanted).abs().mean().item()
    assert distance <= off, f"{distance} off"


def compare(pixels, file, options):
    wanted = load_file(pixels)["pixels"]
    frames = wanted if wanted.ndim == 4 else wanted[None]
    with Image.open(file) as image:
        assert getattr(image, "n_frames", 1) == len(frames), f"{image.n_frames} frames"
        for number, frame in enumerate(frames):
            image.seek(number)
            compare_frame(image, frame, options.get("off", 0))
            for key in ("duration", "loop"):
                assert key not in options or image.info.get(key) == options[key], f"{key} is {image.info.get(key)}"


for pixels, file, options in zip(sys.argv[1::3], sys.argv[2::3], sys.argv[3::3]):
    try:
        compare(pixels, file, json.loads(options))
    except Exception as error:
        sys.exit(f"{file}: {type(error).__name__}: {error}")
