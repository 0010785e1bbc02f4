"""The world: atlases, scene records, captions, tokens and pixels.

A scene is a plain record: {"place": 0..7, "roll": 0|32|64|96, "objects": [{"object": 0..59, "colour": 0..8,
"position": 0..4, "cell": [x, y]}]}. Colour 0 is natural, colour k + 1 is `colours[k]`.

Pixels are integer arithmetic only, so that every language draws the same bytes:
    background[y][x] = place[y][(x - roll) mod 128]
    out = floor((fg * a + bg * (255 - a) + 127) / 255)      per channel, objects in order
where the 56x56 sprite's corner lies at cell + 4 px.
"""
import json
import random
import re
from pathlib import Path

import numpy as np
from PIL import Image

FOLDER = Path(__file__).resolve().parent / "world"


class World:
    def __init__(self, folder=FOLDER):
        folder = Path(folder)
        self.spec = json.loads((folder / "world.json").read_text())
        canvas = self.spec["canvas"]
        self.side, self.cell, self.sprite, self.air = (canvas[k] for k in ("width", "cell", "sprite", "air"))
        self.objects = [o["name"] for o in self.spec["objects"]]
        self.colours = ["natural"] + [c["name"] for c in self.spec["colours"]]
        self.places = [p["phrase"] for p in self.spec["places"]["items"]]
        self.rolls = self.spec["places"]["rolls"]
        self.positions = self.spec["positions"]
        self.cells = [tuple(c) for p in self.positions for c in p["cells"]]
        self.place_names = [p["name"] for p in self.spec["places"]["items"]]
        held = self.spec["heldOut"]
        order = [p["name"] for p in self.positions]
        self.held_out = {(self.objects.index(o), self.colours.index(c)) for o, c in held["pairs"]}
        self.held_together = {frozenset((self.objects.index(a), self.objects.index(b))) for a, b in held["together"]}
        self.held_cells = {(self.place_names.index(p), order.index(n)) for p, n in held["cells"]}
        self.unseeable = {(self.colours.index(c), self.place_names.index(p))
                          for c, p in self.spec["grammar"]["unseeable"]}
        self.sprites = self._tiles(folder / "sprites.png", self.sprite, "RGBA")
        self.grounds = self._tiles(folder / "places.png", self.side, "RGB")[:, 0]

    @staticmethod
    def _tiles(path, tile, mode):
        """Atlas to [rows, columns, tile, tile, channels] uint8."""
        a = np.asarray(Image.open(path).convert(mode))
        h, w, c = a.shape
        return a.reshape(h // tile, tile, w // tile, tile, c).transpose(0, 2, 1, 3, 4)

    def background(self, place, roll):
        """[128, 128, 3] uint8."""
        return np.roll(self.grounds[place], roll, axis=1)

    def compose_cell(self, ground, objects, colours):
        """Sprites [K] on one 64x64 ground [64, 64, 3]; returns [K, 64, 64, 3] uint8."""
        tiles = self.sprites[objects, colours].astype(np.int32)
        out = np.repeat(ground[None].astype(np.int32), len(tiles), axis=0)
        a = slice(self.air, self.air + self.sprite)
        alpha = tiles[..., 3:]
        out[:, a, a] = (tiles[..., :3] * alpha + out[:, a, a] * (255 - alpha) + 127) // 255
        return out.astype(np.uint8)

    def render(self, scene):
        """[128, 128, 3] uint8."""
        image = self.background(scene["place"], scene["roll"]).copy()
        for o in scene["objects"]:
            x, y = o["cell"]
            window = image[y:y + self.cell, x:x + self.cell]
            window[:] = self.compose_cell(window, [o["object"]], [o["colour"]])[0]
        return image


class SceneMaker:
    """Draws random scenes with their captions.

    `held_out` None: only what training may show. "colour", "together", "cell": only scenes with a colour-object pair,
    two objects together, or a position in a place that training never shows.
    `favour` (objects, colours, places: sets of indices; weight): these are drawn `weight` times as often; `weight` may
    be changed while drawing.
    """

    def __init__(self, world, seed, held_out=None, filler=None, favour=None):
        self.world, self.grammar = world, world.spec["grammar"]
        self.filler = self.grammar["filler"] if filler is None else filler
        self.random = random.Random(seed)
        self.held_out = held_out
        self.favour, self.weight = favour, 1.0

    def _pick(self, what, numbers):
        """One of `numbers`, with the favoured ones of `what` weighted."""
        if not self.favour or self.weight == 1:
            return self.random.choice(numbers)
        fresh = self.favour[what]
        return self.random.choices(numbers, [self.weight if n in fresh else 1.0 for n in numbers])[0]

    def _object(self, position):
        world, rnd = self.world, self.random
        if self.held_out == "colour":
            kind, colour = rnd.choice(sorted(world.held_out))
        else:
            while True:
                kind = self._pick("objects", range(len(world.objects)))
                named = rnd.random() < self.grammar["colourWord"]
                colour = self._pick("colours", range(1, len(world.colours))) if named else 0
                if (kind, colour) not in world.held_out:
                    break
        return {"object": kind, "colour": colour, "position": position,
                "cell": list(rnd.choice(world.positions[position]["cells"]))}

    def _draw(self, count):
        rnd, grammar = self.random, self.grammar
        two = rnd.random() < grammar["shareOfTwo"] if count is None else count == 2
        if two:
            names = ("left", "right") if rnd.random() < grammar["leftRight"] else ("top", "bottom")
            order = [p["name"] for p in self.world.positions]
            objects = [self._object(order.index(n)) for n in names]
        else:
            objects = [self._object(rnd.randrange(len(self.world.positions)))]
        place = self._pick("places", range(len(self.world.places)))
        return {"place": place, "roll": rnd.choice(self.world.rolls), "objects": objects}

    def scene(self, count=None):
        """A random record with one or two objects."""
        while True:
            scene = self._draw(count)
            world, objects, place = self.world, scene["objects"], scene["place"]
            if any((o["colour"], place) in world.unseeable for o in objects):
                continue
            cell = any((place, o["position"]) in world.held_cells for o in objects)
            together = frozenset(o["object"] for o in objects) in world.held_together
            if cell == (self.held_out == "cell") and together == (self.held_out == "together"):
                return scene

    def caption(self, scene, full=False):
        """The caption of a record. `full` names everything and draws no variation."""
        world, rnd, grammar = self.world, self.random, self.grammar
        phrases = []
        for o in scene["objects"]:
            leave = not full and len(scene["objects"]) == 1 and rnd.random() < grammar["positionLeftOut"]
            position = "" if leave else " " + world.positions[o["position"]]["phrase"]
            phrases.append(noun_phrase(world, o) + position)
        if len(phrases) == 2 and not full and rnd.random() < grammar["swapMention"]:
            phrases.reverse()
        text = " and ".join(phrases)
        if full or rnd.random() >= grammar["placeLeftOut"]:
            text += ", " + world.places[scene["place"]]
        return text

    def training_caption(self, scene):
        """Caption with empty prompts and filler words, as the model is trained on."""
        rnd, grammar = self.random, self.grammar
        if rnd.random() < grammar["emptyPrompt"]:
            return ""
        text = self.caption(scene)
        return with_filler(text, rnd) if rnd.random() < self.filler else text


def noun_phrase(world, o):
    colour = "" if o["colour"] == 0 else world.colours[o["colour"]]
    article = "an" if (colour or world.objects[o["object"]])[0] in "aeiou" else "a"
    return " ".join(w for w in (article, colour, world.objects[o["object"]]) if w)


def with_filler(text, rnd):
    """The caption as people might type it: unknown words, other articles, no comma, no positions, an unknown
    place.

    `zzz` stands for any unknown word. One to three changes are made.
    """
    for kind in rnd.sample(range(8), rnd.choice([1, 1, 2, 3])):
        words = text.split(" ")
        if kind == 0:
            text = rnd.choice(["a photo of ", "a picture of ", "zzz of ", "picture of ", "photo of ", "zzz ", "a zzz zzz of ",
                               "zzz zzz , "]) + text
        elif kind == 1:
            text = re.sub(r"\b(a|an) ", rnd.choice(["the ", "", "zzz ", "a "]), text, count=rnd.choice([1, 2]))
        elif kind == 2:
            words.insert(min(1, len(words)), rnd.choice(["happy", "cute", "zzz", "zzz", "small", "big", "zzz zzz"]))
            text = " ".join(words)
        elif kind == 3:
            text = text + rnd.choice([".", " .", ", zzz", " zzz zzz", ", zzz zzz, zzz", " with zzz"])
        elif kind == 4:
            words.insert(rnd.randrange(len(words) + 1), "zzz")
            text = " ".join(words)
        elif kind == 5:
            text = text.replace(",", "")
        elif kind == 6:
            text = re.sub(r" (on the (left|right)|in the center|at the (top|bottom))", "", text)
        elif "," in text:
            head = text.split(",")[0]
            text = head + rnd.choice([" on the zzz", " in the zzz", " in a zzz zzz", ", zzz", " with zzz", " at the zzz"])
    return text


class Tokenizer:
    """Word-level: lower case, split at white space, every punctuation mark by itself, BOS words EOS, padded."""

    def __init__(self, spec):
        t = spec["tokenizer"]
        self.length, self.pad, self.unknown = t["length"], t["pad"], t["unknown"]
        self.begin, self.end, self.size = t["begin"], t["end"], t["size"]
        self.ids = {w: i + t["firstWord"] for i, w in enumerate(t["words"])}

    def encode(self, text):
        """Text to `length` ids."""
        words = re.findall(r"\w+|[^\w\s]", text.lower())
        ids = [self.ids.get(w, self.unknown) for w in words][: self.length - 2]
        ids = [self.begin, *ids, self.end]
        return ids + [self.pad] * (self.length - len(ids))
