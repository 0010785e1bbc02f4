import {
  type CaptureOp,
  type ForkOp,
  forkValues,
  massValues,
  type RouteOp,
  routeValues,
  type ShapeOp,
  shapeValues,
} from '../engine/index.ts';
import type { Hooks } from './denoisers.ts';

/** What the product's edits ask of attention, at every layer, with values of a usual edit. */

const WORDS = 8;
const everywhere = { layers: 'all', sites: 'joint' } as const;

/** Word maps of eight words and the whole text, words of other weights, and words that a part of the picture must not see. */
export function wordHooks(): Hooks {
  const maps: CaptureOp = {
    op: 'capture',
    id: 'words',
    what: 'mass',
    rows: 'image',
    cols: 'text',
    count: WORDS + 1,
    ...everywhere,
  };
  const weights: ShapeOp = { op: 'shape', id: 'weights', rows: 'image', cols: 'text', bias: true, ...everywhere };
  const mask: ShapeOp = {
    op: 'shape',
    id: 'mask',
    rows: 'image',
    cols: 'text',
    bias: true,
    rowWeight: true,
    ...everywhere,
  };
  return {
    operations: [maps, weights, mask],
    values(sizes) {
      const { text, image } = sizes.tokens;
      const perRow = <T>(value: T): T[] => Array.from({ length: sizes.batch }, () => value);
      const columns = new Float32Array(text.length * (WORDS + 1));
      for (let token = 0; token < text.length; token += 1) {
        columns[token * (WORDS + 1) + WORDS] = 1;
        if (token < 2 * WORDS) columns[token * (WORDS + 1) + (token >> 1)] = 1;
      }
      const heavier = Float32Array.from({ length: text.length }, (_, token) => (token === 3 ? Math.log(1.5) : 0));
      const hidden = Float32Array.from({ length: text.length }, (_, token) =>
        token === 5 ? Number.NEGATIVE_INFINITY : 0,
      );
      const left = Float32Array.from({ length: image.length }, (_, token) =>
        token % image.width < image.width / 2 ? 1 : 0,
      );
      return [
        massValues(maps, sizes, perRow(columns)),
        shapeValues(weights, sizes, { bias: perRow(heavier) }),
        shapeValues(mask, sizes, { bias: perRow(hidden), rows: perRow(left) }),
      ];
    },
  };
}

/** What `prompt-edit` does: words and layout of row 1 come from row 0. */
export function routeHooks(textTokens: number): Hooks {
  const words: RouteOp = {
    op: 'route',
    id: 'route-words',
    rows: 'image',
    cols: 'text',
    q: true,
    k: true,
    weight: true,
    pairs: textTokens,
    ...everywhere,
  };
  const layout: RouteOp = {
    op: 'route',
    id: 'route-layout',
    rows: 'image',
    cols: 'image',
    q: words.id,
    k: words.id,
    weight: true,
    layers: 'all',
  };
  return {
    operations: [words, layout],
    values: (sizes) => [
      routeValues(words, sizes, { from: [0, 0], pairs: [null, null] }),
      routeValues(layout, sizes, { weight: [0, 1] }),
    ],
  };
}

/** A second softmax in which a word weighs more, in one half of the picture. */
export function forkHooks(): Hooks {
  const heavier: ShapeOp = { op: 'shape', id: 'fork-weights', rows: 'image', cols: 'text', bias: true, ...everywhere };
  const fork: ForkOp = { op: 'fork', id: 'fork', rows: 'image', mode: 'blend', alt: [heavier], ...everywhere };
  return {
    operations: [fork],
    values: (sizes) => [forkValues(fork, sizes, { mix: [0.5] }), shapeValues(heavier, sizes, { bias: [0.4] })],
  };
}
