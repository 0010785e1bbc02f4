"""The image model: a CLIP text encoder and an SD3 transformer, with the parameter names of diffusers/transformers.

Shapes: B batch, T = 26 text tokens, N = 64 image tokens, D width, C = 16 latent channels, 16x16 latent.
Every module keeps the names that `SD3Transformer2DModel` and `CLIPTextModelWithProjection` use, so that a state
dict of ours is a state dict of theirs.
"""
import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of both networks. `width` must be `heads * 32`."""
    width: int = 128
    heads: int = 4
    layers: int = 6
    text_layers: int = 3
    channels: int = 16
    side: int = 16
    patch: int = 2
    text_length: int = 26
    vocabulary: int = 128
    end_token: int = 127

    @property
    def grid(self) -> int:
        return self.side // self.patch


def attend(q, k, v, causal=False):
    """Scaled dot product attention. q, k, v: [B, heads, tokens, head].

    On the CPU it is written out: two batched bfloat16 products are several times faster there than the fused
    kernel's backward pass.
    """
    if q.is_cuda:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = (q * q.shape[-1] ** -0.5) @ k.mT
    if causal:
        scores = scores + torch.full(scores.shape[-2:], -1e4, dtype=scores.dtype).triu(1)
    return scores.softmax(-1).to(v.dtype) @ v


def split_heads(x, heads):
    """[B, L, D] to [B, heads, L, D / heads]."""
    return x.unflatten(-1, (heads, -1)).transpose(1, 2)


def merge_heads(x):
    """[B, heads, L, head] to [B, L, heads * head]."""
    return x.transpose(1, 2).flatten(2)


# --------------------------------------------------------------------------- text encoder

class TextAttention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.q_proj = nn.Linear(width, width)
        self.k_proj = nn.Linear(width, width)
        self.v_proj = nn.Linear(width, width)
        self.out_proj = nn.Linear(width, width)

    def forward(self, x):
        q, k, v = (split_heads(p(x), self.heads) for p in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(merge_heads(attend(q, k, v, causal=True)))


class TextMlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x)))


class TextLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.self_attn = TextAttention(width, heads)
        self.layer_norm1 = nn.LayerNorm(width, eps=1e-5)
        self.mlp = TextMlp(width)
        self.layer_norm2 = nn.LayerNorm(width, eps=1e-5)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class TextEmbeddings(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.token_embedding = nn.Embedding(config.vocabulary, config.width)
        self.position_embedding = nn.Embedding(config.text_length, config.width)

    def forward(self, ids):
        return self.token_embedding(ids) + self.position_embedding.weight[: ids.shape[1]]


class TextStack(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layers = nn.ModuleList(TextLayer(config.width, config.heads) for _ in range(config.text_layers))


class TextModel(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embeddings = TextEmbeddings(config)
        self.encoder = TextStack(config)
        self.final_layer_norm = nn.LayerNorm(config.width, eps=1e-5)


class TextEncoder(nn.Module):
    """CLIPTextModelWithProjection: causal, no padding mask."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.text_model = TextModel(config)
        self.text_projection = nn.Linear(config.width, config.width, bias=False)
        nn.init.normal_(self.text_model.embeddings.token_embedding.weight, std=0.3)
        nn.init.normal_(self.text_model.embeddings.position_embedding.weight, std=0.1)

    def forward(self, ids):
        """ids [B, T] to (penultimate hidden states [B, T, D], pooled and projected [B, D])."""
        x = self.text_model.embeddings(ids)
        layers = self.text_model.encoder.layers
        for layer in layers[:-1]:
            x = layer(x)
        last = self.text_model.final_layer_norm(layers[-1](x))
        end = (ids == self.config.end_token).int().argmax(dim=1)
        pooled = last[torch.arange(len(ids), device=ids.device), end]
        return x, self.text_projection(pooled)


# --------------------------------------------------------------------------- transformer

