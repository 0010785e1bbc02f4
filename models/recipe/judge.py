"""The deterministic judge: reads place, objects, colours and positions off a picture. No network, no randomness.

1. place and roll: the one of 6 x 4 backgrounds with the smallest median absolute difference;
2. foreground: smoothed colour distance to that background above a threshold, closed and opened, holes filled,
   specks dropped (connected parts below a twentieth of the largest one);
3. with two objects the picture is split in the middle, left/right or top/bottom as the caption says;
4. tight square crop, 28x28, ground set to grey, RGB and 0.7 times the mask;
5. nearest of the 84 sprite templates; position by the middle of the crop.
"""
import numpy as np
from PIL import Image, ImageDraw, ImageFilter

SIDE = 28
MASK_WEIGHT = 0.7
GREY = 0.5
THRESHOLD = 0.2
CENTRE = 14
SMALLEST = 60
SPECK = 0.05


def square_crop(rgb, mask):
    """rgb [H, W, 3] in 0..1, mask [H, W] in 0..1 to (feature [28 * 28 * 4], centre (x, y)), or None when empty."""
    ys, xs = np.nonzero(mask > 0.5)
    if len(ys) < SMALLEST:
        return None
    x0, x1, y0, y1 = xs.min(), xs.max() + 1, ys.min(), ys.max() + 1
    side = max(x1 - x0, y1 - y0)
    left, top = (x0 + x1 - side) // 2, (y0 + y1 - side) // 2
    canvas = np.full((side, side, 4), GREY)
    canvas[..., 3] = 0
    part = np.concatenate([GREY + (rgb - GREY) * mask[..., None], mask[..., None]], axis=2)[y0:y1, x0:x1]
    canvas[y0 - top:y1 - top, x0 - left:x1 - left] = part
    image = Image.fromarray((canvas * 255).round().astype(np.uint8), "RGBA")
    small = np.stack([np.asarray(b.resize((SIDE, SIDE), Image.Resampling.BOX)) for b in image.split()], axis=2) / 255.0
    small[..., 3] *= MASK_WEIGHT
    return small.ravel(), ((x0 + x1) / 2, (y0 + y1) / 2)


def without_specks(mask):
    """Drops connected parts of a bool mask [H, W] that are small beside the largest."""
    canvas = Image.fromarray(np.where(mask, 255, 0).astype(np.uint8)).copy()
    sizes, label = {}, 1
    for y, x in zip(*np.nonzero(mask)):
        if label < 255 and canvas.getpixel((int(x), int(y))) == 255:
            ImageDraw.floodfill(canvas, (int(x), int(y)), label)
            sizes[label] = canvas.histogram()[label]
            label += 1
    limit = SPECK * max(sizes.values(), default=0)
    labels = np.asarray(canvas)
    return np.isin(labels, [k for k, n in sizes.items() if n >= limit])


class Judge:
    def __init__(self, world):
        self.world = world
        self.keys = [(p, r) for p in range(len(world.places)) for r in world.rolls]
        self.grounds = np.stack([world.background(*k) for k in self.keys]).astype(np.float32) / 255
        self.kinds, features = [], []
        for o in range(len(world.objects)):
            for c in range(len(world.colours)):
                tile = world.sprites[o, c] / 255.0
                features.append(square_crop(tile[..., :3], tile[..., 3])[0])
                self.kinds.append((o, c))
        self.templates = np.stack(features)
        colours = len(world.colours)
        like = {}
        for o in range(len(world.objects)):
            rows = self.templates[o * colours:(o + 1) * colours]
            like[o] = 1 + int(np.abs(rows[1:] - rows[0]).sum(1).argmin())
        self.natural_like = like

    def colour_class(self, kind, colour):
        """Natural counts as the named colour it looks most like."""
        return colour or self.natural_like[kind]

    def place(self, image):
        """(place, roll, index) of the nearest background. image [128, 128, 3] in 0..1."""
        differences = np.abs(self.grounds - image).mean(3).reshape(len(self.keys), -1)
        best = int(np.median(differences, axis=1).argmin())
        return (*self.keys[best], best)

    def foreground(self, image, index):
        """Mask [128, 128] of what is not background."""
        distance = np.sqrt(np.square(image - self.grounds[index]).sum(2))
        smooth = Image.fromarray(np.clip(distance * 255, 0, 255).astype(np.uint8)).filter(ImageFilter.BoxBlur(1))
        mask = smooth.point(lambda v: 255 if v > THRESHOLD * 255 else 0)
        for size, first in ((5, ImageFilter.MaxFilter), (5, ImageFilter.MinFilter)):
            mask = mask.filter(first(size))
        mask = mask.filter(ImageFilter.MinFilter(3)).filter(ImageFilter.MaxFilter(3))
        padded = Image.new("L", (mask.width + 2, mask.height + 2), 0)
        padded.paste(mask, (1, 1))
        ImageDraw.floodfill(padded, (0, 0), 128)
        inside = np.asarray(padded)[1:-1, 1:-1]
        return without_specks(inside != 128).astype(float)

    def read(self, rgb, mask):
        """The one object under a mask: kind, colour, centre, distance to the nearest template; None when empty."""
        crop = square_crop(rgb, mask)
        if crop is None:
            return None
        feature, centre = crop
        distances = np.sqrt(np.square(self.templates - feature).mean(1))
        kind, colour = self.kinds[int(distances.argmin())]
        return {"object": kind, "colour": colour, "centre": centre, "distance": float(distances.min())}

    def position(self, centre):
        """Index of the position word for a centre on the canvas."""
        dx, dy = centre[0] - 64, centre[1] - 64
        if abs(dx) < CENTRE and abs(dy) < CENTRE:
            name = "center"
        elif abs(dx) >= abs(dy):
            name = "left" if dx < 0 else "right"
        else:
            name = "top" if dy < 0 else "bottom"
        return [p["name"] for p in self.world.positions].index(name)

    def score(self, pixels, scene):
        """Compares a picture (uint8 [128, 128, 3]) with the record its caption came from."""
        image = pixels.astype(np.float32) / 255
        place, _, index = self.place(image)
        mask = self.foreground(image, index)
        wanted = scene["objects"]
        names = [self.world.positions[o["position"]]["name"] for o in wanted]
        found = []
        for name in names:
            part = mask.copy()
            if len(names) == 2:
                half = self.world.side // 2
                cut = {"left": np.s_[:, half:], "right": np.s_[:, :half], "top": np.s_[half:], "bottom": np.s_[:half]}[name]
                part[cut] = 0
            found.append(self.read(image, part))
        ok = {"background": place == scene["place"], "object": [], "colour": [], "position": [], "distance": []}
        for o, seen in zip(wanted, found):
            ok["object"].append(bool(seen) and seen["object"] == o["object"])
            ok["colour"].append(bool(seen) and self.colour_class(seen["object"], seen["colour"])
                                == self.colour_class(o["object"], o["colour"]))
            ok["position"].append(bool(seen) and self.position(seen["centre"]) == o["position"])
            ok["distance"].append(seen["distance"] if seen else 1.0)
        ok["whole"] = ok["background"] and all(ok["object"]) and all(ok["colour"]) and all(ok["position"])
        return ok


def summary(scores):
    """Means over scenes (background, whole) and over objects (object, colour, position, distance)."""
    result = {"scenes": len(scores)}
    for key in ("background", "whole"):
        result[key] = round(float(np.mean([s[key] for s in scores])), 3)
    for key in ("object", "colour", "position", "distance"):
        result[key] = round(float(np.mean([v for s in scores for v in s[key]])), 3)
    return result
