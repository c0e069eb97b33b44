"""Where to compute: the GPU if there is one."""

import torch

__all__ = ["device"]


def device():
    """Return the CUDA device where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
