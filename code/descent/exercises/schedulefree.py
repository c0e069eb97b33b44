"""The exercises of the Schedule-Free chapter."""

from descent.exercises import Exercise, Mistake, drive, lists, on

__all__ = ["EXERCISES"]


def _tail(k, steps, n):
    return min(1.0, (steps - k + 1) / n)


_HOLDS = "In how many of the averaged points is gradient k, and in which points at all?"
_TAIL = (
    Mistake("whole run", lambda k, steps, n: (steps - k + 1) / steps, ask=_HOLDS,
            why="That is the mean of all points.", do="Only the last n are averaged."),
    Mistake("no ceiling", lambda k, steps, n: (steps - k + 1) / n, ask=_HOLDS,
            why="An early gradient gets more than its whole weight.",
            do="It is in all n points, no more: take the minimum with 1."),
    Mistake("one step early", lambda k, steps, n: min(1.0, (steps - k) / n), ask=_HOLDS,
            why="It leaves out the point that gradient k itself made.",
            do="Gradient k is in z_k and all after: steps - k + 1 points."),
    Mistake("a cliff", lambda k, steps, n: 1.0 if k <= steps - n else 0.0, ask=_HOLDS,
            why="It drops the gradients of the averaged part.",
            do="Each of them is in the points that come after it."),
    Mistake("always whole", lambda k, steps, n: 1.0, ask=_HOLDS,
            why="That is its weight in the last point.", do="Average the last n points."),
    Mistake("upside down", lambda k, steps, n: min(1.0, k / n), ask=_HOLDS,
            why="Its late gradients weigh the most.",
            do="A late gradient is in few points."),
    Mistake("share of one", lambda k, steps, n: min(1.0, (steps - k + 1) / n) / n, ask=_HOLDS,
            why="It divides by the number of points twice.",
            do="The mean divides by n once."),
    Mistake("later ones", lambda k, steps, n: max(0.0, (k - steps + n) / n), ask=_HOLDS,
            why="That is what the mean lacks of the gradient.", do="Take it from 1."),
)


def _where(lr, beta, g1, g2):
    return -lr * (g1 + (1 - beta / 2) * g2)


_Y = "What are z and x after two steps, and what is y made of?"
_WHERE = (
    Mistake("sign", lambda lr, beta, g1, g2: lr * (g1 + (1 - beta / 2) * g2),
            ask="Which way does it go if both slopes are positive?", why="It climbs.",
            do="Go against the slopes."),
    Mistake("z", lambda lr, beta, g1, g2: -lr * (g1 + g2), ask=_Y,
            why="That is z, which walks.", do="y = beta x + (1 - beta) z."),
    Mistake("x", lambda lr, beta, g1, g2: -lr * (g1 + g2 / 2), ask=_Y,
            why="That is x, the mean.", do="y = beta x + (1 - beta) z."),
    Mistake("beta swapped", lambda lr, beta, g1, g2: -lr * (g1 + (1 + beta) / 2 * g2), ask=_Y,
            why="It gives z the weight beta.", do="x has the weight beta."),
    Mistake("the start averaged", lambda lr, beta, g1, g2:
            -lr * ((1 - beta / 3) * g1 + (1 - 2 * beta / 3) * g2),
            ask="Which points are in the mean after two steps?",
            why="Its mean holds the start as well.", do="The mean is of z after step 1 and 2."),
    Mistake("late mean", lambda lr, beta, g1, g2: -lr * (g1 + (1 - beta) * g2),
            ask="Which points are in the mean after two steps?",
            why="Its mean has not yet seen the second z.", do="x is the mean of both."),
    Mistake("momentum", lambda lr, beta, g1, g2: -lr * ((1 + beta) * g1 + g2), ask=_Y,
            why="That is SGD with momentum.", do="Here there is a mean instead: average z."),
    Mistake("a moving mean", lambda lr, beta, g1, g2:
            -lr * (1 - beta) * ((1 + beta) * g1 + g2), ask=_Y,
            why="It averages the slopes with weights that fall by beta.",
            do="The mean is a plain one, of points."),
    Mistake("the second step alone", lambda lr, beta, g1, g2: -lr * (1 - beta / 2) * g2,
            ask="What is asked for: the way of one step, or where it stands?",
            why="It leaves out the first step.", do="Add the way of the first step."),
)


