"""The peer of bench/torch.ts: one SD3 step in diffusers on torch, told when to run over standard input.

python torch_step.py FOLDER THREADS HEIGHT WIDTH TEXT_TOKENS; each line "run" is answered by "WALL_SECONDS CPU_SECONDS".
"""

import sys
import time

import torch
from diffusers import SD3Transformer2DModel


def main() -> None:
    folder, threads, height, width, tokens = sys.argv[1], *map(int, sys.argv[2:6])
    torch.set_num_threads(threads)
    model = SD3Transformer2DModel.from_pretrained(folder, torch_dtype=torch.float32).eval()
    config = model.config
    latent = torch.randn(1, config.in_channels, height, width)
    text = torch.randn(1, tokens, config.joint_attention_dim)
    pooled = torch.randn(1, config.pooled_projection_dim)
    print(f"ready torch {torch.__version__}", flush=True)
    for line in sys.stdin:
        if line.strip() != "run":
            break
        wall, cpu = time.perf_counter(), time.process_time()
        with torch.inference_mode():
            model(latent, encoder_hidden_states=text, pooled_projections=pooled, timestep=torch.tensor([500.0]))
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)


main()
