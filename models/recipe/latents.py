"""Closed-form latents: two levels of principal components of 8x8 patches.

Level 1 keeps 32 axes of the 4x4x3 patch, level 2 keeps 16 axes of the 2x2 block of those. Both maps are orthonormal,
so decoding is the transpose. Pixels are in -1..1. A latent cell depends on its own 8x8 pixels only.
"""
import numpy as np
import torch

from world import SceneMaker, World

PATCH = 8
LEVEL_1 = 32
CHANNELS = 16
POWER = 0.7


def to_blocks(image, size):
    """[..., H, W, C] to [..., H / size, W / size, size * size * C]: rows, then columns, then channels."""
    *lead, h, w, c = image.shape
    k = len(lead)
    blocks = image.reshape(*lead, h // size, size, w // size, size, c)
    return blocks.transpose(*range(k), k, k + 2, k + 1, k + 3, k + 4).reshape(*lead, h // size, w // size, -1)


def principal_axes(x, count):
    """Mean [D] and the `count` axes [count, D] of largest variance of x [K, D]."""
    mean = x.mean(0)
    values, vectors = np.linalg.eigh(np.cov((x - mean).T))
    axes = vectors[:, ::-1][:, :count].T
    sign = np.sign(axes[np.arange(count), np.abs(axes).argmax(1)])
    return mean, axes * sign[:, None]


class PatchCodec:
    """first [32, 48], mean_1 [48], second [16, 128], mean_2 [128], scale [16] (all float64)."""

    def __init__(self, first, mean_1, second, mean_2, scale):
        self.first, self.mean_1, self.second, self.mean_2, self.scale = first, mean_1, second, mean_2, scale

    @classmethod
    def fit(cls, world: World, scenes=1200, seed=1):
        maker = SceneMaker(world, seed)
        pixels = np.stack([world.render(maker.scene()) for _ in range(scenes)]) / 127.5 - 1
        small = to_blocks(pixels, PATCH // 2)
        mean_1, first = principal_axes(small.reshape(-1, small.shape[-1]), LEVEL_1)
        level_1 = (small - mean_1) @ first.T
        pairs = to_blocks(level_1, 2)
        mean_2, second = principal_axes(pairs.reshape(-1, pairs.shape[-1]), CHANNELS)
        raw = (pairs - mean_2) @ second.T
        scale = raw.reshape(-1, CHANNELS).std(0) ** POWER
        scale *= np.sqrt(np.mean((raw / scale) ** 2))
        return cls(first, mean_1, second, mean_2, scale)

    def encode(self, pixels):
        """uint8 [..., H, W, 3] to float32 [..., C, H / 8, W / 8]."""
        small = to_blocks(pixels / 127.5 - 1, PATCH // 2)
        raw = (to_blocks((small - self.mean_1) @ self.first.T, 2) - self.mean_2) @ self.second.T / self.scale
        return np.moveaxis(raw, -1, -3).astype(np.float32)

    def decode(self, latents):
        """The linear way back: [..., C, h, w] to uint8 [..., 8 h, 8 w, 3]."""
        raw = np.moveaxis(np.asarray(latents, dtype=np.float64), -3, -1) * self.scale
        level_1 = from_blocks(raw @ self.second + self.mean_2, 2)
        pixels = from_blocks(level_1 @ self.first + self.mean_1, PATCH // 2)
        return np.clip((pixels + 1) * 127.5 + 0.5, 0, 255).astype(np.uint8)

    def save(self, path):
        np.savez(path, **vars(self))

    @classmethod
    def load(cls, path):
        return cls(**np.load(path))


def from_blocks(blocks, size):
    """Inverse of to_blocks."""
    *lead, h, w, d = blocks.shape
    c, k = d // (size * size), len(lead)
    image = blocks.reshape(*lead, h, w, size, size, c)
    return image.transpose(*range(k), k, k + 2, k + 1, k + 3, k + 4).reshape(*lead, h * size, w * size, c)


class LatentWorld:
    """All cells encoded once: a scene's latents are then a gather, exactly equal to encoding its pixels.

    grounds [24, C, 16, 16], cells [24, 9, objects * colours, C, 8, 8] as tensors on `device`.
    """

    def __init__(self, world: World, codec: PatchCodec, device="cpu"):
        self.world, colours = world, len(world.colours)
        kinds = len(world.objects) * colours
        objects, tints = np.arange(kinds) // colours, np.arange(kinds) % colours
        grounds, cells = [], []
        for place in range(len(world.places)):
            for roll in world.rolls:
                ground = world.background(place, roll)
                grounds.append(codec.encode(ground))
                cells.append([codec.encode(world.compose_cell(ground[y:y + world.cell, x:x + world.cell], objects, tints))
                              for x, y in world.cells])
        self.grounds = torch.from_numpy(np.stack(grounds)).to(device)
        self.cells = torch.from_numpy(np.stack(cells)).to(device)

    def batch(self, scenes):
        """Records to latents [B, C, 16, 16]."""
        world = self.world
        index = [s["place"] * len(world.rolls) + world.rolls.index(s["roll"]) for s in scenes]
        out = self.grounds[index]
        for b, scene in enumerate(scenes):
            for o in scene["objects"]:
                x, y = o["cell"]
                kind = o["object"] * len(world.colours) + o["colour"]
                out[b, :, y // PATCH:y // PATCH + 8, x // PATCH:x // PATCH + 8] = \
                    self.cells[index[b], world.cells.index((x, y)), kind]
        return out
