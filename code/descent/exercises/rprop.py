"""The exercises of the Rprop chapter."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, drive, on

__all__ = ["EXERCISES"]


def _by_sign(g, g_old):
    return np.sign(g * g_old)


def _move(g, kept, size, lr, turns):
    return -np.sign(kept) * size


def _rule(compare=_by_sign, move=_move, keep=lambda g, g_old, turns: (1 - turns) * g,
          first=lambda t, lr, size: lr if t == 1 else size, still=0, sign=1.0,
          factors=lambda shorter, longer: (shorter, longer), bound=np.maximum, limit=np.minimum,
          early=False, hand=lambda size, begun, lr: size, swap=False):
    """Return Rprop from what it compares, how it moves, and what it keeps.

    `still` is how a product of 0 counts: as stayed (1), as turned (-1) or as neither.
    """
    def rule(p, g, t, g_old=0.0, size=0.0, *, lr, shorter, longer, smallest, largest):
        same = compare(g, g_old)
        same = same + still * (1 - np.abs(same))
        stays, turns = np.maximum(same, 0), np.maximum(-same, 0)
        less, more = factors(shorter, longer)
        begun = first(t, lr, size)
        size = begun * more**stays * less**turns
        size = limit(bound(size, smallest), largest)
        kept = keep(g, g_old, turns)
        p = p + sign * move(g, kept, begun if early else size, lr, turns)
        size = hand(size, begun, lr)
        return (p, size, kept) if swap else (p, kept, size)
    return rule


def _unbounded(size, limit):
    return size


def _all_g(g, g_old, turns):
    return g


def _old_after_turn(g, g_old, turns):
    return (1 - turns) * g + turns * g_old


def _back(p, g, t, g_old=0.0, size=0.0, moved=0.0, *, lr, shorter, longer, smallest, largest):
    same = np.sign(g * g_old)
    turns = np.maximum(-same, 0)
    size = (lr if t == 1 else size) * longer**np.maximum(same, 0) * shorter**turns
    size = np.minimum(np.maximum(size, smallest), largest)
    kept = (1 - turns) * g
    move = -np.sign(kept) * size - turns * moved
    return p + move, kept, size, move


_DRIVEN = drive(
    {"lr": 0.1, "shorter": 0.5, "longer": 1.2, "smallest": 0.06, "largest": 0.11},
    {"lr": 0.3, "shorter": 0.3, "longer": 2.0, "smallest": 1e-6, "largest": 50.0},
    rests=2)

_AFTER = "What happens at the step that finds out a turn, and what at the one after it?"
_WHICH = "Which factor belongs to a sign that stays, and which to one that has turned?"
_NOTHING = "What if there is nothing to compare with: at the first step, and after a turn?"
_READ = "When is lr read, and when never again?"
_LIMITS = "Between which two numbers must a size stay?"

_SHARED = (
    Mistake("climbs", _rule(sign=-1.0), ask="Does the loss fall along its step?",
            why="It climbs: it adds the step.", do="Take the step from p."),
    Mistake("factors swapped", _rule(factors=lambda shorter, longer: (longer, shorter)),
            ask=_WHICH, why="It shrinks while the sign stays and grows where it turns.",
            do="`longer` belongs to a product above 0, `shorter` to one below."),
    Mistake("moves on after a turn, and forgets nothing",
            _rule(keep=_all_g), ask=_AFTER,
            why="It neither waits nor forgets: that is Rprop⁻.",
            do="Put 0 in the place of the gradient where the sign has turned, for the move and for "
               "what you return."),
    Mistake("forgets but does not wait",
            _rule(move=lambda g, kept, size, lr, turns: -np.sign(g) * size), ask=_AFTER,
            why="It moves at the step that finds out the turn.",
            do="Move by the sign of the gradient that you keep: 0 after a turn."),
    Mistake("keeps the gradient before the turn", _rule(
        move=lambda g, kept, size, lr, turns: -np.sign((1 - turns) * g) * size,
        keep=_old_after_turn), ask=_AFTER,
        why="After a turn it keeps the gradient from before, and finds the same turn again.",
        do="Keep 0 there."),
    Mistake("goes back", _back, ask=_AFTER,
            why="After a turn it goes back: that is the form of 1993.", do="Let it wait."),
    Mistake("grows when there is nothing to compare", _rule(still=1), ask=_NOTHING,
            why="A product of 0 counts as a sign that has stayed.",
            do="Multiply by `longer` only where the product is above 0."),
    Mistake("no lower bound", _rule(bound=_unbounded), ask=_LIMITS,
            why="It has no smallest size.", do="Take the maximum with `smallest`."),
    Mistake("no upper bound", _rule(limit=_unbounded), ask=_LIMITS,
            why="It has no largest size.", do="Take the minimum with `largest`."),
    Mistake("size taken before its change", _rule(early=True),
            ask="Is it the size before or after its change that makes the step?",
            why="It steps by the old size, and changes it afterwards.",
            do="Change the size first."),
    Mistake("lr read again", _rule(first=lambda t, lr, size: lr), ask=_READ,
            why="Each step begins with lr anew, so sizes never add up.",
            do="Take lr at t = 1 only, and from then on the size that came back."),
    Mistake("size before the gradient", _rule(swap=True),
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns the size before the gradient; the next step takes one for the other.",
            do="Return `p, g_old, size`."),
)
_STUCK = Mistake("kept after a turn", _rule(
    move=lambda g, kept, size, lr, turns: -np.sign((1 - turns) * g) * size, keep=_all_g),
    ask=_AFTER, why="It waits, and yet keeps the gradient of the turn for the next comparison.",
    do="Return 0 in its place where the sign has turned.")
_IMPLEMENT = (
    *_SHARED, _STUCK,
    Mistake("size of the gradient", _rule(
        move=lambda g, kept, size, lr, turns: -kept * size),
        ask="What of the gradient enters the step?",
        why="It multiplies by the gradient, size and all.", do="Take its sign."),
    Mistake("shrinks when there is nothing to compare", _rule(still=-1, keep=_all_g),
            ask=_NOTHING, why="A product of 0 counts as a turn.",
            do="Multiply by `shorter` only where the product is below 0."),
    Mistake("sizes compared", _rule(compare=lambda g, g_old: np.sign(np.abs(g) - np.abs(g_old))),
            ask="What is compared: sizes or signs?", why="It asks whether the gradient has grown.",
            do="Take the sign of the product of the two gradients."),
    Mistake("lr beside the size", _rule(
        move=lambda g, kept, size, lr, turns: -lr * np.sign(kept) * size), ask=_READ,
        why="It multiplies each step by lr once more.", do="The size is the step: leave lr out."),
    Mistake("signs alone", _rule(factors=lambda shorter, longer: (1.0, 1.0),
                                 bound=_unbounded, limit=_unbounded,
                                 keep=_all_g), ask=_WHICH,
            why="It goes by signs with one size for ever.",
            do="Compare with the gradient before, and change the size."),
    Mistake("only ever the first size", _rule(hand=lambda size, begun, lr: begun),
            ask="Which size do you return?",
            why="The changed size makes the step, and the old one is handed on.",
            do="Return the changed size."),
)
_MEND = (_STUCK, *_SHARED)


def _point(way):
    return lambda lr, shorter, longer: lr * way(shorter, longer)


_AFTER_TURN = "Where does it stand after the step that finds out a turn, and what has it kept?"
_POINT = (
    Mistake("after five", _point(lambda s, k: -1 - k + k * s), ask="How many slopes are there?",
            why="That is the point after five of them.", do="Take the sixth too."),
    Mistake("moves at the turn", _point(lambda s, k: -1 - k + k * s + k * k * s - k * k * s * s
                                        + k * k * s**3), ask=_AFTER_TURN,
            why="It neither waits nor forgets: that is another form of Rprop.",
            do="At a turn the size shrinks, and that is all."),
    Mistake("goes back", _point(lambda s, k: -1 + k * s + k * s * s), ask=_AFTER_TURN,
            why="At the first turn it takes back the step that went past.",
            do="It waits where it is."),
    Mistake("goes back at both turns", _point(lambda s, k: -1 + k * s * s), ask=_AFTER_TURN,
            why="It takes back each step that went past.", do="It waits where it is."),
    Mistake("turn kept", _point(lambda s, k: -1 - k + k * k * s), ask=_AFTER_TURN,
            why="After the turn it compares the fourth slope with the third.",
            do="It has kept 0: the size stays as it is."),
    Mistake("size not halved", _point(lambda s, k: -1 + k * s), ask=_AFTER_TURN,
            why="The first step back has the size from before the turn.",
            do="The turn multiplies by `shorter`, though it does not move."),
    Mistake("second turn missed", _point(lambda s, k: -1 - k + 2 * k * s),
            ask="How often does the sign turn?",
            why="The last step is as long as the fourth.", do="The fifth slope is a turn too."),
    Mistake("grown after the turn", _point(lambda s, k: -1 - k + k * s + k * k * s * s),
            ask="With what is the sixth slope compared?",
            why="The last step has grown, as if a sign had stayed.",
            do="The fifth slope was a turn: 0 is kept, and the sixth has nothing to compare with."),
    Mistake("first step grown", _point(lambda s, k: k * (-1 - k + k * s + k * s * s)),
            ask="With what is the first slope compared?",
            why="It multiplies the first step by `longer` already.",
            do="There is nothing before it: the first step is lr."),
    Mistake("never shrinks", _point(lambda s, k: -1 - k + k + k), ask=_AFTER_TURN,
            why="No step of it is shortened.", do="Each turn multiplies by `shorter`."),
    Mistake("no growth", _point(lambda s, k: -2 + s + s * s),
            ask="What happens at the second slope?", why="It leaves out `longer`.",
            do="The second slope has the sign of the first."),
)


def _steps(distance, lr, longer):
    return math.log(1 + (longer - 1) * distance / lr) / math.log(longer)


def _way(lr, longer, n):
    return lr * (longer**n - 1) / (longer - 1)


def _past(distance, lr, longer):
    return _way(lr, longer, math.ceil(_steps(distance, lr, longer))) - distance


_COUNTED = "How many steps does it take, as a whole number?"
_SUM = "How far are n steps together?"
_PAST = (
    Mistake("the way", lambda distance, lr, longer: _past(distance, lr, longer) + distance,
            ask="From where is it counted?", why="That is the whole way from the start.",
            do="Take the distance of the goal away."),
    Mistake("one step short", lambda distance, lr, longer:
            distance - _way(lr, longer, math.ceil(_steps(distance, lr, longer)) - 1),
            ask=_COUNTED, why="That is what was left one step before.", do="Take one step more."),
    Mistake("rounded down", lambda distance, lr, longer:
            _way(lr, longer, math.floor(_steps(distance, lr, longer))) - distance, ask=_COUNTED,
            why="It is negative: it has not arrived.", do="Round the number of steps up."),
    Mistake("rounded", lambda distance, lr, longer:
            _way(lr, longer, round(_steps(distance, lr, longer))) - distance, ask=_COUNTED,
            why="It rounds the number of steps to the nearest, which may be before the goal.",
            do="Round up."),
    Mistake("one step more", lambda distance, lr, longer:
            _way(lr, longer, math.ceil(_steps(distance, lr, longer)) + 1) - distance,
            ask=_COUNTED, why="It is one step further.", do="It has passed one step earlier."),
    Mistake("last step", lambda distance, lr, longer:
            lr * longer**(math.ceil(_steps(distance, lr, longer)) - 1),
            ask="Does the last step lie behind the goal as a whole?",
            why="That is the length of the last step.", do="Only a part of it lies behind."),
    Mistake("the next step", lambda distance, lr, longer:
            lr * longer**math.ceil(_steps(distance, lr, longer)),
            ask="Does the last step lie behind the goal as a whole?",
            why="That is the step which would come next.", do="Sum the steps, minus the distance."),
    Mistake("bound of the last step", lambda distance, lr, longer: (longer - 1) * distance + lr,
            ask="Is the length asked for, or what it cannot exceed?",
            why="That is a bound of the last step's length.",
            do="Find the number of steps, and sum them."),
    Mistake("number of steps", lambda distance, lr, longer:
            math.ceil(_steps(distance, lr, longer)), ask="Is a number of steps asked for?",
            why="That is how many steps it takes.", do="Return how far behind the goal they end."),
    Mistake("share", lambda distance, lr, longer: _past(distance, lr, longer) / distance,
            ask="In which unit?", why="That is its share of the distance.",
            do="Return the length itself."),
    Mistake("first step grown", lambda distance, lr, longer:
            _past(distance, lr * longer, longer), ask="How long is the first step?",
            why="It grows before the first step.", do="The first step is lr."),
    Mistake("equal steps", lambda distance, lr, longer:
            lr * math.ceil(distance / lr) - distance, ask=_SUM,
            why="All its steps are as long as the first.", do="Each is `longer` times the last."),
    Mistake("torch's factor", lambda distance, lr, longer: _past(distance, lr, 1.2),
            ask="What does `longer` change in yours?", why="It has 1.2 in the place of `longer`.",
            do="Use `longer`."),
    Mistake("0.2 left", lambda distance, lr, longer:
            _way(lr, longer, math.ceil(math.log(1 + 0.2 * distance / lr) / math.log(longer)))
            - distance, ask="What stands where 0.2 stood?",
            why="It has 0.2 where `longer - 1` belongs, in the number of steps.",
            do="Write `longer - 1`."),
)


def _balanced(power):
    return lambda p, longer: longer**-power(p, 1 - p)


_CHAIN = "Which states are there, and what changes the size in each?"
_BALANCE = (
    Mistake("no memory", _balanced(lambda p, q: p / q), ask=_CHAIN,
            why="It grows at one sign and shrinks at the other, as if there were no comparison.",
            do="Both signs can stay, and both can turn: set the drift of the theorem to 0."),
    Mistake("nothing forgotten", _balanced(lambda p, q: (p * p + q * q) / (2 * p * q)), ask=_CHAIN,
            why="It compares every pair of neighbours: so it would be if nothing were forgotten.",
            do="After a turn one comparison is left out: set the drift of the theorem to 0."),
    Mistake("majority alone", _balanced(lambda p, q: p * p / q), ask=_CHAIN,
            why="It lets the size grow for one of the two signs only.",
            do="Both can stay."),
    Mistake("3 left out", _balanced(lambda p, q: 1 / (p * q)), ask="What is p³ + q³?",
            why="It has 1/(pq) where 1/(pq) - 3 belongs.", do="Take 3 away."),
    Mistake("2 for 3", _balanced(lambda p, q: 1 / (p * q) - 2), ask="What is p³ + q³?",
            why="It takes 2 away: that is p² + q².", do="p³ + q³ = 1 - 3pq."),
    Mistake("denominator for numerator", _balanced(lambda p, q: 1 / (p * q) - 1),
            ask="Which part of a fraction must be 0?",
            why="It takes the factor from below the line.", do="Take 3 away, not 1."),
    Mistake("upside down", lambda p, longer: longer**(1 / (p * (1 - p)) - 3),
            ask="Is it below 1?", why="That is what it must make up for.", do="Take 1 over it."),
    Mistake("logarithm", lambda p, longer: -(1 / (p * (1 - p)) - 3) * math.log(longer),
            ask="Is the factor asked for, or its logarithm?", why="That is its logarithm.",
            do="Take exp of it."),
    Mistake("size of the logarithm", lambda p, longer:
            (1 / (p * (1 - p)) - 3) * math.log(longer),
            ask="Is the factor asked for, or its logarithm?",
            why="That is its logarithm, without the minus.", do="Take exp of minus it."),
    Mistake("torch's factor", lambda p, longer: 1.2**-(1 / (p * (1 - p)) - 3),
            ask="What does `longer` change in yours?", why="It has 1.2 in the place of `longer`.",
            do="Use `longer`."),
    Mistake("the same for every p", lambda p, longer: 1 / longer,
            ask="What does `p` change in yours?",
            why="It makes up for one growth by one turn, however often each happens.",
            do="Set the drift of the theorem, which depends on p, to 0."),
    Mistake("p alone", _balanced(lambda p, q: 1 / p - 3), ask="What stands below the 1?",
            why="It divides by p, not by pq.", do="Divide by p times q."),
)


def _back_steps(shorter, longer):
    return math.log(1 + (longer - 1) / shorter) / math.log(longer)


def _closing(shorter, longer):
    return shorter * longer**(math.ceil(_back_steps(shorter, longer)) - 1)


_BACK = "How many steps back does it take at most, and how long is the last?"
_CLOSING = (
    Mistake("shorter alone", lambda shorter, longer: shorter, ask=_BACK,
            why="That is so where the first step back crosses.",
            do="At worst it takes more, and each is `longer` times the last."),
    Mistake("always two", lambda shorter, longer: shorter * longer, ask=_BACK,
            why="It takes two steps back, whatever the factors.",
            do="How many have together the length of the step that crossed?"),
    Mistake("always three", lambda shorter, longer: shorter * longer**2, ask=_BACK,
            why="It takes three steps back, whatever the factors.",
            do="How many have together the length of the step that crossed?"),
    Mistake("one growth too many", lambda shorter, longer: _closing(shorter, longer) * longer,
            ask=_BACK, why="The last of n steps back has grown n times.",
            do="The first has not grown: n - 1."),
    Mistake("one step short", lambda shorter, longer: _closing(shorter, longer) / longer,
            ask=_BACK, why="It takes one step too few: together they may be too short.",
            do="Round the number of steps up."),
    Mistake("number of steps", lambda shorter, longer: math.ceil(_back_steps(shorter, longer)),
            ask="Is a number of steps asked for?", why="That is how many steps back it takes.",
            do="Return how long the last is, the one that crossed being 1."),
    Mistake("not a whole number", lambda shorter, longer:
            shorter * longer**(_back_steps(shorter, longer) - 1),
            ask="Can there be a part of a step?", why="Its number of steps is no whole one.",
            do="Round it up."),
    Mistake("per gradient", lambda shorter, longer:
            _closing(shorter, longer)**(1 / (math.ceil(_back_steps(shorter, longer)) + 1)),
            ask="From crossing to crossing, or a gradient?",
            why="That is the factor of one gradient.", do="Return that of a whole crossing."),
    Mistake("all steps", lambda shorter, longer:
            shorter * (longer**math.ceil(_back_steps(shorter, longer)) - 1) / (longer - 1),
            ask="Is it the whole way back that is asked for?",
            why="That is the length of all steps back together.", do="Take the last one alone."),
    Mistake("torch's growth", lambda shorter, longer:
            shorter * 1.2**(math.ceil(math.log(1 + 0.2 / shorter) / math.log(1.2)) - 1),
            ask="What does `longer` change in yours?", why="It has 1.2 in the place of `longer`.",
            do="Use `longer`."),
    Mistake("starts at full length", lambda shorter, longer: longer**(
        math.ceil(math.log(1 + (longer - 1)) / math.log(longer)) - 1),
        ask="How long is the first step back?",
        why="It starts back with the length of the step that crossed.",
        do="The first step back is `shorter` times that."),
)

EXERCISES = {
    "point": Exercise(_point(lambda s, k: -1 - k + k * s + k * s * s),
                      on((0.1, 0.5, 1.2), (0.01, 0.3, 1.5), (2.0, 0.8, 1.1)), _POINT),
    "past": Exercise(_past, on((1.0, 0.01, 1.2), (7.0, 0.1, 1.5), (2.5, 0.03, 1.1),
                               (0.5, 0.2, 2.0), (3.0, 0.1, 1.3)), _PAST),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT,
                          gives="the new point, the gradient that is kept, and the sizes"),
    "balance": Exercise(_balanced(lambda p, q: 1 / (p * q) - 3),
                        on((0.9, 1.2), (0.7, 1.5), (0.55, 1.1), (0.95, 1.05)), _BALANCE),
    "mend": Exercise(_rule(), _DRIVEN, _MEND,
                     gives="the new point, the gradient that is kept, and the sizes"),
    "closing": Exercise(_closing, on((0.5, 1.2), (0.3, 1.2), (0.2, 1.3), (0.8, 2.0),
                                     (0.45, 1.5)), _CLOSING),
}
