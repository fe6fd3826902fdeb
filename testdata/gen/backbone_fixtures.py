"""Writes testdata/backbone/NAME.safetensors for every case of cases.json: what
PyTorch computes at a network's stem, stages, classifier and Extra nodes.

    python3 testdata/gen/backbone_fixtures.py [NAME …]

Set changes fields of the preset, by backbone.Config's names. Parameters and
input are filled by rule (fill_net.py, fill.py), so only outputs are stored,
sampled. Needs torch and torchvision; made with 1.13 and 0.14.1."""
import json
import pathlib
import sys

import torch

from fill import fill
from reference_nets import config
from sampling import Recorder
from torchvision_nets import reference

FOLDER = pathlib.Path(__file__).parents[1] / "backbone"


def default_nodes(cfg):
    """The nodes that every case records; fixtures_test.go lists the same."""
    nodes = ["relu" if cfg.Stem == "cifar" else "maxpool"]
    nodes += [f"layer{i + 1}" for i in range(len(cfg.Blocks))]
    return nodes if cfg.NoClassifier else nodes + ["avgpool", "fc"]


def watch(model, nodes, see):
    """Calls see(node, output) for each node of each run. A module that a run
    calls again, such as a block's relu, has _1, _2 … added to its name, as in
    torch.fx."""
    modules, calls = dict(model.named_modules()), {}
    model.register_forward_pre_hook(lambda _module, _inputs: calls.clear())

    def hook_for(path):
        def hook(_module, _inputs, output):
            call = calls[path] = calls.get(path, -1) + 1
            node = f"{path}_{call}" if call else path
            if node in nodes:
                see(node, output)
        return hook

    for path in {node if node in modules else node.rpartition("_")[0] for node in nodes}:
        modules[path].register_forward_hook(hook_for(path))


def deviation(model, x):
    """How far PyTorch's float32 output is from its float64 output, relative to
    the largest magnitude: the error that no implementation can avoid."""
    exact = model.double()(x.double())
    y = model.float()(x)  # the parameters are float32 numbers: nothing was lost
    return ((y - exact).abs().max() / exact.abs().max()).item()


def make(case):
    cfg = config(case["Preset"], case.get("Set"))
    x = torch.from_numpy(fill("input", case["Input"], -2, 2))
    model = reference(cfg, x)
    error = deviation(model, x)
    assert error < 1e-5, f"{case['Name']} is ill-conditioned: {error}"
    nodes, recorder = default_nodes(cfg) + case.get("Extra", []), Recorder()
    watch(model, nodes, recorder.add)
    model(x)
    missing = set(nodes) - set(recorder.samples)
    assert not missing, f"{case['Name']}: no node {missing}"
    recorder.write(FOLDER / f"{case['Name']}.safetensors")
    return error


def main():
    wanted = sys.argv[1:]
    for case in json.loads((FOLDER / "cases.json").read_text()):
        if not wanted or case["Name"] in wanted:
            print(f"{case['Name']}: float32 within {make(case):.1e} of float64", flush=True)


if __name__ == "__main__":
    with torch.no_grad():
        main()
