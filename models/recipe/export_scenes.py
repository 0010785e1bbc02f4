"""Writes evaluation scenes as JSON lines, one record per line, reproducible from the seed.

A record: {"task", "split", "seed", "source" (absent for generate), "target"}; source and target hold the scene by
names, its caption, its token ids and the SHA-256 of its pixels (raw RGB, rows from the top), so that another
implementation of the world can check itself. Edits differ from their source in one thing only.

  generate   caption to picture            colour     another colour word, same object
  object     another object, same colour   place      another place
  add        one object becomes two        remove     two become one
Split `unseen` uses colour-object pairs that no training caption holds.
"""
import argparse
import hashlib
import json
import random
import sys
from copy import deepcopy

from world import SceneMaker, Tokenizer, World

TASKS = ("generate", "colour", "object", "place", "add", "remove")
SEED = 555_000


def by_name(world, tokens, scene, caption):
    """A scene with names for indices, and what it must look like."""
    return {
        "place": world.places[scene["place"]], "roll": scene["roll"],
        "objects": [{"object": world.objects[o["object"]], "colour": world.colours[o["colour"]],
                     "position": world.positions[o["position"]]["name"], "cell": o["cell"]} for o in scene["objects"]],
        "caption": caption, "ids": tokens.encode(caption),
        "sha256": hashlib.sha256(world.render(scene).tobytes()).hexdigest(),
    }


def other(rnd, count, *taken):
    return rnd.choice([k for k in range(count) if k not in taken])


def edit(task, scene, world, rnd, held_out):
    """The target record of an edit; for remove, `scene` has two objects and loses one."""
    target = deepcopy(scene)
    o = rnd.choice(target["objects"])
    pairs = [(a, b) for a in range(len(world.objects)) for b in range(1, len(world.colours))
             if ((a, b) in world.held_out) == held_out]
    if task == "colour":
        o["colour"] = rnd.choice([b for a, b in pairs if a == o["object"] and b != o["colour"]])
    elif task == "object":
        o["object"] = rnd.choice([a for a, b in pairs if b == o["colour"] and a != o["object"]])
    elif task == "place":
        target["place"] = other(rnd, len(world.places), scene["place"])
    elif task == "remove":
        target["objects"].remove(o)
    return target


def possible(task, scene, world, held_out):
    """Whether the edit exists in the wanted split: some object or colour must offer a held-out pair."""
    if not held_out or task not in ("colour", "object"):
        return True
    key = 0 if task == "colour" else 1
    pairs = [pair for pair in world.held_out]
    fields = ("object", "colour")[key]
    return all(any(p[key] == o[fields] and p != (o["object"], o["colour"]) for p in pairs) for o in scene["objects"])


def record(task, held_out, seed, world, tokens):
    rnd = random.Random(seed)
    maker = SceneMaker(world, seed, held_out=held_out and task in ("generate", "place", "add", "remove"))
    count = {"add": 2, "remove": 2}.get(task)
    while True:
        scene = maker.scene(count)
        named = all(o["colour"] > 0 for o in scene["objects"])
        if (task not in ("colour", "object") or named) and possible(task, scene, world, held_out):
            break
    if task == "generate":
        source, target = None, scene
    elif task == "add":
        source, target = edit("remove", scene, world, rnd, held_out), scene
    else:
        source, target = scene, edit(task, scene, world, rnd, held_out)
    row = {"task": task, "split": "unseen" if held_out else "seen", "seed": seed}
    if source:
        row["source"] = by_name(world, tokens, source, maker.caption(source, full=True))
    row["target"] = by_name(world, tokens, target, maker.caption(target, full=True))
    return row


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seen", type=int, default=64, help="records per task")
    p.add_argument("--unseen", type=int, default=32, help="records per task with held-out pairs")
    p.add_argument("--tasks", nargs="+", choices=TASKS, default=TASKS)
    p.add_argument("--out", help="file; default: standard output")
    args = p.parse_args()
    world = World()
    tokens = Tokenizer(world.spec)
    out = open(args.out, "w") if args.out else sys.stdout
    for task in args.tasks:
        for held_out, count in ((False, args.seen), (True, args.unseen)):
            for k in range(count):
                seed = SEED + 10_000 * TASKS.index(task) + 5_000 * held_out + k
                out.write(json.dumps(record(task, held_out, seed, world, tokens)) + "\n")


if __name__ == "__main__":
    main()
