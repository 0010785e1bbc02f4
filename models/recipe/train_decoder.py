"""Stage 2: trains the decoder of the VAE. Reads RUN/codec.npz, writes RUN/decoder.pt and RUN/decoder.log; resumes.

Most steps use 64 px crops around the middle of a scene; with --whole every step uses whole scenes, because GroupNorm
sees other statistics there. Noise on the latents makes the decoder forgive what the image model gets slightly wrong.
"""
import argparse
import os
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import torch

from latents import PATCH, PatchCodec
from vae import Decoder
from world import SceneMaker, World

CROP = 64
WARM_UP = 60


def scenes_of(world, maker, count, empty=0.04):
    """Random scenes as uint8 [count, 128, 128, 3]; a few without any object."""
    scenes = [maker.scene() for _ in range(count)]
    for scene in scenes:
        if maker.random.random() < empty:
            scene["objects"] = []
    return np.stack([world.render(s) for s in scenes])


def crop(images, rng):
    """Crops [B, 64, 64, 3] aligned to the latent grid, centres normal around the middle (18 px)."""
    corner = np.clip(np.round((32 + 18 * rng.standard_normal((len(images), 2))) / PATCH), 0, CROP // PATCH).astype(int) * PATCH
    return np.stack([im[y:y + CROP, x:x + CROP] for im, (y, x) in zip(images, corner)])


def loss_of(out, target):
    """Absolute, squared and gradient differences."""
    d = out - target
    return (d.abs().mean() + 2 * d.square().mean()
            + 0.5 * (d.diff(dim=3).abs().mean() + d.diff(dim=2).abs().mean()))


def to_tensor(images):
    """uint8 [B, H, W, 3] to float [B, 3, H, W] in -1..1."""
    return torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)


@torch.no_grad()
def psnr(decoder, codec, images, device):
    z = torch.from_numpy(codec.encode(images)).to(device)
    out = ((decoder(z).float().clamp(-1, 1) + 1) * 127.5).round().cpu().permute(0, 2, 3, 1).numpy()
    return 10 * np.log10(255 ** 2 / np.mean((out - images) ** 2))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/image"))
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--minutes", type=float, default=13)
    p.add_argument("--batch", type=int, default=16)
    p.add_argument("--rate", type=float, default=2e-3)
    p.add_argument("--noise", type=float, default=0.03)
    p.add_argument("--precision", choices=("bf16", "f32"), default="bf16", help="as in train_dit.py")
    p.add_argument("--whole", action="store_true", help="whole scenes instead of crops")
    p.add_argument("--seed", type=int, default=300)
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    device, world = torch.device(args.device), World()
    codec, rng = PatchCodec.load(args.run / "codec.npz"), np.random.default_rng(args.seed)
    decoder = Decoder().to(device, memory_format=torch.channels_last)
    ema = Decoder().to(device, memory_format=torch.channels_last).requires_grad_(False)
    path, step = args.run / "decoder.pt", 0
    if path.exists():
        state = torch.load(path, map_location=device)
        decoder.load_state_dict(state["ema"])
        step = state["step"]
    ema.load_state_dict(decoder.state_dict())
    maker = SceneMaker(world, args.seed + 7919 * step)
    check = scenes_of(world, SceneMaker(world, 999_100), 24)
    adam = torch.optim.AdamW(decoder.parameters(), lr=args.rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    start, last, first = time.time(), time.time(), step
    log = open(args.run / "decoder.log", "a", buffering=1)
    while True:
        progress = (time.time() - start) / (60 * args.minutes)
        if progress >= 1 or time.time() - last > 60:
            last = time.time()
            log.write(f"{progress:.2f} step {step} psnr {psnr(ema, codec, check, device):.2f} dB\n")
            torch.save({"ema": ema.state_dict(), "step": step}, path.with_suffix(".tmp"))
            os.replace(path.with_suffix(".tmp"), path)
        if progress >= 1:
            return
        images = scenes_of(world, maker, args.batch)
        if not args.whole:
            images = crop(images, rng)
        z = torch.from_numpy(codec.encode(images)).to(device)
        z = z + args.noise * torch.randn_like(z)
        factor = 1.0 if progress < 0.4 else max(0.02, 1 - 0.98 * (progress - 0.4) / 0.6)
        adam.param_groups[0]["lr"] = args.rate * factor * min(1.0, (step - first + 1) / WARM_UP)
        with torch.autocast(device.type, torch.bfloat16) if args.precision == "bf16" else nullcontext():
            out = decoder(z.to(memory_format=torch.channels_last))
        loss = loss_of(out.float(), to_tensor(images).to(device))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(decoder.parameters(), 1.0)
        adam.step()
        step += 1
        decay = min(0.99, 1 - 1 / (step - first + 2))
        torch._foreach_lerp_(list(ema.parameters()), [p.detach() for p in decoder.parameters()], 1 - decay)


if __name__ == "__main__":
    main()
