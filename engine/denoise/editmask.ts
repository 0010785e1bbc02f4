import { massValues } from '../attention/capture.ts';
import type { CaptureOp } from '../attention/ops.ts';
import { noiseSource } from '../base/noise.ts';
import { valueAt } from '../base/tensor.ts';
import type { Conditioning } from '../conditioning/conditioning.ts';
import { influenceOfChange } from '../conditioning/influence.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Model } from '../model/model.ts';
import type { FlowView } from '../sampling/flowview.ts';
import { renoise } from '../sampling/steps.ts';
import { triangleWeights, WindowBlend } from './blend.ts';
import { outputOf } from './branches.ts';
import { openPasses, type WindowCaptures } from './passes.ts';
import { interleave } from './wordmaps.ts';

export interface ConceptQuery {
  readonly source: Conditioning;
  readonly target: Conditioning;
  /** Noise levels at which the source is looked at, one draw each. */
  readonly sigmas: readonly number[];
  readonly seed: number;
  readonly view: FlowView;
}

/** Maps on the token grid [frames, rows, columns], each from 0 (least) to 1 (most). */
export interface EditMaps {
  /** Root mean square difference of the two predictions. */
  readonly change: Float32Array;
  /** Share of the text attention that falls on what differs between the prompts, mean of both branches. */
  readonly attention: Float32Array;
  readonly frames: number;
  readonly rows: number;
  readonly columns: number;
}

/**
 * Looks for what differs between two prompts in the source, before anything is edited: the source is noised to a few levels and seen once
 * under each prompt. Two readings of the same runs: how much the prediction changes (DiffEdit, Couairon et al., arXiv 2210.11427,
 * section 3.2, here with the source's caption as the reference), and where the attention to the changed text falls.
 */
export async function findEditMaps(
  model: Model,
  size: LatentSize,
  clean: Float32Array,
  query: ConceptQuery,
): Promise<EditMaps> {
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
  const passes = await openPasses(model, size, {
    branches: [
      { name: 'source', condition: query.source, guidance: 1 },
      { name: 'target', condition: query.target, guidance: 1 },
    ],
    operations: () => [words],
  });
  const { text } = passes.sizes.tokens;
  const ones = new Float32Array(text.length).fill(1);
  const influences = [influenceOfChange(query.source, query.target), influenceOfChange(query.target, query.source)];
  const values = massValues(
    words,
    passes.sizes,
    influences.map(({ columns }) => interleave([columns, ones], text.length)),
  );
  const grid = tokenGrid(model, size);
  const tokens = grid.frames * grid.rows * grid.columns;
  const noise = noiseSource(query.seed, clean.length, 'selection');
  const change = new Float32Array(tokens);
  const attention = new Float32Array(tokens);
  for (const [draw, wished] of query.sigmas.entries()) {
    const level = query.view.nearest(wished);
    const state = level.state(renoise(clean, noise(draw), level.sigma));
    const result = await passes.run({ latents: [state, state], timestep: level.timestep, values });
    accumulate(change, normalised(tokenDifference(model, size, outputOf(result, 0), outputOf(result, 1))));
    accumulate(attention, normalised(textShare(result.windows, words.id, grid)));
  }
  return { change: normalised(change), attention: normalised(attention), ...grid };
}

type TokenGrid = Pick<EditMaps, 'frames' | 'rows' | 'columns'>;

function tokenGrid({ denoiser: { patchSize, temporalPatchSize } }: Model, size: LatentSize): TokenGrid {
  return {
    frames: size.totalFrames / temporalPatchSize,
    rows: size.rows / patchSize,
    columns: size.columns / patchSize,
  };
}

/** Root mean square difference of two latents over the latent pixels and channels of each image token. */
function tokenDifference(model: Model, size: LatentSize, a: Float32Array, b: Float32Array): Float32Array {
  const { patchSize, temporalPatchSize } = model.denoiser;
  const { frames, rows, columns } = tokenGrid(model, size);
  const sums = new Float32Array(frames * rows * columns);
  const plane = size.rows * size.columns;
  for (let i = 0; i < a.length; i++) {
    const frame = Math.floor(i / size.frameLength / temporalPatchSize);
    const pixel = i % plane;
    const row = Math.floor(Math.floor(pixel / size.columns) / patchSize);
    const token = (frame * rows + row) * columns + Math.floor((pixel % size.columns) / patchSize);
    sums[token] = valueAt(sums, token) + (valueAt(a, i) - valueAt(b, i)) ** 2;
  }
  return sums.map(Math.sqrt);
}

/** Mean over two branches of what each captured, [tokens, 2]: first value over second; windows blended over frames. */
function textShare(windows: readonly WindowCaptures[], id: string, { frames, rows, columns }: TokenGrid): Float32Array {
  const plane = rows * columns;
  const blend = new WindowBlend(frames, plane);
  const total = windows.reduce((most, window) => Math.max(most, window.start + window.frames), 0);
  for (const window of windows) {
    const captured = window.captures[id]?.data;
    if (captured === undefined) throw new RangeError(`the run captured no ${id}`);
    const deep = (window.frames * frames) / total;
    const tokens = deep * plane;
    const share = (row: number, token: number) =>
      valueAt(captured, (row * tokens + token) * 2) / Math.max(valueAt(captured, (row * tokens + token) * 2 + 1), 1e-9);
    const shares = Float32Array.from({ length: tokens }, (_, token) => (share(0, token) + share(1, token)) / 2);
    if (windows.length === 1) return shares;
    blend.add((window.start * frames) / total, shares, triangleWeights(deep));
  }
  return blend.finish();
}

function accumulate(sum: Float32Array, map: Float32Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = valueAt(sum, i) + valueAt(map, i);
}

/** Scaled from the least value (0) to the largest (1). */
function normalised(map: Float32Array): Float32Array {
  const least = map.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
  const most = map.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  return map.map((value) => (most > least ? (value - least) / (most - least) : 0));
}
