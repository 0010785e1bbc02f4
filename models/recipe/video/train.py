"""Stage 1: trains the video model on unlimited clips, until a given time of the clock.

Reads world/codec.npz and RUN/video.pt, writes RUN/video.pt (everything needed to go on) and RUN/video.log. Run again to resume.
A stage names how many frames of each clip a step shows, of how many from its beginning, and for which share of the time. Where an
object is depends on motion, frame and nothing less: over all frames and motions neither tells anything by itself, and training stays on
that plateau. The first frames alone do tell (what moves left begins on the right), so that a stage may begin with few and end with more.
A few random frames of a clip teach attention what motion is at a third of the cost of all nine.
"""
import argparse
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from clips import ClipLatents, ClipMaker, ClipWorld  # noqa: E402
from diffusion import draw_timesteps, levels, share_noise  # noqa: E402
from latents import PatchCodec  # noqa: E402
from muon import Muon, descend, follow, split_parameters  # noqa: E402
from train_dit import clock, rate, save  # noqa: E402
from transformer import VideoModel  # noqa: E402
from world import FOLDER  # noqa: E402


def stages(text):
    """`1x32@1-3:0.2,3x16@3-9:0.4,9x6@9-9:0.4`: frames x clips a step @ of the first 1, in the end 3 : share of the time."""
    out = []
    for part in text.split(","):
        sizes, share = part.split(":")
        shape, range_ = sizes.split("@")
        out.append((*map(int, shape.split("x")), *map(int, range_.split("-")), float(share)))
    return out


def arguments():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/video"))
    p.add_argument("--threads", type=int, default=1, help="read again from RUN/threads at every checkpoint, if there")
    p.add_argument("--stages", type=stages, default="1x32@1-3:0.2,3x16@3-9:0.45,9x6@9-9:0.35")
    p.add_argument("--muon", type=float, default=0.02)
    p.add_argument("--adam", type=float, default=1e-3)
    p.add_argument("--flat", type=float, default=0.5, help="share of the time before the rate falls")
    p.add_argument("--upper", type=float, default=0.4, help="share of timesteps from the noisier half on top of its own")
    p.add_argument("--shared", type=float, default=0.5, help="share of clips at most at --shared-below whose frames have one noise")
    p.add_argument("--shared-below", type=float, default=0.7, help="of all timesteps; where sampling lets frames share it")
    p.add_argument("--ema", type=float, default=0.999, help="decay of the averaged weights; steps are few and slow on a CPU")
    p.add_argument("--minutes", type=float, default=90)
    p.add_argument("--start-at", help="HH:MM UTC from which the schedule counts; default: first start")
    p.add_argument("--end-at", help="HH:MM UTC; goes before --minutes")
    p.add_argument("--compile", action="store_true")
    p.add_argument("--every", type=float, default=150, help="seconds between checkpoints")
    p.add_argument("--seed", type=int, default=100)
    return p.parse_args()


class Validation:
    """Fixed clips, noises and even timesteps, all nine frames; the EMA's loss, whole and for four ranges of the timestep."""

    def __init__(self, clips, latents, tokens, count=32):
        maker, generator = ClipMaker(clips, 999_000), torch.Generator().manual_seed(5)
        chosen = [maker.clip() for _ in range(count)]
        self.frames = torch.arange(clips.frames)[None].expand(count, -1)
        self.x = latents.batch(chosen, self.frames)
        self.ids = torch.tensor([tokens.encode(clips.caption(c)) for c in chosen])
        self.noise = torch.randn(self.x.shape, generator=generator)
        self.t = torch.linspace(0, 999, count).round().long()

    @torch.no_grad()
    def loss(self, model):
        signal, noise = levels(self.t)
        out = torch.cat([model(*part) for part in zip(
            (signal * self.x + noise * self.noise).split(8), self.ids.split(8), self.t.split(8), self.frames.split(8))])
        error = (out - (signal * self.noise - noise * self.x)).square().mean((1, 2, 3, 4))
        return error.mean().item(), [p.mean().item() for p in error.chunk(4)]


def main():
    args = arguments()
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    clips = ClipWorld()
    tokens = clips.tokenizer()
    latents = ClipLatents(clips, PatchCodec.load(FOLDER / "codec.npz"))
    validation = Validation(clips, latents, tokens)
    model, ema = VideoModel(), VideoModel()
    path, start = args.run / "video.pt", time.time()
    state = torch.load(path)
    model.load_state_dict(state["model"])
    ema.load_state_dict(state["ema"])
    ema.requires_grad_(False)
    step, seen = state["step"], state["seen"]
    matrices, others = split_parameters(model)
    muon = Muon(matrices, dtype=torch.float32)
    adam = torch.optim.AdamW(others, lr=args.adam, betas=(0.9, 0.98), weight_decay=0.0, fused=True)
    if "muon" in state:
        muon.load_state_dict(state["muon"])
        adam.load_state_dict(state["adam"])
        start = state["start"]
    start = clock(args.start_at) if args.start_at else start
    end = clock(args.end_at) if args.end_at else start + 60 * args.minutes
    forward = torch.compile(model) if args.compile else model
    maker, generator = ClipMaker(clips, args.seed * 1_000_003 + step), torch.Generator().manual_seed(args.seed + step)
    averaged, parameters = list(ema.parameters()), list(model.parameters())
    plan = args.stages if isinstance(args.stages, list) else stages(args.stages)
    log = open(args.run / "video.log", "a", buffering=1)
    last, since, seen_since, running, factor, sitting = time.time(), time.time(), seen, None, 0.0, 0

    while True:
        progress = (time.time() - start) / max(1.0, end - start)
        done = progress >= 1
        if done or time.time() - last > args.every:
            loss, parts = validation.loss(ema)
            now = datetime.now(timezone.utc).strftime("%H:%M:%S")
            log.write(f"{now} step {step} seen {seen} train {running or 0:.4f} val {loss:.4f} by t "
                      f"{' '.join(f'{p:.4f}' for p in parts)} rate {factor:.3f} frames/s "
                      f"{(seen - seen_since) / (time.time() - since):.0f}\n")
            save(path, {"model": model.state_dict(), "ema": ema.state_dict(), "muon": muon.state_dict(),
                        "adam": adam.state_dict(), "step": step, "seen": seen, "start": start})
            override = args.run / "threads"
            if override.exists():
                torch.set_num_threads(int(override.read_text()))
            last, since, seen_since = time.time(), time.time(), seen
        if done:
            return
        passed = progress
        for count, batch, least, most, share in plan:
            if passed < share:
                break
            passed -= share
        among = round(least + (most - least) * min(1.0, passed / share))
        chosen = [maker.clip() for _ in range(batch)]
        frames = torch.rand(batch, among, generator=generator).argsort(1)[:, :count].sort(1).values
        ids = torch.tensor([tokens.encode(maker.training_caption(c)) for c in chosen])
        x = latents.batch(chosen, frames)
        noise = torch.randn(x.shape, generator=generator)
        t = draw_timesteps(batch, generator, args.upper)
        noise = share_noise(noise, t, args.shared, generator, args.shared_below)
        signal, strength = levels(t)
        out = forward(signal * x + strength * noise, ids, t, frames)
        loss = (out - (signal * noise - strength * x)).square().mean()
        loss.backward()
        factor = rate(progress, sitting, args.flat)
        descend(parameters, adam, muon, args.adam * factor, args.muon * factor)
        step, sitting, seen = step + 1, sitting + 1, seen + batch * count
        follow(averaged, parameters, step, args.ema)
        running = loss.item() if running is None else 0.99 * running + 0.01 * loss.item()


if __name__ == "__main__":
    main()
