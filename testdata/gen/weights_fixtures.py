"""Writes testdata/weights: small checkpoints as PyTorch and NumPy save them,
and expected.safetensors with what each of their tensors holds, as float32
under FILE/KEY.

    python3 testdata/gen/weights_fixtures.py

Needs torch and numpy."""
import argparse
import collections
import os
import pickle
import struct

import numpy as np
import torch

from fill import fill
from safetensors_io import write

OUT = os.path.join(os.path.dirname(__file__), "..", "weights")
expected = {}


def values(name, *shape):
    return torch.from_numpy(fill(name, shape, -3, 3))


def remember(file, tensors):
    for key, t in tensors.items():
        a = t.detach().to(torch.float32).numpy() if torch.is_tensor(t) else np.asarray(t).astype(np.float32)
        expected[f"{file}/{key}"] = np.ascontiguousarray(a.reshape(a.shape or (1,)))


def zoo():
    """Every element type, and views as training code makes them."""
    base = values("base", 6, 8)
    return collections.OrderedDict(
        [
            ("float32", values("a", 2, 3, 4)),
            ("float64", values("b", 5).double()),
            ("float16", values("c", 7).half()),
            ("bfloat16", values("d", 7).bfloat16()),
            ("int64", torch.tensor([-5, 0, 7])),
            ("int32", torch.tensor([-5, 1 << 20], dtype=torch.int32)),
            ("int16", torch.tensor([-5, 300], dtype=torch.int16)),
            ("int8", torch.tensor([-128, 127], dtype=torch.int8)),
            ("uint8", torch.tensor([0, 255], dtype=torch.uint8)),
            ("bool", torch.tensor([True, False, True])),
            ("scalar", torch.tensor(2.5)),
            ("shared.whole", base),
            ("shared.rows", base[2:4]),
            ("shared.columns", base[:, 1::3]),
            ("shared.transposed", base.t()),
            ("shared.one", base[3, 4]),
            ("parameter", torch.nn.Parameter(values("p", 3, 2))),
        ]
    )


def torch_files():
    plain = zoo()
    for file, options in [
        ("zip.pth", {}),
        ("zip_protocol4.pth", {"pickle_protocol": 4}),
        ("legacy.pth", {"_use_new_zipfile_serialization": False}),
    ]:
        torch.save(plain, os.path.join(OUT, file), **options)
        remember(file, plain)

    net = torch.nn.DataParallel(torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4)))
    for i, p in enumerate(net.state_dict().values()):
        if p.dtype == torch.float32:
            p.copy_(values(f"net{i}", *p.shape).abs())
    optimizer = torch.optim.SGD(net.parameters(), lr=0.1, momentum=0.9)
    wrapped = {
        "epoch": 12,
        "arch": "resnet20",
        "best_prec1": 91.7,
        "args": argparse.Namespace(lr=0.1, layers=[1, 2]),
        "optimizer": optimizer.state_dict(),
        "state_dict": net.state_dict(),
    }
    torch.save(wrapped, os.path.join(OUT, "wrapped.pth"))
    remember("wrapped.pth", net.state_dict())


def numpy_files():
    arrays = {
        "f4": fill("n0", (2, 3), -1, 1),
        "fortran": np.asfortranarray(fill("n1", (4, 3, 2), -1, 1)),
        "big": fill("n2", (5,), -1, 1).astype(">f4"),
        "f8": fill("n3", (3,), -1, 1).astype("<f8"),
        "f2": fill("n4", (3,), -1, 1).astype("<f2"),
        "i8": np.array([-3, 1 << 20]),
        "u1": np.array([0, 255], dtype="u1"),
        "b1": np.array([True, False]),
        "scalar": np.float32(1.5),
        "empty": np.zeros((0, 3), dtype="f4"),
    }
    np.savez(os.path.join(OUT, "stored.npz"), **arrays)
    np.savez_compressed(os.path.join(OUT, "deflated.npz"), **arrays)
    for file in ("stored.npz", "deflated.npz"):
        remember(file, {k: v for k, v in arrays.items() if np.asarray(v).size})
    np.save(os.path.join(OUT, "fortran.npy"), arrays["fortran"])
    remember("fortran.npy", {"arr_0": arrays["fortran"]})
    with open(os.path.join(OUT, "version2.npy"), "wb") as f:
        np.lib.format.write_array(f, arrays["big"], version=(2, 0))
    remember("version2.npy", {"arr_0": arrays["big"]})


def python2_string(data):
    """BINSTRING: how Python 2 pickled an array's bytes."""
    return b"T" + struct.pack("<i", len(data)) + data


def python2_pickle(arrays):
    """{'blobs': {name: array}} as Python 2 with protocol 2 wrote it."""
    out = b"\x80\x02}U\x05blobs}("
    for name, a in arrays.items():
        out += b"U" + bytes([len(name)]) + name.encode()
        out += b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R("
        out += b"K\x01" + b"(" + b"".join(b"M" + struct.pack("<H", d) for d in a.shape) + b"t"
        out += b"cnumpy\ndtype\nU\x02f4K\x00K\x01\x87R(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
        out += b"\x89" + python2_string(a.tobytes()) + b"tb"
    return out + b"us."


def pickles():
    arrays = {
        "stem.conv1.weight": fill("s0", (16, 3, 7, 7), -1, 1),  # long enough to stay in the file
        "stem.conv1.norm.weight": fill("s1", (16,), 0, 1),
        "stem.conv1.norm.bias": fill("s2", (16,), 0, 1),
    }
    for protocol in (2, 4, 5):
        file = f"detectron2_protocol{protocol}.pkl"
        with open(os.path.join(OUT, file), "wb") as f:
            pickle.dump({"model": arrays, "__author__": "nobody", "matching_heuristics": True}, f, protocol=protocol)
        remember(file, arrays)
    blobs = {"conv1_w": fill("b0", (16, 3, 7, 7), -1, 1), "res_conv1_bn_s": fill("b1", (16,), 0, 1), "res_conv1_bn_b": fill("b2", (16,), 0, 1)}
    with open(os.path.join(OUT, "python2.pkl"), "wb") as f:
        f.write(python2_pickle(blobs))
    with open(os.path.join(OUT, "python2.pkl"), "rb") as f:
        back = pickle.load(f, encoding="latin1")["blobs"]
    for key, a in blobs.items():
        assert np.array_equal(back[key], a), key
    remember("python2.pkl", blobs)


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    torch_files()
    numpy_files()
    pickles()
    write(os.path.join(OUT, "expected.safetensors"), expected)
