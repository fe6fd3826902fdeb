"""Writes testdata/weights/field: checkpoints as training code, frameworks and
converters leave them, of small networks whose parameters are filled by rule, and
expected.safetensors with PyTorch's logits of each network, and with a stem made
for other inputs by timm's rule.

    python3 testdata/gen/field_fixtures.py

Needs torch and numpy."""
import argparse
import collections
import copy
import datetime
import io
import json
import pathlib
import pickle
import random
import shutil
import zipfile

import numpy as np
import torch
from torch import nn

from fill import fill
from fill_net import fill_model, fill_param
from reference_nets import Config, ResNet
from safetensors_io import write

OUT = pathlib.Path(__file__).parent.parent / "weights" / "field"
SHAPE = (2, 3, 33, 29)
NETS = {
    "basic": dict(Block="basic", Blocks=[1, 1], Width=4, NumClasses=3),
    "deep": dict(Block="basic", Blocks=[1, 1], Width=4, NumClasses=3, Stem="deep"),
    "deep_d": dict(Block="bottleneck", Blocks=[1, 1], Width=2, NumClasses=3, Stem="deep", AvgDown=True),
}
expected = {}


def net(name):
    cfg = Config(**NETS[name])
    model = fill_model(ResNet(cfg), cfg)
    expected[name] = model(torch.from_numpy(fill("input", SHAPE, -2, 2))).numpy()
    return model


def tensors(model):
    return collections.OrderedDict((k, v.clone()) for k, v in model.state_dict().items())


def other(sd):
    """Weights of the same names that give other logits."""
    return collections.OrderedDict((k, v * 1.5) for k, v in sd.items())


def renamed(sd, *pairs):
    out = collections.OrderedDict()
    for key, value in sd.items():
        for old, new in pairs:
            if key.startswith(old):
                key = new + key[len(old):]
                break
        out[key] = value
    return out


def save(name, value, **options):
    torch.save(value, OUT / name, **options)


class History:
    """An object of a class that nobody else has."""

    def __init__(self, values):
        self.values = values


class Log(list):
    pass


class Settings(dict):
    pass


Progress = collections.namedtuple("Progress", "step losses")


def leftovers(model):
    """What training scripts save beside the weights."""
    optimizer = torch.optim.Adam(model.parameters())
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, History([1, 2]).values.count)
    log = Log([1.5, "text"])
    log.extra = {"deep": [History({"loss": np.float64(0.5)})]}
    return {
        "history": History(np.arange(2000, dtype=np.float64)),
        "log": log,
        "settings": Settings(lr=0.1, nested=Settings(a=1)),
        "progress": Progress(3, collections.deque([1, 2], maxlen=5)),
        "lists": collections.defaultdict(list, {"a": [1]}),
        "when": datetime.datetime(2024, 5, 1, 12, 30),
        "took": datetime.timedelta(seconds=5),
        "path": pathlib.PurePosixPath("a/b"),
        "args": argparse.Namespace(lr=0.1),
        "scheduler": scheduler,
        "optimizer": optimizer.state_dict(),
        "random": (random.getstate(), np.random.RandomState(1).get_state()),
        "type": torch.float16,
        "big": 1 << 200,
        "text": np.array(["a", "bc"]),
        "quantised": torch.quantize_per_tensor(torch.ones(3, 4), 0.5, 2, torch.qint8),
        "complex": torch.ones(2, 2, dtype=torch.complex64),
        "sparse": torch.eye(3).to_sparse(),
    }


def wrappers():
    sd = tensors(net("basic"))
    prefixed = {"module." + k: v for k, v in sd.items()}
    save("under_target_network.pth", {"epoch": 3, "target_network": sd})
    save("under_deep.pth", {"run": {"checkpoint": {"net_g": sd}}, "optimizer": {"state": {0: {"exp_avg": sd["conv1.weight"]}}}},
         _use_new_zipfile_serialization=False)
    save("under_averaged.pth", {"state_dict": other(sd), "state_dict_ema": sd})
    save("under_tuple.pth", (sd, {"lr": 0.1}))
    save("under_loss.pth", {"model": sd, "criterion": {"centres": torch.ones(3, 4)}})
    save("choose_ema.pth", {"model": other(sd), "ema": {"module": prefixed, "updates": 5}})
    save("choose_keys.pth", {**{"module.encoder_k." + k: v for k, v in other(sd).items()},
                             **{"module.encoder_q." + k: v for k, v in sd.items()}})
    write(OUT / "choose_flat.safetensors", {**{"student." + k: v.numpy() for k, v in other(sd).items() if v.dim()},
                                            **{"teacher.backbone." + k: v.numpy() for k, v in sd.items() if v.dim()}})


