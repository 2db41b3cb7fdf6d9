"""datasets_faces: CelebA's attributes and the people and pairs of LFW."""

import copy
import functools

import torch
from oracle import case, run
from support.fake_data import *
from torchvision import datasets as D
from torchvision.transforms import v2


@functools.cache
def _celeba():
    mirror = Mirror("CelebA")
    names = [f"{i:06d}.jpg" for i in range(1, 9)]
    attributes = "5_o_Clock_Shadow Bald Young"
    rows = {
        "list_eval_partition.txt": [f"{n} {p}" for n, p in zip(names, (0, 0, 1, 2, 0, 1, 2, 0))],
        "identity_CelebA.txt": [f"{n} {i * 7 + 1}" for i, n in enumerate(names)],
        "list_bbox_celeba.txt": ["6", "image_id x_1 y_1 width height"] + [f"{n}    {i} 7  30 {i + 40}" for i, n in enumerate(names)],
        "list_landmarks_align_celeba.txt": ["6", "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y lm_x lm_y rm_x rm_y"]
        + [f"{n} 6{i}  109  106  113   77  142   73  152  108  15{i}" for i, n in enumerate(names)],
        "list_attr_celeba.txt": ["6", attributes] + [f"{n} {1 if i % 2 else -1}  1 {-1 if i % 3 else 1}" for i, n in enumerate(names)],
    }
    for file_id, _, name in D.CelebA.file_list:
        data = zipped({f"img_align_celeba/{n}": picture() for n in names}) if name.endswith(".zip") else ("\n".join(rows[name]) + "\n").encode()
        mirror.drive(file_id, data, name)
    return mirror


@case("datasets_faces/celeba", split=["train", "valid", "test", "all", "Valid"])
def celeba(split):
    kinds = ["attr", "identity", "bbox", "landmarks"]
    data, known = opened("CelebA", _celeba(), split=split, target_type=kinds)
    known.update(length=len(data), attr_names=data.attr_names)
    for i in range(len(data)):
        image, target = data[i]
        known[f"image{i}"] = tensor(image)
        known.update({f"{kind}{i}": value for kind, value in zip(kinds, target)})
    # Wrapped for transforms v2, where it takes no other targets.
    moves = v2.Compose([v2.RandomHorizontalFlip(1.0), v2.CenterCrop([6, 14])])
    for key, transforms in (("wrapped", None), ("moved", moves)):
        view = copy.copy(data)
        view.target_type, view.transforms = ["identity", "bbox"], transforms
        view = D.wrap_dataset_for_transforms_v2(view)
        for i in range(len(data)):
            image, (_, box) = view[i]
            known[f"{key}_image{i}"], known[f"{key}_bbox{i}"] = tensor(image), torch.as_tensor(box)
    return known


@functools.cache
def _lfw():
    names = {"Ann_Lee": 2, "Bo": 1, "Zoe_Q": 3, "Kim": 1}
    base, files = "lfw-py", {}
    for folder, archive, _ in D.LFWPeople.file_dict.values():
        files[f"{base}/{archive}"] = archive.encode()
        for name, count in names.items():
            for number in range(1, count + 1):
                files[f"{base}/{folder}/{name}/{name}_{number:04d}.jpg"] = picture()
    people = lambda *chosen: f"{len(chosen)}\n" + "".join(f"{n}\t{names[n]}\n" for n in chosen)
    text = {"lfw-names.txt": "".join(f"{n}\t{c}\n" for n, c in names.items()),
            "people.txt": "2\n" + people("Zoe_Q", "Bo") + people("Ann_Lee", "Kim"),
            "peopleDevTrain.txt": people("Bo", "Zoe_Q"), "peopleDevTest.txt": people("Ann_Lee"),
            "pairs.txt": "2\t1\nZoe_Q\t1\t3\nBo\t1\tKim\t1\nAnn_Lee\t1\t2\nKim\t1\tZoe_Q\t2\n",
            "pairsDevTrain.txt": "2\nAnn_Lee\t1\t2\nZoe_Q\t2\t3\nBo\t1\tKim\t1\nKim\t1\tZoe_Q\t2\n",
            "pairsDevTest.txt": "1\nZoe_Q\t1\t2\nBo\t1\tAnn_Lee\t2\n"}
    files.update({f"{base}/{name}": content.encode() for name, content in text.items()})
    return files


def _lfw_hashes(known):
    return {**known, "hashes": {f"LFW/{name.split('/')[1]}": md5(data) for name, data in _lfw().items() if name.count("/") == 1}}


@case("datasets_faces/lfw_people", split=["10fold", "train", "test", "Train"], image_set=["original", "Funneled", "deepfunneled"])
def lfw_people(split, image_set):
    return _lfw_hashes(classified("LFWPeople", _lfw(), split=split, image_set=image_set))


@case("datasets_faces/lfw_pairs", split=["10fold", "train", "test", "TEST"], image_set=["original", "funneled", "DeepFunneled"])
def lfw_pairs(split, image_set):
    keep = lambda data, i: {"first": tensor(data[i][0]), "second": tensor(data[i][1]), "same": data[i][2]}
    data, known = recorded("LFWPairs", _lfw(), keep, split=split, image_set=image_set)
    return _lfw_hashes({**known, "names": [" ".join(pair) for pair in data.pair_names]})


run(__file__)
