"""The exercises of the chapter on where the optimizer's state lives."""

import math

from descent.exercises import Exercise, Mistake, lists, on
from descent.exercises.seen import Odd, numbers

__all__ = ["EXERCISES"]


def _held(weights=3, gradients=2, state=1, master=None, moments=2, factor=lambda ranks: 1,
          copies=lambda weight, master: weight + master):
    """Return the bytes a parameter by the stage from which on each part is dealt out to the ranks.

    `master` is the master copy's stage (that of the state unless it is told), `copies` what is
    made of a weight and its master where both are.
    """
    def held(weight, gradient, master_weight, moment, ranks, stage):
        def part(size, begins):
            return size / (ranks if stage >= begins else 1)
        first = state if master is None else master
        both = copies(part(weight, weights), part(master_weight, first))
        return factor(ranks) * (both + part(gradient, gradients) + part(moments * moment, state))
    return held


_NEVER = 4  # a stage that does not come
_STAGES = "What does each stage deal out: state, gradients, weights?"
_PARTS = "Of what does a rank hold anything at all?"
_ORDER = "Stage 1 deals out the optimizer's state, stage 2 the gradients too, stage 3 the weights."
_MASTER = "Whose is the master copy: does the forward pass need it, or the step?"
_BYTES = Exercise(
    _held(),
    on((4, 4, 0, 4, 2, 0), (2, 2, 4, 4, 64, 1), (2, 4, 4, 4, 4, 2), (2, 2, 4, 2, 8, 3),
       (4, 2, 0, 1, 8, 2), (2, 4, 4, 1, 2, 3), (2, 1, 4, 2, 16, 0), (4, 2, 4, 2, 3, 1)), (
        Mistake("no stage", _held(_NEVER, _NEVER, _NEVER), "Every rank holds everything.", _STAGES,
                _ORDER),
        Mistake("everything at every stage", _held(0, 0, 0),
                "It deals out everything, even under DDP, where each rank holds a whole copy.",
                _STAGES, _ORDER),
        Mistake("everything from stage 1 on", _held(1, 1, 1),
                "It deals out everything from stage 1 on.", _STAGES, _ORDER),
        Mistake("a stage late", _held(4, 3, 2), "Each part is dealt out one stage too late.",
                _STAGES, _ORDER),
        Mistake("a stage early", _held(2, 1, 0), "Each part is dealt out one stage too early.",
                _STAGES, _ORDER),
        Mistake("weights before gradients", _held(2, 3),
                "Stage 2 deals out the weights here, and stage 3 the gradients.", _STAGES, _ORDER),
        Mistake("weights first", _held(1, 2, 3),
                "It deals out the weights first and the state last.", _STAGES, _ORDER),
        Mistake("gradients first", _held(3, 1, 2),
                "It deals out the gradients first, and then the state.", _STAGES, _ORDER),
        Mistake("gradients with the state", _held(3, 1),
                "The gradients are dealt out at stage 1 already.", _STAGES, _ORDER),
        Mistake("gradients stay whole", _held(3, _NEVER), "The gradients stay whole, however many "
                "ranks there are.", _STAGES, _ORDER),
        Mistake("weights stay whole", _held(_NEVER), "The weights stay whole at stage 3.", _STAGES,
                _ORDER),
        Mistake("one part a stage",
                lambda weight, gradient, master, moment, ranks, stage: (
                    weight / (ranks if stage == 3 else 1) + gradient / (ranks if stage == 2 else 1)
                    + (master + 2 * moment) / (ranks if stage == 1 else 1)),
                "Each stage deals out one part alone.",
                "Does a stage take back what the one before it dealt out?", _ORDER),
        Mistake("master with the weights", _held(master=3),
                "The master copy is dealt out with the weights, at stage 3.", _MASTER,
                "Deal it out with the moments, from stage 1 on."),
        Mistake("master stays whole", _held(master=_NEVER), "The master copy stays whole.", _MASTER,
                "Deal it out with the moments, from stage 1 on."),
        Mistake("master for the weight", _held(copies=lambda weight, master: master or weight),
                "Where there is a master copy, it leaves the weight itself out.", _PARTS,
                "Count both: the weight that is multiplied, and its master."),
        Mistake("master forgotten", _held(copies=lambda weight, master: weight),
                "It leaves the master copy out.", _PARTS, "Add `master`, beside the moments."),
        Mistake("one moment", _held(moments=1), "It counts one moment.",
                "How many numbers does Adam remember of each weight?", "Multiply `moment` by 2."),
        Mistake("no moments", _held(moments=0), "It leaves the moments out.", _PARTS,
                "Add two moments."),
        Mistake("no gradient", lambda weight, gradient, *rest: _held()(weight, 0, *rest),
                "It leaves the gradient out.", _PARTS, "Add the gradient."),
        Mistake("all ranks together", _held(factor=lambda ranks: ranks),
                "That is what all ranks hold together.", "On how many ranks?",
                "Hand in what one rank holds."),
        Mistake("bits", _held(factor=lambda ranks: 8), "It counts bits.", "In which unit?",
                "Leave the 8 out."),
    ), gives="bytes a parameter, one number")


