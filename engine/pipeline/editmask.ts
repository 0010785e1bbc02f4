import type { CaptureOp } from '../attention/ops.ts';
import { massValues } from '../attention/capture.ts';
import { noiseSource } from '../base/noise.ts';
import { renoise } from '../sampling/steps.ts';
import { openBranches } from './branches.ts';
import type { Canvas } from './canvas.ts';
import type { Conditioning } from './condition.ts';
import type { Model } from './model.ts';
import { indicatorOf, interleave } from './wordmaps.ts';

/** The words whose place in the picture is looked for, as columns of the text, for the source and the target prompt. */
export interface MaskQuery {
  readonly source: { readonly condition: Conditioning; readonly columns: readonly number[] };
  readonly target: { readonly condition: Conditioning; readonly columns: readonly number[] };
  /** Noise levels at which the source is looked at. */
  readonly sigmas: readonly number[];
  readonly layers: 'all' | readonly number[];
  /** How often a map is spread along the attention among image tokens. */
  readonly spreads: number;
  readonly seed: number;
}

/** Maps on the token grid [rows, columns], each scaled to a largest value of 1. */
export interface ConceptMaps {
  readonly source: Float32Array;
  readonly target: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Looks for the edited words in the source picture before anything is edited: the source is noised to a few levels and seen once under
 * each prompt. The mass of the words' columns says where they are; the attention of image tokens among each other then carries it to
 * the tokens that belong together, m' = A m / A 1 over image columns, read out as two further value columns (after attention
 * propagation in AttenCraft and in attention-as-prompt selection; here without building A).
 */
export async function findConcepts(model: Model, canvas: Canvas, clean: Float32Array, query: MaskQuery): Promise<ConceptMaps> {
  const words: CaptureOp = { op: 'capture', id: 'concept', what: 'mass', rows: 'image', cols: 'text', count: 1, layers: query.layers, sites: 'joint' };
  const spread: CaptureOp = { op: 'capture', id: 'spread', what: 'mass', rows: 'image', cols: 'image', count: 2, layers: query.layers, sites: 'joint' };
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: query.source.condition, guidance: 1 },
      { name: 'target', condition: query.target.condition, guidance: 1 },
    ],
    height: canvas.rows,
    width: canvas.columns,
    operations: () => [words, ...(query.spreads > 0 ? [spread] : [])],
  });
  const { text, image } = branches.sizes.tokens;
  const indicators = [query.source, query.target].map(({ columns }) => indicatorOf(columns, text.length));
  const wordValues = massValues(words, branches.sizes, indicators);
  const noise = noiseSource(query.seed, clean.length, 'selection');
  const sums = [new Float32Array(image.length), new Float32Array(image.length)];
  for (const [draw, sigma] of query.sigmas.entries()) {
    const state = renoise(clean, noise(draw), sigma);
    const look = (values: Parameters<typeof branches.run>[0]['values']) =>
      branches.run({ latents: [state, state], sigma, values: { ...wordValues, ...values } });
    const seen = (await look({})).captures[words.id]?.data ?? new Float32Array();
    let maps = sums.map((_, row) => normalised(seen.slice(row * image.length, (row + 1) * image.length)));
    for (let i = 0; i < query.spreads; i++) {
      const ones = new Float32Array(image.length).fill(1);
      const columns = maps.map((map) => interleave([map, ones], image.length, 2));
      const carried = (await look(massValues(spread, branches.sizes, columns))).captures[spread.id]?.data ?? new Float32Array();
      maps = maps.map((_, row) =>
        normalised(Float32Array.from({ length: image.length }, (_, token) => {
          const at = (row * image.length + token) * 2;
          return (carried[at] ?? 0) / Math.max(carried[at + 1] ?? 0, 1e-6);
        })),
      );
    }
    for (const [row, map] of maps.entries()) sums[row] = (sums[row] ?? map).map((value, i) => value + (map[i] ?? 0));
  }
  const [source, target] = sums.map(normalised);
  return { source: source ?? new Float32Array(), target: target ?? new Float32Array(), rows: image.height, columns: image.width };
}

/** Scaled from the least value (0) to the largest (1). */
export function normalised(map: Float32Array): Float32Array {
  const least = map.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = map.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return map.map((value) => (most > least ? (value - least) / (most - least) : 0));
}
