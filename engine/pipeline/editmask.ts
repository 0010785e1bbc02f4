import { massValues } from '../attention/capture.ts';
import type { CaptureOp } from '../attention/ops.ts';
import { noiseSource } from '../base/noise.ts';
import { renoise } from '../sampling/steps.ts';
import { openBranches } from './branches.ts';
import type { Canvas } from './canvas.ts';
import type { Conditioning } from './condition.ts';
import { influenceOfChange } from './influence.ts';
import type { Model } from './model.ts';
import { interleave } from './wordmaps.ts';

export interface ConceptQuery {
  readonly source: Conditioning;
  readonly target: Conditioning;
  /** Noise levels at which the source is looked at, one draw each. */
  readonly sigmas: readonly number[];
  readonly seed: number;
}

/** Maps on the token grid [rows, columns], each from 0 (least) to 1 (most). */
export interface ConceptMaps {
  /** Root mean square difference of the two predictions. */
  readonly change: Float32Array;
  /** Share of the text attention that falls on what differs between the prompts, mean of both branches. */
  readonly attention: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Looks for what differs between two prompts in the source picture, before anything is edited: the source is noised to a few levels and
 * seen once under each prompt. Two readings of the same runs: how much the prediction changes (DiffEdit, Couairon et al., arXiv
 * 2210.11427, section 3.2, here with the source's caption as the reference), and where the attention to the changed text falls.
 */
export async function findConcepts(
  model: Model,
  canvas: Canvas,
  clean: Float32Array,
  query: ConceptQuery,
): Promise<ConceptMaps> {
  const words: CaptureOp = {
    op: 'capture',
    id: 'concept',
    what: 'mass',
    rows: 'image',
    cols: 'text',
    count: 2,
    layers: 'all',
    sites: 'joint',
  };
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: query.source, guidance: 1 },
      { name: 'target', condition: query.target, guidance: 1 },
    ],
    height: canvas.rows,
    width: canvas.columns,
    operations: () => [words],
  });
  const { text, image } = branches.sizes.tokens;
  const ones = new Float32Array(text.length).fill(1);
  const influences = [
    influenceOfChange(model, query.source, query.target),
    influenceOfChange(model, query.target, query.source),
  ];
  const values = massValues(
    words,
    branches.sizes,
    influences.map(({ columns }) => interleave([columns, ones], text.length)),
  );
  const noise = noiseSource(query.seed, clean.length, 'selection');
  const change = new Float32Array(image.length);
  const attention = new Float32Array(image.length);
  for (const [draw, sigma] of query.sigmas.entries()) {
    const state = renoise(clean, noise(draw), sigma);
    const { velocities, captures } = await branches.run({ latents: [state, state], sigma, values });
    const [source = state, target = state] = velocities;
    accumulate(change, normalised(tokenDifference(model, canvas, source, target)));
    accumulate(attention, normalised(textShare(captures[words.id]?.data ?? new Float32Array(), image.length)));
  }
  return { change: normalised(change), attention: normalised(attention), rows: image.height, columns: image.width };
}

/** Root mean square difference of two latents over the cells and channels of each image token. */
function tokenDifference(model: Model, canvas: Canvas, a: Float32Array, b: Float32Array): Float32Array {
  const patch = model.denoiser.patchSize;
  const columns = canvas.columns / patch;
  const sums = new Float32Array((canvas.rows / patch) * columns);
  const plane = canvas.rows * canvas.columns;
  for (let i = 0; i < a.length; i++) {
    const cell = i % plane;
    const token =
      Math.floor(Math.floor(cell / canvas.columns) / patch) * columns + Math.floor((cell % canvas.columns) / patch);
    sums[token] = (sums[token] ?? 0) + ((a[i] ?? 0) - (b[i] ?? 0)) ** 2;
  }
  return sums.map(Math.sqrt);
}

/** Mean over two rows of [tokens, 2]: first value over second. */
function textShare(captured: Float32Array, tokens: number): Float32Array {
  return Float32Array.from({ length: tokens }, (_, token) => {
    const share = (row: number) =>
      (captured[(row * tokens + token) * 2] ?? 0) / Math.max(captured[(row * tokens + token) * 2 + 1] ?? 0, 1e-9);
    return (share(0) + share(1)) / 2;
  });
}

function accumulate(sum: Float32Array, map: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (map[i] ?? 0);
}

/** Scaled from the least value (0) to the largest (1). */
function normalised(map: Float32Array): Float32Array {
  const least = map.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = map.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return map.map((value) => (most > least ? (value - least) / (most - least) : 0));
}