def _frozen(exponent=lambda theta: math.floor(math.log2(abs(theta))), below=1, down=0):
    """Return the longest step that is lost: half the spacing that an exponent gives.

    `below` is by how many powers of two it is less towards 0 from a power of two, `down` by how
    many it is less everywhere.
    """
    def frozen(theta, bits):
        e = exponent(theta)
        return 2.0**(e - bits - down - (below if abs(theta) == 2.0**e else 0))
    return frozen


_HALF = "How far must a result lie from θ to be rounded to another number?"
_TWO = "How far apart are the numbers just above a power of two, and just below it?"
_AS_FAR = "How far apart are the numbers around 1.1, and those around 1.9?"
_BITS = "How many numbers of `bits` bits are there from one power of two to the next?"
_FROZEN = Exercise(
    _frozen(),
    on((1.0, 8), (1.5, 8), (-0.75, 8), (0.375, 11), (-0.5, 11), (1.125, 8), (-4.5, 24),
       (-1.921875, 8), (32.0, 8), (-0.0078125, 24)), (
        Mistake("powers of two forgotten", _frozen(below=0),
                "It is right, but not from a power of two: below it the numbers lie closer.", _TWO,
                "Halve it where |θ| is a power of two."),
        Mistake("a whole spacing", _frozen(down=-1), "That is the whole spacing.", _HALF,
                "Halve it: what is nearer to θ than to its neighbour becomes θ."),
        Mistake("a whole spacing, powers of two forgotten", _frozen(below=0, down=-1),
                "That is the whole spacing, and the one above, where θ is a power of two.",
                f"{_HALF} And: {_TWO[0].lower()}{_TWO[1:]}",
                "Halve it, and once more where |θ| is a power of two."),
        Mistake("half too many", _frozen(down=1),
                "It is half of what is asked for: one bit is counted twice, or halved twice.",
                _BITS, "There are 2**(bits - 1): the first bit is always 1."),
        Mistake("a quarter everywhere", lambda theta, bits: 2.0**(
            math.floor(math.log2(abs(theta))) - bits - 1),
                "It takes every θ for a power of two.", _TWO,
                "Only just below a power of two is the spacing halved."),
        Mistake("the nearest power of two", _frozen(lambda theta: round(math.log2(abs(theta))),
                                                    below=1),
                "It takes the nearest power of two, which may lie above θ.",
                "Which power of two does the spacing belong to?", "Round the logarithm down."),
        Mistake("a share of θ", lambda theta, bits: abs(theta) * 2.0**-bits,
                "It is proportional to θ. The spacing is not: it is the same from one power of two "
                "to the next.", _AS_FAR,
                "Take the power of two below |θ|, not θ."),
        Mistake("half a share of θ", lambda theta, bits: abs(theta) * 2.0**(-bits - 1),
                "It is proportional to θ, and powers of two alone are right.",
                _AS_FAR,
                "Take the power of two below |θ|, not θ."),
        Mistake("a whole share of θ", lambda theta, bits: abs(theta) * 2.0**(1 - bits),
                "It is proportional to θ, and a whole spacing.",
                _AS_FAR,
                "Take half the spacing, by the power of two below |θ|."),
        Mistake("as if θ were 1", lambda theta, bits: 2.0**-bits,
                "It does not depend on θ.", "Are the numbers as close at 32 as at 1?",
                "Multiply by the power of two below |θ|."),
        Mistake("cut off", lambda theta, bits: 0.0,
                "If results were cut off, no step would be lost. But they are rounded to the "
                "nearest.",
                _HALF, "Halve the spacing."),
    ), gives="one step, one number")


