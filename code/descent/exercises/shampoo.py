"""The exercises of the chapter on Shampoo and SOAP."""

import math

import numpy as np

from descent.exercises import Exercise, Mistake, lists, on

__all__ = ["EXERCISES"]


def _sizes(whole=lambda m, n: (m * n)**2, both=lambda m, n: m**2 + n**2,
           soap=lambda m, n: 2 * m * n + 2 * (m**2 + n**2)):
    return lambda m, n: np.array([whole(m, n), both(m, n), soap(m, n)], dtype=float)


_WHOLE = "How long is the list of all entries, and how many pairs does it have?"
_BOTH = "How many rows and columns have G Gᵀ and Gᵀ G?"
_SIX = "Which six things does SOAP hand on, and of which shape is each?"
_SIZES = (
    Mistake("whole not squared", _sizes(whole=lambda m, n: m * n), ask=_WHOLE,
            why="The first is the length of the list; the matrix has a row for each entry.",
            do="Square m n."),
    Mistake("whole from the sides", _sizes(whole=lambda m, n: m**2 + n**2), ask=_WHOLE,
            why="The first is what Shampoo keeps.", do="The whole matrix has (m n)² entries."),
    Mistake("whole sum squared", _sizes(whole=lambda m, n: (m + n)**2), ask=_WHOLE,
            why="The first adds the sides.", do="The list has m n numbers: square that."),
    Mistake("symmetric half", _sizes(whole=lambda m, n: m * n * (m * n + 1) / 2), ask=_WHOLE,
            why="The first counts each pair once. So it could be kept, but the rules keep all.",
            do="Count all (m n)² entries."),
    Mistake("both symmetric halves", _sizes(
        whole=lambda m, n: m * n * (m * n + 1) / 2,
        both=lambda m, n: (m * (m + 1) + n * (n + 1)) / 2),
            ask=_BOTH, why="It counts each pair of a symmetric matrix once; the rules keep all.",
            do="Count all entries: m² for L and n² for R."),
    Mistake("sides", _sizes(both=lambda m, n: m + n), ask=_BOTH,
            why="The second is Adafactor's: one number for a row and one for a column.",
            do="L has m² entries and R n²."),
    Mistake("product", _sizes(both=lambda m, n: m**2 * n**2), ask=_BOTH,
            why="The second multiplies the two; they are kept one beside the other.",
            do="Add m² and n²."),
    Mistake("Shampoo with a mean", _sizes(both=lambda m, n: m**2 + n**2 + m * n), ask=_BOTH,
            why="The second has a mean of gradients, which this Shampoo has not.",
            do="Leave m n out."),
    Mistake("no bases", _sizes(soap=lambda m, n: 2 * m * n + m**2 + n**2), ask=_SIX,
            why="The third leaves out the two bases.", do="Q_L has m² entries, and Q_R n²."),
    Mistake("no means", _sizes(soap=lambda m, n: 2 * (m**2 + n**2)), ask=_SIX,
            why="The third leaves out Adam's two means.", do="Add 2 m n."),
    Mistake("one mean", _sizes(soap=lambda m, n: m * n + 2 * (m**2 + n**2)), ask=_SIX,
            why="The third has one of Adam's two means.", do="m and v have m n entries each."),
    Mistake("bases alone", _sizes(soap=lambda m, n: m**2 + n**2), ask=_SIX,
            why="The third is what Shampoo keeps.",
            do="Add the two bases, and Adam's two means."),
)


def _last(s):
    return s[-1] / np.sqrt(np.sum(s**2))


