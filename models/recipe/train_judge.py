"""Stage 6: trains SpriteBench's second judge on unlimited renders; writes judge/ when the time is over; resumes.

A small convolutional network that says of each of the nine cells which object stands there, or none, and in which
colours, and which place is behind. It shares nothing with the deterministic judge but the sprites. Training scenes
hold every combination, also those that the image model never sees. Half of them go through the codec with noise on
the latents and a blur, because what it will judge are painted pictures.
"""
import argparse
import json
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFilter
from safetensors.torch import save_file
from torch import nn

from judge import Judge
from latents import PatchCodec
from world import FOLDER, World

WIDTHS = (24, 48, 64, 96)
HIDDEN = 128
TOKEN = 16
WINDOW = 4
OUT = Path(__file__).resolve().parent / "judge"
EVALUATION_SEED = 660_000


class SecondJudge(nn.Module):
    """Pictures [B, 3, 128, 128] in -1..1 to objects [B, cells, objects + 1], colours [B, cells, colours], places [B, places].

    The last object class is `none`.
    """

    def __init__(self, world):
        super().__init__()
        widths = (3, *WIDTHS)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, 2, 1) for a, b in zip(widths, widths[1:]))
        self.mix = nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 3, 1, 1)
        self.hidden = nn.Linear(WIDTHS[-1] * WINDOW * WINDOW, HIDDEN)
        self.object = nn.Linear(HIDDEN, len(world.objects) + 1)
        self.colour = nn.Linear(HIDDEN, len(world.colours))
        self.place = nn.Linear(WIDTHS[-1], len(world.places))
        self.cells = [(x // TOKEN, y // TOKEN) for x, y in world.cells]

    def forward(self, x):
        for conv in self.convs:
            x = F.relu(conv(x))
        x = F.relu(self.mix(x))
        windows = torch.stack([x[:, :, v:v + WINDOW, u:u + WINDOW].flatten(1) for u, v in self.cells], 1)
        h = F.relu(self.hidden(windows))
        return self.object(h), self.colour(h), self.place(x.mean((2, 3)))


class Pictures:
    """Random labelled pictures: any combination but white on snow; also empty places."""

    def __init__(self, world, codec, seed):
        self.world, self.codec = world, codec
        self.random, self.numpy = random.Random(seed), np.random.default_rng(seed)
        self.names = [p["name"] for p in world.positions]

    def scene(self):
        world, rnd = self.world, self.random
        place, kind = rnd.randrange(len(world.places)), rnd.random()
        if kind < 0.06:
            words = []
        elif kind < 0.5:
            words = [rnd.choice(self.names)]
        else:
            words = rnd.choice([["left", "right"], ["left", "right"], ["top", "bottom"]])
        objects = []
        for word in words:
            while True:
                colour = rnd.randrange(len(world.colours))
                if (colour, place) not in world.unseeable:
                    break
            position = self.names.index(word)
            objects.append({"object": rnd.randrange(len(world.objects)), "colour": colour, "position": position,
                            "cell": rnd.choice(world.positions[position]["cells"])})
        return {"place": place, "roll": rnd.choice(world.rolls), "objects": objects}

    def spoilt(self, image):
        """As a painted picture might be: through noisy latents, or blurred, or with another brightness."""
        rnd = self.random
        if rnd.random() < 0.5:
            z = self.codec.encode(image)
            image = self.codec.decode(z + rnd.uniform(0, 0.3) * self.numpy.standard_normal(z.shape))
        if rnd.random() < 0.3:
            image = np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(rnd.uniform(0.3, 1.5))))
        if rnd.random() < 0.3:
            image = np.clip(image * rnd.uniform(0.92, 1.08) + rnd.uniform(-8, 8), 0, 255).astype(np.uint8)
        return image

    def batch(self, count, spoil=True):
        """Pictures [B, 3, 128, 128] in -1..1, objects and colours [B, cells] (colour -1 where none stands), places [B]."""
        world = self.world
        scenes = [self.scene() for _ in range(count)]
        images = np.stack([self.spoilt(world.render(s)) if spoil else world.render(s) for s in scenes])
        objects = torch.full((count, len(world.cells)), len(world.objects))
        colours = torch.full((count, len(world.cells)), -1)
        for b, s in enumerate(scenes):
            for o in s["objects"]:
                cell = world.cells.index(tuple(o["cell"]))
                objects[b, cell], colours[b, cell] = o["object"], o["colour"]
        x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        return x, objects, colours, torch.tensor([s["place"] for s in scenes])


def loss_of(model, batch):
    x, objects, colours, places = batch
    a, b, c = model(x)
    none = objects == model.object.out_features - 1
    # Seven or eight of nine cells are empty: each kind of cell counts as much as the other.
    each = F.cross_entropy(a.flatten(0, 1), objects.flatten(), reduction="none").view_as(objects)
    return (each[none].mean() + each[~none].mean()
            + F.cross_entropy(b[~none], colours[~none]) + F.cross_entropy(c, places))


