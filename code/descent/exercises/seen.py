"""What came back from an answer, as numbers, or as a sentence on why it is none."""

import inspect

import numpy as np

__all__ = ["Odd", "arguments", "numbers", "parameters", "precision", "shown"]


class Odd(Exception):
    """An answer of the wrong kind: a short name for it, and what to say."""

    def __init__(self, name, sentence):
        super().__init__(sentence)
        self.name, self.sentence = name, sentence


def numbers(value, like):
    """Return a value as an array of the shape of `like`; raise Odd if it cannot be."""
    if value is None:
        raise Odd("nothing", "")
    if isinstance(value, (str, bytes)):
        raise Odd("words", f"It returns the text {value!r}; numbers are asked for.")
    if isinstance(value, dict):
        raise Odd("dict", f"It returns a dict, {shown(value)}; hand back the numbers themselves.")
    if inspect.isgenerator(value):
        raise Odd("generator", "It yields its numbers one by one. Return them.")
    if callable(value) and not hasattr(value, "shape"):
        raise Odd("function", "It returns a function, not what that gives. Call it.")
    imaginary = _complex(value)
    try:
        array = np.asarray(_untracked(value), dtype=complex if imaginary else float)
    except (TypeError, ValueError, RuntimeError):
        raise Odd("no numbers", f"It returns {shown(value)}; numbers are asked for.") from None
    if imaginary:
        raise Odd("complex", f"It returns a complex number, {shown(value)}: a root or a power of "
                  "something negative.")
    wanted = np.shape(like)
    if np.shape(array) == wanted:
        return array
    if wanted == () and np.size(array) == 1:
        raise Odd("boxed", f"It returns {shown(value)}, one number in a list. Return the number "
                  "itself.")
    if np.size(array) == np.size(like) and len(np.shape(array)) == 2:
        raise Odd("shape", f"It returns a table of shape {np.shape(array)}; a list of "
                  f"{np.size(like)} numbers is asked for.")
    raise Odd("shape", f"It returns {_many(np.shape(array))}; asked for is {_many(wanted)}.")


def parameters(function):
    """Return the parameters of a function, as inspect has them; none where it cannot tell."""
    try:
        return list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return []


def arguments(function):
    """Return the names of a function's parameters."""
    return [parameter.name for parameter in parameters(function)]


def precision(value):
    """Return how closely a value can agree: less where it has the digits of float32 or float16."""
    words = {str(getattr(one, "dtype", "")) for one in _leaves(value)}
    if any("float16" in word for word in words):
        return 1e-2
    return 1e-4 if any("float32" in word for word in words) else 1e-9


def shown(value, digits=6):
    """Return a value in a few words, numbers to six digits or as told."""
    if hasattr(value, "detach"):
        value = value.detach()
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool) or value is None:
        return repr(value)
    if isinstance(value, complex):
        return f"{value:.4g}"
    if isinstance(value, (int, float)):
        return f"{value:.{digits}g}"
    if isinstance(value, (list, tuple)):
        inner = ", ".join(shown(one, digits) for one in value[:6])
        inner += ", …" if len(value) > 6 else ""
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _many(shape):
    if shape == ():
        return "one number"
    if len(shape) == 1:
        return f"{shape[0]} numbers" if shape[0] != 1 else "a list of one number"
    return f"a table of shape {shape}"


def _leaves(value):
    return [leaf for one in value for leaf in _leaves(one)] if isinstance(value, (list, tuple)) \
        else [value]


def _untracked(value):
    """Return a value without torch's tracking of gradients."""
    if isinstance(value, (list, tuple)):
        return [_untracked(one) for one in value]
    return value.detach().cpu().double().numpy() if hasattr(value, "detach") else value


def _complex(value):
    return any(isinstance(one, complex) or "complex" in str(getattr(one, "dtype", ""))
               for one in _leaves(value))