_SUM = "What do L and R hold of this direction after these gradients, and to which power?"
_LAST = (
    Mistake("half a root", lambda s: s[-1] / np.sum(s**2)**0.25, ask=_SUM,
            why="It takes one fourth root: L's alone.", do="R's comes on the other side, too."),
    Mistake("no root", lambda s: s[-1] / np.sum(s**2), ask=_SUM,
            why="It divides by the sum without a root, as if the powers were 1/2 each.",
            do="Two fourth roots make one square root."),
    Mistake("mean of squares", lambda s: s[-1] / np.sqrt(np.mean(s**2)),
            ask="Is it a sum or a mean?", why="It divides by a mean: Shampoo sums.",
            do="Take the sum."),
    Mistake("no memory", lambda s: s[-1] / abs(s[-1]), ask="What of the gradients before?",
            why="That is the first step, or Muon's: it forgets what came before.",
            do="The sums hold all the gradients."),
    Mistake("without the last", lambda s: s[-1] / np.sqrt(np.sum(s[:-1]**2) + 1e-300),
            ask="Is the new gradient in the sums when it is divided?",
            why="Its sums end before the last gradient.", do="Add it first."),
    Mistake("sum of sizes", lambda s: s[-1] / np.sum(np.abs(s)), ask=_SUM,
            why="It adds sizes, not squares.", do="Take the root of the sum of squares."),
    Mistake("square of the sum", lambda s: s[-1] / np.abs(np.sum(s)), ask=_SUM,
            why="It adds the gradients first and squares then.",
            do="Each gradient is squared by itself."),
    Mistake("first for last", lambda s: s[0] / np.sqrt(np.sum(s**2)), ask="Which step is asked?",
            why="It has the first gradient above the line.", do="Put the last there."),
    Mistake("all steps", lambda s: np.sum(s / np.sqrt(np.cumsum(s**2))),
            ask="One step, or the way so far?", why="That is the way of all steps.",
            do="Return the last one alone."),
    Mistake("largest", lambda s: s[-1] / np.max(np.abs(s)), ask=_SUM,
            why="It divides by the largest.", do="Take the root of the sum of squares."),
    Mistake("size alone", lambda s: abs(_last(s)), ask="Which sign has it?",
            why="It drops the sign.", do="Keep the last gradient's sign."),
)


def _power(a, b, c, exponent, turn=lambda a, b, c: 0.5 * math.atan2(2 * b, a - c),
           values=lambda mean, half: (mean + half, mean - half),
           raised=lambda w, exponent: w**exponent, sign=1.0):
    """Return [[a, b], [b, c]] to a power as its three numbers, through its eigenvectors."""
    mean, half = (a + c) / 2, math.hypot((a - c) / 2, b)
    angle = turn(a, b, c)
    cos, sin = math.cos(angle), math.sin(angle)
    first, second = (raised(w, exponent) for w in values(mean, half))
    return np.array([first * cos**2 + second * sin**2, sign * (first - second) * cos * sin,
                     first * sin**2 + second * cos**2])


def _otherwise(**parts):
    return lambda a, b, c, exponent: _power(a, b, c, exponent, **parts)


_EIGEN = "Which two eigenvalues has the matrix, and what becomes of them?"
_TURN = "In which basis is it a power of two numbers?"
_POWER = (
    Mistake("entry by entry", lambda a, b, c, exponent: np.array(
        [a**exponent, np.sign(b) * abs(b)**exponent if b else 0.0, c**exponent]), ask=_TURN,
            why="It takes the power of each entry.", do="Take powers of the eigenvalues."),
    Mistake("diagonal alone", lambda a, b, c, exponent: np.array([a**exponent, 0.0, c**exponent]),
            ask=_TURN, why="It leaves the entry beside the diagonal out.",
            do="Turn to the eigenvectors first."),
    Mistake("eigenvalues alone", lambda a, b, c, exponent: np.array(
        [((a + c) / 2 + math.hypot((a - c) / 2, b))**exponent, 0.0,
         ((a + c) / 2 - math.hypot((a - c) / 2, b))**exponent]), ask=_TURN,
            why="That is the power in the turned basis.", do="Turn it back: Q … Qᵀ."),
    Mistake("eigenvalues swapped", _otherwise(values=lambda mean, half: (mean - half,
                                                                         mean + half)),
            ask=_EIGEN, why="It gives each eigenvector the other one's eigenvalue.",
            do="The larger belongs to the direction (b, w - a)."),
    Mistake("turned the wrong way", _otherwise(sign=-1.0), ask=_TURN,
            why="The entry beside the diagonal has the wrong sign.",
            do="Multiply Q from the left and Qᵀ from the right."),
    Mistake("angle doubled", _otherwise(turn=lambda a, b, c: math.atan2(2 * b, a - c)), ask=_TURN,
            why="It turns by twice the angle.", do="Halve the angle."),
    Mistake("half not squared", _otherwise(values=lambda mean, half: (mean + half / 2,
                                                                      mean - half / 2)),
            ask=_EIGEN, why="Its eigenvalues are too close to each other.",
            do="They are the mean, plus and minus the root of ((a - c)/2)² + b²."),
    Mistake("other sign of the power", _otherwise(raised=lambda w, exponent: w**-exponent),
            ask=_EIGEN, why="It takes the power with the other sign.",
            do="Raise each eigenvalue to `exponent`."),
    Mistake("square root whatever the power", _otherwise(raised=lambda w, exponent: w**0.5),
            ask=_EIGEN, why="It takes the root, whatever `exponent` is.",
            do="Raise each eigenvalue to `exponent`."),
    Mistake("no power", _otherwise(raised=lambda w, exponent: w), ask=_EIGEN,
            why="It returns the matrix itself.", do="Raise each eigenvalue to `exponent`."),
)


