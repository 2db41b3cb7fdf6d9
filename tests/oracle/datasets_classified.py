"""datasets_classified: classified images. Each set is made small, in its own layout; torchvision downloads, unpacks and opens it."""

import functools
import inspect
import json
import pickle
import shutil

import numpy as np
import scipy.io
import torch
from oracle import case, fails, run
from support.fake_data import *
from torchvision import datasets as D

# --- MNIST and its kin --------------------------------------------------------------------------------------------------


def _idx(array):
    kinds = {"uint8": 8, "int32": 12}
    shape = b"".join(side.to_bytes(4, "big") for side in array.shape)
    return bytes([0, 0, kinds[str(array.dtype)], array.ndim]) + shape + array.astype(array.dtype.newbyteorder(">")).tobytes()


def _digits(count):
    return _idx(pixels(count, 28, 28)), _idx(pixels(1, count, 1, 10)[0])


@functools.cache
def _mnist(name):
    mirror = Mirror(name)
    for part, count in (("train", 5), ("t10k", 3)):
        images, labels = _digits(count)
        for file, data in ((f"{part}-images-idx3-ubyte.gz", images), (f"{part}-labels-idx1-ubyte.gz", labels)):
            mirror.add(getattr(D, name).mirrors[0] + file, gzip.compress(data))
    return mirror


@case("datasets_classified/mnist", set=["MNIST", "FashionMNIST", "KMNIST"], train=[True, False])
def mnist(set, train):
    return classified(set, _mnist(set), train=train)


@functools.cache
def _mnist_of_two_servers():
    """The labels at the first server, the pictures at the second one alone."""
    mirror = Mirror("MNIST_of_two_servers")
    mirror.name = "MNIST"
    for part, count in (("train", 4), ("t10k", 2)):
        for kind, server, data in zip(("images-idx3", "labels-idx1"), D.MNIST.mirrors[::-1], _digits(count)):
            mirror.add(f"{server}{part}-{kind}-ubyte.gz", gzip.compress(data))
    return mirror


@case("datasets_classified/mnist_of_two_servers", set=["MNIST"], train=[True, False])
def mnist_of_two_servers(set, train):
    return classified(set, _mnist_of_two_servers(), train=train)


def _processed(count, *labels):
    out = io.BytesIO()
    torch.save((torch.from_numpy(pixels(count, 28, 28)), torch.randint(10, (count, *labels))), out)
    return out.getvalue()


@case("datasets_classified/mnist_processed", train=[True, False])
def mnist_processed(train):
    files = {f"MNIST/processed/{part}.pt": _processed(count) for part, count in (("training", 4), ("test", 2))}
    return classified("MNIST", files, train=train)


@case("datasets_classified/emnist_processed", split=["letters", "balanced"], train=[True, False])
def emnist_processed(split, train):
    files = {f"EMNIST/processed/{part}_{split}.pt": _processed(count) for part, count in (("training", 4), ("test", 2))}
    return classified("EMNIST", files, split=split, train=train)


@case("datasets_classified/qmnist_processed", what=["train", "test10k"])
def qmnist_processed(what):
    return classified("QMNIST", {f"QMNIST/processed/{what}.pt": _processed(4, 8)}, what=what)


@case("datasets_classified/mnist_claims", type=["int64", "quint8"])
def mnist_claims(type):
    """Labels of one number that says to be many, and labels of integers with a scale."""
    labels = torch.zeros(1, dtype=torch.int64).expand(2**36) if type == "int64" else torch.quantize_per_tensor(torch.zeros(4), 1.0, 0, torch.quint8)
    folder = out_dir() / "data_sets" / f"mnist_claims_{type}"
    for part in ("training", "test"):
        path = folder / "MNIST" / "processed" / f"{part}.pt"
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save((torch.from_numpy(pixels(4, 28, 28)), labels), path)
    return {"root": str(folder)}