def _grid(bits):
    """Return the rounding to that many significant bits, ties to even."""
    def round_to(x):
        if not math.isfinite(x):
            return x
        fraction, e = math.frexp(x)
        return math.ldexp(round(fraction * 2**bits), e - bits)
    return round_to


# The steps are made of few bits, so it is all one whether what lies between is rounded.
_POINTS = ((1.0, 0.0, 1.0 - 2.0**-10, 8), (1.0, 2.0**-10, 1.0 + 2.0**-9, 8),
           (1.5, -3 * 2.0**-10, 1.5 - 2.0**-9, 8), (-0.75, 2.0**-10, -0.75 - 5 * 2.0**-10, 8),
           (3.0, -(2.0**-5), 3.0 + 7 * 2.0**-6, 5), (-1.25, -(2.0**-6), -1.25 + 3 * 2.0**-8, 5))
_WALKS = ((1.0, 8, 2.0**-11, 24), (-1.25, 5, -3 * 2.0**-9, 40))


def _kept(answer):
    """Let a step round at single points, and then walk; yield the new point and its carry."""
    for p, c, x, bits in _POINTS:
        yield f"with p={p:g}, c={c:g}, x={x:g} and {bits} bits", answer(p, c, x, _grid(bits))
    for start, bits, step, steps in _WALKS:
        p, c, round_to = start, 0.0, _grid(bits)
        for _ in range(steps):
            result = answer(p, c, p - step, round_to)
            p, c = (float(one) for one in numbers(result, (0.0, 0.0)))
        yield f"after {steps} steps of {-step:g} from {start:g}, at {bits} bits", (p, c)


def _kahan(moved=lambda p, c, x: x - p + c, lost=lambda moved, p, new, c, x: moved - (new - p),
           back=1):
    """Return a step from what is to be added to the point, and from what is then kept."""
    def step(p, c, x, round_to):
        add = moved(p, c, x)
        new = round_to(p + add)
        return (new, lost(add, p, new, c, x))[::back]
    return step


def _bare(p, c, x):
    return x - p


_CARRY = "What is lost in this rounding, and where does it go?"
_USED = "What comes of what the step before has lost?"
_SIGN = "On which side of p does the weight stand that c mends: p + c, or p - c?"
_ON_GRID = "Is the p that you return one of the grid's numbers?"
_ADD = "Round `p + (x - p + c)`."
_KEEP = "Keep what was to be added, less what was: `y - (new - p)`."
_KAHAN = Exercise(
    _kahan(), _kept, (
        Mistake("rounded alone", _kahan(_bare, lambda *_: 0.0), "It rounds, and forgets the rest.",
                _CARRY, f"{_ADD} {_KEEP}"),
        Mistake("c untouched", _kahan(_bare, lambda moved, p, new, c, x: c),
                "It rounds x, and hands c on as it came.", _CARRY, f"{_ADD} {_KEEP}"),
        Mistake("kept, never used", _kahan(_bare),
                "It keeps what this rounding lost, and never adds what the last one did.", _USED,
                _ADD),
        Mistake("kept and added, never used", _kahan(_bare, lambda moved, p, new, c, x:
                                                     c + moved - (new - p)),
                "All losses are added up in c, and no step uses them.", _USED, _ADD),
        Mistake("used, never renewed", _kahan(lost=lambda moved, p, new, c, x: c),
                "It adds c, and hands the old c on.", _CARRY, _KEEP),
        Mistake("used, then empty", _kahan(lost=lambda *_: 0.0),
                "It adds c, and forgets what this rounding lost.", _CARRY, _KEEP),
        Mistake("the loss of the step alone", _kahan(lost=lambda moved, p, new, c, x: x - new),
                "It compares the new p with x, as if c had not been added.",
                "What was to be added: x - p alone?", _KEEP),
        Mistake("the loss twice", _kahan(lost=lambda moved, p, new, c, x: c + moved - (new - p)),
                "It keeps the old c besides, which this step has added already.",
                "What of the old c is left after this step?", _KEEP),
        Mistake("the whole step", _kahan(lost=lambda moved, p, new, c, x: moved),
                "It keeps all that was to be added, though some of it was.", _CARRY, _KEEP),
        Mistake("what was added", _kahan(lost=lambda moved, p, new, c, x: new - p),
                "It keeps what was added, not what was lost.", _CARRY, _KEEP),
        Mistake("textbook sign", _kahan(lambda p, c, x: x - p - c,
                                        lambda moved, p, new, c, x: new - p - moved),
                "Its c is what was added too much, as textbooks have it. Here c is what p lacks.",
                _SIGN, "Add c, and turn the sign of what you keep."),
        Mistake("c taken away", _kahan(lambda p, c, x: x - p - c),
                "It takes c away, where it should add it.", _SIGN, _ADD),
        Mistake("c with the wrong sign", _kahan(lost=lambda moved, p, new, c, x: new - p - moved),
                "What it keeps has the wrong sign.", _SIGN, _KEEP),
        Mistake("old c forgotten", lambda p, c, x, round_to: (round_to(x + c), x - round_to(x)),
                "It adds c before it rounds, and keeps what rounding x alone would lose.",
                "What was rounded: x, or x and the old c?", _KEEP),
        Mistake("c behind the rounding", lambda p, c, x, round_to: (
            round_to(x) + c, x - round_to(x)),
                "It adds c behind the rounding, so p leaves the grid.", _ON_GRID, _ADD),
        Mistake("p not rounded", lambda p, c, x, round_to: (x + c, 0.0),
                "It does not round: p leaves the grid.", _ON_GRID, f"{_ADD} {_KEEP}"),
        Mistake("p not rounded, its loss kept", lambda p, c, x, round_to: (
            x + c, x + c - round_to(x + c)), "It keeps the loss, and returns p without rounding.",
                _ON_GRID, "Return what you have rounded."),
        Mistake("c before p", _kahan(back=-1), "It returns c before p.",
                "In which order do they come back?", "Return p, then c."),
        Mistake("from the new point", _kahan(lambda p, c, x: x - p + c,
                                             lambda moved, p, new, c, x: moved - new),
                "It takes the whole new p from what was to be added.",
                "How far has p moved?", _KEEP),
    ), gives="the new p and the new c, two numbers")


