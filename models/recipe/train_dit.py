"""Stage 3: trains text encoder and transformer jointly on unlimited scenes, until a given time of the clock.

Reads RUN/codec.npz, writes RUN/dit.pt (everything needed to go on) and RUN/dit.log. Run again to resume.
float32 master weights, Muon + AdamW, EMA. A RUN/dit.pt written by warm_start.py is gone on from as well; words that
were new to it can be favoured (--new-words).
"""
import argparse
import os
import time
from contextlib import nullcontext
from datetime import datetime, timedelta, timezone
from pathlib import Path

import torch

from dit import ImageModel
from flow import draw_times, mix
from latents import LatentWorld, PatchCodec
from muon import Muon, descend, follow, split_parameters
from world import SceneMaker, Tokenizer, World

WARM_UP = 150


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/image"))
    p.add_argument("--device", default="cpu")
    p.add_argument("--threads", type=int, default=2, help="read again from RUN/threads at every checkpoint, if there")
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--first-batch", type=int, default=32, help="batch of the first --first-steps steps")
    p.add_argument("--first-steps", type=int, default=3000)
    p.add_argument("--muon", type=float, default=0.03)
    p.add_argument("--adam", type=float, default=1.5e-3)
    p.add_argument("--flat", type=float, default=0.5, help="share of the time before the rate falls")
    p.add_argument("--precision", choices=("bf16", "f32"), default="bf16",
                   help="of matrix products; f32 is many times faster on a CPU without bfloat16 instructions")
    p.add_argument("--new-words", type=float, default=1.0,
                   help="after a warm start: how much oftener new objects, colours and places are drawn at first")
    p.add_argument("--filler", type=float, help="share of captions in free wording; default: the world's")
    p.add_argument("--minutes", type=float, default=90)
    p.add_argument("--end-at", help="HH:MM UTC; goes before --minutes")
    p.add_argument("--start-at", help="HH:MM UTC from which the schedule counts; default: first start")
    p.add_argument("--compile", action="store_true", help="fuse with torch.compile: half a minute once, then 1.4 times faster")
    p.add_argument("--every", type=float, default=150, help="seconds between checkpoints")
    p.add_argument("--seed", type=int, default=100)
    return p.parse_args()


def clock(text):
    """HH:MM of the next or present day (UTC) as seconds since the epoch; up to 12 h back counts as past."""
    now = datetime.now(timezone.utc)
    hour, minute = map(int, text.split(":"))
    at = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    if at < now - timedelta(hours=12):
        at += timedelta(days=1)
    if at > now + timedelta(hours=12):
        at -= timedelta(days=1)
    return at.timestamp()


def rate(progress, step, flat):
    """Factor of the learning rate: warm-up, flat, then a straight line down to 1 %."""
    fall = 1.0 if progress < flat else max(0.01, 1 - 0.99 * (progress - flat) / (1 - flat))
    return fall * min(1.0, (step + 1) / WARM_UP)


def products(device, precision):
    """Context in which matrix products run in the wanted precision."""
    return torch.autocast(device.type, torch.bfloat16) if precision == "bf16" else nullcontext()


def favoured(world, known):
    """Indices of the objects, colours and places that a warm-started checkpoint had no words for."""
    fresh = lambda names: {k for k, name in enumerate(names) if name not in known}
    return {"objects": fresh(world.objects), "colours": fresh(world.colours), "places": fresh(world.place_names)}


class Validation:
    """Fixed scenes, noises and even times; reports the EMA's flow loss, whole and for four ranges of s."""

    def __init__(self, world, latents, tokenizer, device, precision, count=256):
        self.precision = precision
        maker = SceneMaker(world, 999_000)
        scenes = [maker.scene() for _ in range(count)]
        generator = torch.Generator().manual_seed(5)
        self.x = latents.batch(scenes)
        self.ids = torch.tensor([tokenizer.encode(maker.caption(s, full=True)) for s in scenes], device=device)
        self.noise = torch.randn(self.x.shape, generator=generator).to(device)
        self.s = ((torch.arange(count) + 0.5) / count)[torch.randperm(count, generator=generator)].to(device)

    @torch.no_grad()
    def loss(self, model):
        target = self.noise - self.x
        with products(self.x.device, self.precision):
            out = model(mix(self.x, self.noise, self.s), self.ids, 1000 * self.s)
        error = (out.float() - target).square().mean((1, 2, 3))
        parts = [error[(self.s >= a) & (self.s < a + 0.25)].mean().item() for a in (0, 0.25, 0.5, 0.75)]
        return error.mean().item(), parts