@functools.cache
def _emnist():
    mirror = Mirror("EMNIST")
    files = {}
    for split in D.EMNIST.splits:
        for part, count in (("train", 4), ("test", 2)):
            images, labels = _digits(count)
            files[f"gzip/emnist-{split}-{part}-images-idx3-ubyte.gz"] = gzip.compress(images)
            files[f"gzip/emnist-{split}-{part}-labels-idx1-ubyte.gz"] = gzip.compress(labels)
    files["gzip/emnist-mapping.txt"] = b"0 48\n"
    mirror.add(D.EMNIST.url, zipped(files))
    return mirror


@case("datasets_classified/emnist", split=list(D.EMNIST.splits), train=[True, False])
def emnist(split, train):
    return classified("EMNIST", _emnist(), split=split, train=train)


@functools.cache
def _qmnist():
    mirror = Mirror("QMNIST")
    for what, count in (("train", 4), ("test", 10002), ("nist", 3)):
        (images, _), (labels, _) = D.QMNIST.resources[what]
        pack = lzma.compress if what == "nist" else gzip.compress
        side = 2 if what == "test" else 28  # so many
        mirror.add(images, pack(_idx(pixels(count, side, side))))
        mirror.add(labels, pack(_idx(pixels(count, 8, 1, 10, "int32"))))
    return mirror


@case("datasets_classified/qmnist", what=[None, "train", "test50k", "nist"], train=[True])
def qmnist(what, train):
    data, _ = opened("QMNIST", _qmnist(), what=what, train=train, compat=False)
    return {**classified("QMNIST", _qmnist(), what=what, train=train), "full_targets": torch.stack([t for _, t in data])}


@case("datasets_classified/qmnist_counts", what=["test", "test10k", None])
def qmnist_counts(what):
    data, known = opened("QMNIST", _qmnist(), what=what, train=False)
    return {**known, "targets": data.targets, "first": data.data[0], "last": data.data[-1]}


# --- CIFAR --------------------------------------------------------------------------------------------------------------


def _python2(value):
    """A pickle of protocol 2 as Python 2 wrote the batches: one kind of strings, arrays whose content is such a string."""

    def text(word):
        data = word if isinstance(word, bytes) else word.encode()
        return b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + len(data).to_bytes(4, "little") + data

    if isinstance(value, dict):
        return b"}(" + b"".join(text(k) + _python2(v) for k, v in value.items()) + b"u"
    if isinstance(value, list):
        return b"](" + b"".join(_python2(v) for v in value) + b"e"
    if isinstance(value, int):
        return b"K" + bytes([value])
    if isinstance(value, str):
        return text(value)
    reconstruct = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85U\x01b\x87R"
    kind = b"cnumpy\ndtype\nU\x02u1K\0K\1\x87R(K\3U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\0tb"
    shape = b"".join(b"M" + side.to_bytes(2, "little") for side in value.shape) + b"\x86"
    return reconstruct + b"(K\1" + shape + kind + b"\x89" + text(value.tobytes()) + b"tb"


@functools.cache
def _cifar(name, python2):
    cls = getattr(D, name)
    mirror = Mirror(name)
    dump = (lambda v: b"\x80\x02" + _python2(v) + b".") if python2 else (lambda v: pickle.dumps(v, protocol=2))
    key = "labels" if name == "CIFAR10" else "fine_labels"
    files = {}
    for file, _ in cls.train_list + cls.test_list:
        # Some batches are of letters only, which are a string of Python 2 like any other.
        content = pixels(2, 3072, 1, 128 if file.endswith("2") else 256)
        files[file] = dump({"batch_label": "a batch", key: [1, 3], "data": content, "filenames": ["a.png", "b.png"]})
    files[cls.meta["filename"]] = dump({cls.meta["key"]: [f"class {i}" for i in range(4)], "num_vis": 255})
    for file, data in files.items():
        mirror.know(file, data)
    mirror.add(cls.url, tar({f"{cls.base_folder}/{file}": data for file, data in files.items()}))
    return mirror


