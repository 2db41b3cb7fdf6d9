"""datasets_resources: what torchvision's data sets download, and the files whose hashes they check, as they ask for them."""

import contextlib
import inspect
import tempfile
from unittest import mock

import torchvision.datasets as D
from oracle import case, run
from torchvision.datasets import imagenet

_functions = ("download_url", "download_and_extract_archive", "download_file_from_google_drive", "extract_archive", "_decompress")

# The options under which each is asked; every combination of one row.
_asked = {
    "MNIST": [{}], "FashionMNIST": [{}], "KMNIST": [{}], "EMNIST": [{"split": "digits"}],
    "QMNIST": [{"what": "train"}, {"what": "test"}, {"what": "nist"}],
    "MovingMNIST": [{}], "CIFAR10": [{}], "CIFAR100": [{}],
    "SVHN": [{"split": s} for s in ("train", "test", "extra")],
    "USPS": [{"train": True}, {"train": False}], "SEMEION": [{}], "STL10": [{}],
    "Imagenette": [{"size": s} for s in ("full", "320px", "160px")],
    "EuroSAT": [{}], "Country211": [{}], "RenderedSST2": [{}], "DTD": [{}], "Food101": [{}], "Flowers102": [{}],
    "FGVCAircraft": [{}], "GTSRB": [{"split": "train"}, {"split": "test"}], "Caltech101": [{}], "Caltech256": [{}],
    "SUN397": [{}], "OxfordIIITPet": [{}], "Omniglot": [{"background": True}, {"background": False}],
    "PhotoTour": [{"name": n} for n in D.PhotoTour.urls], "CLEVRClassification": [{}], "CelebA": [{}],
    "Places365": [{"split": s, "small": b} for s in D.Places365._SPLITS for b in (False, True)],
    "INaturalist": [{"version": v} for v in D.inaturalist.DATASET_URLS],
    "VOCDetection": [{"year": str(y), "image_set": "train"} for y in range(2007, 2013)] + [{"year": "2007", "image_set": "test"}],
    "SBDataset": [{"image_set": "train_noval"}], "WIDERFace": [{}], "Kitti": [{}], "SBU": [{}],
    "PCAM": [{"split": s} for s in ("train", "test", "val")],
    "Middlebury2014Stereo": [{"split": "train"}, {"split": "additional"}, {"split": "test", "calibration": None}],
}


def _name(url):
    return url.rsplit("/", 1)[-1]


def _downloads(name, options):
    """(file, url, md5) of each request of one construction, which then fails, for nothing comes."""
    out = []

    def url(url, root, filename=None, md5=None, **_):
        out.append((filename or _name(url), url, md5 or ""))

    def archive(url, download_root=None, extract_root=None, filename=None, md5=None, **_):
        out.append((filename or _name(url), url, md5 or ""))

    def drive(file_id, root, filename=None, md5=None):
        out.append((filename, f"https://drive.google.com/uc?id={file_id}", md5 or ""))

    stubs = {"download_url": url, "download_and_extract_archive": archive, "download_file_from_google_drive": drive,
             "extract_archive": lambda *_, **__: None, "_decompress": lambda *_, **__: None}
    cls = getattr(D, name)
    module = inspect.getmodule(cls)
    with contextlib.ExitStack() as stack:
        for function in _functions:
            if hasattr(module, function):
                stack.enter_context(mock.patch.object(module, function, stubs[function]))
        if name == "SBDataset":
            stack.enter_context(mock.patch("shutil.move"))
        root = stack.enter_context(tempfile.TemporaryDirectory())
        try:
            cls(root, download=True, **options)
        except Exception:
            pass
    return out


def _all_of_mnist(cls):
    """Each file at each of the mirrors, which a request that succeeds does not tell."""
    return [(file, mirror + file, md5) for file, md5 in cls.resources for mirror in cls.mirrors]


# Not to be asked: `_gather` takes their rows from their tables, VOCSegmentation has those of VOCDetection, and StanfordCars
# downloads no more.
_told = {"LFWPeople", "LFWPairs", "Kinetics", "VOCSegmentation", "StanfordCars"}


def _gather():
    downloading = {name for name in D.__all__ if "download" in inspect.signature(getattr(D, name)).parameters}
    assert downloading - _told <= set(_asked), f"nobody asks {sorted(downloading - _told - set(_asked))}"
    rows = []
    for name, table in _asked.items():
        cls = getattr(D, name)
        if name in ("MNIST", "FashionMNIST", "KMNIST"):
            found = _all_of_mnist(cls)
        else:
            found = [row for options in table for row in _downloads(name, options)]
        if name in ("CIFAR10", "CIFAR100", "STL10"):
            found += [(file, "", md5) for file, md5 in cls.train_list + cls.test_list]
        if name.startswith("CIFAR"):
            found.append((cls.meta["filename"], "", cls.meta["md5"]))
        if name == "Places365":
            found += [(file, "", md5) for file, md5 in [cls._CATEGORIES_META, *cls._FILE_LIST_META.values()]]
            found += [(file, cls._BASE_URL + file, md5) for file, md5 in cls._IMAGES_META.values()]
        rows += [(name, *row) for row in dict.fromkeys(found)]
    lfw = [(file, "", md5) for _, file, md5 in D.LFWPeople.file_dict.values()]
    lfw += [(file, "", md5) for file, md5 in D.LFWPeople.checksums.items()]
    rows += [("LFW", *row) for row in lfw]
    rows += [("FER2013", file, "", md5) for file, md5 in D.FER2013._RESOURCES.values()]
    rows += [("HMDB51", _name(url), url, md5) for url, md5 in [(D.HMDB51.data_url, ""), D.HMDB51.splits.values()]]
    urls = [url.format(split=s) for table in (D.Kinetics._TAR_URLS, D.Kinetics._ANNOTATION_URLS) for url in table.values()
            for s in ("train", "val", "test")]
    rows += [("Kinetics", _name(url), url, "") for url in urls]
    rows += [("ImageNet", file, "", md5) for file, md5 in imagenet.ARCHIVE_META.values()]
    return sorted(rows)


@case("datasets_resources/all")
def all_of_them():
    return {"rows": ["|".join(row) for row in _gather()]}


if __name__ == "__main__":
    run(__file__)
