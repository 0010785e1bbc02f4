"""Stage 3a, instead of starting from nothing: RUN/dit.pt, decoder.pt and codec.npz from a checkpoint made earlier.

The vocabulary may have grown since. A word keeps its embedding, whatever its id was; a new object, colour or place
starts from the mean of the old words of its kind, a little apart from it. The latents must stay what they were, so the
codec is the one the checkpoint was made with (`world/codec.npz`).
"""
import argparse
import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file

from dit import ImageModel
from vae import Decoder
from world import FOLDER, Tokenizer, World

APART = 0.1
EMBEDDING = "text_model.embeddings.token_embedding.weight"


def grown_embedding(old, old_ids, world, tokens):
    """Rows [128, D] by the new ids; returns them and the words that were known."""
    rows = old.clone()
    kinds = (world.objects, world.colours[1:], world.place_names)
    generator = torch.Generator().manual_seed(17)
    for word, number in tokens.ids.items():
        if word in old_ids:
            rows[number] = old[old_ids[word]]
            continue
        like = next(([old_ids[w] for w in kind if w in old_ids] for kind in kinds if word in kind), None)
        if like is None:
            raise SystemExit(f"{word}: a new word that is no object, colour or place has nothing to start from")
        rows[number] = old[like].mean(0) + APART * torch.randn(old.shape[1], generator=generator)
    return rows, sorted(set(old_ids) & set(tokens.ids))


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/image"))
    p.add_argument("--checkpoint", type=Path, default=Path(__file__).resolve().parent.parent / "embedded" / "image")
    p.add_argument("--seen", type=int, default=0, help="scenes the checkpoint was trained on, for the log")
    args = p.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    world = World()
    tokens = Tokenizer(world.spec)
    part = lambda name: {k: v.float() for k, v in load_file(args.checkpoint / name).items()}
    old_ids = json.loads((args.checkpoint / "tokenizer" / "tokenizer.json").read_text())["model"]["vocab"]
    text = part("text_encoder/model.safetensors")
    text[EMBEDDING], known = grown_embedding(text[EMBEDDING], old_ids, world, tokens)
    model, decoder = ImageModel(), Decoder()
    model.text_encoder.load_state_dict(text)
    model.transformer.load_state_dict(part("transformer/diffusion_pytorch_model.safetensors"))
    vae = part("vae/diffusion_pytorch_model.safetensors")
    decoder.load_state_dict({k.removeprefix("decoder."): v for k, v in vae.items() if k.startswith("decoder.")})
    state = model.state_dict()
    torch.save({"model": state, "ema": state, "step": 0, "seen": args.seen, "known": [*known, "natural"],
                "validation": None}, args.run / "dit.pt")
    torch.save({"ema": decoder.state_dict(), "step": 0}, args.run / "decoder.pt")
    shutil.copyfile(FOLDER / "codec.npz", args.run / "codec.npz")
    print(f"{len(known)} words known, {len(tokens.ids) - len(known)} new")


if __name__ == "__main__":
    main()