@case("datasets_classified/cifar", set=["CIFAR10", "CIFAR100"], train=[True, False], python2=[True, False])
def cifar(set, train, python2):
    mirror = _cifar(set, python2)
    known = classified(set, mirror, train=train)
    _cifar.cache_clear()  # two mirrors of one name
    folder = fresh(f"mirrors/{set}_{python2}_{train}")
    shutil.copytree(mirror.folder, folder, dirs_exist_ok=True)
    return {**known, "mirror": str(folder)}


# --- Others that are all in memory ----------------------------------------------------------------------------------------


def _mat(variables, **options):
    out = io.BytesIO()
    scipy.io.savemat(out, variables, **options)
    return out.getvalue()


@functools.cache
def _svhn():
    mirror = Mirror("SVHN")
    for number, (url, _, _) in enumerate(D.SVHN.split_list.values()):
        data = {"X": _random_array((32, 32, 3, 4)), "y": np.array([[10], [1], [9], [number + 1]], np.uint8)}
        mirror.add(url, _mat(data, do_compression=number % 2 == 0))
    return mirror


def _random_array(shape):
    return pixels(int(np.prod(shape)), 1, 1).reshape(shape)


@case("datasets_classified/svhn", split=["train", "test", "extra"])
def svhn(split):
    return classified("SVHN", _svhn(), split=split)


@functools.cache
def _stl10():
    mirror = Mirror("STL10")
    image = 3 * 96 * 96
    files = {"train_X.bin": pixels(1, 3 * image, 1).tobytes(), "train_y.bin": bytes([1, 10, 3]),
             "unlabeled_X.bin": pixels(1, 2 * image, 1).tobytes(), "test_X.bin": pixels(1, image, 1).tobytes(),
             "test_y.bin": bytes([7])}
    for file, data in files.items():
        mirror.know(file, data)
    files["class_names.txt"] = b"airplane\nbird\ncar\n"
    files["fold_indices.txt"] = b"0 1\n" * 3 + b"2 0 \n" + b"1\n" * 6
    mirror.add(D.STL10.url, tar({f"stl10_binary/{file}": data for file, data in files.items()}))
    return mirror


@case("datasets_classified/stl10", split=["train", "train+unlabeled", "unlabeled", "test"], folds=[None, 0, 3, 9])
def stl10(split, folds):
    return classified("STL10", _stl10(), split=split, folds=folds)


@functools.cache
def _usps():
    mirror = Mirror("USPS")
    for number, (url, _, _) in enumerate(D.USPS.split_list.values()):
        rows = [f"{c} " + " ".join(f"{i + 1}:{v:.4g}" for i, v in enumerate(np.linspace(-1, 1 - c / 20, 256))) + " \n"
                for c in (7, 1, 10)[: 3 - number]]
        mirror.add(url, bz2.compress("".join(rows).encode()))
    return mirror


@case("datasets_classified/usps", train=[True, False])
def usps(train):
    return classified("USPS", _usps(), train=train)


@functools.cache
def _semeion():
    mirror = Mirror("SEMEION")
    rows = [" ".join([f"{v:.4f}" for v in pixels(1, 256, 1, 2)[0]] + ["1" if c == label else "0" for c in range(10)])
            for label in (3, 9, 0)]
    mirror.add(D.SEMEION.url, (" \n".join(rows) + " \n").encode())
    return mirror


@case("datasets_classified/semeion")
def semeion():
    return classified("SEMEION", _semeion())


def _levels():
    return " ".join(str(level) for level in pixels(1, 48 * 48, 1)[0])


_fer2013 = {
    "fer": {"fer2013.csv": "emotion,pixels,Usage\n" + "".join(
        f"{i},{_levels()},{usage}\n" for i, usage in enumerate(["Training", "PublicTest", "Training", "PrivateTest"]))},
    "icml": {"icml_face_data.csv": "emotion, Usage, pixels\n" + "".join(
        f"{i},{usage},{_levels()}\n" for i, usage in enumerate(["Training", "PublicTest", "PrivateTest"]))},
    "apart": {"train.csv": f'emotion,pixels\n3,"{_levels()}"\n5,"{_levels()}"\n', "test.csv": f'pixels\n"{_levels()}"\n'},
}