def _cost(of_sums=1, of_turns=3, m_power=lambda m, n: m * n * (m + n), model=6, tokens_power=1):
    def cost(m, n, tokens):
        return 2 * (of_sums + of_turns) * m_power(m, n) / (model * m * n * tokens**tokens_power)
    return cost


_COUNT = "Which products does a step make: for L and R, for the gradient, for the mean, and back?"
_COST = (
    Mistake("sums left out", _cost(of_sums=0), ask=_COUNT,
            why="It has three quarters of the flops: no G Gᵀ and Gᵀ G, or one turn too few.",
            do="Add 2 m² n + 2 m n² for the sums, and three times that for the turns."),
    Mistake("turned once", _cost(of_turns=1), ask=_COUNT,
            why="It has half of the flops: one turn of three, or multiplications alone.",
            do="Gradient and mean are turned, and the step turned back; p×q by q×r takes 2 p q r."),
    Mistake("one side", _cost(m_power=lambda m, n: m * m * n), ask="From how many sides is it "
            "multiplied?", why="It counts the products with the m × m matrices alone.",
            do="Add those with the n × n ones."),
    Mistake("other side", _cost(m_power=lambda m, n: m * n * n), ask="From how many sides is it "
            "multiplied?", why="It counts the products with the n × n matrices alone.",
            do="Add those with the m × m ones."),
    Mistake("forward alone", _cost(model=2), ask="What does the model do beside going forward?",
            why="It compares with the forward pass alone.",
            do="Forward and backward take 6 flops a weight and token."),
    Mistake("backward alone", _cost(model=4), ask="What does the model do beside going backward?",
            why="It compares with the backward pass alone.",
            do="Forward and backward take 6 flops a weight and token."),
    Mistake("no tokens", _cost(tokens_power=0), ask="Does the batch count?",
            why="It compares with a batch of one token.", do="Divide by the tokens."),
    Mistake("cubes", _cost(m_power=lambda m, n: m**3 + n**3), ask=_COUNT,
            why="It counts products of the square matrices with themselves.",
            do="Each product here has G, or its like, on one side."),
)


def _step(turn=lambda QL, X, QR: QL.T @ X @ QR, back=lambda QL, X, QR: QL @ X @ QR.T,
          squares=lambda turned, G: turned**2, mean=lambda turned, G: G, divided=True,
          corrected=(True, True), sign=-1.0, kept=lambda W, M, V: (W, M, V), turned_mean=True):
    """Return SOAP's step in bases that are given, with a part of it exchanged."""
    def step(W, G, t, M=0.0, V=0.0, *, QL, QR, lr, beta1, beta2, eps):
        turned = turn(QL, G, QR)
        M = beta1 * M + (1 - beta1) * mean(turned, G)
        V = beta2 * V + (1 - beta2) * squares(turned, G)
        M_hat = M / (1 - beta1**t) if corrected[0] else M
        V_hat = V / (1 - beta2**t) if corrected[1] else V
        made = turn(QL, M_hat, QR) if turned_mean else M_hat
        made = made / (np.sqrt(V_hat) + eps) if divided else made
        return kept(W + sign * lr * back(QL, made, QR), M, V)
    return step


def _turn(side, first, angle):
    """Return a rotation of two neighbouring axes, the `first` and the next."""
    made = np.eye(side)
    cos, sin = math.cos(angle), math.sin(angle)
    made[first, first], made[first, first + 1] = cos, -sin
    made[first + 1, first], made[first + 1, first + 1] = sin, cos
    return made


