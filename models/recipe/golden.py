"""Stage 0b: writes world/golden.jsonl: scenes with captions, token ids and the SHA-256 of their pixels.

Another implementation of the world holds itself against them: the pixels (raw RGB, rows from the top), the captions
and the ids. A fifth of the scenes shows combinations that training never does.
"""
import hashlib
import json

from world import FOLDER, SceneMaker, Tokenizer, World

COUNT = 40
SEED = 555_000


def record(world, tokens, scene, caption):
    return {
        "place": world.place_names[scene["place"]], "roll": scene["roll"],
        "objects": [{"object": world.objects[o["object"]], "colour": world.colours[o["colour"]],
                     "position": world.positions[o["position"]]["name"], "cell": o["cell"]} for o in scene["objects"]],
        "caption": caption, "ids": tokens.encode(caption),
        "sha256": hashlib.sha256(world.render(scene).tobytes()).hexdigest(),
    }


def main():
    world = World()
    tokens = Tokenizer(world.spec)
    with open(FOLDER / "golden.jsonl", "w") as out:
        for k in range(COUNT):
            held_out = {0: "colour", 5: "together", 10: "cell"}.get(k % 15)
            maker = SceneMaker(world, SEED + k, held_out=held_out)
            scene = maker.scene(2 if held_out == "together" else None)
            out.write(json.dumps(record(world, tokens, scene, maker.caption(scene, full=True))) + "\n")


if __name__ == "__main__":
    main()
