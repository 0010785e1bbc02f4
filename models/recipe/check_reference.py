"""Opens the exported checkpoint in diffusers and transformers, strictly, and compares it with our own forward pass.

Prints the largest absolute difference of every part; exits with 1 when one is above 1e-3. Needs
requirements-check.txt. The text encoder and the transformer are compared on real prompts, the VAE on rendered scenes,
the tokenizer on odd texts, and at last both run a whole sampling loop from the same noise.

With --fixtures DIR the reference's inputs and outputs are written there as fixtures, with tolerances by the rule of
the other fixtures (ten times the reference's own float32 rounding), so that `npm run parity -- DIR` holds the
product's engine against diffusers and transformers on this checkpoint.
"""
import argparse
import copy
import json
import shutil
import sys
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL as ReferenceVae
from diffusers import FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModelWithProjection, PreTrainedTokenizerFast

from dit import ImageModel
from flow import sample
from train_decoder import to_tensor
from vae import AutoencoderKL
from world import SceneMaker, Tokenizer, World

LIMIT = 1e-3
TEXTS = ["", "A Red apple, on the LEFT!", "a photo of a dog's house...  (at night)", "zzz " * 40,
         "an apple,and a cat on   grass\n"]


def open_strictly(kind, folder):
    """A reference model in float32; refuses missing, unexpected and misshapen tensors."""
    model, info = kind.from_pretrained(folder, output_loading_info=True, torch_dtype=torch.float32)
    for key in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs"):
        if info.get(key):
            sys.exit(f"{kind.__name__}: {key} {info[key]}")
    return model.eval()


def ours(folder):
    """Our own modules with the exported weights widened to float32."""
    model, vae = ImageModel(), AutoencoderKL()
    widen = lambda path: {k: v.float() for k, v in load_file(path).items()}
    model.transformer.load_state_dict(widen(folder / "transformer" / "diffusion_pytorch_model.safetensors"))
    model.text_encoder.load_state_dict(widen(folder / "text_encoder" / "model.safetensors"))
    vae.load_state_dict(widen(folder / "vae" / "diffusion_pytorch_model.safetensors"))
    return model.eval(), vae.eval()


@torch.no_grad()
def reference_sample(transformer, encoder, scheduler, ids, empty, noise, steps, guidance):
    """The loop of StableDiffusion3Pipeline with one text encoder."""
    both = encoder(torch.cat([empty[None].expand_as(ids), ids]), output_hidden_states=True)
    states, pooled, x = both.hidden_states[-2], both.text_embeds, noise.clone()
    scheduler.set_timesteps(steps)
    for t in scheduler.timesteps:
        v = transformer(torch.cat([x, x]), states, pooled, t.expand(2 * len(x)), return_dict=False)[0]
        low, high = v.chunk(2)
        x = scheduler.step(low + guidance * (high - low), t, x, return_dict=False)[0]
    return x


def tolerances(value, exact):
    """Of one output, from what float32 costs the reference itself: float32 [...] against float64 [...]."""
    noise = (value.double() - exact).abs().max().item()
    relative = ((value.double() - exact).square().mean() / exact.square().mean()).sqrt().item()
    largest = exact.abs().max().item()
    return {"shape": list(value.shape), "dtype": "F32", "max_abs": largest,
            "atol": max(10 * noise, 1e-5 * largest), "rel_rms_tol": max(10 * relative, 3e-6)}


def write_fixture(folder, part, kind, weights, cases, inputs, run):
    """One fixture folder: checkpoint, inputs, outputs, manifest. `run(dtype)` gives the reference's outputs by name."""
    (folder / "checkpoint").mkdir(parents=True, exist_ok=True)
    for name in ("config.json", weights):
        shutil.copyfile(part / name, folder / "checkpoint" / name)
    outputs, exact = run(torch.float32), run(torch.float64)
    save_file({k: v.contiguous() for k, v in inputs.items()}, folder / "inputs.safetensors")
    save_file({k: v.float().contiguous() for k, v in outputs.items()}, folder / "outputs.safetensors")
    manifest = {"name": folder.name, "kind": "model", "class": kind.__name__, "checkpoint": "checkpoint", "cases": cases,
                "computed_in": "float32", "outputs": {k: tolerances(v, exact[k]) for k, v in outputs.items()}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1))