_DRAWS = 32
# x by the spacing: how many spacings, and how many 32nds of one above that
_PLACES = ((0.25, 3, 8), (1 / 128, 200, 21), (0.5, -2, 24), (2.0, 0, 1), (0.125, -7, 9),
           (4.0, 5, 0), (0.25, -4, 0), (0.5, 0, 0), (1.0, 2, 16))


def _over_draws(answer):
    """Yield the mean of an answer over evenly spaced draws, and the lowest and highest result.

    So it does not matter which draws go up. A number on the grid is drawn for by 0 as well.
    """
    for spacing, whole, part in _PLACES:
        x = spacing * (whole + part / _DRAWS)
        draws = [(k + 0.5) / _DRAWS for k in range(_DRAWS)] + [0.0] * (part == 0)
        results = []
        for u in draws:
            result = answer(x, spacing, u)
            if result is None:
                raise Odd("nothing", "")
            results.append(float(numbers(result, 0.0)))
        yield (f"with x={x:g}, spacing={spacing:g}, over {len(draws)} draws, the mean, the lowest "
               "and the highest"), (sum(results) / len(results), min(results), max(results))


def _chance(up=lambda u, share: u < share, floor=math.floor, share=lambda part, spacing: part):
    """Return a rounding from when it goes up, and from what it takes for the number below."""
    def rounded(x, spacing, u):
        low = floor(x / spacing)
        return spacing * (low + up(u, share(x / spacing - low, spacing)))
    return rounded