def _rule(share=lambda t: 1 / t, blend=lambda x, z, beta: beta * x + (1 - beta) * z, sign=-1.0,
          back=lambda p, z, beta: (p - (1 - beta) * z) / beta, first=lambda z, g, p: p,
          added=lambda z, p, old: z, kept=lambda p, x, z: (p, z)):
    """Return the rule that keeps y and z: from x's share, the blend, and how it finds x again."""
    def rule(p, g, t, z=0.0, *, lr, beta):
        if t == 1:
            z = first(z, g, p)
        x = back(p, z, beta)
        old = z
        z = z + sign * lr * g
        x = x + share(t) * (added(z, p, old) - x)
        return kept(blend(x, z, beta), x, z)
    return rule


def _still(p, g, t, z=0.0, *, lr, beta):
    if t == 1:
        z = p
    z = z - lr * g
    return z, z


def _lagging(p, g, t, z=0.0, *, lr, beta):
    if t == 1:
        z = p
    z = z - lr * g
    p = beta * p + (1 - beta) * z
    return p, z


def _taken_for_x(p, g, t, z=0.0, *, lr, beta):
    if t == 1:
        z = p
    z = z - lr * g
    return p + (z - p) / t, z


_STORED = "How do you find x again from y and z, and what is it after the step?"
_IMPLEMENT = (
    Mistake("sign", _rule(sign=1.0), ask="Does the loss fall along its step?",
            why="It climbs: z adds the step.", do="Take the step from z."),
    Mistake("z alone", _still, ask=_STORED, why="Nothing is averaged: it returns z.",
            do="Move x towards z by 1 / t, and blend the two."),
    Mistake("y for x", _lagging, ask=_STORED,
            why="It blends the old y with z, a moving mean.",
            do="Find x first: x = (p - (1 - beta) * z) / beta, with the old z."),
    Mistake("y averaged", _taken_for_x, ask=_STORED,
            why="It takes y for x, or finds x with the new z, which comes to the same.",
            do="Find x first: x = (p - (1 - beta) * z) / beta, with the old z."),
    Mistake("new z", _rule(back=lambda p, z, beta: p), ask=_STORED,
            why="It takes y for x before the mean moves.",
            do="Solve y = beta x + (1 - beta) z for x."),
    Mistake("x undivided", _rule(back=lambda p, z, beta: p - (1 - beta) * z), ask=_STORED,
            why="Its x still holds the factor beta.", do="Divide by beta."),
    Mistake("blend swapped", _rule(blend=lambda x, z, beta: (1 - beta) * x + beta * z),
            ask="Which of x and z has the weight beta in y?",
            why="It gives z the weight beta.", do="y = beta x + (1 - beta) z."),
    Mistake("share late", _rule(share=lambda t: 1 / (t + 1)),
            ask="What is x after the very first step?",
            why="Its mean holds the start as well.", do="Take the share 1 / t."),
    Mistake("constant share", _rule(share=lambda t: 0.1 if t > 1 else 1.0),
            ask="With what share does the third z enter the mean?",
            why="It keeps a moving mean.", do="Take the share 1 / t."),
    Mistake("old z averaged", _rule(added=lambda z, p, old: old),
            ask="What is x after the very first step?",
            why="It averages z from before the step.", do="Step first, then average."),
    Mistake("the rule's y averaged", _rule(added=lambda z, p, old: p),
            ask="Of which points is x the mean?", why="It averages y.", do="Average z."),
    Mistake("x returned", _rule(kept=lambda p, x, z: (x, z)),
            ask="At which point is the next gradient taken?",
            why="It returns x for the point.", do="Return y, which lies between x and z."),
    Mistake("z first", _rule(kept=lambda p, x, z: (z, p)),
            ask="What does it return, in which order?",
            why="It returns z for the point and the point for z.", do="Return `p, z`."),
)