@case("datasets_classified/fer2013", kind=list(_fer2013), split=["train", "test"])
def fer2013(kind, split):
    files = {name: text.encode() for name, text in _fer2013[kind].items()}
    known = classified("FER2013", {f"fer2013/{name}": data for name, data in files.items()}, split=split)
    return {**known, "hashes": {f"FER2013/{name}": md5(data) for name, data in files.items()}}


# --- Folders of pictures ---------------------------------------------------------------------------------------------------


def _pictures(names, format="JPEG", mode="RGB", **options):
    return {name: picture(format, mode, **options) for name in names}


@functools.cache
def _imagenette():
    mirror = Mirror("Imagenette")
    for url, _ in D.Imagenette._ARCHIVES.values():
        stem = url.rsplit("/", 1)[-1].removesuffix(".tgz")
        names = [f"{stem}/{split}/{wnid}/{wnid}_{i}.JPEG" for split in ("train", "val")
                 for wnid in D.Imagenette._WNID_TO_CLASS for i in range(1 + (split == "train"))]
        mirror.add(url, tar(_pictures(names)))
    return mirror


@case("datasets_classified/imagenette", split=["train", "val"], size=["full", "320px", "160px"])
def imagenette(split, size):
    data, _ = opened("Imagenette", _imagenette(), split=split, size=size)
    return {**classified("Imagenette", _imagenette(), split=split, size=size), "wnids": data.wnids}


@functools.cache
def _eurosat():
    mirror = Mirror("EuroSAT")
    names = [f"2750/{kind}/{kind}_{i}.jpg" for kind in ("Forest", "AnnualCrop", "River") for i in (1, 10, 2)]
    (url,) = [line.split('"')[1] for line in inspect.getsource(D.EuroSAT.download).splitlines() if "https:" in line]
    mirror.add(url, zipped(_pictures(names)))
    return mirror


@case("datasets_classified/eurosat")
def eurosat():
    return classified("EuroSAT", _eurosat())


@functools.cache
def _country211():
    mirror = Mirror("Country211")
    names = [f"country211/{split}/{country}/{i}.jpg" for split in ("train", "valid", "test") for country in ("AD", "ZW", "DE")
             for i in range(2)]
    mirror.add(D.Country211._URL, tar(_pictures(names)))
    return mirror


@case("datasets_classified/country211", split=["train", "valid", "test"])
def country211(split):
    return classified("Country211", _country211(), split=split)


@functools.cache
def _rendered_sst2():
    mirror = Mirror("RenderedSST2")
    names = [f"rendered-sst2/{split}/{kind}/{i}.png" for split in ("train", "valid", "test") for kind in ("positive", "negative")
             for i in range(2)]
    mirror.add(D.RenderedSST2._URL, tar(_pictures(names, "PNG")))
    return mirror


@case("datasets_classified/rendered_sst2", split=["train", "val", "test"])
def rendered_sst2(split):
    return classified("RenderedSST2", _rendered_sst2(), split=split)


@functools.cache
def _dtd():
    mirror = Mirror("DTD")
    names = [f"{kind}/{kind}_{i:04d}.jpg" for kind in ("woven", "banded", "dotted") for i in range(3)]
    files = _pictures([f"dtd/images/{name}" for name in names])
    for partition in range(1, 11):
        for at, split in enumerate(("train", "val", "test")):
            # Not each split has all classes.
            files[f"dtd/labels/{split}{partition}.txt"] = "\n".join(names[(at + partition) % 3 :: 3][at % 2 :]).encode() + b"\n"
    mirror.add(D.DTD._URL, tar(files))
    return mirror


@case("datasets_classified/dtd", split=["train", "val", "test"], partition=list(range(1, 11)))
def dtd(split, partition):
    return classified("DTD", _dtd(), split=split, partition=partition)


