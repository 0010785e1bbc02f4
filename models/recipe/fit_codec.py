"""Stage 1: fits the closed-form codec. Writes RUN/codec.npz and prints what the linear codec loses."""
import argparse
from pathlib import Path

import numpy as np

from latents import PatchCodec
from world import SceneMaker, World


def main():
    args = argparse.ArgumentParser(description=__doc__)
    args.add_argument("--run", type=Path, default=Path("runs/image"))
    args = args.parse_args()
    args.run.mkdir(parents=True, exist_ok=True)
    world = World()
    codec = PatchCodec.fit(world)
    codec.save(args.run / "codec.npz")
    maker = SceneMaker(world, 2)
    images = np.stack([world.render(maker.scene()) for _ in range(100)])
    latents = codec.encode(images)
    error = np.mean((codec.decode(latents).astype(float) - images) ** 2)
    print(f"latents rms {np.sqrt(np.mean(latents ** 2)):.3f}, linear codec {10 * np.log10(255 ** 2 / error):.2f} dB")


if __name__ == "__main__":
    main()
