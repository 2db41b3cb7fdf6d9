"""io_dicom: files that pydicom writes, and what it reads of them."""

import numpy as np
import pydicom
import torch
from oracle import case, out_dir, run
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, RLELossless, generate_uid

_count = 0


def _write(pixels, photometric="MONOCHROME2", stored=None, syntax=ExplicitVRLittleEndian, planes=False, **tags):
    """pixels (frames, rows, columns[, 3])."""
    global _count
    path = out_dir() / "io_dicom" / f"{_count}.dcm"
    path.parent.mkdir(parents=True, exist_ok=True)
    _count += 1
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    meta.MediaStorageSOPInstanceUID = generate_uid(entropy_srcs=[str(_count)])
    meta.TransferSyntaxUID = ExplicitVRLittleEndian if syntax == RLELossless else syntax
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.PatientID, data.Modality, data.SeriesInstanceUID = "patient 7", "CT", "1.2.3"
    data.Rows, data.Columns = pixels.shape[1:3]
    if len(pixels) > 1:
        data.NumberOfFrames = len(pixels)
    data.SamplesPerPixel = 3 if pixels.ndim == 4 else 1
    data.PhotometricInterpretation = photometric
    if pixels.ndim == 4:
        data.PlanarConfiguration = int(planes)
        pixels = pixels.transpose(0, 3, 1, 2) if planes else pixels
    data.BitsAllocated = 8 * pixels.itemsize
    data.BitsStored = stored or data.BitsAllocated
    data.HighBit = data.BitsStored - 1
    data.PixelRepresentation = int(pixels.dtype.kind == "i")
    raw = np.ascontiguousarray(pixels).tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OB" if pixels.itemsize == 1 else "OW"
    for name, value in tags.items():
        setattr(data, name, value)
    if syntax == RLELossless:
        data.compress(RLELossless)
    data.save_as(path, enforce_file_format=True)
    return path


def _known(path):
    data = pydicom.dcmread(path)
    stored = data.pixel_array
    frames, samples = int(data.get("NumberOfFrames", 1)), data.SamplesPerPixel
    stored = stored.reshape(frames, data.Rows, data.Columns, samples).transpose(0, 3, 1, 2)
    tensor = lambda array: torch.from_numpy(np.ascontiguousarray(array[0] if frames == 1 else array))
    out = {"path": str(path), "stored": tensor(stored), "photometric": data.PhotometricInterpretation,
           "spacing": [float(x) for x in data.get("PixelSpacing", [])], "orientation": [float(x) for x in data.get("ImageOrientationPatient", [])],
           "position": [float(x) for x in data.get("ImagePositionPatient", [])]}
    if samples == 1:
        rescaled = apply_modality_lut(stored, data).astype(np.float64)
        out["rescaled"] = tensor(rescaled)
        if "WindowCenter" in data:
            slope, intercept = float(data.get("RescaleSlope", 1)), float(data.get("RescaleIntercept", 0))
            low, high = (-(2 ** (data.BitsStored - 1)), 2 ** (data.BitsStored - 1) - 1) if data.PixelRepresentation else (0, 2**data.BitsStored - 1)
            low, high = low * slope + intercept, high * slope + intercept
            shown = (apply_voi_lut(rescaled, data) - low) / (high - low)
            out["windowed"] = tensor(1 - shown if data.PhotometricInterpretation == "MONOCHROME1" else shown)
    return out


_syntaxes = {"explicit": ExplicitVRLittleEndian, "implicit": ImplicitVRLittleEndian, "rle": RLELossless}


@case("io_dicom/gray", type=["uint8", "int8", "uint16", "int16"], frames=[1, 3], syntax=list(_syntaxes))
def gray(type, frames, syntax):
    kind = np.dtype(type)
    pixels = np.frombuffer(np.random.bytes(frames * 5 * 7 * kind.itemsize), kind).reshape(frames, 5, 7)
    return _known(_write(pixels, syntax=_syntaxes[syntax]))


@case("io_dicom/color", planes=[False, True], frames=[1, 2])
def color(planes, frames):
    return _known(_write(np.random.randint(0, 256, (frames, 4, 6, 3), dtype=np.uint8), "RGB", planes=planes))


@case("io_dicom/scan", signed=[False, True], photometric=["MONOCHROME2", "MONOCHROME1"], window=[(40, 400), (-600, 1500.5), (10, 1)])
def scan(signed, photometric, window):
    """Twelve bits of sixteen, as scanners write them."""
    low, high = (-2048, 2048) if signed else (0, 4096)
    pixels = np.random.randint(low, high, (1, 9, 8)).astype("int16" if signed else "uint16")
    return _known(_write(pixels, photometric, stored=12, RescaleSlope="1.5", RescaleIntercept="-1024", WindowCenter=str(window[0]), WindowWidth=str(window[1]),
                         PixelSpacing=["0.7", "0.75"], ImageOrientationPatient=["1", "0", "0", "0", "0.8", "-0.6"],
                         ImagePositionPatient=["-100.5", "20", "3.25"]))


run(__file__)
