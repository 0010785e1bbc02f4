"""Rectified flow: x_s = (1 - s) x + s e, velocity e - x, timestep 1000 s. Training times and the Euler sampler."""
import torch

SHIFT = 3.0


def draw_times(count, generator, centre=0.9, uniform=0.12):
    """s in 0..1 [count]: logistic-normal around sigmoid(centre), a share of them uniform."""
    s = torch.sigmoid(torch.randn(count, generator=generator) + centre)
    flat = torch.rand(count, generator=generator)
    return torch.where(torch.rand(count, generator=generator) < uniform, flat, s)


def mix(x, noise, s):
    s = s[:, None, None, None]
    return (1 - s) * x + s * noise


def schedule(steps, shift=SHIFT):
    """Noise levels 1 .. 0, `steps` + 1 of them, as FlowMatchEulerDiscreteScheduler makes them: shifted twice."""
    bend = lambda s: shift * s / (1 + (shift - 1) * s)
    return [*bend(torch.linspace(1, bend(0.001), steps, dtype=torch.float64)).tolist(), 0.0]


@torch.no_grad()
def sample(model, ids, empty, noise, steps=20, guidance=3.0, shift=SHIFT):
    """Euler steps with classifier-free guidance. ids [B, T], empty [T], noise [B, C, H, W]; returns latents."""
    x, b = noise.clone(), len(ids)
    both = torch.cat([empty[None].expand_as(ids), ids])
    states, pooled = model.text_encoder(both)
    sigmas = schedule(steps, shift)
    for now, then in zip(sigmas, sigmas[1:]):
        t = torch.full((2 * b,), 1000.0 * now, device=x.device)
        v = model.transformer(torch.cat([x, x]), states, pooled, t).float()
        v = v[:b] + guidance * (v[b:] - v[:b])
        x = x + (then - now) * v
    return x
