"""data: the orders of torch.utils.data's samplers and of its loader."""

import warnings

import torch
from oracle import case, out_dir, run
from PIL import Image
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    DistributedSampler,
    RandomSampler,
    SequentialSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
)
from torchvision.datasets import FakeData, ImageFolder, samplers
from torchvision.datasets.video_utils import VideoClips
from torchvision.transforms import v2


class Numbers(Dataset):
    """0, 1, 2, ...; drawn: each with a random number beside it, from the current generator."""

    def __init__(self, size, drawn=False):
        self.size, self.drawn = size, drawn

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        return (index, torch.rand(3)) if self.drawn else index


def _generator(seed):
    return None if seed is None else torch.Generator().manual_seed(seed)


def _epochs(sampler, count=3):
    """What `count` epochs give, one after another, and where the current generator stands then."""
    return {"expected": torch.tensor([list(sampler) for _ in range(count)], dtype=torch.int64),
            "next_draw": torch.rand(1)}


@case("data/random_sampler", seed=[0, 7], size=[1, 10, 100], replacement=[False, True], num_samples=[None, 5, 32, 250],
      generator=[None, 3])
def random_sampler(seed, size, replacement, num_samples, generator):
    torch.manual_seed(seed)
    generator = _generator(generator)
    out = _epochs(RandomSampler(range(size), replacement, num_samples, generator))
    if generator is not None:
        out["next_of_generator"] = torch.rand(1, generator=generator)
    return out


@case("data/subset_random_sampler", seed=[0, 7], indices=[[5, 3, 9, 1], [2], list(range(50))], generator=[None, 3])
def subset_random_sampler(seed, indices, generator):
    torch.manual_seed(seed)
    return _epochs(SubsetRandomSampler(indices, _generator(generator)))


@case("data/weighted_random_sampler", seed=[0, 7], weights=[[0.1, 0.9, 0.4, 0.7, 3.0, 0.6], [0.0, 1.0, 2.0, 0.5]],
      num_samples=[1, 3, 100], replacement=[True, False], generator=[None, 3])
def weighted_random_sampler(seed, weights, num_samples, replacement, generator):
    if not replacement:
        num_samples = min(num_samples, 3)
    torch.manual_seed(seed)
    out = _epochs(WeightedRandomSampler(weights, num_samples, replacement, _generator(generator)))
    return {**out, "drawn": num_samples}


@case("data/distributed_sampler", size=[0, 1, 2, 10, 101], num_replicas=[1, 3, 4], shuffle=[True, False], drop_last=[True, False],
      seed=[0, 5])
def distributed_sampler(size, num_replicas, shuffle, drop_last, seed):
    def epochs(rank):
        sampler = DistributedSampler(range(size), num_replicas, rank, shuffle, seed, drop_last)
        for epoch in [0, 1, 5]:
            sampler.set_epoch(epoch)
            yield list(sampler)

    return {"expected": torch.tensor([list(epochs(rank)) for rank in range(num_replicas)], dtype=torch.int64)}


@case("data/group_distributed_sampler", size=[4, 12, 60], num_replicas=[1, 3, 4], shuffle=[True, False], group_size=[1, 2, 4],
      of_sampler=[True, False])
