"""Muon for the matrices inside attention and feed-forward, AdamW for the rest."""
import torch

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalise(g, dtype, steps=5):
    """Nearest semi-orthogonal matrix, roughly, of each matrix in a stack [K, rows, columns], rows <= columns.

    bfloat16 is enough, where the machine is fast at it: the result is rough anyway.
    """
    a, b, c = NEWTON_SCHULZ
    x = (g / (g.flatten(1).norm(dim=1)[:, None, None] + 1e-7)).to(dtype)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * (gram @ gram)) @ x
    return x.float()


class Muon:
    """Momentum, orthogonalised per matrix. Matrices of equal shape are handled as one stack, laid wide."""

    def __init__(self, parameters, momentum=0.95, dtype=torch.bfloat16):
        self.groups = {}
        for p in parameters:
            wide = p.shape[0] <= p.shape[1]
            self.groups.setdefault((min(p.shape), max(p.shape)), []).append((p, wide))
        self.momentum, self.dtype = momentum, dtype
        self.buffers = {k: torch.zeros(len(v), *k, device=v[0][0].device) for k, v in self.groups.items()}

    @torch.no_grad()
    def step(self, rate):
        for key, members in self.groups.items():
            grads = torch.stack([p.grad if wide else p.grad.T for p, wide in members])
            buffer = self.buffers[key].mul_(self.momentum).add_(grads)
            updates = orthogonalise(grads.add_(buffer, alpha=self.momentum), self.dtype)
            for (p, wide), u in zip(members, updates):
                scale = max(1.0, p.shape[0] / p.shape[1]) ** 0.5
                p.add_(u if wide else u.T, alpha=-rate * scale)

    def state_dict(self):
        return {f"{a}x{b}": v for (a, b), v in self.buffers.items()}

    def load_state_dict(self, state):
        for (a, b), v in self.buffers.items():
            v.copy_(state[f"{a}x{b}"])


def split_parameters(model):
    """(matrices for Muon, everything else for AdamW), both as lists of parameters."""
    matrices, others = [], []
    for name, p in model.named_parameters():
        inside = "transformer_blocks" in name and (".attn" in name or ".ff" in name)
        (matrices if inside and p.ndim == 2 else others).append(p)
    return matrices, others


def descend(parameters, adam, muon, adam_rate, muon_rate):
    """One step along the clipped gradients, which are gone after it."""
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    adam.param_groups[0]["lr"] = adam_rate
    adam.step()
    muon.step(muon_rate)
    for parameter in parameters:
        parameter.grad = None


def follow(averaged, trained, step, most=0.999):
    """Moves averaged weights after the trained ones; quickly at first, with a decay of `most` later."""
    decay = min(most, 1 - 10 / (step + 10))
    torch._foreach_lerp_(averaged, [parameter.detach() for parameter in trained], 1 - decay)
