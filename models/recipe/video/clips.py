"""Clips of the world: records, captions, pixels, latents.

A clip is one object in front of one place for nine frames: {"place", "roll", "object", "colour": indices into `clips.json`,
"motion": index, "start": [x, y] corner of its 64x64 cell in the first frame, a multiple of 8 px and so of one latent cell}.
In every frame the cell has moved by the motion's `step`; a growing sprite starts at 24 px and gains 4 px a frame.
The path leads through the middle of the canvas, or `spread` px beside it across its direction (to the side, where nothing moves): a
first frame's cell stands on the lattice of image tokens (16 px), which leaves three layouts a motion instead of some fifty in four phases.
"""
import json
import random
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from latents import PATCH, PatchCodec  # noqa: E402
from world import Tokenizer, World  # noqa: E402

FULL = 8
"""Index of the full size among the nine sizes of a sprite."""


class ClipWorld:
    def __init__(self, world=None):
        self.world = world or World()
        self.spec = spec = json.loads((HERE / "clips.json").read_text())
        self.frames, self.motions, self.spread = spec["frames"], spec["motions"], spec["spread"]
        self.objects = [self.world.objects.index(o) for o in spec["objects"]]
        self.colours = [self.world.colours.index(c) for c in spec["colours"]]
        self.places = [self.world.place_names.index(p) for p in spec["places"]]
        self.rolls = self.world.rolls
        self.tiles = np.stack([[self._sizes(self.world.sprites[o, c]) for c in self.colours] for o in self.objects])

    def _sizes(self, sprite):
        """One sprite [56, 56, 4] in nine sizes, each in the middle of a cell: [9, 64, 64, 4]."""
        cell = self.world.cell
        out = np.zeros((FULL + 1, cell, cell, 4), np.uint8)
        for k in range(FULL + 1):
            side = self.world.sprite - 4 * (FULL - k)
            small = sprite if k == FULL else np.asarray(
                Image.fromarray(sprite, "RGBA").convert("RGBa").resize((side, side), Image.Resampling.BOX).convert("RGBA"))
            corner = (cell - side) // 2
            out[k, corner:corner + side, corner:corner + side] = small
        return out

    def tokenizer(self):
        """The image model's words and those of motion behind them."""
        words = self.world.spec["tokenizer"]
        return Tokenizer({"tokenizer": {**words, "words": [*words["words"], *self.spec["newWords"]]}})

    def held_out(self, object, colour):
        return (self.objects[object], self.colours[colour]) in self.world.held_out

    def place_at(self, clip, frame):
        """(corner [x, y], size index) of a clip's cell in a frame."""
        motion = self.motions[clip["motion"]]
        corner = [s + frame * d for s, d in zip(clip["start"], motion["step"])]
        return corner, frame if motion["grow"] else FULL

    def windows(self, clips, frames):
        """The cells of the given frames [B, K] on their grounds: (pixels [B * K, 64, 64, 3] uint8, corners)."""
        world, cell, edge = self.world, self.world.cell, self.world.cell
        grounds, tiles, corners = [], [], []
        for clip, numbers in zip(clips, frames):
            ground = np.pad(world.background(self.places[clip["place"]], self.rolls[clip["roll"]]),
                            ((edge, edge), (edge, edge), (0, 0)), mode="wrap")
            for frame in numbers:
                (x, y), size = self.place_at(clip, int(frame))
                grounds.append(ground[y + edge:y + edge + cell, x + edge:x + edge + cell])
                tiles.append(self.tiles[clip["object"], clip["colour"], size])
                corners.append((x, y))
        ground, tile = np.stack(grounds).astype(np.int32), np.stack(tiles).astype(np.int32)
        alpha = tile[..., 3:]
        return ((tile[..., :3] * alpha + ground * (255 - alpha) + 127) // 255).astype(np.uint8), corners

    def render(self, clip):
        """[9, 128, 128, 3] uint8."""
        side, cell = self.world.side, self.world.cell
        pixels, corners = self.windows([clip], [range(self.frames)])
        ground = self.world.background(self.places[clip["place"]], self.rolls[clip["roll"]])
        out = np.repeat(ground[None], self.frames, axis=0)
        for picture, window, (x, y) in zip(out, pixels, corners):
            x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + cell, side), min(y + cell, side)
            picture[y0:y1, x0:x1] = window[y0 - y:y1 - y, x0 - x:x1 - x]
        return out

    def caption(self, clip, with_place=True):
        colour, kind = self.spec["colours"][clip["colour"]], self.spec["objects"][clip["object"]]
        article = "an" if colour[0] in "aeiou" else "a"
        text = f"{article} {colour} {kind} {self.motions[clip['motion']]['phrase']}"
        return text + (", " + self.world.places[self.places[clip["place"]]] if with_place else "")


class ClipMaker:
    """Draws clips. `held_out`: only pairs of object and colour that training never shows."""

    def __init__(self, clips: ClipWorld, seed, held_out=False):
        self.clips, self.random, self.held_out = clips, random.Random(seed), held_out

    def clip(self):
        world, rnd = self.clips, self.random
        while True:
            kind, colour = rnd.randrange(len(world.objects)), rnd.randrange(len(world.colours))
            if world.held_out(kind, colour) == self.held_out:
                break
        motion = rnd.randrange(len(world.motions))
        middle = (world.world.side - world.world.cell) // 2
        half = (world.frames - 1) // 2
        across, down = world.motions[motion]["step"]
        aside = rnd.choice(world.spread)
        start = [middle - half * across + (0 if across else aside), middle - half * down + (aside if across else 0)]
        return {"place": rnd.randrange(len(world.places)), "roll": rnd.randrange(len(world.rolls)),
                "object": kind, "colour": colour, "motion": motion, "start": start}

    def training_caption(self, clip):
        spec, rnd = self.clips.spec, self.random
        if rnd.random() < spec["emptyPrompt"]:
            return ""
        return self.clips.caption(clip, with_place=rnd.random() >= spec["placeLeftOut"])


class ClipLatents:
    """Latents of chosen frames: the ground's, with the cells that the object covers encoded anew (exact, see latents.py)."""

    def __init__(self, clips: ClipWorld, codec: PatchCodec):
        self.clips, self.codec, world = clips, codec, clips.world
        self.grounds = np.stack([[codec.encode(world.background(p, r)) for r in world.rolls] for p in clips.places])
        half = {k: np.asarray(v, np.float32) for k, v in vars(codec).items()}
        self.fast = PatchCodec(**half)

    def batch(self, clips, frames):
        """Clips [B] and frame numbers [B, K] to latents [B, K, C, 16, 16]."""
        pixels, corners = self.clips.windows(clips, frames)
        cells = self.fast.encode(pixels.astype(np.float32))
        out = np.stack([self.grounds[c["place"], c["roll"]] for c in clips for _ in frames[0]])
        span, side = self.clips.world.cell // PATCH, out.shape[-1]
        for latent, cell, (x, y) in zip(out, cells, corners):
            x, y = x // PATCH, y // PATCH
            x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + span, side), min(y + span, side)
            latent[:, y0:y1, x0:x1] = cell[:, y0 - y:y1 - y, x0 - x:x1 - x]
        return torch.from_numpy(out.reshape(len(clips), len(frames[0]), *out.shape[1:]))
