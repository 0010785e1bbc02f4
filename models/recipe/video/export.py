"""Stage 3: writes the checkpoint in the layout of CogVideoXPipeline, float16, from RUN/video.pt (EMA) and the image model's vae."""
import argparse
import json
import sys
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
import export as image  # noqa: E402  (the image model's)
from clips import ClipWorld  # noqa: E402
from transformer import VideoConfig, VideoModel  # noqa: E402


def model_index():
    return {"_class_name": "CogVideoXPipeline", "_diffusers_version": image.DIFFUSERS,
            "scheduler": ["diffusers", "CogVideoXDDIMScheduler"],
            "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
            "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
            "transformer": ["diffusers", "CogVideoXTransformer3DModel"], "vae": ["diffusers", "AutoencoderKL"]}


def scheduler_config():
    return {"_class_name": "CogVideoXDDIMScheduler", "_diffusers_version": image.DIFFUSERS, "num_train_timesteps": 1000,
            "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "clip_sample": False,
            "set_alpha_to_one": True, "steps_offset": 0, "prediction_type": "v_prediction", "timestep_spacing": "trailing",
            "rescale_betas_zero_snr": True, "snr_shift_scale": 1.0}


def transformer_config(c: VideoConfig):
    return {"_class_name": "CogVideoXTransformer3DModel", "_diffusers_version": image.DIFFUSERS,
            "num_attention_heads": c.heads, "attention_head_dim": c.width // c.heads, "in_channels": c.channels,
            "out_channels": c.channels, "flip_sin_to_cos": True, "freq_shift": 0, "time_embed_dim": c.width,
            "text_embed_dim": c.width, "num_layers": c.layers, "dropout": 0.0, "attention_bias": True,
            "sample_width": c.side, "sample_height": c.side, "sample_frames": c.frames, "patch_size": c.patch,
            "temporal_compression_ratio": 1, "max_text_seq_length": c.text_length, "activation_fn": "gelu-approximate",
            "timestep_activation_fn": "silu", "norm_elementwise_affine": True, "norm_eps": 1e-5,
            "spatial_interpolation_scale": 1.0, "temporal_interpolation_scale": 1.0,
            "use_rotary_positional_embeddings": False, "use_learned_positional_embeddings": False}


def words_for_the_interface(clips: ClipWorld):
    """vocabulary.json of the words a clip's prompt may have."""
    spec = clips.world.spec
    chosen = lambda items, names: [{"word": i["name"], "synonyms": i["synonyms"]} for i in items if i["name"] in names]
    own = clips.spec
    return {
        "schema": "attune-vocabulary/1",
        "objects": chosen(spec["objects"], own["objects"]), "colours": chosen(spec["colours"], own["colours"]),
        "places": [{"word": p["phrase"], "synonyms": p["synonyms"]} for p in spec["places"]["items"] if p["name"] in own["places"]],
        "positions": [], "canvas": spec["canvas"],
        "grammar": {"one": "{a|an} colour object motion, place", "two": "one"},
        "motions": [m["phrase"] for m in own["motions"]],
        "words": [*spec["tokenizer"]["words"], *own["newWords"]],
        "examples": ["a red apple moving right, on sand", "a blue car moving left, on grass", "a yellow star falling, at night",
                     "a green fish growing, in the sea"],
    }


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/video"))
    embedded = HERE.parent.parent / "embedded"
    p.add_argument("--image", type=Path, default=embedded / "image", help="whose vae is taken")
    p.add_argument("--out", type=Path, default=embedded / "video")
    p.add_argument("--steps", type=int, default=20)
    p.add_argument("--guidance", type=float, default=1.5)
    p.add_argument("--own-noise", type=float, default=0.3, help="share of the steps in which each frame has noise of its own")
    args = p.parse_args()
    clips, model, out = ClipWorld(), VideoModel(), args.out
    model.load_state_dict(torch.load(args.run / "video.pt", map_location="cpu")["ema"])
    tokens = clips.tokenizer()
    image.put_weights(out / "transformer" / "diffusion_pytorch_model.safetensors", model.transformer.state_dict())
    image.put_weights(out / "text_encoder" / "model.safetensors", model.text_encoder.state_dict())
    for name in ("vae/diffusion_pytorch_model.safetensors", "vae/config.json", "LICENSE"):
        image.put(out / name, (args.image / name).read_bytes())
    image.put_json(out / "transformer" / "config.json", transformer_config(model.config))
    image.put_json(out / "text_encoder" / "config.json", image.text_config(model.config, tokens))
    image.put_json(out / "scheduler" / "scheduler_config.json", scheduler_config())
    image.put_json(out / "tokenizer" / "tokenizer.json", image.tokenizer_json(tokens))
    image.put_json(out / "tokenizer" / "tokenizer_config.json", image.tokenizer_config(tokens))
    image.put_json(out / "tokenizer" / "special_tokens_map.json",
                   {k: v for k, v in image.tokenizer_config(tokens).items() if k.endswith("_token")})
    image.put_json(out / "vocabulary.json", words_for_the_interface(clips))
    image.put_json(out / "attune.json", {"steps": args.steps, "guidance": args.guidance,
                                         "frames": clips.frames, "fps": clips.spec["fps"],
                                         "methods": {"prompt-edit": {"params": {"reading": "change"}},
                                                     **{m: {"params": {"perFrameNoise": args.own_noise}} for m in ("generate", "ditctrl")}}})
    image.put_json(out / "model_index.json", model_index())
    total = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{out.name}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
