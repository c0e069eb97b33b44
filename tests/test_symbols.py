import pytest

from descent import sgd
from descent.symbols import as_latex, equal, symbol, unroll

ETA, MU, LAM, TAU, G1, G2, THETA = map(
    symbol, ["eta", "mu", "lambda", "tau", "g_1", "g_2", "theta_0"])


def test_momentum():
    assert equal(unroll(sgd, 2, lr="eta", momentum="mu")[1],
                 THETA - ETA * G1 - ETA * (MU * G1 + G2))


def test_a_wrong_sign_is_seen():
    assert not equal(unroll(sgd, 1, lr="eta")[0], THETA + ETA * G1)


def test_numbers_stay_exact():
    assert equal(unroll(sgd, 1, lr=0.1)[0], THETA - G1 / 10)


def test_defaults_are_the_rules():
    assert equal(unroll(sgd, 1)[0], THETA - G1 / 1000)


def test_members_of_a_tuple_may_be_symbols():
    def mixed(p, g, t, *, betas=(0.9, 0.99)):
        return (betas[0] * p - betas[1] * g,)

    points = unroll(mixed, 1, betas=("beta_1", "beta_2"))
    assert equal(points[0], symbol("beta_1") * THETA - symbol("beta_2") * G1)


def test_latex_has_a_line_a_step():
    text = as_latex(unroll(sgd, 2, lr="eta", momentum="mu"), step="eta").data
    first, second = text.split(r" \\ ")
    assert first == r"\begin{aligned}\theta_{1} &= \theta_{0} - \eta \left(g_{1}\right)"
    assert r"\theta_{0} - \eta \left(\left(\mu + 1\right) g_{1} + g_{2}\right)" in second
    decayed = as_latex(unroll(sgd, 1, lr="eta", weight_decay="lambda"), step="eta").data
    assert r"\lambda" in decayed


def test_unknown_names():
    with pytest.raises(TypeError, match="no hyper-parameter 'beta'"):
        unroll(sgd, 1, beta="mu")
