"""AutoencoderKL of diffusers: encoder written in closed form, decoder trained. Parameter names as in diffusers.

The encoder is linear up to its last norm: every resnet's second convolution is zero, so the block is the identity
(or copies channels where the width grows); each strided convolution reads the 2x2 taps it starts at, so three of
them make 8x8 patches. The last one writes, in each group of the final GroupNorm, two coefficients, their negatives
and the constants +K and -K; the group's mean is then 0 and its variance the constant 2 K^2 / 8, so the norm only
scales. Its weight and bias put SiLU where it is linear, and conv_out undoes both.
"""
import torch
import torch.nn.functional as F
from torch import nn

WIDTHS = (16, 32, 64, 64)
CHANNELS = 16
GROUPS = 8
CONSTANT = 100.0
LIFT = 12.0
SPREAD = 3.0


def norm(width):
    return nn.GroupNorm(GROUPS, width, eps=1e-6)


class Resnet(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm1, self.conv1 = norm(inputs), nn.Conv2d(inputs, outputs, 3, padding=1)
        self.norm2, self.conv2 = norm(outputs), nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x):
        y = self.conv1(F.silu(self.norm1(x)))
        y = self.conv2(F.silu(self.norm2(y)))
        return y + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Down(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, stride=2)

    def forward(self, x):
        return self.conv(F.pad(x, (0, 1, 0, 1)))


class Up(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)

    def forward(self, x):
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))


class DownBlock(nn.Module):
    def __init__(self, inputs, outputs, last):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(inputs, outputs)])
        self.downsamplers = None if last else nn.ModuleList([Down(outputs)])

    def forward(self, x):
        x = self.resnets[0](x)
        return x if self.downsamplers is None else self.downsamplers[0](x)


class UpBlock(nn.Module):
    def __init__(self, inputs, outputs, last):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(inputs, outputs), Resnet(outputs, outputs)])
        self.upsamplers = None if last else nn.ModuleList([Up(outputs)])

    def forward(self, x):
        for resnet in self.resnets:
            x = resnet(x)
        return x if self.upsamplers is None else self.upsamplers[0](x)


class Middle(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.resnets = nn.ModuleList([Resnet(width, width), Resnet(width, width)])

    def forward(self, x):
        return self.resnets[1](self.resnets[0](x))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_in = nn.Conv2d(3, WIDTHS[0], 3, padding=1)
        before = (WIDTHS[0], *WIDTHS[:-1])
        self.down_blocks = nn.ModuleList(DownBlock(a, b, i == 3) for i, (a, b) in enumerate(zip(before, WIDTHS)))
        self.mid_block = Middle(WIDTHS[-1])
        self.conv_norm_out = norm(WIDTHS[-1])
        self.conv_out = nn.Conv2d(WIDTHS[-1], 2 * CHANNELS, 3, padding=1)

    def forward(self, x):
        """Pixels [B, 3, H, W] in -1..1 to means and log variances [B, 2 C, H / 8, W / 8]."""
        x = self.conv_in(x)
        for block in self.down_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(self.mid_block(x))))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        wide = WIDTHS[::-1]
        self.conv_in = nn.Conv2d(CHANNELS, wide[0], 3, padding=1)
        self.mid_block = Middle(wide[0])
        self.up_blocks = nn.ModuleList(
            UpBlock(a, b, i == 3) for i, (a, b) in enumerate(zip((wide[0], *wide[:-1]), wide)))
        self.conv_norm_out = norm(wide[-1])
        self.conv_out = nn.Conv2d(wide[-1], 3, 3, padding=1)

    def forward(self, z):
        """Latents [B, C, h, w] to pixels [B, 3, 8 h, 8 w] in about -1..1."""
        x = self.mid_block(self.conv_in(z))
        for block in self.up_blocks:
            x = block(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class AutoencoderKL(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = Encoder(), Decoder()


def _tap(conv, matrix, row, column):
    """Writes matrix [out, in] at one tap of a convolution."""
    conv.weight.data[: matrix.shape[0], : matrix.shape[1], row, column] = torch.as_tensor(matrix).float()


@torch.no_grad()
def write_encoder(encoder, codec):
    """Writes a PatchCodec into the encoder's weights."""
    for name, p in encoder.named_parameters():
        p.fill_(1.0 if "norm" in name and name.endswith("weight") else 0.0)
    for block in encoder.down_blocks:
        resnet = block.resnets[0]
        if hasattr(resnet, "conv_shortcut"):
            w = resnet.conv_shortcut.weight
            for c in range(min(w.shape[:2])):
                w[c, c] = 1.0
    eye = torch.eye(3, dtype=torch.float64)
    _tap(encoder.conv_in, eye, 1, 1)
    downs = [block.downsamplers[0].conv for block in encoder.down_blocks[:3]]

    for tap in range(4):                                     # level 0: 2x2 pixels side by side, 12 channels
        place = torch.zeros(12, 3)
        place[3 * tap:3 * tap + 3] = eye
        _tap(downs[0], place, tap // 2, tap % 2)

    first = torch.as_tensor(codec.first).reshape(-1, 2, 2, 2, 2, 3)   # axis, block row, pixel row, block col, pixel col, rgb
    for tap in range(4):                                     # level 1: principal axes of 4x4 pixels
        part = first[:, tap // 2, :, tap % 2].reshape(len(first), -1)
        _tap(downs[1], part, tap // 2, tap % 2)
    offset = -torch.as_tensor(codec.first) @ torch.as_tensor(codec.mean_1)
    downs[1].bias[: len(offset)] = offset.float()

    second = torch.as_tensor(codec.second) / torch.as_tensor(codec.scale)[:, None]
    bias = -second @ torch.as_tensor(codec.mean_2)
    taps = second.reshape(CHANNELS, 4, -1)
    size = WIDTHS[-1] // GROUPS
    for c in range(CHANNELS):                                # level 2: coefficients, negatives and constants in groups
        k = size * (c // 2) + c % 2
        for tap in range(4):
            row, column = tap // 2, tap % 2
            downs[2].weight[k, : taps.shape[2], row, column] = taps[c, tap].float()
            downs[2].weight[k + 2, : taps.shape[2], row, column] = -taps[c, tap].float()
        downs[2].bias[k], downs[2].bias[k + 2] = bias[c].float(), -bias[c].float()
        downs[2].bias[size * (c // 2) + 4], downs[2].bias[size * (c // 2) + 5] = CONSTANT, -CONSTANT

    deviation = (2 * CONSTANT ** 2 / size) ** 0.5
    encoder.conv_norm_out.weight.fill_(deviation / SPREAD)
    encoder.conv_norm_out.bias.fill_(LIFT)
    for c in range(CHANNELS):
        encoder.conv_out.weight[c, size * (c // 2) + c % 2, 1, 1] = SPREAD
        encoder.conv_out.bias[c] = -SPREAD * LIFT
    encoder.conv_out.bias[CHANNELS:] = -30.0
