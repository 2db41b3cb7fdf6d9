"""io_nifti: volumes that nibabel writes, and what it reads of them."""

import gzip

import nibabel
import numpy as np
import torch
from oracle import case, out_dir, run

_types = ["uint8", "int8", "int16", "uint16", "int32", "uint32", "int64", "uint64", "float32", "float64"]
_shapes = {"volume": (4, 3, 5), "line": (6,), "plane": (5, 2), "series": (3, 2, 4, 2), "five": (2, 3, 1, 1, 3), "empty": (3, 0, 2)}
_count = 0


def _write(image, big=False, packed=False):
    """A file of the image; nibabel writes the byte order of its header."""
    global _count
    path = out_dir() / "io_nifti" / f"{_count}.nii{'.gz' if packed else ''}"
    path.parent.mkdir(parents=True, exist_ok=True)
    _count += 1
    if big:
        image = type(image)(np.asanyarray(image.dataobj), image.affine, image.header.as_byteswapped(">"))
    data = image.to_bytes()
    path.write_bytes(gzip.compress(data) if packed else data)
    return path


def _known(path):
    image = nibabel.load(path)
    header = image.header
    raw = np.ascontiguousarray(image.dataobj.get_unscaled()).astype(image.get_data_dtype().newbyteorder("="))
    space, time = header.get_xyzt_units()
    return {"path": str(path), "raw": torch.from_numpy(raw), "data": torch.from_numpy(np.ascontiguousarray(image.get_fdata(dtype=np.float64))),
            "affine": torch.from_numpy(np.array(image.affine, dtype=np.float64)), "spacing": [float(zoom) for zoom in header.get_zooms()],
            "space": space, "time": time, "slope": float(image.dataobj.slope), "intercept": float(image.dataobj.inter),
            "description": header["descrip"].item().decode()}


def _numbers(shape, type):
    kind = np.dtype(type)
    if kind.kind == "f":
        return (np.random.standard_normal(shape) * 100).astype(kind)
    return np.frombuffer(np.random.bytes(int(np.prod(shape)) * kind.itemsize), kind).reshape(shape)


@case("io_nifti/types", type=_types, version=[1, 2], big=[False, True])
def types(type, version, big):
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(_numbers((4, 3, 5), type), np.eye(4), dtype=type)
    return _known(_write(image, big, packed=version == 2))


@case("io_nifti/shapes", shape=list(_shapes), version=[1, 2])
def shapes(shape, version):
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(_numbers(_shapes[shape], "int16"), None)
    zooms = [1.5, 0.75, 2, 2.5, 1][: len(_shapes[shape])]
    image.header.set_zooms(zooms)
    image.header["pixdim"][1 : len(zooms) + 1] = zooms
    image.header.set_xyzt_units("mm", "sec")
    image.header["descrip"] = b"a scan"
    return _known(_write(image))


@case("io_nifti/scaled", type=["uint8", "int16", "float32", "int64"], slope=[1, 0.1, -3, 0, float("nan")], intercept=[0, 7.25])
def scaled(type, slope, intercept):
    path = _write(nibabel.Nifti1Image(_numbers((4, 3, 5), type), np.eye(4), dtype=type))
    data = bytearray(path.read_bytes())
    data[112:120] = np.array([slope, intercept], "<f4").tobytes()
    path.write_bytes(data)
    return _known(path)


@case("io_nifti/affines", form=["sform", "qform", "both", "none"], version=[1, 2], big=[False, True])
def affines(form, version, big):
    affine = np.array([[-1.2, 0.3, 0.1, 10], [0.2, 1.1, -0.4, -20.5], [0.05, 0.3, 2.2, 3], [0, 0, 0, 1]])
    image = (nibabel.Nifti1Image if version == 1 else nibabel.Nifti2Image)(_numbers((4, 3, 5), "int16"), None)
    image.header.set_zooms((1.5, 0.75, 2))
    if form in ("qform", "both"):
        image.header.set_qform(affine, code=1)
    if form in ("sform", "both"):
        image.header.set_sform(affine * [[1], [2], [1], [1]], code=2)
    image._affine = None if form == "none" else image.header.get_best_affine()
    return _known(_write(image, big))


@case("io_nifti/pairs", version=[1, 2], big=[False, True], packed=[False, True], offset=[0, 48])
def pairs(version, big, packed, offset):
    """Header and voxels in files of their own, which nibabel finds by either name."""
    image = (nibabel.Nifti1Pair if version == 1 else nibabel.Nifti2Pair)(_numbers((4, 3, 5), "int16"), np.diag([2, 3, 4, 1]))
    if big:
        image = type(image)(np.asanyarray(image.dataobj), image.affine, image.header.as_byteswapped(">"))
    image.header.set_data_offset(offset)
    folder = out_dir() / "io_nifti"
    folder.mkdir(parents=True, exist_ok=True)
    header = folder / f"pair{version}{big}{packed}{offset}.hdr{'.gz' if packed else ''}"
    nibabel.save(image, header)
    return {**_known(header), "voxels": str(header).replace(".hdr", ".img")}


@case("io_nifti/mended", what=["qfac", "spacing", "zero", "code"])
def mended(what):
    """Headers that nibabel mends."""
    image = nibabel.Nifti1Image(_numbers((4, 3, 5), "int16"), None)
    image.header.set_qform(np.diag([2, 3, 4, 1]), code=1)
    image._affine = image.header.get_best_affine()
    path = _write(image)
    data = bytearray(path.read_bytes())
    place, number = {"qfac": (76, "<f4 0"), "spacing": (84, "<f4 -3"), "zero": (88, "<f4 0"), "code": (252, "<i2 77")}[what]
    raw = np.array([float(number.split()[1])]).astype(number.split()[0]).tobytes()
    data[place : place + len(raw)] = raw
    path.write_bytes(data)
    return _known(path)


run(__file__)
