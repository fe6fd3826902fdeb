"""Writes testdata/backbone/counts.json: for every preset, its parameters and
multiply-adds for one image (224x224, CIFAR nets 32x32), in all and by module,
counted with PyTorch; and what torchvision and the paper publish.

    python3 testdata/gen/count_fixtures.py

Checks that torchvision's own models have the published number of parameters
and that the multiply-adds round to the published ones."""
import json
import pathlib

import torch
import torchvision
from torch import nn

from reference_nets import PRESETS, ResNet, config

FOLDER = pathlib.Path(__file__).parents[1] / "backbone"

# torchvision 0.15's metadata: num_params, and _ops in units of 1e9.
TORCHVISION = {
    "resnet18": (11689512, 1.814),
    "resnet34": (21797672, 3.664),
    "resnet50": (25557032, 4.089),
    "resnet101": (44549160, 7.801),
    "resnet152": (60192808, 11.514),
    "resnext50_32x4d": (25028904, 4.23),
    "resnext101_32x8d": (88791336, 16.414),
    "resnext101_64x4d": (83455272, 15.46),
    "wide_resnet50_2": (68883240, 11.398),
    "wide_resnet101_2": (126886696, 22.753),
}

# "Deep Residual Learning", Tables 1 (FLOPs) and 6 (parameters): two or three
# digits, which agree with the count within 2 %.
PAPER_FLOPS = {
    "resnet18": 1.8e9, "resnet34": 3.6e9, "resnet50_v1": 3.8e9, "resnet101_v1": 7.6e9, "resnet152_v1": 11.3e9,
}
PAPER_PARAMS = {
    "cifar_resnet20": 0.27e6, "cifar_resnet32": 0.46e6, "cifar_resnet44": 0.66e6,
    "cifar_resnet56": 0.85e6, "cifar_resnet110": 1.7e6, "cifar_resnet1202": 19.4e6,
}


def multiply_adds(model, x):
    """By module: convolutions and linear layers, as torchvision counts."""
    counts = {}

    def hook_for(name):
        def hook(module, _inputs, output):
            counts[name] = output.numel() * module.weight[0].numel()
        return hook

    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(hook_for(name))
    model.eval()(x)
    return counts


def main():
    result = {}
    for preset in PRESETS:
        cfg = config(preset)
        size = 32 if cfg.Stem == "cifar" else 224
        model = ResNet(cfg)
        by_module = multiply_adds(model, torch.zeros(1, 3, size, size))
        entry = {
            "Input": [1, 3, size, size],
            "Params": sum(p.numel() for p in model.parameters()),
            "MACs": sum(by_module.values()),
        }
        if preset in TORCHVISION:
            params, giga = TORCHVISION[preset]
            theirs = getattr(torchvision.models, preset)()
            assert entry["Params"] == params == sum(p.numel() for p in theirs.parameters()), preset
            assert by_module == multiply_adds(theirs, torch.zeros(1, 3, size, size)), preset
            assert round(entry["MACs"] / 1e9, 3) == giga, (preset, entry["MACs"], giga)
            entry["PublishedGMACs"] = giga
        if preset in PAPER_FLOPS:
            entry["PaperFLOPs"] = PAPER_FLOPS[preset]
        if preset in PAPER_PARAMS:
            entry["PaperParams"] = PAPER_PARAMS[preset]
        if len(by_module) < 60:
            entry["ByModule"] = by_module
        result[preset] = entry
        print(preset, entry["Params"], entry["MACs"], flush=True)
    lines = [f"  {json.dumps(name)}: {json.dumps(entry)}" for name, entry in result.items()]
    (FOLDER / "counts.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    with torch.no_grad():
        main()
