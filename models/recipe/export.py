"""Stage 4: writes the checkpoint in the diffusers layout, float16, from RUN/dit.pt (EMA), decoder.pt and codec.npz.

Every file is written beside its place and then moved there, so that a reader never meets half a file.
"""
import argparse
import json
import os
from pathlib import Path

import torch
from safetensors.torch import save

from dit import ImageModel, ModelConfig
from flow import SHIFT
from latents import PatchCodec
from vae import CHANNELS, GROUPS, WIDTHS, AutoencoderKL, write_encoder
from world import Tokenizer, World

DIFFUSERS = "0.32.2"


def put(path, data):
    """Writes bytes atomically; leaves a file alone that already holds them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == data:
        return
    temporary = path.with_name(f".{path.name}.tmp")
    temporary.write_bytes(data)
    os.replace(temporary, path)


def put_json(path, value):
    put(path, (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode())


def put_weights(path, state):
    half = {k: v.detach().cpu().half().contiguous() for k, v in state.items()}
    put(path, save(half, metadata={"format": "pt"}))


def model_index():
    return {
        "_class_name": "StableDiffusion3Pipeline", "_diffusers_version": DIFFUSERS,
        "feature_extractor": [None, None], "image_encoder": [None, None],
        "scheduler": ["diffusers", "FlowMatchEulerDiscreteScheduler"],
        "text_encoder": ["transformers", "CLIPTextModelWithProjection"],
        "text_encoder_2": [None, None], "text_encoder_3": [None, None],
        "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "tokenizer_2": [None, None], "tokenizer_3": [None, None],
        "transformer": ["diffusers", "SD3Transformer2DModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    }


def scheduler_config():
    return {"_class_name": "FlowMatchEulerDiscreteScheduler", "_diffusers_version": DIFFUSERS,
            "num_train_timesteps": 1000, "shift": SHIFT, "use_dynamic_shifting": False}


def transformer_config(c: ModelConfig):
    return {"_class_name": "SD3Transformer2DModel", "_diffusers_version": DIFFUSERS, "sample_size": c.side,
            "patch_size": c.patch, "in_channels": c.channels, "out_channels": c.channels, "num_layers": c.layers,
            "attention_head_dim": c.width // c.heads, "num_attention_heads": c.heads, "joint_attention_dim": c.width,
            "caption_projection_dim": c.width, "pooled_projection_dim": c.width, "pos_embed_max_size": c.grid,
            "dual_attention_layers": [], "qk_norm": "rms_norm"}


def text_config(c: ModelConfig, tokens):
    return {"architectures": ["CLIPTextModelWithProjection"], "model_type": "clip_text_model",
            "vocab_size": c.vocabulary, "hidden_size": c.width, "intermediate_size": 4 * c.width,
            "num_hidden_layers": c.text_layers, "num_attention_heads": c.heads,
            "max_position_embeddings": c.text_length, "projection_dim": c.width, "hidden_act": "gelu",
            "layer_norm_eps": 1e-5, "attention_dropout": 0.0, "pad_token_id": tokens.pad,
            "bos_token_id": tokens.begin, "eos_token_id": tokens.end, "torch_dtype": "float16"}


def vae_config():
    return {"_class_name": "AutoencoderKL", "_diffusers_version": DIFFUSERS, "act_fn": "silu",
            "block_out_channels": list(WIDTHS), "down_block_types": ["DownEncoderBlock2D"] * 4,
            "up_block_types": ["UpDecoderBlock2D"] * 4, "in_channels": 3, "out_channels": 3,
            "latent_channels": CHANNELS, "layers_per_block": 1, "norm_num_groups": GROUPS, "sample_size": 128,
            "scaling_factor": 1.0, "shift_factor": 0.0, "force_upcast": False, "use_quant_conv": False,
            "use_post_quant_conv": False, "mid_block_add_attention": False}


def vocabulary(tokens: Tokenizer):
    """Word to id, all 128: words that are not used yet get names that no text can spell."""
    table = {"<pad>": tokens.pad, "<unk>": tokens.unknown, **tokens.ids, "<bos>": tokens.begin, "<eos>": tokens.end}
    taken = set(table.values())
    table.update({f"<spare_{k}>": k for k in range(tokens.size) if k not in taken})
    return dict(sorted(table.items(), key=lambda item: item[1]))


def tokenizer_json(tokens: Tokenizer):
    """The file format of Hugging Face `tokenizers`."""
    special = [("<pad>", tokens.pad), ("<unk>", tokens.unknown), ("<bos>", tokens.begin), ("<eos>", tokens.end)]
    piece = {name: {"id": name, "ids": [number], "tokens": [name]} for name, number in special[2:]}
    begin, end = ({"SpecialToken": {"id": name, "type_id": 0}} for name in ("<bos>", "<eos>"))
    first, second = ({"Sequence": {"id": name, "type_id": 0}} for name in ("A", "B"))
    return {
        "version": "1.0",
        "truncation": {"direction": "Right", "max_length": tokens.length, "strategy": "LongestFirst", "stride": 0},
        "padding": {"strategy": {"Fixed": tokens.length}, "direction": "Right", "pad_to_multiple_of": None,
                    "pad_id": tokens.pad, "pad_type_id": 0, "pad_token": "<pad>"},
        "added_tokens": [{"id": number, "content": name, "single_word": False, "lstrip": False, "rstrip": False,
                          "normalized": False, "special": True} for name, number in special],
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}]},
        "post_processor": {"type": "TemplateProcessing", "single": [begin, first, end],
                           "pair": [begin, first, second, end], "special_tokens": piece},
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": vocabulary(tokens), "unk_token": "<unk>"},
    }


def tokenizer_config(tokens: Tokenizer):
    return {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": tokens.length, "padding_side": "right",
            "truncation_side": "right", "clean_up_tokenization_spaces": False, "pad_token": "<pad>",
            "unk_token": "<unk>", "bos_token": "<bos>", "eos_token": "<eos>"}


def words_for_the_interface(world: World):
    """vocabulary.json: what this model knows, with synonyms, for prompts typed by people."""
    spec = world.spec
    pick = lambda items: [{"word": i["name"], "synonyms": i["synonyms"]} for i in items]
    return {
        "schema": "attune-vocabulary/1",
        "objects": pick(spec["objects"]), "colours": pick(spec["colours"]),
        "places": [{"word": p["phrase"], "synonyms": p["synonyms"]} for p in spec["places"]["items"]],
        "positions": [{"word": p["phrase"], "name": p["name"], "cells": p["cells"]} for p in spec["positions"]],
        "canvas": spec["canvas"], "grammar": {k: spec["grammar"][k] for k in ("one", "two")},
        "words": spec["tokenizer"]["words"],
        "examples": ["a red apple on the left and a blue whale on the right, on sand",
                     "a purple cat in the center, at night",
                     "a yellow balloon at the top and a green turtle at the bottom, on grass",
                     "a pink house on the right, on snow"],
    }


def load_models(run):
    """(image model, VAE) in float32 from the run's states."""
    model, vae = ImageModel(), AutoencoderKL()
    model.load_state_dict(torch.load(run / "dit.pt", map_location="cpu")["ema"])
    write_encoder(vae.encoder, PatchCodec.load(run / "codec.npz"))
    vae.decoder.load_state_dict(torch.load(run / "decoder.pt", map_location="cpu")["ema"])
    return model.eval(), vae.eval()


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--run", type=Path, default=Path("runs/image"))
    p.add_argument("--out", type=Path, default=Path(__file__).resolve().parent.parent / "embedded" / "image")
    args = p.parse_args()
    world = World()
    tokens, (model, vae), out = Tokenizer(world.spec), load_models(args.run), args.out
    put_weights(out / "transformer" / "diffusion_pytorch_model.safetensors", model.transformer.state_dict())
    put_weights(out / "text_encoder" / "model.safetensors", model.text_encoder.state_dict())
    put_weights(out / "vae" / "diffusion_pytorch_model.safetensors", vae.state_dict())
    put_json(out / "transformer" / "config.json", transformer_config(model.config))
    put_json(out / "text_encoder" / "config.json", text_config(model.config, tokens))
    put_json(out / "vae" / "config.json", vae_config())
    put_json(out / "scheduler" / "scheduler_config.json", scheduler_config())
    put_json(out / "tokenizer" / "tokenizer.json", tokenizer_json(tokens))
    put_json(out / "tokenizer" / "tokenizer_config.json", tokenizer_config(tokens))
    put_json(out / "tokenizer" / "special_tokens_map.json",
             {k: v for k, v in tokenizer_config(tokens).items() if k.endswith("_token")})
    put_json(out / "vocabulary.json", words_for_the_interface(world))
    put_json(out / "model_index.json", model_index())
    total = sum(f.stat().st_size for f in out.rglob("*") if f.is_file())
    print(f"{out.name}: {total / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
