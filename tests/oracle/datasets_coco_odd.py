"""datasets_coco_odd: COCO's files that lack something, say it twice, or have numbers and names that are out of the ordinary."""

import json
import os

import torch
from oracle import case, fails, run
from support.fake_data import *
from torchvision import datasets as D


def _annotated(**changed):
    """One annotation, some of its words changed, as text; None leaves one out."""
    words = {"id": "1", "image_id": "1", "category_id": "2", "bbox": "[0, 1, 2, 3]", **changed}
    return "{" + ", ".join(f'"{key}": {word}' for key, word in words.items() if word is not None) + "}"


def _of_images(*images, annotations=(_annotated(),)):
    return f'{{"images": [{", ".join(images)}], "annotations": [{", ".join(annotations)}]}}'


def _odd_annotation(**changed):
    return _of_images('{"id": 1, "file_name": "a.jpg"}', annotations=[_annotated(**changed)])


def _odd_image(id, file_name='"a.jpg"'):
    return _of_images(f'{{"id": {id}, "file_name": {file_name}}}', annotations=[_annotated(image_id=id)])


_beyond = str(2**63)
_odd_coco = {
    "an image twice": _of_images('{"id": 1, "file_name": "b.jpg"}', '{"id": 1, "file_name": "a.jpg"}'),
    "an annotation twice": _of_images('{"id": 1, "file_name": "a.jpg"}', '{"id": 2, "file_name": "b.jpg"}',
                                      annotations=[_annotated(id="7"), _annotated(id="7", image_id="2", bbox="[0, 0, 4, 4]")]),
    "an image without id": _of_images('{"file_name": "a.jpg"}'),
    "an image without name": _of_images('{"id": 1}'),
    "an annotation without id": _odd_annotation(id=None),
    "an annotation without image": _odd_annotation(image_id=None),
    "an annotation without class": _odd_annotation(category_id=None),
    "an annotation without box": _odd_annotation(bbox=None),
    "an image that is not there": _odd_annotation(image_id="99"),
    "ids below 0": _odd_image("-1"),
    "an id of 63 bits": _odd_image(str(2**63 - 1)),
    "an id beyond": _odd_image(_beyond),
    "an id beyond all": _odd_image("1e400"),
    "an id with a point": _odd_image("1.0"),
    "an id that is a word": _odd_image('"1"'),
    "an annotation's id beyond": _odd_annotation(id=_beyond),
    "a class of 63 bits": _odd_annotation(category_id=str(2**63 - 1)),
    "a class beyond": _odd_annotation(category_id=_beyond),
    "a class below 0": _odd_annotation(category_id="-1"),
    "a box beyond": _odd_annotation(bbox=f"[{_beyond}, 1, 2, 3]"),
    "a box below 0": _odd_annotation(bbox="[-5, -1, -2, -3]"),
    "a box of 1e400": _odd_annotation(bbox="[0, 1, 2, 1e400]"),
    "a box of NaN": _odd_annotation(bbox="[0, 1, 2, NaN]"),
    "a box of -Infinity": _odd_annotation(bbox="[0, 1, -Infinity, 3]"),
    "a box of words": _odd_annotation(bbox='[0, 1, 2, "3"]'),
    "a box of nan in quotes": _odd_annotation(bbox='[0, 1, 2, "nan"]'),
    "a box of inf in quotes": _odd_annotation(bbox='[0, 1, 2, "inf"]'),
    "a name that is not UTF-8": _odd_image("1", '"caf\\udce9.jpg"'),  # as Python writes the names that it lists
    "a name that no file has": _odd_image("1", '"caf\\ud800.jpg"'),
    "a name in Latin-1": _odd_image("1", '"caf\udce9.jpg"'),
}


@case("datasets_coco_odd/files", what=list(_odd_coco))
def coco_odd(what):
    root = fresh(f"roots/coco_odd/{list(_odd_coco).index(what)}")
    put(root, {name: picture(height=8, width=10) for name in ("a.jpg", "b.jpg", "caf\udce9.jpg")})
    file = root / "instances.json"
    file.write_bytes(_odd_coco[what].encode("utf-8", "surrogateescape"))
    known = {"root": str(root), "opens": not fails(lambda: D.CocoDetection(str(root), str(file)))}
    if not known["opens"]:
        return known
    data = D.wrap_dataset_for_transforms_v2(D.CocoDetection(str(root), str(file)))
    known.update(length=len(data), gives=[not fails(lambda: data[i]) for i in range(len(data))])
    for i, gives in enumerate(known["gives"]):
        if gives:
            image, target = data[i]
            known[f"image{i}"] = tensor(image)
            known.update({f"{key}{i}": torch.as_tensor(target[key]) for key in ("boxes", "labels") if key in target})
    return known


_names = ["a.jpg", "", r"\u00e9\n\"\\/\/", r"\ud83d\ude00.jpg", r"\ud83d\udce9", r"caf\udce9", r"\uDCE9\uDCA9.jpg",
          r"\udcff\udc80x\udcc3\udca9", r"\\udce9", r"\udc7f", r"\udd00", r"\ud800", r"\ud800\n", r"x\ud800\u0041",
          r"\udce9\ud800", r"\u12", r"\u", r"\udce", r"\udcg9", r"\x", r"\ud83d\u"]


@case("datasets_coco_odd/names", text=_names)
def coco_names(text):
    """The bytes of the file that is opened; None where there is none."""
    try:
        return {"bytes": list(os.fsencode(json.loads(f'"{text}"')))}
    except ValueError:
        return {"bytes": None}


run(__file__)
