"""The update rules: one file an optimizer, each a pure function of one shape.

    p, *state = rule(p, g, t, *state, lr=...)        # used so, from state = ()

Before the `*` of a rule's signature stands what changes at every step: the point `p`, its
gradient `g`, the step number `t = 1, 2, ...`, then the state, whose defaults are its initial
values. After the `*` stands what you choose, under torch's names and with torch's defaults.
A rule mutates nothing and checks nothing: `descent.Optimizer` and `descent.path` do. One rule
looks more than once in a step: `lbfgs` takes `fun`, with `fun(p)` the value and the gradient at
`p`, where the others take `g`. Some see a whole tensor: `adafactor`, `prodigy`, and, a matrix,
`muon`, `shampoo` and `soap`.
"""

from descent.rules.adadelta import adadelta
from descent.rules.adafactor import adafactor
from descent.rules.adagrad import adagrad
from descent.rules.adam import adam
from descent.rules.adamax import adamax
from descent.rules.adamw import adamw
from descent.rules.adopt import adopt
from descent.rules.asgd import asgd
from descent.rules.lbfgs import lbfgs
from descent.rules.lion import lion
from descent.rules.muon import muon
from descent.rules.nadam import nadam
from descent.rules.prodigy import prodigy
from descent.rules.radam import radam
from descent.rules.rmsprop import rmsprop
from descent.rules.rprop import rprop
from descent.rules.schedulefree import schedulefree
from descent.rules.sgd import sgd
from descent.rules.shampoo import shampoo
from descent.rules.soap import soap
from descent.rules.sparseadam import sparseadam

__all__ = ["adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "adopt", "asgd", "lbfgs",
           "lion", "muon", "nadam", "prodigy", "radam", "rmsprop", "rprop", "schedulefree", "sgd",
           "shampoo", "soap", "sparseadam"]
