import type { Drawable } from './scene.ts';

/** Longest side up to which a picture is drawn as it is, and of the copies of larger ones. */
const REDUCED_SIDE = 2048;

const copies = new WeakMap<Drawable, OffscreenCanvas>();

/**
 * What to draw of a picture that is `shown` screen pixels long: of a large one a copy, made once, where that has pixels enough. A photograph is
 * drawn again with every preview and every move of the pointer.
 */
export function reducedFor(image: Drawable, shown: number): Drawable {
  const longest = Math.max(image.width, image.height);
  if (longest <= REDUCED_SIDE || shown > REDUCED_SIDE) return image;
  const known = copies.get(image);
  if (known !== undefined) return known;
  const scale = REDUCED_SIDE / longest;
  const copy = new OffscreenCanvas(
    Math.max(1, Math.round(image.width * scale)),
    Math.max(1, Math.round(image.height * scale)),
  );
  const context = copy.getContext('2d');
  if (context === null) return image;
  context.imageSmoothingQuality = 'high';
  context.drawImage(image, 0, 0, copy.width, copy.height);
  copies.set(image, copy);
  return copy;
}
