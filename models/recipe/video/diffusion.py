"""CogVideoX's diffusion: v-prediction, scaled-linear betas with zero terminal SNR (arXiv 2305.08891), DDIM."""
import torch

TRAIN_STEPS = 1000


def alphas_cumprod():
    """[1000] float64; the last is 0."""
    betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, TRAIN_STEPS, dtype=torch.float64) ** 2
    root = (1 - betas).cumprod(0).sqrt()
    root = (root - root[-1]) * root[0] / (root[0] - root[-1])
    return root ** 2


ALPHAS = alphas_cumprod()


def levels(timestep):
    """(signal, noise) factors [B, 1, 1, 1, 1] of integer timesteps [B]."""
    a = ALPHAS[timestep].float()[:, None, None, None, None]
    return a.sqrt(), (1 - a).sqrt()


def draw_timesteps(count, generator, upper=0.4):
    """Integers 0..999 [count]; a share of them from the noisier half, where layout and motion are decided."""
    t = torch.rand(count, generator=generator)
    half = torch.rand(count, generator=generator) < upper
    return (torch.where(half, 0.5 + t / 2, t) * TRAIN_STEPS).long().clamp(max=TRAIN_STEPS - 1)


def trailing(steps):
    """Timesteps of CogVideoXDDIMScheduler with `timestep_spacing` trailing."""
    return (torch.arange(TRAIN_STEPS, 0, -TRAIN_STEPS / steps, dtype=torch.float64).round() - 1).long()


def share_noise(noise, t, share, generator, below):
    """Gives all frames of some clips the noise of their first: a share of those whose timestep is at most `below` of all."""
    chosen = (torch.rand(len(t), generator=generator) < share) & (t <= below * TRAIN_STEPS)
    return torch.where(chosen[:, None, None, None, None], noise[:, :1], noise)


@torch.no_grad()
def sample(model, ids, empty, noise, steps=20, guidance=4.0, shared=None, below=0.0):
    """DDIM with classifier-free guidance. ids [B, T], empty [T], noise [B, F, C, H, W]; returns latents.

    From the first step that ends at `below` of the timesteps on, all frames have the noise `shared` [B, 1, C, H, W].
    """
    x, b = noise.clone(), len(ids)
    states, _ = model.text_encoder(torch.cat([empty[None].expand_as(ids), ids]))
    frames = torch.arange(noise.shape[1])[None].expand(2 * b, -1)
    for t in trailing(steps).tolist():
        v = model.transformer(torch.cat([x, x]), states, torch.full((2 * b,), t), frames)
        v = v[:b] + guidance * (v[b:] - v[:b])
        a = float(ALPHAS[t])
        previous = t - TRAIN_STEPS // steps
        then = float(ALPHAS[previous]) if previous >= 0 else 1.0
        clean = a ** 0.5 * x - (1 - a) ** 0.5 * v
        error = a ** 0.5 * v + (1 - a) ** 0.5 * x
        if shared is not None and previous <= below * TRAIN_STEPS < t:
            error = shared.expand_as(error)
        x = then ** 0.5 * clean + (1 - then) ** 0.5 * error
    return x