@functools.cache
def _food101():
    mirror = Mirror("Food101")
    meta = {"train": {"sushi": ["sushi/10", "sushi/9"], "apple_pie": ["apple_pie/1"]}, "test": {"sushi": ["sushi/2"], "apple_pie": []}}
    names = [name for split in meta.values() for images in split.values() for name in images]
    files = _pictures([f"food-101/images/{name}.jpg" for name in names])
    for split, images in meta.items():
        files[f"food-101/meta/{split}.json"] = json.dumps(images).encode()
    mirror.add(D.Food101._URL, tar(files))
    return mirror


@case("datasets_classified/food101", split=["train", "test"])
def food101(split):
    return classified("Food101", _food101(), split=split)


@functools.cache
def _flowers102():
    mirror = Mirror("Flowers102")
    prefix, files = D.Flowers102._download_url_prefix, D.Flowers102._file_dict
    mirror.add(prefix + files["image"][0], tar(_pictures([f"jpg/image_{i:05d}.jpg" for i in range(1, 10)])))
    mirror.add(prefix + files["label"][0], _mat({"labels": np.array([[77, 1, 102, 5, 5, 9, 3, 2, 8]], np.uint8)}))
    ids = {"trnid": [[3, 1]], "valid": [[9, 4, 5]], "tstid": [[2, 8, 6, 7]]}
    mirror.add(prefix + files["setid"][0], _mat({key: np.array(value, np.uint16) for key, value in ids.items()}))
    return mirror


@case("datasets_classified/flowers102", split=["train", "val", "test"])
def flowers102(split):
    return classified("Flowers102", _flowers102(), split=split)


@functools.cache
def _fgvc_aircraft():
    mirror = Mirror("FGVCAircraft")
    base = "fgvc-aircraft-2013b/data/"
    files = _pictures([f"{base}images/{i:07d}.jpg" for i in range(6)])
    levels = {"variant": ("variants", ["707-320", "A300B4", "DC-3"]), "family": ("families", ["Boeing 707", "A300"]),
              "manufacturer": ("manufacturers", ["Boeing", "Airbus", "Douglas Aircraft Company"])}
    for level, (plural, names) in levels.items():
        files[f"{base}{plural}.txt"] = ("\n".join(names) + "\n").encode()
        for at, split in enumerate(("train", "val", "trainval", "test")):
            files[f"{base}images_{level}_{split}.txt"] = "".join(
                f"{i:07d} {names[(i + at) % len(names)]}\n" for i in range(at, 6)).encode()
    mirror.add(D.FGVCAircraft._URL, tar(files))
    mirror.hashes = {}  # none is known
    return mirror


@case("datasets_classified/fgvc_aircraft", split=["train", "val", "trainval", "test"],
      annotation_level=["variant", "family", "manufacturer"])
def fgvc_aircraft(split, annotation_level):
    return classified("FGVCAircraft", _fgvc_aircraft(), split=split, annotation_level=annotation_level)


def _structs(fields, rows):
    out = np.zeros((1, len(rows)), dtype=[(field, object) for field in fields])
    for i, row in enumerate(rows):
        out[0, i] = row
    return out


@case("datasets_classified/stanford_cars", split=["train", "test"])
def stanford_cars(split):
    names = np.empty((1, 3), dtype=object)
    names[0] = ["AM General Hummer SUV 2000", "Acura RL Sedan 2012", "Citro\u00ebn"]
    fields = ("bbox_x1", "bbox_y1", "bbox_x2", "bbox_y2", "class", "fname")
    rows = [(1, 2, 30, 40, 2, "00001.jpg"), (1, 2, 3, 300, 3, "00003.jpg"), (5, 6, 7, 8, 1, "00002.jpg")]
    files = {"devkit/cars_meta.mat": _mat({"class_names": names}),
             "devkit/cars_train_annos.mat": _mat({"annotations": _structs(fields, rows)}, do_compression=True),
             "cars_test_annos_withlabels.mat": _mat({"annotations": _structs(fields, rows[:2])}),
             **_pictures([f"cars_{part}/{i:05d}.jpg" for part in ("train", "test") for i in (1, 2, 3)])}
    return classified("StanfordCars", {f"stanford_cars/{name}": data for name, data in files.items()}, split=split)


