"""The values of a network's parameters by rule, so that fixtures need store no
weights. internal/reftest.FillParam is the same rule in Go, bit for bit.

Convolutions keep the signal's variance (He et al., 2015); normalisations have
statistics that are not those of the data, as trained ones do; and the last
normalisation of a residual branch is small, the smaller the deeper in its
stage, so that activations stay within a few orders of magnitude even after
the 600 blocks of ResNet-1202."""
import math

import torch

from fill import fill


def last_norm(cfg):
    """The name within a block of the normalisation before the addition; empty
    for plain nets, which have no addition."""
    if cfg.Shortcut == "none":
        return ""
    return "bn2" if cfg.Block == "basic" else "bn3"


def fill_param(name, shape, last=""):
    """The parameter's values as a float32 array; last is last_norm's answer."""
    lo, hi = _bounds(name.split("."), shape, last)
    return fill(name, shape, lo, hi)


def _bounds(path, shape, last):
    kind = path[-1]
    if kind == "running_var":
        return 0.5, 1.5
    if kind in ("running_mean", "bias"):
        return -0.2, 0.2
    if len(shape) == 4:
        bound = math.sqrt(6 / (shape[1] * shape[2] * shape[3]))
        return -bound, bound
    if len(shape) == 2:
        bound = 1 / math.sqrt(shape[1])
        return -bound, bound
    if len(path) == 4 and path[2] == last:
        depth = math.sqrt(1 + int(path[1]))
        return 0.2 / depth, 0.4 / depth
    return 0.8, 1.2


def fill_model(model, cfg):
    """Fills a model in place, puts it in eval mode and returns it."""
    state = {}
    for name, t in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            state[name] = t
        else:
            state[name] = torch.from_numpy(fill_param(name, tuple(t.shape), last_norm(cfg)))
    model.load_state_dict(state)
    return model.eval()