def objects():
    model = net("basic")
    left = leftovers(model)
    save("objects.pth", {**left, "state_dict": tensors(model)})
    # Legacy files cannot skip storages of elements that are not known.
    for key in ("quantised", "complex"):
        del left[key]
    save("objects_legacy.pth", {**left, "model_state": tensors(model)}, _use_new_zipfile_serialization=False)
    for protocol in (1, 4):
        save(f"legacy_protocol{protocol}.pth", {"model_state": tensors(model)}, _use_new_zipfile_serialization=False, pickle_protocol=protocol)
    save("objects_protocol4.pth", {"weights": tensors(model), **left}, pickle_protocol=4)


def schemes():
    basic, deep, deep_d = net("basic"), net("deep"), net("deep_d")
    save("sequential.pth", tensors(nn.Sequential(*[m for m in basic.children()])))
    save("sequential_deep.pth", {"encoder." + k: v for k, v in tensors(nn.Sequential(*list(deep.children())[:-1])).items()})
    layer = [(f"layer{i + 1}.0.{kind}{j + 1}.", f"resnet.encoder.stages.{i}.layers.0.layer.{j}.{to}.")
             for i in range(2) for j in range(3) for kind, to in (("conv", "convolution"), ("bn", "normalization"))]
    short = [(f"layer{i + 1}.0.downsample.{j}.", f"resnet.encoder.stages.{i}.layers.0.shortcut.{to}.")
             for i in range(2) for j, to in enumerate(("convolution", "normalization"))]
    save("transformers.bin", renamed(tensors(basic), ("conv1.", "resnet.embedder.embedder.convolution."), ("bn1.", "resnet.embedder.embedder.normalization."),
                                     ("fc.", "classifier.1."), *layer, *short))
    pooled = [("layer1.0.downsample.1.", "resnet.encoder.stages.0.layers.0.shortcut.convolution."),
              ("layer1.0.downsample.2.", "resnet.encoder.stages.0.layers.0.shortcut.normalization."),
              ("layer2.0.downsample.1.", "resnet.encoder.stages.1.layers.0.shortcut.1.convolution."),
              ("layer2.0.downsample.2.", "resnet.encoder.stages.1.layers.0.shortcut.1.normalization.")]
    stem = ["conv1.0.", "conv1.1.", "conv1.3.", "conv1.4.", "conv1.6.", "bn1."]
    hf = [f"resnet.embedder.embedder.{i // 2}.{('convolution', 'normalization')[i % 2]}." for i in range(6)]
    save("transformers_deep.bin", renamed(tensors(deep_d), *zip(stem, hf), ("fc.", "classifier.1."), *layer, *pooled))
    mm = [f"backbone.stem.{i}." for i in (0, 1, 3, 4, 6, 7)]
    first = [("layer1.0.downsample.1.", "backbone.layer1.0.downsample.0."), ("layer1.0.downsample.2.", "backbone.layer1.0.downsample.1.")]
    save("openmmlab_v1d.pth", {"meta": {}, "state_dict": renamed(tensors(deep_d), *zip(stem, mm), ("fc.", "head.fc."), *first, ("layer", "backbone.layer"))})
    save("openmmlab_v1b.pth", {"meta": {}, "state_dict": renamed(tensors(basic), ("fc.", "head.fc."), ("", "backbone."))})
    save("layer0.pth", renamed(tensors(deep), *zip(stem, [f"layer0.{i}." for i in (0, 1, 3, 4, 6, 7)])))
    csail = ["conv1.", "bn1.", "conv2.", "bn2.", "conv3.", "bn3."]
    save("csail.pth", renamed(tensors(deep), *zip(stem, csail)))
    save("csail_module.pth", {"module." + k: v for k, v in renamed(tensors(deep), *zip(stem, csail)).items()})
    save("dropout_fc.pth", renamed(tensors(basic), ("fc.", "fc.1.")))
    save("dropout_head.pth", renamed(tensors(basic), ("fc.", "classifier.3."), ("", "encoder.")))
    save("averaged.pth", torch.optim.swa_utils.AveragedModel(basic).state_dict())
    save("averaged_swa.pth", {"swa_model": torch.optim.swa_utils.AveragedModel(nn.DataParallel(basic)).state_dict()}, _use_new_zipfile_serialization=False)


