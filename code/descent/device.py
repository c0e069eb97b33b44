"""Where to compute: the GPU if there is one."""

__all__ = ["device"]


def device():
    """Return the CUDA device where there is one, else the CPU.

    With CUDA, cuDNN is kept from TF32: it computes convolutions with 10 of float32's 23 binary
    digits by default, and what chapters claim of a run would hold no more.
    """
    import torch  # not before: who runs a rule on floats has none

    if not torch.cuda.is_available():
        return torch.device("cpu")
    torch.backends.cudnn.allow_tf32 = False
    return torch.device("cuda")
