"""Stage 0: RUN/video.pt from the embedded image model, or from an exported video model to train that one further.

From the image model, what both layouts share is copied: patches, the image stream's projections and feed-forward, both streams' halves of the adaptive
norms, the text encoder. The time embedding is solved for by least squares: the image model's was made for flow noise levels and
another sinusoid. What differs (position table, one set of weights for text and picture, layer norm of queries) training mends.
"""
import argparse
import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from dit import time_sinusoid  # noqa: E402
from diffusion import ALPHAS, TRAIN_STEPS  # noqa: E402
from transformer import VideoModel  # noqa: E402

EMBEDDING = "text_model.embeddings.token_embedding.weight"


def solved_time(image, width):
    """linear_1 of the new sinusoid so that a diffusion timestep gives what its flow noise level gave."""
    t = torch.arange(TRAIN_STEPS)
    flow = (1 - ALPHAS).sqrt() / (ALPHAS.sqrt() + (1 - ALPHAS).sqrt())
    name = "time_text_embed.timestep_embedder.linear_1."
    wanted = time_sinusoid(1000 * flow.float()) @ image[name + "weight"].T + image[name + "bias"]
    known = torch.cat([time_sinusoid(t, width), torch.ones(TRAIN_STEPS, 1)], dim=1)
    gram = known.T @ known + 1e-3 * torch.eye(known.shape[1])
    solution = torch.linalg.solve(gram, known.T @ wanted)
    return solution[:-1].T.contiguous(), solution[-1]


def warm_transformer(state, image, config, pooled):
    """Fills `state` (of VideoTransformer) from the image transformer; `pooled`: the mean pooled text vector."""
    copy = lambda to, frm: [state[f"{to}.{k}"].copy_(image[f"{frm}.{k}"]) for k in ("weight", "bias")]
    copy("patch_embed.proj", "pos_embed.proj")
    copy("patch_embed.text_proj", "context_embedder")
    weight, bias = solved_time(image, config.width)
    state["time_embedding.linear_1.weight"].copy_(weight)
    state["time_embedding.linear_1.bias"].copy_(bias)
    copy("time_embedding.linear_2", "time_text_embed.timestep_embedder.linear_2")
    text = "time_text_embed.text_embedder."
    inner = torch.nn.functional.silu(pooled @ image[text + "linear_1.weight"].T + image[text + "linear_1.bias"])
    state["time_embedding.linear_2.bias"] += inner @ image[text + "linear_2.weight"].T + image[text + "linear_2.bias"]
    for n in range(config.layers):
        to, frm = f"transformer_blocks.{n}", f"transformer_blocks.{n}"
        for part in ("to_q", "to_k", "to_v", "to_out.0"):
            copy(f"{to}.attn1.{part}", f"{frm}.attn.{part}")
        for part in ("norm_q", "norm_k"):
            state[f"{to}.attn1.{part}.weight"].copy_(image[f"{frm}.attn.{part}.weight"])
        copy(f"{to}.ff.net.0.proj", f"{frm}.ff.net.0.proj")
        copy(f"{to}.ff.net.2", f"{frm}.ff.net.2")
        for kind in ("weight", "bias"):
            video = image[f"{frm}.norm1.linear.{kind}"].chunk(2)
            words = image[f"{frm}.norm1_context.linear.{kind}"]
            if n == config.layers - 1:
                scale, shift = words.chunk(2)
                words = (torch.cat([shift, scale, torch.zeros_like(shift)]), torch.zeros_like(video[1]))
            else:
                words = words.chunk(2)
            for k, norm in enumerate(("norm1", "norm2")):
                state[f"{to}.{norm}.linear.{kind}"].copy_(torch.cat([video[k], words[k]]))
    for kind in ("weight", "bias"):
        scale, shift = image[f"norm_out.linear.{kind}"].chunk(2)
        state[f"norm_out.linear.{kind}"].copy_(torch.cat([shift, scale]))
        rows = image[f"proj_out.{kind}"].unflatten(0, (config.patch ** 2, config.channels)).transpose(0, 1)
        state[f"proj_out.{kind}"].copy_(rows.flatten(0, 1))


@torch.no_grad()
def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/video"))
    p.add_argument("--checkpoint", type=Path, default=HERE.parent.parent / "embedded" / "image")
    args = p.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    part = lambda name: {k: v.float() for k, v in load_file(args.checkpoint / name).items()}
    text, transformer = part("text_encoder/model.safetensors"), part("transformer/diffusion_pytorch_model.safetensors")
    model = VideoModel()
    if json.loads((args.checkpoint / "model_index.json").read_text())["_class_name"] == "CogVideoXPipeline":
        model.text_encoder.load_state_dict(text)
        model.transformer.load_state_dict(transformer)
    else:
        from_image(model, text, transformer)
    torch.save({"model": model.state_dict(), "ema": model.state_dict(), "step": 0, "seen": 0}, args.run / "video.pt")


def from_image(model, text, transformer):
    from clips import ClipMaker, ClipWorld
    clips = ClipWorld()
    tokens = clips.tokenizer()
    rows, generator = text[EMBEDDING], torch.Generator().manual_seed(23)
    known = [n for w, n in tokens.ids.items() if w not in clips.spec["newWords"]]
    for word in clips.spec["newWords"]:
        rows[tokens.ids[word]] = rows[known].mean(0) + 0.2 * torch.randn(rows.shape[1], generator=generator)
    model.text_encoder.load_state_dict(text)
    maker = ClipMaker(clips, 41)
    ids = torch.tensor([tokens.encode(clips.caption(maker.clip())) for _ in range(256)])
    pooled = model.text_encoder(ids)[1].mean(0)
    state = model.transformer.state_dict()
    warm_transformer(state, transformer, model.config, pooled)
    model.transformer.load_state_dict(state)


if __name__ == "__main__":
    main()