def arrays():
    sd = {k: v.numpy() for k, v in tensors(net("basic")).items()}
    np.savez(OUT / "text.npz", arch=np.array("basic"), classes=np.array([b"a", b"bc"]), when=np.array("2024-05-01", dtype="M8[D]"), **sd)
    fields = np.zeros(2, dtype=[("x", "f4"), ("y", "i4")])
    np.savez_compressed(OUT / "objects.npz", config=np.array({"lr": 0.1}), mixed=np.array([1, "a", None], dtype=object), fields=fields, **sd)


def shards():
    sd = tensors(net("basic"))
    keys = list(sd)
    for folder, ending, stem in (("shards_safetensors", "safetensors", "model"), ("shards_bin", "bin", "pytorch_model")):
        (OUT / folder).mkdir(exist_ok=True)
        names = [f"{stem}-{i + 1:05d}-of-00002.{ending}" for i in range(2)]
        halves = [{k: sd[k] for k in keys[i::2]} for i in range(2)]
        for name, half in zip(names, halves):
            if ending == "bin":
                save(f"{folder}/{name}", half)
            else:
                write(OUT / folder / name, {k: v.float().numpy().reshape(v.shape) for k, v in half.items()})
        index = {"metadata": {"total_size": 1}, "weight_map": {k: names[i % 2] for i, k in enumerate(keys)}}
        (OUT / folder / f"{stem}.{ending}.index.json").write_text(json.dumps(index, indent=1))


def without_source(archive, name):
    """A TorchScript archive without its debugging texts, which are most of it."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(OUT / name, "w") as new:
        for entry in old.namelist():
            if not entry.endswith(".debug_pkl"):
                new.writestr(zipfile.ZipInfo(entry), old.read(entry))


class Marked(nn.Module):
    """A module with a buffer that its state dict leaves out."""

    def __init__(self, inner):
        super().__init__()
        self.backbone = inner
        self.register_buffer("scratch", torch.ones(7), persistent=False)

    def forward(self, x):
        return self.backbone(x)


def modules():
    basic = net("basic")
    save("module.pth", basic)
    save("module_legacy.pth", nn.DataParallel(basic), _use_new_zipfile_serialization=False)
    save("module_among.pth", {"epoch": 1, "model": Marked(basic), "optimizer": torch.optim.SGD(basic.parameters(), 0.1)}, pickle_protocol=4)
    x = torch.from_numpy(fill("input", SHAPE, -2, 2))
    for name, script in (("traced.pt", torch.jit.trace(basic, x)), ("traced_inside.pt", torch.jit.trace(Marked(basic), x)),
                         ("frozen.pt", torch.jit.freeze(torch.jit.trace(basic, x)))):
        file = io.BytesIO()
        torch.jit.save(script, file)
        without_source(file, name)


def stems():
    """timm's adapt_input_conv."""
    cfg = Config(**NETS["basic"])
    for channels in (1, 2, 4, 7):
        model = fill_model(ResNet(cfg), cfg)
        w = model.conv1.weight
        if channels == 1:
            w = w.sum(dim=1, keepdim=True)
        else:
            w = w.repeat(1, -(-channels // 3), 1, 1)[:, :channels] * (3 / channels)
        model.conv1 = nn.Conv2d(channels, cfg.Width, 7, 2, 3, bias=False)
        model.conv1.weight = nn.Parameter(w)
        expected[f"stem{channels}"] = model.eval()(torch.from_numpy(fill("input", (2, channels, 33, 29), -2, 2))).numpy()


if __name__ == "__main__":
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    torch.manual_seed(0)
    with torch.no_grad():
        for make in (wrappers, objects, schemes, arrays, shards, modules, stems):
            make()
    write(OUT / "expected.safetensors", expected)
