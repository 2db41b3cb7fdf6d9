"""Quantized tensors as PyTorch 1.3 saved them."""

import collections

import torch


class Listed:
    """A quantized tensor whose scales and zero points are lists, as PyTorch 1.3 wrote it."""

    def __init__(self, tensor):
        quantizer = (tensor.qscheme(), tensor.q_per_channel_scales().tolist(), tensor.q_per_channel_zero_points().tolist(), tensor.q_per_channel_axis())
        self.arguments = (tensor._typed_storage(), 0, tuple(tensor.shape), tensor.stride(), quantizer, False, collections.OrderedDict())

    def __reduce__(self):
        return torch._utils._rebuild_qtensor, self.arguments
