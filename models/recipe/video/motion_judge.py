"""The deterministic judge of clips: motion by least squares, identity, place, flicker. No network, no randomness.

Each frame is read as the image judge reads a picture: place by its nearest background, what is not background, nearest template.
Motion: slopes of the centroid (pixels a frame) and of the logarithm of the area over the frames in which the object is whole,
that is, does not touch the edge of the canvas. The largest of them relative to its threshold names the motion; none above: still.
"""
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from judge import Judge, square_crop  # noqa: E402

PIXELS_A_FRAME = 3.0
GROWTH_A_FRAME = 0.08
"""Of log area; a growing sprite gains (56 / 24) ** 2 in eight frames, 0.21 a frame."""


class ClipJudge:
    def __init__(self, clips):
        self.clips, self.picture = clips, Judge(clips.world)
        wanted = [k for k, (o, c) in enumerate(self.picture.kinds) if o in clips.objects and c in clips.colours]
        self.kinds = [self.picture.kinds[k] for k in wanted]
        self.templates = self.picture.templates[wanted]

    def read(self, frames):
        """Frames uint8 [F, 128, 128, 3] to (place index, masks [F], per frame (object, colour) or None)."""
        pictures = frames.astype(np.float32) / 255
        place, _, ground = self.picture.place(np.median(pictures, axis=0))
        masks = [self.picture.foreground(p, ground) > 0.5 for p in pictures]
        return place, masks, [self._kind(p, m) for p, m in zip(pictures, masks)]

    def _kind(self, picture, mask):
        crop = square_crop(picture, mask.astype(float))
        if crop is None:
            return None
        return self.kinds[int(np.square(self.templates - crop[0]).mean(1).argmin())]

    def motion(self, masks):
        """(name, (dx, dy, dlogarea) a frame); name None where too little is seen."""
        points = []
        for n, mask in enumerate(masks):
            edge = mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any()
            if mask.sum() >= 60 and not edge:
                ys, xs = np.nonzero(mask)
                points.append((n, xs.mean(), ys.mean(), np.log(mask.sum())))
        if len(points) < 3:
            return None, (0.0, 0.0, 0.0)
        n, *series = np.array(points).T
        centred = n - n.mean()
        dx, dy, grow = (float(centred @ s / (centred @ centred)) for s in series)
        strength = {"left": -dx / PIXELS_A_FRAME, "right": dx / PIXELS_A_FRAME, "rising": -dy / PIXELS_A_FRAME,
                    "falling": dy / PIXELS_A_FRAME, "growing": grow / GROWTH_A_FRAME}
        best = max(strength, key=strength.get)
        return (best if strength[best] >= 1 else "still"), (dx, dy, grow)

    def score(self, frames, clip):
        clips = self.clips
        place, masks, kinds = self.read(frames)
        name, slopes = self.motion(masks)
        wanted = (clips.objects[clip["object"]], clips.colours[clip["colour"]])
        seen = [k for k in kinds if k is not None]
        return {
            "motion": name == clips.motions[clip["motion"]]["name"], "named": name, "slopes": slopes,
            "place": place == clips.places[clip["place"]],
            "object": float(np.mean([k is not None and k[0] == wanted[0] for k in kinds])),
            "colour": float(np.mean([k is not None and k[1] == wanted[1] for k in kinds])),
            "identity": float(np.mean([k == wanted for k in kinds])),
            "kept": max((seen.count(k) for k in set(seen)), default=0) / len(kinds),
            "flicker": flicker(frames, masks),
        }


def flicker(frames, masks):
    """Mean absolute difference, in 0..255, of neighbouring frames where both show ground."""
    values = []
    for a, b, first, second in zip(frames, frames[1:], masks, masks[1:]):
        ground = ~(grown(first) | grown(second))
        values.append(np.abs(a.astype(int) - b)[ground].mean() if ground.any() else 0.0)
    return float(np.mean(values))


def grown(mask, by=6):
    """A mask with a margin, in which a sprite's shadow or blur may lie."""
    out = mask.copy()
    for axis in (0, 1):
        for k in range(1, by + 1):
            out |= np.roll(mask, k, axis) | np.roll(mask, -k, axis)
    return out
