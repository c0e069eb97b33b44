"""A sentence of help where Python itself says what is wrong: for what beginners meet most."""

import re

__all__ = ["help_with", "odd_number", "unreadable"]

_READY = {"sqrt", "log", "exp", "cos", "sin", "sign", "log2", "log10", "maximum", "minimum",
          "arange", "array", "mean", "prod", "cumsum", "outer", "where", "ceil", "floor", "pi"}
_GREEK = {"β": "beta", "μ": "mu", "ε": "eps", "η": "lr", "θ": "p"}


def help_with(error, names=(), line=""):
    """Return what to try after an error, or "". `names` are the answer's own, `line` is where."""
    text = str(error)
    if isinstance(error, UnboundLocalError):
        name = _quoted(text)
        return (f"`{name}` is used before this function gives it a value: assign it first, or take "
                "it as an argument." if name else "")
    if isinstance(error, NameError):
        return _of_name(_quoted(text), names)
    if isinstance(error, ZeroDivisionError):
        return ("What stands below the line is 0 here: may it be so with these arguments, or are "
                "brackets missing?")
    if isinstance(error, TypeError):
        return _of_kind(text, line)
    if isinstance(error, ValueError):
        if "math domain" in text or "expected a positive" in text or "nonnegative" in text:
            return ("A root or logarithm of something negative: look at the sign in it, and at "
                    "its brackets.")
        if "truth value" in text:
            return ("`p` and `g` are arrays: compare entry by entry, by `np.where` or "
                    "`np.maximum`.")
        if "unpack" in text:
            return "There are more or fewer names on the left than values on the right."
    if isinstance(error, OverflowError):
        return "A number grew beyond all bounds: look at your powers and at their signs."
    if isinstance(error, RecursionError):
        return "Your function calls itself without end."
    if isinstance(error, IndexError):
        return "Positions count from 0, and end one before the length."
    if isinstance(error, AttributeError) and "'module'" not in text and "np." in line:
        return "Is the name of the NumPy function spelt right?"
    return ""


def _quoted(text):
    found = re.search(r"['‘`](\w+)['’`]", text)
    return found[1] if found else ""


def _of_name(name, names):
    if name in _READY:
        return f"Write `np.{name}`: `np` is ready here."
    if name == "lambda_" or name in _GREEK:
        return f"Write `{_GREEK.get(name, 'weight_decay')}`, as the arguments are called."
    if name in ("numpy", "self", "torch"):
        return "`np` and `math` are ready here; the rest comes as arguments."
    split = [(a, name[len(a):]) for a in names if name.startswith(a) and name[len(a):] in names]
    if split:
        return f"A product needs its sign: `{split[0][0]} * {split[0][1]}`."
    close = [one for one in names if one.lower() == name.lower() or one.replace("_", "") ==
             name.replace("_", "") or (len(name) > 3 and one.startswith(name))
             or (len(one) > 3 and name.startswith(one))]
    if close:
        return f"Is `{close[0]}` meant?"
    return f"Nothing is called `{name}` here: your arguments are {', '.join(names)}." \
        if names else ""


def _of_kind(text, line):
    if "for ^" in text or ("bitwise_xor" in text):
        return "A power is `**` in Python."
    if "not callable" in text:
        return ("Brackets right behind a number or a name call it: for a product write `*` before "
                "them." if any(kind in text for kind in ("int", "float", "ndarray", "tuple"))
                else "")
    if "NoneType" in text:
        return "Something here is None: does a function that you call return its result?"
    if "positional argument" in text or "keyword argument" in text:
        return "Compare this call with the `def` of what it calls: how many values, in which order?"
    if "unsupported operand" in text and ("function" in text or "ufunc" in text):
        return "A function stands there uncalled: put brackets with its argument behind it."
    if "unpack" in text:
        return "There are several names on the left, and one value on the right."
    if "only" in text and ("scalar" in text or "length-1" in text or "0-dimensional" in text):
        return "`math` takes single numbers: use `np` for arrays."
    return ""


def unreadable(error):
    """Return what to try after a SyntaxError, or ""."""
    text, line = error.msg or "", (error.text or "").strip()
    if "never closed" in text:
        return "Count the brackets: one more opens than closes."
    if "unmatched" in text:
        return "Count the brackets: one more closes than opens."
    if "lambda" in line and "invalid" in text:
        return "`lambda` is a word of Python's own: call it `weight_decay`, as the argument is."
    if isinstance(error, TabError) or "indent" in text:
        return "Lines of one block begin at one column: four spaces each step, by Tab."
    if "invalid decimal literal" in text or re.search(r"\d\s*[A-Za-z_(]", line):
        return "A product needs its sign: `2 * x`, not `2x`."
    if "invalid non-printable" in text or "invalid character" in text:
        return "Write signs of the keyboard: `-`, `*`, `**`, `/`."
    behind = r"\)\s*(?!if|else|for|and|or|in|is|not)[A-Za-z_\d]"
    if "invalid syntax" in text and re.search(behind, line):
        return "Is a sign missing behind a bracket? A product needs its `*`."
    if "expected ':'" in text:
        return "`def`, `if`, `else` and `for` end in a colon."
    if "invalid syntax. Maybe you meant '=='" in text:
        return ""
    if re.search(r"[\w)]\s+[\w(]", line) and "invalid syntax" in text and not line.startswith(
            ("def ", "return", "if ", "for ")):
        return "Is a sign missing between two names? A product needs its `*`."
    return ""


def odd_number(error, kind):
    """Return what gave a number that is none, from NumPy's error; `kind` is NaN or infinite."""
    text = str(error)
    what = text.rsplit(" ", 1)[-1]
    if what == "sqrt":
        return "the root of something negative: are brackets missing, or is a sign wrong, in it?"
    if what.startswith("log"):
        return "the logarithm of something that is not above 0: look at its sign and brackets."
    if what in ("power", "pow"):
        return ("a power of something negative: look at its sign and brackets."
                if "invalid" in text else "a negative power of 0." if "zero" in text
                else "a power beyond all bounds: look at its sign.")
    if what == "divide" or "division" in text:
        what = "0 divided by 0" if "invalid" in text else "a division by 0"
        return (f"{what}: what stands below the line is 0 there. Does all that belongs below it "
                "stand in brackets?")
    if "overflow" in text:
        return "a number beyond all bounds: something grows in every step."
    if what in ("subtract", "add", "multiply"):
        return "a sum or product with something infinite."
    return ""
