"""The models: small, and written for `vmap`, which trains many at once."""

import math

import torch
from torch import nn
from torch.nn.functional import embedding, gelu

__all__ = ["Gru", "SumOfParts", "Transformer", "digits_net", "signals_net"]


class SumOfParts(nn.Module):
    """Logistic regression on a set of numbers: the sum of their rows, from weights of zero."""

    def __init__(self, parts):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(parts + 1, 2))
        self.bias = nn.Parameter(torch.zeros(2))

    def forward(self, x):
        return embedding(x, self.weight, padding_idx=0).sum(-2) + self.bias


class Transformer(nn.Module):
    """Two pre-norm blocks of causal attention (two heads) and a perceptron, 32 wide."""

    def __init__(self, letters, length, width=32, heads=2, layers=2):
        super().__init__()
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Parameter(0.1 * torch.randn(length, width))
        self.blocks = nn.ModuleList(_Block(width, heads) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, letters)

    def forward(self, x):
        h = self.letters(x) + self.places
        for block in self.blocks:
            h = block(h)
        return self.leave(self.norm(h)).transpose(-1, -2)


class _Block(nn.Module):
    """Attention and perceptron, each on the normalised sum so far; written for `vmap`."""

    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.enter, self.mix = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.widen, self.narrow = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, h):
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(-3, -2)
                   for part in self.enter(self.norm1(h)).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        later = torch.ones(scores.shape[-2:], dtype=torch.bool, device=h.device).triu(1)
        found = scores.masked_fill(later, -math.inf).softmax(-1) @ v
        h = h + self.mix(found.transpose(-3, -2).flatten(-2))
        return h + self.narrow(gelu(self.widen(self.norm2(h))))


class Gru(nn.Module):
    """A gated recurrent unit over sequences (batch, length, features), its last state to classes.

    Written in plain operators, because `vmap` has no rule for `nn.GRU`; the equations are its.
    """

    def __init__(self, features, units, classes):
        super().__init__()
        self.enter = nn.Linear(features, 3 * units)
        self.recur = nn.Linear(units, 3 * units)
        self.leave = nn.Linear(units, classes)

    def forward(self, x):
        h = torch.zeros_like(x[:, 0, :1]).expand(-1, self.recur.in_features)
        for row in self.enter(x).unbind(1):
            (r, z, n), (hr, hz, hn) = row.chunk(3, -1), self.recur(h).chunk(3, -1)
            r, z = torch.sigmoid(r + hr), torch.sigmoid(z + hz)
            h = (1 - z) * torch.tanh(n + r * hn) + z * h
        return self.leave(h)


def digits_net():
    """Return the convolutional net of `digits`: 8×8 pixels, 3,706 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 12, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(12, 24, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(24 * 2 * 2, 10),
    )


def signals_net():
    """Return the net of `mnist_1d`: 40 numbers, three convolutions, 2,474 parameters."""
    return nn.Sequential(
        nn.Conv1d(1, 16, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv1d(16, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv1d(16, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * 5, 10),
    )
