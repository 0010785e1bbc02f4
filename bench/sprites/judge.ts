import type { Pixels } from '../../engine/index.ts';
import { type Binary, foreground } from './foreground.ts';
import type { World } from './world.ts';

/**
 * Reads a 128 px picture back into a scene without any network: the place by the median absolute difference to every place and
 * roll, then in each region of the layout the nearest of all sprite templates. Its ceiling on true renders is part of every table.
 */

export interface JudgedObject {
  readonly object: string;
  readonly colour: string;
  /** Centroid in pixels. */
  readonly x: number;
  readonly y: number;
  readonly areaPx: number;
  /** Root mean square distance to the nearest template, 0..1: how clean the sprite is. */
  readonly distance: number;
  /** [28, 28, 4]: the crop that was compared with the templates. */
  readonly features: Float32Array;
}

export interface JudgedPlace {
  readonly place: string;
  readonly roll: number;
}

export interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const CROP = 28;
const GREY = 0.5;
const MASK_WEIGHT = 0.7;
const MIN_AREA_PX = 60;

interface Template {
  readonly object: string;
  readonly colour: string;
  readonly features: Float32Array;
}

export class Judge {
  readonly #world: World;
  readonly #templates: readonly Template[];
  readonly #places: readonly (JudgedPlace & { readonly pixels: Pixels })[];
  /** The colour word that an object's natural colours look most like. */
  readonly #naturalLike = new Map<string, string>();

