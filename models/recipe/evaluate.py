"""Stage 5: samples pictures for captions of unseen seeds, judges them, writes a sheet and a JSON summary.

  --from RUN        reads RUN/dit.pt (EMA), RUN/decoder.pt, RUN/codec.npz
  --truth           judges true renders instead (the judge's ceiling); --codec: renders through the codec
"""
import argparse
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw

from dit import ImageModel
from flow import SHIFT, sample
from judge import Judge, summary
from latents import PatchCodec
from vae import Decoder
from world import SceneMaker, Tokenizer, World

EVALUATION_SEED = 777_000


def scenes_for(world, count, seed=EVALUATION_SEED, held_out=None, number=None):
    """Records and full captions, `count` of them. Seeds are disjoint from training's."""
    maker = SceneMaker(world, seed, held_out=held_out)
    scenes = [maker.scene(number) for _ in range(count)]
    return scenes, [maker.caption(s, full=True) for s in scenes]


@torch.no_grad()
def generate(model, decoder, tokenizer, captions, steps, guidance, seed, shift=SHIFT, batch=16):
    """Captions to uint8 pictures [K, 128, 128, 3]. Noise depends on the seed and the caption's number only."""
    empty, pictures = torch.tensor(tokenizer.encode("")), []
    generator = torch.Generator().manual_seed(seed)
    for k in range(0, len(captions), batch):
        part = captions[k:k + batch]
        ids = torch.tensor([tokenizer.encode(c) for c in part])
        noise = torch.randn(len(part), 16, 16, 16, generator=generator)
        out = decoder(sample(model, ids, empty, noise, steps, guidance, shift))
        pictures.append(((out.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())
    return np.concatenate(pictures)


def sheet(pictures, captions, path, columns=8):
    """A contact sheet with the captions below the pictures."""
    rows = -(-len(pictures) // columns)
    canvas = Image.new("RGB", (columns * 196, rows * 220), "white")
    draw = ImageDraw.Draw(canvas)
    for k, (picture, caption) in enumerate(zip(pictures, captions)):
        x, y = k % columns * 196, k // columns * 220
        canvas.paste(Image.fromarray(picture).resize((192, 192), Image.Resampling.BICUBIC), (x, y))
        draw.text((x + 2, y + 193), caption[:34], fill="black", font_size=10)
        draw.text((x + 2, y + 205), caption[34:], fill="black", font_size=10)
    canvas.save(path)


def load(run):
    model, decoder = ImageModel(), Decoder()
    state = torch.load(run / "dit.pt", map_location="cpu")
    model.load_state_dict(state["ema"])
    decoder.load_state_dict(torch.load(run / "decoder.pt", map_location="cpu")["ema"])
    return model.eval(), decoder.eval(), state


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, default=Path("runs/image"))
    p.add_argument("--count", type=int, default=48)
    p.add_argument("--number", type=int, choices=(1, 2), help="objects per scene; default: both kinds")
    p.add_argument("--held-out", choices=("colour", "together", "cell"), help="only what training never showed")
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--guidance", type=float, default=3.0)
    p.add_argument("--shift", type=float, default=SHIFT, help="of the schedule; above 1 spends more steps on noise")
    p.add_argument("--seed", type=int, default=EVALUATION_SEED)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--sheet", type=Path)
    p.add_argument("--free", action="store_true", help="the captions in free wording with an unknown word, no comma")
    p.add_argument("--failures", action="store_true", help="list what is wrong")
    p.add_argument("--truth", action="store_true")
    p.add_argument("--codec", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    world = World()
    judge = Judge(world)
    scenes, captions = scenes_for(world, args.count, args.seed, args.held_out, args.number)
    if args.free:
        captions = ["a photo of a lovely " + c.replace(",", "").split(" ", 1)[1] for c in captions]
    note = {}
    if args.truth or args.codec:
        pictures = np.stack([world.render(s) for s in scenes])
        if args.codec:
            codec = PatchCodec.load(args.run / "codec.npz")
            pictures = codec.decode(codec.encode(pictures))
    else:
        model, decoder, state = load(args.run)
        pictures = generate(model, decoder, Tokenizer(world.spec), captions, args.steps, args.guidance,
                            args.seed, args.shift)
        note = {k: state[k] for k in ("step", "seen", "validation")}
    scores = [judge.score(picture, scene) for picture, scene in zip(pictures, scenes)]
    one = [s for s, scene in zip(scores, scenes) if len(scene["objects"]) == 1]
    two = [s for s, scene in zip(scores, scenes) if len(scene["objects"]) == 2]
    result = {**note, "all": summary(scores), "one": summary(one) if one else None, "two": summary(two) if two else None,
              "steps": args.steps, "guidance": args.guidance, "shift": args.shift}
    print(json.dumps(result))
    if args.failures:
        for score, caption in zip(scores, captions):
            if not score["whole"]:
                wrong = [k for k in ("object", "colour", "position") if not all(score[k])]
                print(caption, "| wrong:", *wrong, "" if score["background"] else "background")
    if args.sheet:
        sheet(pictures, [("" if s["whole"] else "x ") + c for s, c in zip(scores, captions)], args.sheet)


if __name__ == "__main__":
    main()