def _full(mean="new", blend="new", share=lambda t: 1 / t, order=lambda p, x, z: (p, x, z),
          swapped=False, sign=-1.0, averaged="z"):
    """Return the rule that keeps x and z; "old" takes what was before the step."""
    def rule(p, g, t, x=0.0, z=0.0, *, lr, beta):
        if t == 1:
            x = z = p
        old_x, old_z, y = x, z, p
        z = z + sign * lr * g
        taken = {"z": old_z if mean == "old" else z, "y": y}[averaged]
        x = x + share(t) * (taken - x)
        used_x, used_z = (old_x if blend == "old x" else x), (old_z if blend == "old z" else z)
        weight = 1 - beta if swapped else beta
        return order(weight * used_x + (1 - weight) * used_z, x, z)
    return rule


_MADE_OF = "Of which x and which z is the new y made?"
_MEND = (
    Mistake("old mean", _full(blend="old x"), ask=_MADE_OF,
            why="Its y is made of the mean from before the step.",
            do="Move x before you blend."),
    Mistake("old z", _full(blend="old z"), ask=_MADE_OF,
            why="Its y is made of z from before the step.", do="Blend the new z."),
    Mistake("mean of old z", _full(mean="old"), ask="What is x after the very first step?",
            why="Its mean takes z from before the step.", do="Step first, then average."),
    Mistake("mean of y", _full(averaged="y"), ask="Of which points is x the mean?",
            why="It averages y.", do="Average z."),
    Mistake("start averaged", _full(share=lambda t: 1 / (t + 1)),
            ask="What is x after the very first step?", why="Its mean holds the start as well.",
            do="Take the share 1 / t."),
    Mistake("moving mean", _full(share=lambda t: 0.1 if t > 1 else 1.0),
            ask="With what share does the third z enter the mean?",
            why="It keeps a moving mean.", do="Take the share 1 / t."),
    Mistake("blend swapped", _full(swapped=True), ask=_MADE_OF,
            why="It gives z the weight beta.", do="x has the weight beta."),
    Mistake("sign", _full(sign=1.0), ask="Does the loss fall along its step?", why="It climbs.",
            do="Take the step from z."),
    Mistake("x handed out", _full(order=lambda p, x, z: (x, x, z)),
            ask="At which point is the next gradient taken?", why="It returns x for the point.",
            do="Return y, which lies between x and z."),
    Mistake("z before x", _full(order=lambda p, x, z: (p, z, x)),
            ask="What does it return, in which order, and how does it take that back?",
            why="It returns z before x; the next step takes one for the other.",
            do="Return `p, x, z`."),
)


def _largest(h, beta):
    return 2 / (h * (1 - beta))


_LATE = "By what is z multiplied in a step, while x stands still?"
_EDGE = (
    Mistake("plain descent", lambda h, beta: 2 / h, ask=_LATE,
            why="That is the edge of gradient descent, where the slope is taken at z.",
            do="Only the part 1 - beta of y is z."),
    Mistake("one for two", lambda h, beta: 1 / (h * (1 - beta)), ask=_LATE,
            why="There z goes to its rest in one step; farther is still stable.",
            do="Ask when the factor reaches -1, not 0."),
    Mistake("beta for its rest", lambda h, beta: 2 / (h * beta), ask=_LATE,
            why="It takes x's part of y for that of z.", do="z's part is 1 - beta."),
    Mistake("momentum", lambda h, beta: 2 * (1 + beta) / h, ask=_LATE,
            why="That is the edge of SGD with momentum.",
            do="Here z's factor is 1 - (1 - beta) lr h."),
    Mistake("multiplied", lambda h, beta: 2 * (1 - beta) / h, ask="Does a larger beta let you "
            "go farther or less far?", why="1 - beta stands on the wrong side.", do="Divide."),
    Mistake("curvature above", lambda h, beta: 2 * h / (1 - beta),
            ask="Does a steeper valley allow a larger lr?", why="h stands on the wrong side.",
            do="Divide by h."),
    Mistake("root", lambda h, beta: 2 / (h * (1 - beta) ** 0.5), ask=_LATE,
            why="It takes a root of 1 - beta.", do="y has the whole 1 - beta of z."),
    Mistake("both", lambda h, beta: 2 / (h * (1 - beta**2)), ask=_LATE,
            why="It has 1 - beta squared for 1 - beta.", do="z's part of y is 1 - beta."),
)