def group_distributed_sampler(size, num_replicas, shuffle, group_size, of_sampler):
    """torchvision's; its fill-up is no longer than the data set, so a small one has as many replicas as groups."""
    num_replicas = min(num_replicas, size // group_size)

    def epochs(rank):
        torch.manual_seed(0)
        inner = samplers.RandomClipSampler(_videos([size]), size) if of_sampler else range(size)
        sampler = samplers.DistributedSampler(inner, num_replicas, rank, shuffle, group_size)
        for epoch in [0, 1, 5]:
            sampler.set_epoch(epoch)
            yield list(sampler)

    return {"expected": torch.tensor([list(epochs(rank)) for rank in range(num_replicas)]), "num_replicas": num_replicas}


CLIPS = [[1], [5, 0, 2], [3, 3, 3, 3], [100, 7, 1, 33], [1000, 999]]


def _videos(counts):
    """VideoClips of videos with so many clips, without a file."""
    clips = VideoClips.__new__(VideoClips)
    clips.clips = [torch.zeros(count, 1) for count in counts]
    return clips


@case("data/uniform_clip_sampler", clips=CLIPS, count=[1, 2, 5, 10])
def uniform_clip_sampler(clips, count):
    return {"expected": torch.tensor(list(samplers.UniformClipSampler(_videos(clips), count)))}


@case("data/random_clip_sampler", seed=[0, 7], clips=CLIPS, count=[1, 2, 5, 10])
def random_clip_sampler(seed, clips, count):
    torch.manual_seed(seed)
    return _epochs(samplers.RandomClipSampler(_videos(clips), count))


@case("data/ra_sampler", size=[300, 512, 1000], num_replicas=[1, 2, 3], shuffle=[True, False], repetitions=[1, 3, 4])
def ra_sampler(size, num_replicas, shuffle, repetitions):
    """The references are no part of the wheel: their rule in tensors, for a seed of 5 and epoch 2."""
    order = torch.randperm(size, generator=torch.Generator().manual_seed(7)) if shuffle else torch.arange(size)
    repeated = order.repeat_interleave(repetitions)
    repeated = torch.cat([repeated, repeated[: -len(repeated) % num_replicas]])
    share = size // 256 * 256 // num_replicas
    return {"expected": torch.stack([repeated[rank::num_replicas][:share] for rank in range(num_replicas)])}


@case("data/batch_sampler", size=[0, 1, 10, 12], batch_size=[1, 3, 20], drop_last=[True, False])
def batch_sampler(size, batch_size, drop_last):
    sampler = BatchSampler(SequentialSampler(range(size)), batch_size, drop_last)
    return {"expected": list(sampler)}


@case("data/loader_order", seed=[0, 7, 123], size=[1, 10, 37], batch_size=[1, 4, 10], drop_last=[True, False],
      generator=[None, 3])
def loader_order(seed, size, batch_size, drop_last, generator):
    torch.manual_seed(seed)
    loader = DataLoader(Numbers(size), batch_size, shuffle=True, drop_last=drop_last, generator=_generator(generator))
    epochs = [[batch.tolist() for batch in loader] for _ in range(3)]
    return {"expected": epochs, "batches": len(loader), "next_draw": torch.rand(1)}


@case("data/loader_draws", seed=[0, 7], batch_size=[1, 4], shuffle=[True, False])
def loader_draws(seed, batch_size, shuffle):
    """The loop draws too, as a model with dropout does; so each draw must come at its own time."""
    torch.manual_seed(seed)
    loader = DataLoader(Numbers(9, drawn=True), batch_size, shuffle=shuffle)
    indices, draws = [], []
    for _ in range(2):
        for index, drawn in loader:
            indices.append(index)
            draws.append(drawn)
            draws.append(torch.rand(1, 3))
    return {"indices": torch.cat(indices), "draws": torch.cat(draws), "next_draw": torch.rand(1)}


@case("data/loader_pixels", seed=[0, 7], batch_size=[1, 5])
def loader_pixels(seed, batch_size):
    """Data set, transforms, order and collation together, over two epochs."""
    torch.manual_seed(seed)
    transform = v2.Compose([v2.PILToTensor(), v2.RandomCrop(8, padding=2), v2.RandomHorizontalFlip()])
    loader = DataLoader(FakeData(12, (3, 10, 9), transform=transform), batch_size, shuffle=True)
    batches = [batch for _ in range(2) for batch in loader]
    return {"images": torch.cat([images for images, _ in batches]), "labels": torch.cat([labels for _, labels in batches])}


# Name: height, width and how it is written. No two are alike in size or layout.
_photos = {
    "cat/plain.jpg": (375, 500, {}), "cat/fine.jpg": (500, 333, {"quality": 95, "subsampling": 0}),
    "cat/small.jpg": (231, 226, {"quality": 40, "subsampling": 1}), "dog/progressive.jpg": (480, 640, {"progressive": True}),
    "dog/gray.jpg": (300, 401, {"mode": "L"}), "dog/large.jpg": (600, 801, {"quality": 85}),
}


def _folder_of_photos():
    root = out_dir() / "data_photos"
    for file, (height, width, options) in _photos.items():
        noise = torch.rand(1, 3, height // 20, width // 20)
        smooth = torch.nn.functional.interpolate(noise * 255, (height, width), mode="bicubic").clamp(0, 255)
        pixels = smooth[0].permute(1, 2, 0).to(torch.uint8).numpy()
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        options = dict(options)
        Image.fromarray(pixels).convert(options.pop("mode", "RGB")).save(root / file, **options)
    return root


@case("data/loader_photos", seed=[0, 7])
def loader_photos(seed):
    """What training reads: JPEGs of a folder, as they are usually cut, mirrored and normalised."""
    root = _folder_of_photos()
    torch.manual_seed(seed)
    transform = v2.Compose([v2.PILToTensor(), v2.RandomResizedCrop(224, antialias=True), v2.RandomHorizontalFlip(),
                            v2.ToDtype(torch.float32, scale=True),
                            v2.Normalize(mean=[0.485, 0.456, 0.406], std=[0.229, 0.224, 0.225])])
    loader = DataLoader(ImageFolder(str(root), transform), batch_size=2, shuffle=True, num_workers=0)
    batches = [batch for _ in range(2) for batch in loader]
    return {"root": str(root), "images": torch.cat([images for images, _ in batches]),
            "labels": torch.cat([labels for _, labels in batches]), "next_draw": torch.rand(1)}


@case("data/early_break", generator=[None, 3], replacement=[False, True])
def early_break(generator, replacement):
    """Leaving an epoch early leaves the rest of its draws undrawn."""
    generator = _generator(generator)
    sampler = RandomSampler(range(100), replacement=replacement, generator=generator)
    loader = DataLoader(Numbers(100), 8, sampler=sampler, generator=generator)
    epochs = []
    for _ in range(3):
        epoch = []
        for batch in loader:
            epoch.append(batch.tolist())
            if len(epoch) == 5:
                break
        epochs.append(epoch)
    return {"expected": epochs, "next_draw": torch.rand(1)}


@case("data/pin_memory", pin_memory=[False, True])
def pin_memory(pin_memory):
    """What is warned of where there is no GPU, and whether a batch's tensors are pinned."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        batches = list(DataLoader(Numbers(4, drawn=True), 2, pin_memory=pin_memory))
    return {"warnings": len(warned), "pinned": [part.is_pinned() for batch in batches for part in batch]}


run(__file__)