@torch.no_grad()
def accuracy(model, world, codec, count=400):
    """Shares right on scenes of their own seed: clean renders, and through the codec with noise of 0.15."""
    like, figures = Judge(world).natural_like, {}
    for name in ("clean", "coded"):
        pictures = Pictures(world, codec, EVALUATION_SEED)
        x, objects, colours, places = pictures.batch(count, spoil=False)
        if name == "coded":
            images = ((x + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()
            z = codec.encode(images)
            images = codec.decode(z + 0.15 * pictures.numpy.standard_normal(z.shape))
            x = torch.from_numpy(images).permute(0, 3, 1, 2).float().div(127.5).sub(1)
        a, b, c = model(x)
        none = objects == len(world.objects)
        word = lambda o, k: k if k else like[o]
        pairs = list(zip(objects[~none].tolist(), b[~none].argmax(-1).tolist(), colours[~none].tolist()))
        figures[name] = {
            "object": (a.argmax(-1) == objects)[~none].float().mean().item(),
            "none": (a.argmax(-1) == objects)[none].float().mean().item(),
            "colour": float(np.mean([got == want for _, got, want in pairs])),
            "colourLike": float(np.mean([word(o, got) == word(o, want) for o, got, want in pairs])),
            "place": (c.argmax(-1) == places).float().mean().item(),
        }
    return figures


def export(model, world, codec, state):
    """judge/: float16 weights, what their outputs mean, and logits of three pictures to hold another implementation against."""
    OUT.mkdir(exist_ok=True)
    half = {k: v.half().contiguous() for k, v in model.state_dict().items()}
    save_file(half, OUT / "model.safetensors", metadata={"format": "pt"})
    model.load_state_dict({k: v.float() for k, v in half.items()})
    model.eval()
    config = {"architectures": ["SpriteJudge"], "widths": WIDTHS, "hidden": HIDDEN, "objects": world.objects,
              "colours": world.colours, "places": world.place_names, "cells": world.cells,
              "steps": state["step"], "pictures": state["seen"], "accuracy": accuracy(model, world, codec)}
    (OUT / "config.json").write_text(json.dumps(config, indent=1) + "\n")
    golden = []
    pictures = Pictures(world, codec, EVALUATION_SEED + 1)
    with torch.no_grad():
        for _ in range(3):
            scene = pictures.scene()
            x = torch.from_numpy(world.render(scene)).permute(2, 0, 1)[None].float().div(127.5).sub(1)
            a, b, c = model(x)
            golden.append({
                "place": world.place_names[scene["place"]], "roll": scene["roll"],
                "objects": [{"object": world.objects[o["object"]], "colour": world.colours[o["colour"]],
                             "position": world.positions[o["position"]]["name"], "cell": o["cell"]}
                            for o in scene["objects"]],
                "logits": {n: [round(v, 4) for v in t[0].flatten().tolist()]
                           for n, t in (("objects", a), ("colours", b), ("places", c))}})
    (OUT / "golden.json").write_text(json.dumps(golden) + "\n")
    print(json.dumps(config["accuracy"]))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/judge"))
    p.add_argument("--minutes", type=float, default=12)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--batch", type=int, default=32)
    p.add_argument("--rate", type=float, default=1.5e-3)
    p.add_argument("--seed", type=int, default=600)
    args = p.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    world = World()
    codec = PatchCodec.load(FOLDER / "codec.npz")
    model = SecondJudge(world)
    adam = torch.optim.AdamW(model.parameters(), lr=args.rate, weight_decay=1e-4, fused=True)
    path, state = args.run / "judge.pt", {"step": 0, "seen": 0}
    if path.exists():
        state = torch.load(path)
        model.load_state_dict(state["model"])
        adam.load_state_dict(state["adam"])
    pictures = Pictures(world, codec, args.seed + 7919 * state["step"])
    log = open(args.run / "judge.log", "a", buffering=1)
    start, last, running = time.time(), time.time(), None
    while True:
        progress = (time.time() - start) / (60 * args.minutes)
        if progress >= 1 or time.time() - last > 60:
            last = time.time()
            log.write(f"{progress:.2f} step {state['step']} seen {state['seen']} loss {running or 0:.4f}\n")
            torch.save({**state, "model": model.state_dict(), "adam": adam.state_dict()}, path.with_suffix(".tmp"))
            os.replace(path.with_suffix(".tmp"), path)
        if progress >= 1:
            return export(model, world, codec, state)
        adam.param_groups[0]["lr"] = args.rate * min(1.0, (state["step"] + 1) / 50) * (1 if progress < 0.5 else max(0.02, 2 - 2 * progress))
        loss = loss_of(model, pictures.batch(args.batch))
        adam.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        adam.step()
        state["step"], state["seen"] = state["step"] + 1, state["seen"] + args.batch
        running = loss.item() if running is None else 0.98 * running + 0.02 * loss.item()


if __name__ == "__main__":
    main()
