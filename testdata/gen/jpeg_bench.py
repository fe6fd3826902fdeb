"""Decoding JPEGs, milliseconds of one thread, in turns: this project's decoder in AVX2 and portable, Go's image/jpeg
(planes only, without colours) and Pillow.

    python3 testdata/gen/jpeg_bench.py FOLDER_OF_JPEGS [SECONDS_A_FILE]

Each file also as jpegtran makes it progressive. Needs Pillow, libjpeg-turbo-progs and Go.
"""
import glob
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time

from PIL import Image, features

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
NAMES = ["avx2", "generic", "image/jpeg", "Pillow"]


class Go:
    def __init__(self, program, *args, **env):
        self.process = subprocess.Popen([program, *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1,
                                        env={**os.environ, "GOMAXPROCS": "1", **env})

    def __call__(self, path, _):
        print(path, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline()) / 1e6


def pillow(_, data):
    start = time.thread_time()
    Image.open(io.BytesIO(data)).convert("RGB")
    return (time.thread_time() - start) * 1e3


def table(title, paths, decoders, seconds):
    print(f"\n{title:30}", *(f"{n:>18}" for n in NAMES), "  Pillow / avx2, image/jpeg / generic")
    sums = [[0.0, 0.0] for _ in NAMES]
    for path in paths:
        data = open(path, "rb").read()
        times = [[] for _ in NAMES]
        end = time.perf_counter() + seconds
        while time.perf_counter() < end or len(times[0]) < 5:
            for list_, decode in zip(times, decoders):
                list_.append(decode(path, data))
        row = [(min(t), statistics.median(t)) for t in times]
        for s, r in zip(sums, row):
            s[0] += r[0]
            s[1] += r[1]
        show(os.path.basename(path), row)
    show("sum", sums)


def show(name, row):
    print(f"{name:30}", *(f"{low:8.2f} ({mid:7.2f})" for low, mid in row),
          f"  {row[3][0] / row[0][0]:.2f} ({row[3][1] / row[0][1]:.2f})", f"  {row[2][0] / row[1][0]:.2f} ({row[2][1] / row[1][1]:.2f})", flush=True)


def main():
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 2
    print("least (median) milliseconds; Pillow", Image.__version__, "libjpeg-turbo", features.version("libjpeg_turbo"))
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "decode")
        subprocess.run(["go", "build", "-o", program, "./internal/jpeg/testdata/decode"], cwd=ROOT, check=True)
        decoders = [Go(program, VERTEBRA_ISA="avx2"), Go(program, VERTEBRA_ISA="generic"), Go(program, "image/jpeg"), pillow]
        paths = sorted(glob.glob(os.path.join(sys.argv[1], "*.jp*g")))
        table("as they are", paths, decoders, seconds)
        progressive = []
        for path in paths:
            progressive.append(os.path.join(folder, os.path.basename(path)))
            with open(progressive[-1], "wb") as f:
                subprocess.run(["jpegtran", "-progressive", path], stdout=f, check=True)
        table("progressive", progressive, decoders, seconds)


main()
