"""Writes testdata/backbone/NAME.safetensors for every case of hooks.json: what
PyTorch's hooks see, call by call, while some of them replace what they see.

    python3 testdata/gen/hook_fixtures.py [NAME …]

Hooks are registered in the order of the case's list, as forward hooks or, with
Pre, as forward pre-hooks. Each records the value it is given, as "NN output
MODULE" or "NN input MODULE" with NN counting calls, and then replaces it:
Scale and Add by x*Scale+Add, Clamp by the values within its two bounds."""
import json
import sys

import torch

from backbone_fixtures import FOLDER
from fill import fill
from reference_nets import config
from sampling import Recorder
from torchvision_nets import reference


def replacement(hook, x):
    """What the hook returns: None leaves the value as it is."""
    if "Clamp" in hook:
        return x.clamp(*hook["Clamp"])
    if "Scale" in hook:
        return x * hook["Scale"] + hook["Add"]
    return None


def register(module, hook, recorder):
    def see(kind, x):
        recorder.add(f"{len(recorder.samples):02d} {kind} {hook['On']}", x)
        return replacement(hook, x)

    if hook.get("Pre"):
        module.register_forward_pre_hook(lambda _module, inputs: see("input", inputs[0]))
    else:
        module.register_forward_hook(lambda _module, _inputs, output: see("output", output))


def make(case):
    cfg = config(case["Preset"], case.get("Set"))
    x = torch.from_numpy(fill("input", case["Input"], -2, 2))
    model, recorder = reference(cfg, x), Recorder()
    for hook in case["Hooks"]:
        register(model.get_submodule(hook["On"]), hook, recorder)
    recorder.add("result", model(x))
    recorder.write(FOLDER / f"{case['Name']}.safetensors")


def main():
    wanted = sys.argv[1:]
    for case in json.loads((FOLDER / "hooks.json").read_text()):
        if not wanted or case["Name"] in wanted:
            make(case)


if __name__ == "__main__":
    with torch.no_grad():
        main()