_ODDS = "With which chance must it go up, if the mean is to be x?"
_BELOW = "Which of the grid's numbers is the next below a negative x?"
_ON = "What must become of an x that is on the grid already?"
_WHICH = "Which two numbers can it return?"
_UP = "Go up if `u` is less than (x - the number below) / spacing."
_FLOOR = "Use `math.floor`, which goes down on both sides of 0."
_STOCHASTIC = Exercise(
    _chance(), _over_draws, (
        Mistake("to the nearest", lambda x, spacing, u: spacing * round(x / spacing),
                "It rounds to the nearest, and never looks at u.", _ODDS, _UP),
        Mistake("to the nearest, half up",
                lambda x, spacing, u: spacing * math.floor(x / spacing + 0.5),
                "It rounds to the nearest, and never looks at u.", _ODDS, _UP),
        Mistake("always down", _chance(lambda u, share: 0), "It always goes down.", _ODDS, _UP),
        Mistake("always up", _chance(lambda u, share: 1), "It always goes up.", _ODDS, _UP),
        Mistake("up unless on the grid", _chance(lambda u, share: share > 0),
                "It always goes up unless x is on the grid.", _ODDS, _UP),
        Mistake("a coin", _chance(lambda u, share: u < 0.5), "It goes up half of the time.", _ODDS,
                _UP),
        Mistake("a coin between", _chance(lambda u, share: share > 0 and u < 0.5),
                "It goes up half of the time, wherever x lies between the two.", _ODDS, _UP),
        Mistake("upside down", _chance(lambda u, share: u > share),
                "It goes up with the chance of going down.",
                "If x lies just above a number of the grid, should it go up often or seldom?",
                _UP),
        Mistake("upside down, at 0 too", _chance(lambda u, share: u >= share),
                "It goes up with the chance of going down.",
                "If x lies just above a number of the grid, should it go up often or seldom?",
                _UP),
        Mistake("upside down between", _chance(lambda u, share: 0 < share < u),
                "Between two numbers it goes up with the chance of going down.",
                "If x lies just above a number of the grid, should it go up often or seldom?",
                _UP),
        Mistake("equal is up", _chance(lambda u, share: u <= share),
                "At u = 0 it moves an x that is on the grid.", _ON,
                "Compare by `<`: u can be 0, and is never 1."),
        Mistake("noise, then the nearest",
                lambda x, spacing, u: spacing * round(x / spacing + u - 0.5),
                "At u = 0 an x on the grid lies half-way, and `round` may take it away.", _ON,
                "Use `math.floor(x / spacing + u)`."),
        Mistake("noise upwards only", lambda x, spacing, u: spacing * round(x / spacing + u),
                "It adds up to a whole spacing and then rounds to the nearest: half a spacing too "
                "much on average.", "What does `u` add on average, and what should it?",
                "Round down after you add u, not to the nearest."),
        Mistake("towards 0", _chance(floor=int),
                "It cuts towards 0, so that a negative x never leaves the number above it.", _BELOW,
                _FLOOR),
        Mistake("noise, then towards 0", lambda x, spacing, u: spacing * int(x / spacing + u),
                "It cuts towards 0, which for a negative x is up.", _BELOW, _FLOOR),
        Mistake("share in the unit of x", _chance(share=lambda part, spacing: part * spacing),
                "It takes x less the number below for the chance itself.",
                "Does the chance of going up depend on the unit of x?", "Divide by the spacing."),
        Mistake("share of the whole", lambda x, spacing, u: spacing * (
            math.floor(x / spacing) + (u < x / spacing)),
                "It compares u with the whole of x / spacing.", _ODDS, _UP),
        Mistake("in spacings", lambda x, spacing, u: math.floor(x / spacing + u),
                "It returns how many spacings, not the number.", "In which unit?",
                "Multiply by the spacing."),
        Mistake("spacing below the line", lambda x, spacing, u: _chance()(x, 1 / spacing, u),
                "It has 1 / spacing where spacing belongs.", "How many spacings is x?",
                "Divide x by the spacing, and multiply at the end."),
        Mistake("whole numbers", lambda x, spacing, u: math.floor(x + u),
                "It rounds to whole numbers.", _WHICH,
                "Divide x by the spacing first, and multiply at the end."),
        Mistake("noise without a grid", lambda x, spacing, u: x + spacing * (u - 0.5),
                "The mean is right, and what it returns is not on the grid.", _WHICH, _UP),
        Mistake("unchanged", lambda x, spacing, u: x, "It does not round at all.", _WHICH, _UP),
        Mistake("sign lost", lambda x, spacing, u: _chance()(abs(x), spacing, u),
                "The sign of a negative x is lost.", _BELOW, "Keep the sign."),
        Mistake("down or up around the nearest", lambda x, spacing, u: spacing * (
            round(x / spacing) + (u < x / spacing - round(x / spacing))),
                "It begins at the nearest number, which may lie above x: then it never goes down.",
                _WHICH, _FLOOR),
    ), gives="one number of the grid")


