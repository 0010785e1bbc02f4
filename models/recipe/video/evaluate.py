"""Stage 2: samples clips for captions of unseen seeds, judges them, writes a sheet of frames and a JSON summary.

  --truth  judges true renders instead (the judge's ceiling)
"""
import argparse
import json
import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from clips import ClipMaker, ClipWorld  # noqa: E402
from diffusion import sample  # noqa: E402
from motion_judge import ClipJudge  # noqa: E402
from transformer import VideoModel  # noqa: E402
from vae import Decoder  # noqa: E402

EVALUATION_SEED = 777_000


def decoder_of(checkpoint):
    decoder = Decoder()
    vae = load_file(checkpoint / "vae" / "diffusion_pytorch_model.safetensors")
    decoder.load_state_dict({k.removeprefix("decoder."): v.float() for k, v in vae.items() if k.startswith("decoder.")})
    return decoder.eval()


@torch.no_grad()
def generate(model, decoder, tokens, captions, steps, guidance, seed, shared_below=0.0, frames=9, batch=4):
    """Captions to uint8 [K, F, 128, 128, 3]. Noise depends on the seed and the caption's number only."""
    empty, generator, out = torch.tensor(tokens.encode("")), torch.Generator().manual_seed(seed), []
    for k in range(0, len(captions), batch):
        part = captions[k:k + batch]
        noise = torch.randn(len(part), frames, 16, 16, 16, generator=generator)
        ids = torch.tensor([tokens.encode(c) for c in part])
        shared = torch.randn(len(part), 1, 16, 16, 16, generator=generator)
        latents = sample(model, ids, empty, noise, steps, guidance, shared, shared_below)
        pixels = decoder(latents.flatten(0, 1)).clamp(-1, 1)
        out.append(((pixels + 1) * 127.5).round().byte().permute(0, 2, 3, 1).reshape(len(part), frames, 128, 128, 3).numpy())
    return np.concatenate(out)


def sheet(videos, captions, path):
    """One row a clip, its caption before it."""
    rows = []
    for video, caption in zip(videos, captions):
        row = Image.new("RGB", (150 + 96 * len(video), 96), "white")
        draw = ImageDraw.Draw(row)
        for n, line in enumerate((caption[:24], caption[24:48], caption[48:])):
            draw.text((3, 8 + 14 * n), line, fill="black", font_size=11)
        for n, frame in enumerate(video):
            row.paste(Image.fromarray(frame).resize((96, 96), Image.Resampling.BICUBIC), (150 + 96 * n, 0))
        rows.append(np.asarray(row))
    Image.fromarray(np.concatenate(rows)).save(path)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--run", type=Path, default=Path("runs/video"))
    p.add_argument("--checkpoint", type=Path, default=HERE.parent.parent / "embedded" / "image")
    p.add_argument("--count", type=int, default=48)
    p.add_argument("--held-out", action="store_true", help="only pairs of object and colour that training never showed")
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--guidance", type=float, default=1.5)
    p.add_argument("--shared-below", type=float, default=0.7, help="share of the timesteps from which on all frames have one noise")
    p.add_argument("--seed", type=int, default=EVALUATION_SEED)
    p.add_argument("--threads", type=int, default=1)
    p.add_argument("--sheet", type=Path)
    p.add_argument("--truth", action="store_true")
    args = p.parse_args()
    torch.set_num_threads(args.threads)
    clips = ClipWorld()
    maker, judge = ClipMaker(clips, args.seed, args.held_out), ClipJudge(clips)
    chosen = [maker.clip() for _ in range(args.count)]
    captions = [clips.caption(c) for c in chosen]
    truth = [clips.render(c) for c in chosen]
    note = {}
    if args.truth:
        videos = truth
    else:
        state, model = torch.load(args.run / "video.pt"), VideoModel()
        model.load_state_dict(state["ema"])
        videos = generate(model.eval(), decoder_of(args.checkpoint), clips.tokenizer(), captions, args.steps, args.guidance,
                          args.seed, args.shared_below)
        note = {k: state[k] for k in ("step", "seen")}
    scores = [judge.score(v, c) for v, c in zip(videos, chosen)]
    step = lambda v: np.abs(np.diff(np.asarray(v, dtype=np.int16), axis=0)).mean()
    result = {**note, "clips": len(scores), "steps": args.steps, "guidance": args.guidance, "sharedBelow": args.shared_below}
    for key in ("motion", "place", "object", "colour", "identity", "kept", "flicker"):
        result[key] = round(float(np.mean([s[key] for s in scores])), 3)
    result["change"] = round(float(np.mean([step(v) for v in videos]) / np.mean([step(v) for v in truth])), 3)
    result["byMotion"] = {m["name"]: round(float(np.mean([s["motion"] for s, c in zip(scores, chosen) if c["motion"] == k] or [0])), 2)
                          for k, m in enumerate(clips.motions)}
    print(json.dumps(result))
    if args.sheet:
        labels = [f"{'' if s['motion'] and s['identity'] > 0.8 else 'x '}{c}" for s, c in zip(scores, captions)]
        sheet(videos[:24], labels, args.sheet)


if __name__ == "__main__":
    main()
