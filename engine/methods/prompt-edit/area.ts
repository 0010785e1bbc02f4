import type { Pixels } from '../../../contract/index.ts';
import { valueAt } from '../../base/tensor.ts';
import { type EditMaps, findEditMaps } from '../../denoise/editmask.ts';
import { latentToMask } from '../../latents/masks.ts';
import type { LatentSize } from '../../latents/size.ts';
import type { ParamsOf } from '../params.ts';
import type { EditPrompts, MethodRun } from '../run.ts';
import type { PROMPT_EDIT_PARAMS } from './params.ts';

type Params = ParamsOf<typeof PROMPT_EDIT_PARAMS>;
type AreaSettings = Pick<Params, 'maskSource' | 'threshold' | 'dilation'>;

/** Where frames may change. */
export interface EditArea {
  /** An offset from the source, [total frames, C, rows, columns], 0 outside the area. */
  inside(offset: Float32Array): Float32Array;
  /** One channel for each frame or one for all, of the request's size. */
  readonly masks: readonly Pixels[];
}

/** Noise levels at which the source is searched for what changes: from details to layout. */
const LOOKS = [0.25, 0.5, 0.75];

/** The user's mask, or where the changed words are in each frame; undefined where all may change. */
export async function editArea(
  run: MethodRun,
  clean: Float32Array,
  { source, target }: EditPrompts,
  params: Pick<Params, 'blend' | 'maskSource' | 'threshold' | 'dilation'>,
): Promise<EditArea | undefined> {
  const { model, size, mask, request, view } = run;
  if (mask !== undefined) return areaOf(size, Array(size.totalFrames).fill(run.latentMask()), [mask]);
  if (!params.blend) return undefined;
  run.progress.stage('search');
  const maps = await findEditMaps(model, size, clean, { source, target, view, sigmas: LOOKS, seed: request.seed });
  const weights = Array.from({ length: size.totalFrames }, (_, frame) =>
    editedLatent(frameOf(maps, Math.floor(frame / model.denoiser.temporalPatchSize)), size, params),
  );
  const masks = Array.from({ length: size.frames }, (_, frame) => {
    // A latent frame stands for the frames up to the next one; what may change in either may change in them.
    const latent = size.paddingFrames + Math.ceil(frame / model.autoencoder.temporalCompression);
    const found = weights[Math.min(size.totalFrames - 1, latent)];
    if (found === undefined) throw new RangeError(`there is no latent frame ${latent}`);
    return latentToMask(size, found);
  });
  return areaOf(size, weights, masks);
}

/** Maps of one frame of the token grid. */
function frameOf({ change, attention, rows, columns }: EditMaps, frame: number): TokenMaps {
  const part = (map: Float32Array) => map.subarray(frame * rows * columns, (frame + 1) * rows * columns);
  return { change: part(change), attention: part(attention), rows, columns };
}

type TokenMaps = Pick<EditMaps, 'change' | 'attention' | 'rows' | 'columns'>;

function areaOf(
  { frameLength, rows, columns }: LatentSize,
  weights: readonly Float32Array[],
  masks: readonly Pixels[],
): EditArea {
  const plane = rows * columns;
  return {
    masks,
    inside: (offset) =>
      offset.map((value, i) => {
        const frame = weights[Math.floor(i / frameLength)];
        if (frame === undefined) throw new RangeError('the offset has more frames than the area');
        return value * valueAt(frame, i % plane);
      }),
  };
}

/**
 * Latent pixels that an edit may change: the chosen map smoothed over 3x3 tokens, thresholded, grown.
 * @returns [rows, columns] of 0 and 1
 */
export function editedLatent(
  maps: TokenMaps,
  size: Pick<LatentSize, 'rows' | 'columns'>,
  { maskSource, threshold, dilation }: AreaSettings,
): Float32Array {
  const { rows, columns } = maps;
  const chosen =
    maskSource === 'both'
      ? maps.change.map((value, i) => value * valueAt(maps.attention, i))
      : maskSource === 'attention'
        ? maps.attention
        : maps.change;
  const smooth = overNeighbours(
    chosen,
    rows,
    columns,
    1,
    (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  );
  const most = smooth.reduce((a, b) => Math.max(a, b), 0);
  const area = smooth.map((value) => (most > 0 && value > threshold * most ? 1 : 0));
  const grown = overNeighbours(area, rows, columns, dilation, (values) => Math.max(...values));
  return Float32Array.from({ length: size.rows * size.columns }, (_, pixel) => {
    const y = Math.floor((Math.floor(pixel / size.columns) * rows) / size.rows);
    const x = Math.floor(((pixel % size.columns) * columns) / size.columns);
    return valueAt(grown, y * columns + x);
  });
}

function overNeighbours(
  map: Float32Array,
  rows: number,
  columns: number,
  radius: number,
  reduce: (values: number[]) => number,
): Float32Array {
  return map.map((_, token) => {
    const [y, x] = [Math.floor(token / columns), token % columns];
    const values: number[] = [];
    for (let v = Math.max(0, y - radius); v <= Math.min(rows - 1, y + radius); v++)
      for (let u = Math.max(0, x - radius); u <= Math.min(columns - 1, x + radius); u++)
        values.push(valueAt(map, v * columns + u));
    return reduce(values);
  });
}