def _backward(data, top=65504.0):
    """Return a slope's pass backward in float16: of `scale` times a loss, infinite beyond `top`."""
    def backward(p, batch, scale):
        amount, target = data[batch % len(data)]
        g = scale * amount * (p - target)
        return g if abs(g) <= top else math.copysign(math.inf, g)
    return backward


_LOOPS = (
    ("scale 2**12", 2.0, [(8.0, 0.5), (1.0, -1.0), (0.25, 0.0), (2.0, 3.0), (0.5, 1.0)], 4096.0,
     1.0, 3, (0.5, 0.25, 0.125, 0.0625)),
    ("scale 2**15", -1.0, [(0.5, 1.0), (4.0, 2.0), (1.0, -3.0), (0.125, 0.5)], 32768.0, 0.5, 2,
     (1.0, 0.8, 0.6, 0.4, 0.2)),
    ("scale 2**4", 1.0, [(1.0, 0.0), (0.5, -2.0), (6.0, 0.5)], 16.0, 2.0, 2, (0.3, 0.2, 0.1)),
)


def _trained(answer):
    """Let a loop run for a few batches of each setting, and for many; yield p and the scale."""
    for words, p, data, scale, limit, patience, rates in _LOOPS:
        def lr(step, rates=rates):
            return rates[int(min(max(step, 0), len(rates) - 1))]
        for batches in (1, 3, 11):
            yield (f"after {batches} batch{'es' * (batches > 1)} from {words}, p and the scale",
                   answer(p, _backward(data), lr, batches, scale, limit, patience))


def _loop(clip=lambda g, scale, limit: max(-limit, min(limit, g / scale)), skip=True,
          clock=lambda batch, steps, calm: steps, shrink=0.5, grow=2.0, reset=True, ripe=0,
          again=True, gives=lambda p, scale: (p, scale)):
    """Return a loop of loss scaling from what becomes of the gradient, and of an infinite one.

    `reset` tells whether an infinite one starts the count anew, `again` whether growth does, and
    `ripe` by how many steps growth is late.
    """
    def training(p, backward, lr, batches, scale, limit, patience):
        steps = calm = 0
        for batch in range(batches):
            g = backward(p, batch, scale)
            finite = math.isfinite(g)
            if finite or not skip:
                p = p - lr(clock(batch, steps, calm)) * clip(g, scale, limit)
            if finite:
                steps, calm = steps + 1, calm + 1
                if calm == patience + ripe:
                    scale, calm = scale * grow, 0 if again else calm
            else:
                scale, calm = scale * shrink, 0 if reset else calm
        return gives(p, scale)
    return training


def _repeated(p, backward, lr, batches, scale, limit, patience):
    """Train with each batch again, at half the scale, until its gradient is finite."""
    calm = 0
    for batch in range(batches):
        while not math.isfinite(g := backward(p, batch, scale)):
            scale, calm = scale / 2, 0
        p, calm = p - lr(batch) * max(-limit, min(limit, g / scale)), calm + 1
        if calm == patience:
            scale, calm = 2 * scale, 0
    return p, scale


def _divided_late(p, backward, lr, batches, scale, limit, patience):
    """Train, but set the scale of the next batch before this batch's gradient is divided by it."""
    steps = calm = 0
    for batch in range(batches):
        g = backward(p, batch, scale)
        calm = calm + 1 if math.isfinite(g) else 0
        if not math.isfinite(g):
            scale = scale / 2
        elif calm == patience:
            scale, calm = 2 * scale, 0
        if math.isfinite(g):
            p, steps = p - lr(steps) * max(-limit, min(limit, g / scale)), steps + 1
    return p, scale


def _clip_first(g, scale, limit):
    return max(-limit, min(limit, g)) / scale


def _by_batch(batch, steps, calm):
    return batch


