"""Holds checkpoints that Opsis wrote against those that Python wrote: read_back.py ORIGINAL REWRITTEN [ORIGINAL REWRITTEN ...]

Both are read as a user would, the rewritten one also mapped and by zipfile. Equal means: the same values and tensors to the bit, the
same gradients wanted, and the same tensors sharing the same memory in the same layout.
"""

import sys
import zipfile

import safetensors.torch
import torch


def _plain(value):
    """What Opsis keeps of a value: sets are lists there, devices and layouts strings, kinds of dicts one."""
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    if isinstance(value, (list, set)):
        return [_plain(v) for v in value]
    if isinstance(value, tuple):
        return tuple(_plain(v) for v in value)
    if isinstance(value, (torch.device, torch.layout)):
        return str(value)
    if isinstance(value, bytearray):
        return bytes(value)
    return value


def _versions(value, way="top"):
    """What stands beside each state dict, by the way to it."""
    found = {way: value._metadata} if getattr(value, "_metadata", None) else {}
    if isinstance(value, dict):
        for key, held in value.items():
            found |= _versions(held, f"{way}.{key}")
    return found


def _quantizer(tensor):
    if not tensor.is_quantized:
        return None
    if tensor.qscheme() == torch.per_tensor_affine:
        return tensor.q_scale(), tensor.q_zero_point()
    return tensor.q_per_channel_scales().tolist(), tensor.q_per_channel_zero_points().tolist(), tensor.q_per_channel_axis()


def _bits(tensor):
    if tensor.is_quantized:
        return tensor.int_repr()
    flat = tensor.detach().contiguous().reshape(-1)
    return torch.view_as_real(flat).flatten().view(torch.uint8) if flat.is_complex() else flat.view(torch.uint8)


def _parts(tensor):
    """What a sparse tensor is made of."""
    if tensor.layout == torch.sparse_coo:
        return tensor._indices(), tensor._values()
    if tensor.layout in (torch.sparse_csr, torch.sparse_bsr):
        return tensor.crow_indices(), tensor.col_indices(), tensor.values()
    return tensor.ccol_indices(), tensor.row_indices(), tensor.values()


def _same(a, b, tensors, way="top"):
    if isinstance(a, torch.Tensor) and a.layout != torch.strided:
        assert a.layout == b.layout and a.shape == b.shape, way
        assert a.layout != torch.sparse_coo or a.is_coalesced() == b.is_coalesced(), way
        _same(_parts(a), _parts(b), tensors, way)
    elif isinstance(a, torch.Tensor) and a.is_meta:
        assert b.is_meta and a.dtype == b.dtype and a.shape == b.shape and a.stride() == b.stride(), way
        assert a.requires_grad == b.requires_grad, way
    elif isinstance(a, torch.Tensor):
        assert isinstance(b, torch.Tensor), way
        assert a.dtype == b.dtype and a.shape == b.shape and a.requires_grad == b.requires_grad, way
        assert torch.equal(_bits(a), _bits(b)) and _quantizer(a) == _quantizer(b), way
        tensors.append((a, b, way))
    elif isinstance(a, dict):
        assert isinstance(b, dict) and list(a) == list(b), f"{way}: {list(a)} and {list(b)}"
        for key in a:
            _same(a[key], b[key], tensors, f"{way}.{key}")
    elif isinstance(a, (list, tuple)):
        assert type(a) is type(b) and len(a) == len(b), way
        for i, (x, y) in enumerate(zip(a, b)):
            _same(x, y, tensors, f"{way}[{i}]")
    else:
        assert type(a) is type(b) and a == b, f"{way}: {a!r} and {b!r}"


def _same_sharing(tensors):
    first_a, first_b = {}, {}
    for number, (a, b, way) in enumerate(tensors):
        if a.numel() == 0:
            continue
        assert a.stride() == b.stride() and a.storage_offset() == b.storage_offset(), way
        assert a.untyped_storage().nbytes() == b.untyped_storage().nbytes(), way
        at_a = first_a.setdefault(a.untyped_storage().data_ptr(), number)
        at_b = first_b.setdefault(b.untyped_storage().data_ptr(), number)
        assert at_a == at_b, f"{way} shares memory with another tensor"


def compare(original, rewritten):
    if rewritten.endswith(".safetensors"):
        ours = safetensors.torch.load_file(rewritten)
        theirs = safetensors.torch.load_file(original)
        _same({k: theirs[k] for k in sorted(theirs)}, {k: ours[k] for k in sorted(ours)}, [])
        with safetensors.safe_open(original, "pt") as a, safetensors.safe_open(rewritten, "pt") as b:
            assert (a.metadata() or {}) == (b.metadata() or {}) or b.metadata() is None
        return
    assert zipfile.ZipFile(rewritten).testzip() is None
    loaded = torch.load(original, weights_only=True)
    theirs, versions = _plain(loaded), _versions(loaded)
    for mapped in (False, True):
        tensors = []
        ours = torch.load(rewritten, weights_only=True, mmap=mapped)
        assert _versions(ours) == versions, "the versions of modules differ"
        _same(theirs, ours, tensors)
        _same_sharing(tensors)


for original, rewritten in zip(sys.argv[1::2], sys.argv[2::2]):
    try:
        compare(original, rewritten)
    except Exception as error:
        sys.exit(f"{rewritten}: {type(error).__name__}: {error}")