def position_table(width, grid):
    """Sine-cosine table [1, grid * grid, width]: first half encodes the column, second half the row."""
    frequency = 1.0 / 10000 ** (torch.arange(width // 4, dtype=torch.float64) / (width // 4))
    index = torch.arange(grid, dtype=torch.float64)

    def axis(position):
        angle = position[:, None] * frequency[None]
        return torch.cat([angle.sin(), angle.cos()], dim=1)

    rows, columns = torch.meshgrid(index, index, indexing="ij")
    return torch.cat([axis(columns.flatten()), axis(rows.flatten())], dim=1).float()[None]


def time_sinusoid(t, channels=256, dtype=torch.float32):
    """Timestep 0..1000 [B] to [B, channels]: cosines, then sines."""
    half = channels // 2
    frequency = torch.exp(-math.log(10000) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
    angle = t.float()[:, None] * frequency[None]
    return torch.cat([angle.cos(), angle.sin()], dim=1).to(dtype)


class PatchEmbed(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.proj = nn.Conv2d(config.channels, config.width, config.patch, config.patch)
        self.register_buffer("pos_embed", position_table(config.width, config.grid))
        self.patch = config.patch

    def forward(self, latents):
        """[B, C, H, W] to [B, N, D]. The convolution is written as one matrix product."""
        b, c, h, w = latents.shape
        p = self.patch
        patches = latents.reshape(b, c, h // p, p, w // p, p).permute(0, 2, 4, 1, 3, 5).reshape(b, -1, c * p * p)
        return F.linear(patches, self.proj.weight.flatten(1), self.proj.bias) + self.pos_embed


class TwoLinear(nn.Module):
    def __init__(self, inputs, width):
        super().__init__()
        self.linear_1 = nn.Linear(inputs, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class TimeText(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.timestep_embedder = TwoLinear(256, width)
        self.text_embedder = TwoLinear(width, width)

    def forward(self, t, pooled):
        return self.timestep_embedder(time_sinusoid(t, dtype=pooled.dtype)) + self.text_embedder(pooled)


class Modulation(nn.Module):
    """The linear layer of an adaptive layer norm; starts at zero."""

    def __init__(self, width, parts):
        super().__init__()
        self.parts = parts
        self.linear = nn.Linear(width, parts * width)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, silu_condition):
        """[B, D] to `parts` tensors [B, 1, D]."""
        return self.linear(silu_condition)[:, None].chunk(self.parts, dim=-1)


def modulate(x, shift, scale):
    """Layer norm without affine part, then scale and shift."""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale) + shift


class HeadNorm(nn.Module):
    """RMS norm over each head's channels."""

    def __init__(self, size):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))

    def forward(self, x):
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), eps=1e-6)


class JointAttention(nn.Module):
    """Attention over [image, text] with separate projections for both."""

    def __init__(self, width, heads, last):
        super().__init__()
        self.heads = heads
        size = width // heads
        self.to_q = nn.Linear(width, width)
        self.to_k = nn.Linear(width, width)
        self.to_v = nn.Linear(width, width)
        self.add_q_proj = nn.Linear(width, width)
        self.add_k_proj = nn.Linear(width, width)
        self.add_v_proj = nn.Linear(width, width)
        self.to_out = nn.ModuleList([nn.Linear(width, width)])
        self.to_add_out = None if last else nn.Linear(width, width)
        self.norm_q = HeadNorm(size)
        self.norm_k = HeadNorm(size)
        self.norm_added_q = HeadNorm(size)
        self.norm_added_k = HeadNorm(size)

    def forward(self, image, text):
        h = self.heads
        q = torch.cat([self.norm_q(split_heads(self.to_q(image), h)),
                       self.norm_added_q(split_heads(self.add_q_proj(text), h))], dim=2)
        k = torch.cat([self.norm_k(split_heads(self.to_k(image), h)),
                       self.norm_added_k(split_heads(self.add_k_proj(text), h))], dim=2)
        v = torch.cat([split_heads(self.to_v(image), h), split_heads(self.add_v_proj(text), h)], dim=2)
        out = merge_heads(attend(q, k, v))
        n = image.shape[1]
        text_out = None if self.to_add_out is None else self.to_add_out(out[:, n:])
        return self.to_out[0](out[:, :n]), text_out


class GeluIn(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.proj = nn.Linear(width, 4 * width)

    def forward(self, x):
        return F.gelu(self.proj(x), approximate="tanh")


class FeedForward(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.net = nn.ModuleList([GeluIn(width), nn.Identity(), nn.Linear(4 * width, width)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class Block(nn.Module):
    """One joint block. In the last one the text stream ends after giving its keys and values."""

    def __init__(self, width, heads, last):
        super().__init__()
        self.last = last
        self.norm1 = Modulation(width, 6)
        self.norm1_context = Modulation(width, 2 if last else 6)
        self.attn = JointAttention(width, heads, last)
        self.ff = FeedForward(width)
        if not last:
            self.ff_context = FeedForward(width)

    def forward(self, x, c, condition):
        shift, scale, gate, shift2, scale2, gate2 = self.norm1(condition)
        if self.last:
            c_scale, c_shift = self.norm1_context(condition)
        else:
            c_shift, c_scale, c_gate, c_shift2, c_scale2, c_gate2 = self.norm1_context(condition)
        a, b = self.attn(modulate(x, shift, scale), modulate(c, c_shift, c_scale))
        x = x + gate * a
        x = x + gate2 * self.ff(modulate(x, shift2, scale2))
        if not self.last:
            c = c + c_gate * b
            c = c + c_gate2 * self.ff_context(modulate(c, c_shift2, c_scale2))
        return x, c


class Transformer(nn.Module):
    """SD3Transformer2DModel: predicts the velocity noise - image of the rectified flow."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        d = config.width
        self.pos_embed = PatchEmbed(config)
        self.time_text_embed = TimeText(d)
        self.context_embedder = nn.Linear(d, d)
        self.transformer_blocks = nn.ModuleList(
            Block(d, config.heads, i == config.layers - 1) for i in range(config.layers))
        self.norm_out = Modulation(d, 2)
        self.proj_out = nn.Linear(d, config.patch ** 2 * config.channels)
        nn.init.zeros_(self.proj_out.weight)
        nn.init.zeros_(self.proj_out.bias)

    def forward(self, latents, states, pooled, timestep):
        """latents [B, C, H, W], states [B, T, D], pooled [B, D], timestep [B] in 0..1000; result as latents."""
        b, c, h, w = latents.shape
        p = self.config.patch
        x = self.pos_embed(latents)
        condition = F.silu(self.time_text_embed(timestep, pooled))
        text = self.context_embedder(states)
        for block in self.transformer_blocks:
            x, text = block(x, text, condition)
        scale, shift = self.norm_out(condition)
        x = self.proj_out(modulate(x, shift, scale))
        return x.reshape(b, h // p, w // p, p, p, c).permute(0, 5, 1, 3, 2, 4).reshape(b, c, h, w)


class ImageModel(nn.Module):
    """Text encoder and transformer together, trained jointly."""

    def __init__(self, config=ModelConfig()):
        super().__init__()
        self.config = config
        self.text_encoder = TextEncoder(config)
        self.transformer = Transformer(config)

    def forward(self, latents, ids, timestep):
        """latents [B, C, H, W], ids [B, T], timestep [B] in 0..1000."""
        return self.transformer(latents, *self.text_encoder(ids), timestep)
