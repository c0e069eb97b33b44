"""Rprop: of each gradient only the sign, and a step size for every coordinate."""

from descent.ops import maximum, minimum, sign


def rprop(p, g, t, g_old=0.0, step_size=0.0, *,
          lr=1e-2, etas=(0.5, 1.2), step_sizes=(1e-6, 50.0)):
    """Take one step; return the new point, the gradient to compare with, and the step sizes.

    A size grows while the gradient's sign stays and shrinks where it turns; a coordinate that
    has turned waits one step, and its gradient is forgotten. lr is the first size only.
    Source: Riedmiller and Braun (1993), in the form without going back of Igel and Hüsken (2003).
    """
    shorter, longer = etas
    smallest, largest = step_sizes
    same = sign(g * g_old)
    stays, turns = maximum(same, 0), maximum(-same, 0)  # 0 or 1
    step_size = (lr if t == 1 else step_size) * longer**stays * shorter**turns
    step_size = minimum(maximum(step_size, smallest), largest)
    g = (1 - turns) * g
    return p - sign(g) * step_size, g, step_size