  constructor(world: World) {
    this.#world = world;
    const { rows, columns } = world.file.sprites;
    this.#templates = rows.flatMap((object) =>
      columns.map((colour) => ({ object, colour, features: spriteFeatures(world.sprite(object, colour)) })),
    );
    for (const object of rows) {
      const own = this.#templates.filter((template) => template.object === object);
      const natural = own.find(({ colour }) => colour === 'natural');
      const [like] = own
        .filter((template) => template !== natural)
        .map(({ colour, features }) => ({ colour, distance: meanAbsolute(features, natural?.features ?? features) }))
        .sort((a, b) => a.distance - b.distance);
      if (like !== undefined) this.#naturalLike.set(object, like.colour);
    }
    this.#places = world.file.places.items.flatMap(({ name }) =>
      world.file.places.rolls.map((roll) => ({ place: name, roll, pixels: world.renderPlace(name, roll) })),
    );
  }

  place(picture: Pixels): JudgedPlace {
    let best: JudgedPlace | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const candidate of this.#places) {
      const score = medianDifference(picture, candidate.pixels) + 1e-3 * meanDifference(picture, candidate.pixels);
      if (score < least) [best, least] = [candidate, score];
    }
    if (best === undefined) throw new Error('The world has no places.');
    return { place: best.place, roll: best.roll };
  }

  /** Everything in front of `place`. */
  foreground(picture: Pixels, { place, roll }: JudgedPlace): Binary {
    return foreground(picture, this.#world.renderPlace(place, roll));
  }

  /** The object inside a region, or undefined where nothing stands out. */
  object(picture: Pixels, front: Binary, region: Region): JudgedObject | undefined {
    const inside = new Uint8Array(front.length);
    let [area, sumX, sumY] = [0, 0, 0];
    let [x0, y0, x1, y1] = [picture.width, picture.height, -1, -1];
    for (let y = region.top; y < region.top + region.height; y++)
      for (let x = region.left; x < region.left + region.width; x++) {
        const at = y * picture.width + x;
        if (front[at] !== 1) continue;
        inside[at] = 1;
        area++;
        sumX += x;
        sumY += y;
        [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
      }
    if (area < MIN_AREA_PX) return undefined;
    const features = cropFeatures(picture, inside, { left: x0, top: y0, width: x1 - x0 + 1, height: y1 - y0 + 1 });
    let best: Template | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (const template of this.#templates) {
      let sum = 0;
      for (let i = 0; i < features.length; i++) {
        const d = (features[i] ?? 0) - (template.features[i] ?? 0);
        sum += d * d;
      }
      if (sum < least) [best, least] = [template, sum];
    }
    if (best === undefined) return undefined;
    const distance = Math.sqrt(least / features.length);
    return {
      object: best.object,
      colour: best.colour,
      x: sumX / area,
      y: sumY / area,
      areaPx: area,
      distance,
      features,
    };
  }

  /** Position word of a centroid: the centre within 14 px on both axes, else the side of the larger offset. */
  position({ x, y }: { readonly x: number; readonly y: number }): string {
    const [dx, dy] = [x - (this.#world.file.canvas.width - 1) / 2, y - (this.#world.file.canvas.height - 1) / 2];
    if (Math.abs(dx) < 14 && Math.abs(dy) < 14) return 'center';
    if (Math.abs(dx) >= Math.abs(dy)) return dx < 0 ? 'left' : 'right';
    return dy < 0 ? 'top' : 'bottom';
  }

  /** Whether two colourings of an object pass for the same: natural counts as the word it looks most like. */
  sameColour(object: string, a: string, b: string): boolean {
    const word = (colour: string) => (colour === 'natural' ? this.#naturalLike.get(object) : colour);
    return a === b || word(a) === word(b);
  }
}

function meanAbsolute(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? 0)), 0) / a.length;
}

function medianDifference(a: Pixels, b: Pixels): number {
  const histogram = new Uint32Array(766);
  for (let i = 0; i < a.width * a.height; i++)
    histogram[pixelDifference(a, b, i)] = (histogram[pixelDifference(a, b, i)] ?? 0) + 1;
  let seen = 0;
  for (let value = 0; value < histogram.length; value++) {
    seen += histogram[value] ?? 0;
    if (seen * 2 >= a.width * a.height) return value;
  }
  return histogram.length;
}

function meanDifference(a: Pixels, b: Pixels): number {
  let sum = 0;
  for (let i = 0; i < a.width * a.height; i++) sum += pixelDifference(a, b, i);
  return sum / (a.width * a.height);
}

function pixelDifference(a: Pixels, b: Pixels, pixel: number): number {
  let sum = 0;
  for (let c = 0; c < 3; c++)
    sum += Math.abs((a.data[pixel * a.channels + c] ?? 0) - (b.data[pixel * b.channels + c] ?? 0));
  return sum;
}

function spriteFeatures(sprite: Pixels): Float32Array {
  const { width, height } = sprite;
  const mask = new Uint8Array(width * height);
  const onGrey = new Uint8Array(width * height * 3);
  let [x0, y0, x1, y1] = [width, height, -1, -1];
  for (let i = 0; i < mask.length; i++) {
    const alpha = sprite.data[i * 4 + 3] ?? 0;
    for (let c = 0; c < 3; c++)
      onGrey[i * 3 + c] = Math.round(((sprite.data[i * 4 + c] ?? 0) * alpha + 255 * GREY * (255 - alpha)) / 255);
    if (alpha <= 127) continue;
    mask[i] = 1;
    const [x, y] = [i % width, Math.floor(i / width)];
    [x0, y0, x1, y1] = [Math.min(x0, x), Math.min(y0, y), Math.max(x1, x), Math.max(y1, y)];
  }
  const filled = mask;
  return cropFeatures({ width, height, channels: 3, data: onGrey }, filled, {
    left: x0,
    top: y0,
    width: x1 - x0 + 1,
    height: y1 - y0 + 1,
  });
}

/** [28, 28, 4]: RGB with the background set to grey and the weighted mask, of the square around the box, by area sampling. */
function cropFeatures(picture: Pixels, mask: Binary, box: Region): Float32Array {
  const side = Math.max(box.width, box.height);
  const left = box.left + (box.width - side) / 2;
  const top = box.top + (box.height - side) / 2;
  const features = new Float32Array(CROP * CROP * 4);
  const samples = 3;
  for (let y = 0; y < CROP; y++)
    for (let x = 0; x < CROP; x++) {
      const at = (y * CROP + x) * 4;
      for (let v = 0; v < samples; v++)
        for (let u = 0; u < samples; u++) {
          const px = Math.floor(left + ((x + (u + 0.5) / samples) / CROP) * side);
          const py = Math.floor(top + ((y + (v + 0.5) / samples) / CROP) * side);
          const inside = px >= 0 && py >= 0 && px < picture.width && py < picture.height;
          const pixel = py * picture.width + px;
          const set = inside && mask[pixel] === 1;
          for (let c = 0; c < 3; c++)
            features[at + c] =
              (features[at + c] ?? 0) +
              (set ? (picture.data[pixel * picture.channels + c] ?? 0) / 255 : GREY) / samples ** 2;
          features[at + 3] = (features[at + 3] ?? 0) + (set ? MASK_WEIGHT : 0) / samples ** 2;
        }
    }
  return features;
}
