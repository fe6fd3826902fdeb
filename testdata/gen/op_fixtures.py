"""Writes testdata/ops/ops.safetensors: what PyTorch's operators give for every
case of ops.json.

    python3 testdata/gen/op_fixtures.py

A case's tensors are filled by fill(NAME + "/x0", …): the inputs x0, x1 … in
Range (default -2 to 2) with NaN at the flat indices of NaN, then weight, bias,
running_mean and running_var. Options have the names of package ops."""
import json
import pathlib

import torch
import torch.nn.functional as F

import safetensors_io
from fill import fill

FOLDER = pathlib.Path(__file__).parents[1] / "ops"


class Case:
    """One case, with its tensors."""

    def __init__(self, case):
        self.name, self.case = case["Name"], case
        self.option = case.get("Options", {}).get
        self.inputs = [
            self.tensor(f"x{i}", shape, *case.get("Range", (-2, 2))) for i, shape in enumerate(case["Inputs"])
        ]
        for i in case.get("NaN", []):
            self.inputs[0].view(-1)[i] = float("nan")

    def tensor(self, what, shape, lo=-1.0, hi=1.0):
        return torch.from_numpy(fill(f"{self.name}/{what}", shape, lo, hi))

    def weight(self):
        return self.tensor("weight", self.case["Weight"])

    def bias(self):
        return self.tensor("bias", self.case["Weight"][:1]) if self.case.get("Bias") else None

    def window(self):
        return dict(
            stride=self.option("Stride"), padding=self.option("Padding", (0, 0)),
            ceil_mode=self.option("CeilMode", False),
        )


def conv2d(c, x):
    return F.conv2d(
        x, c.weight(), c.bias(), c.option("Stride", (1, 1)), c.option("Padding", (0, 0)),
        c.option("Dilation", (1, 1)), c.option("Groups", 1),
    )


def batch_norm(c, x):
    channels = x.shape[1:2]
    mean, var = c.tensor("running_mean", channels), c.tensor("running_var", channels, 0.5, 1.5)
    return F.batch_norm(x, mean, var, c.tensor("weight", channels), c.tensor("bias", channels), eps=c.option("Eps"))


def group_norm(c, x):
    channels = x.shape[1:2]
    weight, bias = c.tensor("weight", channels), c.tensor("bias", channels)
    return F.group_norm(x, c.option("Groups"), weight, bias, c.option("Eps"))


def max_pool2d(c, x):
    return F.max_pool2d(x, c.option("Kernel"), dilation=c.option("Dilation", (1, 1)), **c.window())


def avg_pool2d(c, x):
    return F.avg_pool2d(x, c.option("Kernel"), count_include_pad=not c.option("ExcludePad"), **c.window())


def pad(c, x):
    sides = c.option("Padding")
    return F.pad(x, [sides.get(side, 0) for side in ("Left", "Right", "Top", "Bottom")], value=c.option("Value"))


def interpolate(c, x):
    mode, corners = c.option("Mode"), None
    if mode != "nearest":
        mode, corners = "bilinear", mode.endswith("align_corners")
    scale = c.option("Scale")
    return F.interpolate(
        x, size=c.option("Size"), scale_factor=tuple(scale) if scale else None, mode=mode, align_corners=corners
    )


OPERATORS = {
    "conv2d": conv2d,
    "linear": lambda c, x: F.linear(x, c.weight(), c.bias()),
    "batch_norm": batch_norm,
    "group_norm": group_norm,
    "relu": lambda c, x: F.relu(x),
    "leaky_relu": lambda c, x: F.leaky_relu(x, c.option("Slope")),
    "sigmoid": lambda c, x: torch.sigmoid(x),
    "softmax": lambda c, x: F.softmax(x, 1),
    "add": lambda c, x, y: x + y,
    "cat": lambda c, *xs: torch.cat(xs, 1),
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "adaptive_avg_pool2d": lambda c, x: F.adaptive_avg_pool2d(x, c.option("Size")),
    "pad": pad,
    "interpolate": interpolate,
}


def main():
    outputs = {}
    for entry in json.loads((FOLDER / "ops.json").read_text()):
        case = Case(entry)
        outputs[case.name] = OPERATORS[entry["Op"]](case, *case.inputs).numpy()
    safetensors_io.write(FOLDER / "ops.safetensors", outputs)


if __name__ == "__main__":
    main()