_IN_WHICH = "In which unit is `limit`, and in which is g when it is clipped?"
_INFINITE = "What becomes of p in a batch whose gradient is infinite?"
_CLOCK = "How often was lr asked for, and how many steps were taken?"
_SCALE = "What becomes of the scale, when, and what is counted for it?"
_DIVIDE = "Divide by the scale first, then clip."
_SKIP = "Leave p as it is in such a batch."
_STEPS = "Count the steps that are taken, and ask for `lr(steps)`."
_SCALER = Exercise(
    _loop(), _trained, (
        Mistake("the colleague's", _loop(_clip_first, skip=False, clock=_by_batch),
                "That is the colleague's loop still: it clips what is scaled, steps at infinity, "
                "and its schedule counts batches.",
                "In which unit is `limit`? And what happens, to p and to lr, in a batch whose "
                "gradient is infinite?", f"{_DIVIDE} {_SKIP} {_STEPS}"),
        Mistake("two left: step and schedule", _loop(skip=False, clock=_by_batch),
                "Clipping is right now. It still steps at infinity, and its schedule counts "
                "batches.", f"{_INFINITE} {_CLOCK}", f"{_SKIP} {_STEPS}"),
        Mistake("two left: clipping and schedule", _loop(_clip_first, clock=_by_batch),
                "It skips what is infinite now. It still clips what is scaled, and its schedule "
                "counts batches.", f"{_IN_WHICH} {_CLOCK}", f"{_DIVIDE} {_STEPS}"),
        Mistake("two left: clipping and step", _loop(_clip_first, skip=False),
                "The schedule counts well now. It still clips what is scaled, and steps at "
                "infinity.", f"{_IN_WHICH} {_INFINITE}", f"{_DIVIDE} {_SKIP}"),
        Mistake("clipped before it is divided", _loop(_clip_first),
                "It clips what is still scaled: after the division next to nothing is left.",
                _IN_WHICH, _DIVIDE),
        Mistake("a step at infinity", _loop(skip=False),
                "It steps where the gradient is infinite: clipped, it looks like any other.",
                _INFINITE, _SKIP),
        Mistake("the schedule goes on", _loop(clock=_by_batch),
                "The schedule counts skipped batches too: lr falls while nothing is learnt.",
                _CLOCK, _STEPS),
        Mistake("lr from 1", _loop(clock=lambda batch, steps, calm: steps + 1),
                "It counts a step before it asks for its lr.",
                "Which number has the first step?", "Ask for `lr(steps)`, then add one."),
        Mistake("the calm as clock", _loop(clock=lambda batch, steps, calm: calm),
                "lr starts anew whenever the scale changes.", _CLOCK, _STEPS),
        Mistake("lr of the first step", _loop(clock=lambda batch, steps, calm: 0),
                "lr never changes.", _CLOCK, _STEPS),
        Mistake("not clipped", _loop(lambda g, scale, limit: g / scale),
                "It does not clip.", "What is `limit` for?", _DIVIDE),
        Mistake("not divided", _loop(lambda g, scale, limit: max(-limit, min(limit, g))),
                "It never divides by the scale.", _IN_WHICH, _DIVIDE),
        Mistake("divided twice",
                _loop(lambda g, scale, limit: max(-limit, min(limit, g / scale)) / scale),
                "It divides by the scale before it clips, and once more after.",
                "How often was the loss multiplied by the scale?", "Divide once, before you clip."),
        Mistake("the batch again", _repeated,
                "It takes the same batch again until it is finite. Torch's scaler goes on to the "
                "next one.", "How many batches does it take, and how many passes backward?",
                "Skip the batch, and count no step for it."),
        Mistake("divided by the next scale", _divided_late,
                "Where the scale grows, it divides by the new one a gradient of the old one.",
                "By which scale was this loss multiplied?",
                "Divide, clip and step first; then set the scale for the next batch."),
        Mistake("scale never halved", _loop(shrink=1.0),
                "It skips, and tries the same scale again: it may skip for ever.", _SCALE,
                "Halve the scale at infinity."),
        Mistake("scale never grows", _loop(grow=1.0), "The scale never grows back.", _SCALE,
                "Double it after `patience` finite batches in a row."),
        Mistake("calm not reset", _loop(reset=False),
                "An infinite gradient does not start the count of finite ones anew.", _SCALE,
                "Set `calm` to 0 where you halve the scale."),
        Mistake("grows once", _loop(again=False),
                "After it has grown, the count is not set back.", _SCALE,
                "Set `calm` to 0 where you double the scale."),
        Mistake("grows a step late", _loop(ripe=1), "The scale grows one step late.", _SCALE,
                "Count the step before you compare with `patience`."),
        Mistake("size of the gradient alone",
                _loop(lambda g, scale, limit: min(limit, abs(g / scale))),
                "The sign of the gradient is lost.", "What if g is negative?",
                "Clip on both sides, from -limit to limit."),
        Mistake("clipped on one side", _loop(lambda g, scale, limit: min(limit, g / scale)),
                "It clips positive gradients alone.", "What if g is negative?",
                "Clip on both sides, from -limit to limit."),
        Mistake("scale before p", _loop(gives=lambda p, scale: (scale, p)),
                "It returns the scale before p.", "In which order do they come back?",
                "Return p, then the scale."),
    ), gives="p and the scale, two numbers")