@functools.cache
def _gtsrb():
    mirror = Mirror("GTSRB")
    base = "https://sid.erda.dk/public/archives/daaeac0d7ce1152aea9b61d9f1e19370/"
    names = [f"GTSRB/Training/{c:05d}/{i:05d}_00000.ppm" for c in (0, 14, 3) for i in range(2)]
    files = {**_pictures(names, "PPM"), "GTSRB/Training/00000/GT-00000.csv": b"Filename;Width\n", "GTSRB/Readme.txt": b"."}
    mirror.add(base + "GTSRB-Training_fixed.zip", zipped(files))
    test = [f"{i:05d}.ppm" for i in (2, 0, 1)]
    mirror.add(base + "GTSRB_Final_Test_Images.zip", zipped(_pictures([f"GTSRB/Final_Test/Images/{n}" for n in test], "PPM")))
    rows = "".join(f"{name};53;54;6;5;48;49;{label}\r\n" for name, label in zip(test, (16, 1, 38)))
    mirror.add(base + "GTSRB_Final_Test_GT.zip",
               zipped({"GT-final_test.csv": ("Filename;Width;Height;Roi.X1;Roi.Y1;Roi.X2;Roi.Y2;ClassId\r\n" + rows).encode()}))
    return mirror


@case("datasets_classified/gtsrb", split=["train", "test"])
def gtsrb(split):
    return classified("GTSRB", _gtsrb(), split=split)


_class_words = ["16", "16x", " +16 ", "1.5", "", "0x10", "+", "1 6", "+-1"]


@case("datasets_classified/gtsrb_words", word=_class_words)
def gtsrb_words(word):
    """What a class may be written as."""
    root = fresh(f"gtsrb_word_{_class_words.index(word)}")
    put(root / "gtsrb", {"GTSRB/Final_Test/Images/0.ppm": b"", "GT-final_test.csv": f"Filename;ClassId\n0.ppm;{word}\n".encode()})
    if fails(make := lambda: D.GTSRB(str(root), split="test")):
        return {"root": str(root), "refused": True}
    return {"root": str(root), "refused": False, "number": make()._samples[0][1]}


@functools.cache
def _sun397():
    mirror = Mirror("SUN397")
    places = ["a/abbey", "h/hospital_room", "b/bakery/shop", "b/bakery/kitchen"]
    files = _pictures([f"SUN397/{place}/sun_{i}.jpg" for place in places for i in ("b", "a")])
    files["SUN397/ClassName.txt"] = "".join(f"/{place}\n" for place in places).encode()
    files["SUN397/README.txt"] = b"."
    mirror.add(D.SUN397._DATASET_URL, tar(files))
    return mirror


@case("datasets_classified/sun397")
def sun397():
    return classified("SUN397", _sun397())


@functools.cache
def _omniglot():
    mirror = Mirror("Omniglot")
    for part, alphabets in (("images_background", ["Latin", "Early_Aramaic"]), ("images_evaluation", ["Angelic"])):
        names = [f"{part}/{alphabet}/character{c:02d}/{i:04d}_{d:02d}.png" for alphabet in alphabets for c in (1, 2)
                 for i, d in ((7, 2), (7, 10))]
        mirror.add(f"{D.Omniglot.download_url_prefix}/{part}.zip", zipped(_pictures(names, "PNG", "1")))
    return mirror


@case("datasets_classified/omniglot", background=[True, False])
def omniglot(background):
    return classified("Omniglot", _omniglot(), background=background)