def save(path, state):
    """Atomic: a reader never sees half a file."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    world, device = World(), torch.device(args.device)
    tokenizer = Tokenizer(world.spec)
    latents = LatentWorld(world, PatchCodec.load(args.run / "codec.npz"), device)
    validation = Validation(world, latents, tokenizer, device, args.precision)

    model, ema = ImageModel().to(device), ImageModel().to(device)
    ema.load_state_dict(model.state_dict())
    ema.requires_grad_(False)
    forward = torch.compile(model) if args.compile else model
    matrices, others = split_parameters(model)
    muon = Muon(matrices, dtype=torch.bfloat16 if args.precision == "bf16" else torch.float32)
    adam = torch.optim.AdamW(others, lr=args.adam, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    path, step, seen, start, known = args.run / "dit.pt", 0, 0, time.time(), None
    if path.exists():
        state = torch.load(path, map_location=device)
        model.load_state_dict(state["model"])
        ema.load_state_dict(state["ema"])
        known = state.get("known")
        if "muon" in state:
            muon.load_state_dict(state["muon"])
            adam.load_state_dict(state["adam"])
            step, start = state["step"], state["start"]
        seen = state["seen"]
    start = clock(args.start_at) if args.start_at else start
    end = clock(args.end_at) if args.end_at else start + 60 * args.minutes
    favour = favoured(world, known) if known else None
    maker = SceneMaker(world, args.seed * 1_000_003 + step, filler=args.filler, favour=favour)
    generator = torch.Generator().manual_seed(args.seed + step)
    log = open(args.run / "dit.log", "a", buffering=1)
    averaged, parameters = list(ema.parameters()), list(model.parameters())
    last, running, since, seen_since, factor = time.time(), None, time.time(), seen, 0.0

    while True:
        progress = (time.time() - start) / max(1.0, end - start)
        done = progress >= 1
        if done or time.time() - last > args.every:
            loss, parts = validation.loss(ema)
            now = datetime.now(timezone.utc).strftime("%H:%M:%S")
            speed = (seen - seen_since) / (time.time() - since)
            log.write(f"{now} step {step} seen {seen} train {running or 0:.4f} val {loss:.4f} by s "
                      f"{' '.join(f'{p:.4f}' for p in parts)} rate {factor:.3f} samples/s {speed:.0f}\n")
            save(path, {"model": model.state_dict(), "ema": ema.state_dict(), "muon": muon.state_dict(),
                        "adam": adam.state_dict(), "step": step, "seen": seen, "start": start, "validation": loss,
                        "known": known})
            override = args.run / "threads"
            if override.exists():
                torch.set_num_threads(int(override.read_text()))
            last, since, seen_since = time.time(), time.time(), seen
        if done:
            return
        maker.weight = 1 + (args.new_words - 1) * max(0.0, 1 - progress / args.flat)
        size = args.first_batch if step < args.first_steps else args.batch
        scenes = [maker.scene() for _ in range(size)]
        ids = torch.tensor([tokenizer.encode(maker.training_caption(s)) for s in scenes], device=device)
        x = latents.batch(scenes)
        noise = torch.randn(x.shape, generator=generator).to(device)
        s = draw_times(size, generator).to(device)
        with products(device, args.precision):
            out = forward(mix(x, noise, s), ids, 1000 * s)
        loss = (out.float() - (noise - x)).square().mean()
        loss.backward()
        factor = rate(progress, step, args.flat)
        descend(parameters, adam, muon, args.adam * factor, args.muon * factor)
        step, seen = step + 1, seen + size
        follow(averaged, parameters, step)
        value = loss.item()
        running = value if running is None else 0.99 * running + 0.01 * value


if __name__ == "__main__":
    main()
