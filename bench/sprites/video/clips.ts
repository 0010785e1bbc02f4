import { readFileSync } from 'node:fs';
import type { Pixels } from '../../../engine/index.ts';
import type { Dice } from '../dice.ts';
import type { World } from '../world.ts';

/** Clips of the world, as the recipe draws them (`models/recipe/video/clips.py`): one object in front of one place. */
export interface Clip {
  readonly place: string;
  readonly roll: number;
  readonly object: string;
  readonly colour: string;
  readonly motion: Motion;
  /** Corner of its 64 px cell in the first frame. */
  readonly start: readonly [number, number];
}

export interface Motion {
  readonly name: string;
  readonly phrase: string;
  /** Pixels a frame. */
  readonly step: readonly [number, number];
  /** Pixels a frame by which the sprite's side grows from 24 px; 0: it has its full 56 px. */
  readonly grow: number;
}

interface ClipFile {
  readonly frames: number;
  readonly fps: number;
  readonly objects: readonly string[];
  readonly colours: readonly string[];
  readonly places: readonly string[];
  readonly motions: readonly Motion[];
  readonly spread: readonly number[];
}

/** What clips may show; our own file beside the recipe. */
export const CLIPS: ClipFile = JSON.parse(
  readFileSync(new URL('../../../models/recipe/video/clips.json', import.meta.url), 'utf8'),
);

const MIDDLE = 32;

/** Pairs of object and colour that the model never saw. */
export const isHeldOut = (world: World, object: string, colour: string): boolean =>
  world.file.heldOut.pairs.some(([kind, tint]) => kind === object && tint === colour);

export function drawClip(world: World, dice: Dice, fixed: Partial<Clip> = {}): Clip {
  for (;;) {
    const [object, colour] = [fixed.object ?? dice.pick(CLIPS.objects), fixed.colour ?? dice.pick(CLIPS.colours)];
    if (isHeldOut(world, object, colour)) continue;
    const motion = fixed.motion ?? dice.pick(CLIPS.motions);
    const [across, down] = motion.step;
    const half = (CLIPS.frames - 1) / 2;
    const aside = dice.pick(CLIPS.spread);
    const start = [MIDDLE - half * across + (across ? 0 : aside), MIDDLE - half * down + (across ? aside : 0)] as const;
    const [place, roll] = [fixed.place ?? dice.pick(CLIPS.places), fixed.roll ?? dice.pick(world.file.places.rolls)];
    return { place, roll, object, colour, motion, start };
  }
}

export function captionOf(world: World, { object, colour, motion, place }: Clip): string {
  const where = world.file.places.items.find(({ name }) => name === place)?.phrase ?? place;
  return `${world.nounPhrase({ object, colour })} ${motion.phrase}, ${where}`;
}

/** Its frames, [128, 128, 3] each. */
export function renderClip(world: World, clip: Clip): readonly Pixels[] {
  const sprite = world.sprite(clip.object, clip.colour);
  return Array.from({ length: CLIPS.frames }, (_, frame) => {
    const picture = world.renderPlace(clip.place, clip.roll);
    const side = clip.motion.grow === 0 ? sprite.width : 24 + frame * clip.motion.grow;
    const [x, y] = clip.start.map((from, axis) => from + frame * (clip.motion.step[axis] ?? 0) + (64 - side) / 2);
    place(picture, shrunk(sprite, side), x ?? 0, y ?? 0);
    return picture;
  });
}

function place(picture: Pixels, sprite: Pixels, left: number, top: number): void {
  for (let y = 0; y < sprite.height; y++)
    for (let x = 0; x < sprite.width; x++) {
      if (left + x < 0 || left + x >= picture.width || top + y < 0 || top + y >= picture.height) continue;
      const [from, to] = [(y * sprite.width + x) * 4, ((top + y) * picture.width + left + x) * 3];
      const alpha = sprite.data[from + 3] ?? 0;
      for (let c = 0; c < 3; c++)
        picture.data[to + c] = Math.floor(
          ((sprite.data[from + c] ?? 0) * alpha + (picture.data[to + c] ?? 0) * (255 - alpha) + 127) / 255,
        );
    }
}

/** By area, colours weighted by their alpha. */
function shrunk(sprite: Pixels, side: number): Pixels {
  if (side === sprite.width) return sprite;
  const data = new Uint8Array(side * side * 4);
  const scale = sprite.width / side;
  const parts = 4;
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const sum = [0, 0, 0, 0];
      for (let v = 0; v < parts; v++)
        for (let u = 0; u < parts; u++) {
          const at =
            (Math.floor((y + (v + 0.5) / parts) * scale) * sprite.width + Math.floor((x + (u + 0.5) / parts) * scale)) *
            4;
          const alpha = sprite.data[at + 3] ?? 0;
          for (let c = 0; c < 3; c++) sum[c] = (sum[c] ?? 0) + (sprite.data[at + c] ?? 0) * alpha;
          sum[3] = (sum[3] ?? 0) + alpha;
        }
      const alpha = sum[3] ?? 0;
      for (let c = 0; c < 3; c++) data[(y * side + x) * 4 + c] = alpha === 0 ? 0 : Math.round((sum[c] ?? 0) / alpha);
      data[(y * side + x) * 4 + 3] = Math.round(alpha / parts ** 2);
    }
  return { width: side, height: side, channels: 4, data };
}