@functools.cache
def _clevr():
    mirror = Mirror("CLEVRClassification")
    files = {}
    for split in ("train", "val", "test"):
        names = [f"CLEVR_{split}_{i:06d}.png" for i in range(3)]
        files.update(_pictures([f"CLEVR_v1.0/images/{split}/{name}" for name in names], "PNG", "RGBA"))
        scenes = [{"image_filename": name, "objects": [{"color": "red"}] * (i + 3)} for i, name in enumerate(reversed(names))]
        if split != "test":
            files[f"CLEVR_v1.0/scenes/CLEVR_{split}_scenes.json"] = json.dumps({"info": {}, "scenes": scenes}).encode()
    mirror.add(D.CLEVRClassification._URL, zipped(files))
    return mirror


@case("datasets_classified/clevr", split=["train", "val", "test"])
def clevr(split):
    return classified("CLEVRClassification", _clevr(), split=split)


@functools.cache
def _places365():
    mirror = Mirror("Places365")
    P = D.Places365
    names = {"categories_places365.txt": "/a/airfield 0\n/b/bakery/shop 2\n/a/alley 1\n",
             "places365_train_standard.txt": "/a/airfield/00000001.jpg 0\n/b/bakery/shop/00000002.jpg 2\n",
             "places365_train_challenge.txt": "/a/alley/00000001.jpg 1\n",
             "places365_val.txt": "Places365_val_00000001.jpg 2\nPlaces365_val_00000002.jpg 1\n",
             "places365_test.txt": "Places365_test_00000001.jpg\n"}
    files = {name: text.encode() for name, text in names.items()}
    for name, data in files.items():
        mirror.know(name, data)
    for archive, _ in P._DEVKIT_META.values():
        mirror.add(P._BASE_URL + archive, tar(files, ""))
    for (split, small), (archive, _) in P._IMAGES_META.items():
        size = "256" if small else "large"
        folder = f"data_{size}" if split.startswith("train") else f"{split}_{size}"
        lines = names[P._FILE_LIST_META[split][0]].splitlines()
        mirror.add(P._BASE_URL + archive, tar(_pictures([f"{folder}/{line.split()[0].lstrip('/')}" for line in lines]), ""))
    return mirror


@case("datasets_classified/places365", split=list(D.Places365._SPLITS), small=[False, True])
def places365(split, small):
    return classified("Places365", _places365(), split=split, small=small)


@functools.cache
def _imagenet():
    wnids = ["n01440764", "n01443537", "n02102040"]
    fields = ("ILSVRC2012_ID", "WNID", "words", "gloss", "num_children", "children", "wordnet_height", "num_train_images")
    words = ["tench, Tinca tinca", "goldfish, Carassius auratus", "English springer"]
    rows = [(i + 1, wnid, words[i], "a fish", 0, [], 0, 2) for i, wnid in enumerate(wnids)]
    rows.append((1001, "n00001740", "entity", "all", 3, [1, 2, 3], 9, 0))
    kit = {"data/meta.mat": _mat({"synsets": _structs(fields, rows).T}), "readme.txt": b".",
           "data/ILSVRC2012_validation_ground_truth.txt": b"3\n1\n2\n1\n"}
    train = {f"{wnid}.tar": tar(_pictures([f"{wnid}_{i}.JPEG" for i in (10, 9)]), "") for wnid in wnids}
    return {"ILSVRC2012_devkit_t12.tar.gz": tar({f"ILSVRC2012_devkit_t12/{name}": data for name, data in kit.items()}),
            "ILSVRC2012_img_train.tar": tar(train, ""),
            "ILSVRC2012_img_val.tar": tar(_pictures([f"ILSVRC2012_val_{i:08d}.JPEG" for i in range(1, 5)]), "")}


@case("datasets_classified/imagenet", split=["train", "val"])
def imagenet(split):
    files = _imagenet()
    data, known = opened("ImageNet", files, split=split)
    archives = fresh(f"imagenet_archives_{split}")  # for the C++ side to unpack by itself
    put(archives, files)
    return {**known, **classified("ImageNet", files, split=split), "archives": str(archives), "wnids": data.wnids,
            "hashes": {f"ImageNet/{name}": md5(data) for name, data in files.items()}}


run(__file__)
