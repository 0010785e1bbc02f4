"""CogVideoXTransformer3DModel with the parameter names of diffusers, for latents of a few frames.

Shapes: B batch, F frames, T = 26 text tokens, N = 64 tokens a frame, D width, C = 16 latent channels of 16x16.
Text and video tokens share every weight but their halves of the adaptive norms. Training may show any frames of a clip: their
numbers choose rows of the position table.
"""
import sys
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from dit import FeedForward, ModelConfig, TextEncoder, TwoLinear, attend, merge_heads, split_heads, time_sinusoid  # noqa: E402


@dataclass(frozen=True)
class VideoConfig(ModelConfig):
    frames: int = 9


def axis_table(width, count):
    """Sines, then cosines [count, width]."""
    frequency = 1.0 / 10000 ** (torch.arange(width // 2, dtype=torch.float64) / (width / 2))
    angle = torch.arange(count, dtype=torch.float64)[:, None] * frequency[None]
    return torch.cat([angle.sin(), angle.cos()], dim=1)


def position_table(config):
    """[F, N, D]: a quarter of the width encodes the frame, then three eighths the column, three eighths the row."""
    time, space, grid = config.width // 4, config.width // 4 * 3, config.grid
    line = axis_table(space // 2, grid)
    columns, rows = line[None].expand(grid, -1, -1), line[:, None].expand(-1, grid, -1)
    plane = torch.cat([columns, rows], dim=-1).reshape(grid * grid, space)
    frame = axis_table(time, config.frames)
    return torch.cat([frame[:, None].expand(-1, grid * grid, -1), plane[None].expand(config.frames, -1, -1)], dim=-1).float()


class PatchEmbed(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.patch = config.patch
        self.proj = nn.Conv2d(config.channels, config.width, config.patch, config.patch)
        self.text_proj = nn.Linear(config.width, config.width)
        self.register_buffer("table", position_table(config), persistent=False)

    def forward(self, latents, states, frames):
        """latents [B, F, C, H, W], states [B, T, D], frames [B, F] to (text [B, T, D], video [B, F * N, D])."""
        b, f, c, h, w = latents.shape
        p = self.patch
        patches = latents.reshape(b, f, c, h // p, p, w // p, p).permute(0, 1, 3, 5, 2, 4, 6).reshape(b, f, -1, c * p * p)
        tokens = F.linear(patches, self.proj.weight.flatten(1), self.proj.bias) + self.table[frames]
        return self.text_proj(states), tokens.flatten(1, 2)


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.to_q, self.to_k, self.to_v = (nn.Linear(width, width) for _ in range(3))
        self.to_out = nn.ModuleList([nn.Linear(width, width)])
        self.norm_q, self.norm_k = (nn.LayerNorm(width // heads, eps=1e-6) for _ in range(2))

    def forward(self, x):
        q, k, v = (split_heads(p(x), self.heads) for p in (self.to_q, self.to_k, self.to_v))
        return self.to_out[0](merge_heads(attend(self.norm_q(q), self.norm_k(k), v)))


class LayerNormZero(nn.Module):
    """Affine layer norm, then shift and scale for video and text apart; gives the gates of both."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, 6 * width)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, text, video, silu_time):
        shift, scale, gate, t_shift, t_scale, t_gate = self.linear(silu_time)[:, None].chunk(6, dim=-1)
        return self.norm(text) * (1 + t_scale) + t_shift, self.norm(video) * (1 + scale) + shift, t_gate, gate


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm1, self.norm2 = LayerNormZero(width), LayerNormZero(width)
        self.attn1, self.ff = Attention(width, heads), FeedForward(width)

    def forward(self, text, video, silu_time):
        count = text.shape[1]
        for norm, inner in ((self.norm1, self.attn1), (self.norm2, self.ff)):
            a, b, text_gate, gate = norm(text, video, silu_time)
            out = inner(torch.cat([a, b], dim=1))
            text, video = text + text_gate * out[:, :count], video + gate * out[:, count:]
        return text, video


class NormOut(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, 2 * width)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x, silu_time):
        shift, scale = self.linear(silu_time)[:, None].chunk(2, dim=-1)
        return self.norm(x) * (1 + scale) + shift


class VideoTransformer(nn.Module):
    """Predicts v = sqrt(a) noise - sqrt(1 - a) clean."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        d = config.width
        self.patch_embed = PatchEmbed(config)
        self.time_embedding = TwoLinear(d, d)
        self.transformer_blocks = nn.ModuleList(Block(d, config.heads) for _ in range(config.layers))
        self.norm_final = nn.LayerNorm(d, eps=1e-5)
        self.norm_out = NormOut(d)
        self.proj_out = nn.Linear(d, config.patch ** 2 * config.channels)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, latents, states, timestep, frames):
        """latents [B, F, C, H, W], states [B, T, D], timestep [B] in 0..999, frames [B, F] numbers; result as latents."""
        b, f, c, h, w = latents.shape
        p = self.config.patch
        text, video = self.patch_embed(latents, states, frames)
        silu_time = F.silu(self.time_embedding(time_sinusoid(timestep, self.config.width, video.dtype)))
        for block in self.transformer_blocks:
            text, video = block(text, video, silu_time)
        x = self.proj_out(self.norm_out(self.norm_final(video), silu_time))
        return x.reshape(b, f, h // p, w // p, c, p, p).permute(0, 1, 4, 2, 5, 3, 6).reshape(b, f, c, h, w)


class VideoModel(nn.Module):
    """The image model's text encoder (its states before the last layer) and the transformer, trained jointly."""

    def __init__(self, config=VideoConfig()):
        super().__init__()
        self.config = config
        self.text_encoder = TextEncoder(config)
        self.transformer = VideoTransformer(config)

    def forward(self, latents, ids, timestep, frames):
        return self.transformer(latents, self.text_encoder(ids)[0], timestep, frames)