def _newest(lrs):
    """Return the weight of the newest z by the largest lr so far, squared."""
    so_far = [max(lrs[:k + 1]) ** 2 for k in range(len(lrs))]
    return so_far[-1] / sum(so_far)


_WEIGHS = "What is the weight of each z, step by step, and what is it divided by?"
_NEWEST = (
    Mistake("its own lr", lambda lrs: lrs[-1] ** 2 / sum(lr**2 for lr in lrs), ask=_WEIGHS,
            why="It weighs each z by its own lr.", do="Take the largest lr so far."),
    Mistake("not squared", lambda lrs: max(lrs) / sum(max(lrs[:k + 1]) for k in range(len(lrs))),
            ask=_WEIGHS, why="It does not square.", do="Square the largest lr so far."),
    Mistake("plain mean", lambda lrs: 1 / len(lrs), ask=_WEIGHS,
            why="That is for a constant lr.", do="Weigh by the square of the largest so far."),
    Mistake("over own squares", lambda lrs: max(lrs) ** 2 / sum(lr**2 for lr in lrs), ask=_WEIGHS,
            why="Its sum is of each lr by itself.", do="Sum the squares of the largest so far."),
    Mistake("own over largest", lambda lrs: lrs[-1] ** 2 / sum(
        max(lrs[:k + 1]) ** 2 for k in range(len(lrs))), ask=_WEIGHS,
            why="It lets the newest weigh by its own lr.",
            do="The newest too has the largest so far."),
    Mistake("the rest", lambda lrs: 1 - _newest(lrs), ask="Whose weight is asked for?",
            why="That is the weight of all others.", do="Take it from 1."),
    Mistake("not divided", lambda lrs: max(lrs) ** 2, ask=_WEIGHS,
            why="That is its weight before all are divided by their sum.",
            do="Divide by the sum."),
    Mistake("one short", lambda lrs: max(lrs) ** 2 / sum(
        max(lrs[:k + 1]) ** 2 for k in range(len(lrs) - 1)), ask=_WEIGHS,
            why="Its sum leaves out the newest.", do="The sum holds all, the newest too."),
)

_DRIVEN = drive({"lr": 0.1, "beta": 0.9}, {"lr": 0.5, "beta": 0.5})
EXERCISES = {
    "tail": Exercise(_tail, on((80, 100, 50), (10, 100, 50), (9, 10, 4), (3, 12, 12)), _TAIL),
    "where": Exercise(_where, on((0.1, 0.9, 1.0, 0.5), (1.0, 0.5, -2.0, 3.0),
                                 (0.5, 0.8, 0.3, -0.7)), _WHERE),
    "implement": Exercise(_rule(), _DRIVEN, _IMPLEMENT,
                          gives="the new point and the state, p, z"),
    "mend": Exercise(_full(), _DRIVEN, _MEND, gives="the new point and the state, p, x, z"),
    "edge": Exercise(_largest, on((1.0, 0.9), (4.0, 0.5), (0.3, 0.8)), _EDGE),
    "newest": Exercise(_newest, lists((1.0, 1.0, 1.0, 0.1), (0.25, 0.5, 1.0),
                                      (0.5, 1.0, 0.3, 0.1, 0.1)), _NEWEST),
}