def write_fixtures(folder, checkpoint, encoder, transformer, vae, ids, noise, t, pixels):
    """The three networks with one case each."""
    weights = "diffusion_pytorch_model.safetensors"
    text = encoder(ids, output_hidden_states=True)
    latents = vae.encode(pixels).latent_dist.mean
    as_type = lambda model, dtype: copy.deepcopy(model).to(dtype)

    def run_text(dtype):
        out = as_type(encoder, dtype)(ids, output_hidden_states=True)
        return {"a.penultimate": out.hidden_states[-2], "a.last_hidden_state": out.last_hidden_state,
                "a.text_embeds": out.text_embeds}

    def run_transformer(dtype):
        out = as_type(transformer, dtype)(noise.to(dtype), text.hidden_states[-2].to(dtype), text.text_embeds.to(dtype),
                                          t.to(dtype), return_dict=False)[0]
        return {"a.sample": out}

    def run_vae(dtype):
        model = as_type(vae, dtype)
        return {"a.mean": model.encode(pixels.to(dtype)).latent_dist.mean, "a.sample": model.decode(latents.to(dtype)).sample}

    b, _, height, width = noise.shape
    write_fixture(folder / "text_encoder", checkpoint / "text_encoder", CLIPTextModelWithProjection, "model.safetensors",
                  {"a": {"tokens": ids.shape[1]}}, {"a.input_ids": ids}, run_text)
    write_fixture(folder / "transformer", checkpoint / "transformer", SD3Transformer2DModel, weights,
                  {"a": {"batch": b, "height": height, "width": width, "text_tokens": ids.shape[1]}},
                  {"a.hidden_states": noise, "a.timestep": t, "a.encoder_hidden_states": text.hidden_states[-2],
                   "a.pooled_projections": text.text_embeds}, run_transformer)
    write_fixture(folder / "vae", checkpoint / "vae", ReferenceVae, weights,
                  {"a": {"batch": b, "height": pixels.shape[2], "width": pixels.shape[3],
                         "latent_height": height, "latent_width": width}}, {"a.x": pixels, "a.z": latents}, run_vae)


@torch.no_grad()
def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--fixtures", type=Path, help="folder to write fixtures for the engine to")
    p.add_argument("--model", type=Path, default=Path(__file__).resolve().parent.parent / "embedded" / "image")
    args = p.parse_args()
    folder = args.model
    torch.set_num_threads(1)
    model, vae = ours(folder)
    encoder = open_strictly(CLIPTextModelWithProjection, folder / "text_encoder")
    transformer = open_strictly(SD3Transformer2DModel, folder / "transformer")
    reference_vae = open_strictly(ReferenceVae, folder / "vae")
    scheduler = FlowMatchEulerDiscreteScheduler.from_pretrained(folder / "scheduler")
    reference_tokens = PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer")

    world = World()
    tokens, maker = Tokenizer(world.spec), SceneMaker(world, 12)
    scenes = [maker.scene() for _ in range(4)]
    captions = [maker.caption(s, full=True) for s in scenes]
    for text in [*TEXTS, *captions]:
        theirs = reference_tokens(text, padding="max_length", truncation=True, max_length=tokens.length)["input_ids"]
        if theirs != tokens.encode(text):
            sys.exit(f"tokenizer differs on {text!r}:\n{theirs}\n{tokens.encode(text)}")
    print("tokenizer: equal")

    ids, empty = torch.tensor([tokens.encode(c) for c in captions]), torch.tensor(tokens.encode(""))
    generator = torch.Generator().manual_seed(3)
    noise = torch.randn(len(ids), 16, 16, 16, generator=generator)
    t = torch.tensor([1000.0, 731.5, 250.0, 3.0])
    pixels = to_tensor(np.stack([world.render(s) for s in scenes]))
    text, (states, pooled) = encoder(ids, output_hidden_states=True), model.text_encoder(ids)
    out = transformer(noise, text.hidden_states[-2], text.text_embeds, t, return_dict=False)[0]
    moments = vae.encoder(pixels)
    theirs = reference_vae.encode(pixels).latent_dist
    worst = 0.0
    for name, a, b in [
        ("text encoder, states", states, text.hidden_states[-2]),
        ("text encoder, pooled", pooled, text.text_embeds),
        ("transformer", model.transformer(noise, states, pooled, t), out),
        ("vae encoder, mean", moments[:, :16], theirs.mean),
        ("vae decoder", vae.decoder(theirs.mean), reference_vae.decode(theirs.mean).sample),
        ("20 steps with guidance 3, latents", sample(model, ids, empty, noise),
         reference_sample(transformer, encoder, scheduler, ids, empty, noise, 20, 3.0)),
    ]:
        difference = (a - b).abs().max().item()
        worst = max(worst, difference)
        print(f"{name}: max abs difference {difference:.1e} (values up to {b.abs().max().item():.2f})")
    if args.fixtures:
        write_fixtures(args.fixtures, folder, encoder, transformer, reference_vae, ids, noise, t, pixels)
    sys.exit(worst > LIMIT)


if __name__ == "__main__":
    main()