def _driven(rule):
    """Drive a rule for four steps on a matrix, in plain bases and in turned ones."""
    drawn = np.random.default_rng(8).normal(size=(4, 3, 2))
    for turned in (False, True):
        W, state = np.array([[1.0, -0.5], [0.3, 2.0], [-1.2, 0.4]]), ()
        QL, QR = np.eye(3), np.eye(2)
        if turned:
            QL, QR = _turn(3, 0, 0.5) @ _turn(3, 1, 1.1), _turn(2, 0, -0.8)
        where = "in turned bases" if turned else "in plain bases"
        for t in range(1, 5):
            W, *state = rule(W, drawn[t - 1].copy(), t, *state, QL=QL.copy(), QR=QR.copy(), lr=0.1,
                             beta1=0.8, beta2=0.6, eps=1e-3)
            yield f"{where}, at step {t}, all entries", np.ravel(W)


_COLLEAGUE = _step(squares=lambda turned, G: G**2, back=lambda QL, X, QR: QL.T @ X @ QR)
_WHERE = "In which basis does each thing stand: the squares, the mean, the step?"
_MEND = (
    Mistake("as it stands", _COLLEAGUE, ask=_WHERE,
            why="It has two bugs, and both are nothing where the bases are plain.",
            do="Square the turned gradient; and turn the step back, QL @ … @ QR.T."),
    Mistake("squares mended", _step(back=lambda QL, X, QR: QL.T @ X @ QR), ask=_WHERE,
            why="The squares are right. The step is turned once more, not back.",
            do="Write QL @ … @ QR.T."),
    Mistake("way back mended", _step(squares=lambda turned, G: G**2), ask=_WHERE,
            why="The way back is right. The squares are of the gradient before it is turned.",
            do="Square QL.T @ G @ QR."),
    Mistake("never back", _step(back=lambda QL, X, QR: X), ask=_WHERE,
            why="The step is not turned back.", do="Write QL @ … @ QR.T."),
    Mistake("mean not turned", _step(turned_mean=False), ask=_WHERE,
            why="It divides the mean as it is by squares in the turned basis.",
            do="Turn the mean first."),
    Mistake("half of the way back", _step(back=lambda QL, X, QR: QL @ X @ QR), ask=_WHERE,
            why="The right side is not turned back.", do="Write QR.T there."),
    Mistake("other half of the way back", _step(back=lambda QL, X, QR: QL.T @ X @ QR.T),
            ask=_WHERE, why="The left side is not turned back.", do="Write QL there."),
    Mistake("turned the wrong way", _step(turn=lambda QL, X, QR: QL @ X @ QR.T,
                                          back=lambda QL, X, QR: QL.T @ X @ QR), ask=_WHERE,
            why="It goes into the basis by the way that leads out of it.",
            do="Write QL.T @ G @ QR on the way in."),
    Mistake("no division", _step(divided=False), ask="What does Adam do in the turned basis?",
            why="It does not divide by the root of V: the turning then cancels.",
            do="Divide there."),
    Mistake("no corrections", _step(corrected=(False, False)), ask="Do the means begin at 0?",
            why="Neither mean is corrected.", do="Divide by 1 - beta**t."),
    Mistake("uphill", _step(sign=1.0), ask="Does the loss fall along its step?",
            why="It adds the step.", do="Take it away."),
)

EXERCISES = {
    "sizes": Exercise(_sizes(), on((3, 5), (32, 128), (768, 3072)), _SIZES,
                      gives="three numbers: the whole matrix, Shampoo, SOAP"),
    "last": Exercise(_last, lists([3.0, 4.0], [1.0, -2.0, 2.0], [5.0, 0.5, 1.0, -0.1],
                                  [-2.0, -2.0, -2.0, -2.0]), _LAST),
    "power": Exercise(_power, on((5.0, 4.0, 5.0, -0.5), (3.0, 1.0, 2.0, -0.25),
                                 (2.0, -1.5, 4.0, 0.5), (1.0, 0.0, 4.0, -0.25)), _POWER,
                      gives="three numbers: the entries 1,1 and 1,2 and 2,2 of the power"),
    "cost": Exercise(_cost(), on((768, 768, 500_000), (3072, 768, 10_000), (32, 128, 448)), _COST),
    "mend": Exercise(_step(), _driven, _MEND, gives="the new matrix, M and V"),
}
