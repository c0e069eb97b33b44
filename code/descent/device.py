"""Where to compute: the GPU if there is one."""

__all__ = ["device"]


def device():
    """Return the CUDA device where there is one, else the CPU."""
    import torch  # not before: who runs a rule on floats has none

    return torch.device("cuda" if torch.cuda.is_available() else "cpu")