def _factors(above, below=lambda counts: counts.sum()):
    """Return the ranks' factors as a quotient of two functions of their counts."""
    return lambda counts: above(counts) / below(counts) + 0.0 * counts


_ALREADY = "By what is the mean of the ranks divided already?"
_TOGETHER = "What do the factors give, if you multiply, add up and divide as the ranks do?"
_WHOLE = "How much should one token weigh in the result, on whichever rank it is?"
_UNEQUAL = Exercise(
    lambda counts: len(counts) * counts / counts.sum(),
    lists((48, 16), (10, 30, 20, 40), (7, 0, 5), (3, 1, 1, 1, 2, 64), (12, 12)), (
        Mistake("no factor", _factors(lambda n: 1.0, lambda n: 1.0),
                "That is the mean of means: a token of a short part weighs more.", _WHOLE,
                "Give each rank its count times the number of ranks over all tokens."),
        Mistake("its share", _factors(lambda n: n),
                "That is each rank's share. It would be right if the ranks' gradients were added "
                "up; they are averaged.", _ALREADY, "Multiply by the number of ranks."),
        Mistake("ranks below the line", _factors(lambda n: n, lambda n: len(n) * n.sum()),
                "It divides by the number of ranks, as the average does already.", _ALREADY,
                "Multiply by the number of ranks."),
        Mistake("a sum", _factors(lambda n: n, lambda n: 1.0),
                "It makes sums of means, and never divides by all tokens.", _WHOLE,
                "Divide by the sum of the counts, and multiply by the number of ranks."),
        Mistake("a sum over ranks", _factors(lambda n: len(n) * n, lambda n: 1.0),
                "It adds up over all tokens, and does not divide by their number.", _WHOLE,
                "Divide by the sum of the counts."),
        Mistake("for sums", _factors(lambda n: len(n)),
                "That is right if a rank's loss is a *sum* over its tokens; here it is a mean.",
                "By what must a mean be multiplied to become its sum?", "Multiply by its count."),
        Mistake("the number of ranks", _factors(lambda n: len(n), lambda n: 1.0),
                "It undoes the average over ranks, and adds up means.", _WHOLE,
                "Multiply by the rank's share of all tokens, too."),
        Mistake("divided again", _factors(lambda n: 1.0, lambda n: n),
                "It divides a mean by its count once more.",
                "Has a rank's mean been divided by its count already?",
                "Multiply by the count."),
        Mistake("upside down", _factors(lambda n: n.sum(), lambda n: len(n) * n),
                "It is upside down: a long part weighs less.", _WHOLE, "Turn it over."),
        Mistake("share of the largest", _factors(lambda n: n, lambda n: n.max()),
                "It measures by the largest count; then the weights do not add up to 1.",
                _TOGETHER, "Divide by the mean of all counts."),
        Mistake("share of the first", _factors(lambda n: n, lambda n: n[0]),
                "It measures by the first rank's count.", _TOGETHER,
                "Divide by the mean of all counts."),
        Mistake("share of the smallest", _factors(lambda n: n, lambda n: n.min()),
                "It measures by the smallest count.", _TOGETHER,
                "Divide by the mean of all counts."),
        Mistake("ranks with tokens only", _factors(lambda n: (n > 0).sum() * n),
                "It leaves an empty rank out of the number of ranks; the average counts it.",
                _ALREADY, "Count every rank."),
        Mistake("two ranks", _factors(lambda n: 2 * n), "It is right for two ranks.",
                "How many ranks are there?", "Take `len(counts)` for 2."),
        Mistake("one factor for all",
                lambda counts: len(counts) * counts[0] / counts.sum() + 0.0 * counts,
                "It gives every rank the factor of the first.", _WHOLE,
                "Take each rank's own count."),
    ), gives="as many factors as there are ranks")


EXERCISES = {"bytes": _BYTES, "frozen": _FROZEN, "kahan": _KAHAN, "stochastic": _STOCHASTIC,
             "scaler": _SCALER, "unequal": _UNEQUAL}
