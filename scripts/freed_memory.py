"""What opsis::keep_freed_memory() tells malloc, told here too: so that both sides of a benchmark have their memory alike."""

import ctypes

_m_trim_threshold, _m_mmap_threshold = -1, -3  # of <malloc.h>


def keep_freed_memory():
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_m_trim_threshold, 2**31 - 1) and mallopt(_m_mmap_threshold, 32 << 20))
