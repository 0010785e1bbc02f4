import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import { type RotaryTable, rotaryAngles, rotaryGrid } from '../layers/rotary.ts';

/** A grid of tokens: frames, rows and columns. */
export interface TokenGrid {
  readonly frames: number;
  readonly height: number;
  readonly width: number;
}

/** Base of the sinusoids. */
const BASE = 10_000;

/** What `get_3d_sincos_pos_embed` divides positions by. */
export interface InterpolationScales {
  readonly space: number;
  readonly time: number;
}

/**
 * Adds the sincos positions to tokens [B, F*h*w, D] as diffusers' `get_3d_sincos_pos_embed` does: the first quarter of the channels has the
 * frame, the next 3/8 the column, the last 3/8 the row, each [sin, cos]. Quarter by quarter, since the whole table of a published video
 * would be 135 MB of graph.
 */
export function addSincosPositions(
  g: GraphBuilder,
  tokens: Value,
  { frames, height, width }: TokenGrid,
  scales: InterpolationScales,
): Value {
  const [batch = 0, , channels = 0] = tokens.shape;
  const [time, space] = [channels / 4, (3 * channels) / 8];
  const grid = g.reshape(tokens, [batch, frames, height, width, channels]);
  const [byFrame, byColumn, byRow] = g.split(grid, 4, [time, space, space]);
  const table = (count: number, scale: number, width_: number, shape: readonly number[]) =>
    g.constant('float32', shape, sinusoids(count, scale, width_));
  const placed = [
    g.add(byFrame!, table(frames, scales.time, time, [frames, 1, 1, time])),
    g.add(byColumn!, table(width, scales.space, space, [width, space])),
    g.add(byRow!, table(height, scales.space, space, [height, 1, space])),
  ];
  return g.reshape(g.concat(placed, 4), tokens.shape);
}

/** `get_1d_sincos_pos_embed_from_grid` of 0, 1, ... / scale: row-major [count, channels], each row [sin, cos]. */
function sinusoids(count: number, scale: number, channels: number): Float32Array {
  const half = channels / 2;
  return Float32Array.from({ length: count * channels }, (_, at) => {
    const [position, channel] = [Math.fround(Math.floor(at / channels) / scale), at % channels];
    const angle = position / BASE ** ((channel % half) / half);
    return channel < half ? Math.sin(angle) : Math.cos(angle);
  });
}

/** Rows and columns of tokens that a rotary network was made for. */
export interface BaseGrid {
  readonly height: number;
  readonly width: number;
}

/** How positions of a grid that is not the base grid come about: stretched and cropped to it (1.0), or left as they are (1.5). */
export type RotaryForm = 'resize-crop' | 'plain';

/**
 * The rotary table of a grid, [F*h*w, headDim / 2]: a quarter of the channels turn by the frame, 3/8 by the row, 3/8 by the column, as
 * CogVideoXPipeline's `_prepare_rotary_positional_embeddings` makes it.
 */
export function rotaryPositions(
  { frames, height, width }: TokenGrid,
  base: BaseGrid,
  form: RotaryForm,
  headDim: number,
): RotaryTable {
  const [time, space] = [headDim / 4, (3 * headDim) / 8];
  const count = (length: number) => Array.from({ length }, (_, i) => i);
  const [rows, columns] = form === 'plain' ? [count(height), count(width)] : resizedPositions({ height, width }, base);
  return rotaryGrid([rotaryAngles(count(frames), time), rotaryAngles(rows, space), rotaryAngles(columns, space)]);
}

/**
 * Rows and columns of a grid, scaled to fit into the base grid and centred there (`get_resize_crop_region_for_grid`); the crop may begin
 * below zero. Each runs from its start to stop (n-1)/n.
 */
function resizedPositions({ height, width }: BaseGrid, base: BaseGrid): readonly [number[], number[]] {
  const isTall = height / width > base.height / base.width;
  const resizedHeight = isTall ? base.height : roundHalfToEven((base.width / width) * height);
  const resizedWidth = isTall ? roundHalfToEven((base.height / height) * width) : base.width;
  const along = (cells: number, resized: number, whole: number) => {
    const start = roundHalfToEven((whole - resized) / 2);
    return linspace(start, ((start + resized) * (cells - 1)) / cells, cells);
  };
  return [along(height, resizedHeight, base.height), along(width, resizedWidth, base.width)];
}

/** Python's `round`. */
function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest === 0.5) return below % 2 === 0 ? below : below + 1;
  return rest < 0.5 ? below : below + 1;
}

/** torch.linspace in float32, which counts from both ends to the middle. */
function linspace(start: number, stop: number, count: number): number[] {
  const end = Math.fround(stop);
  const step = count > 1 ? Math.fround((end - start) / (count - 1)) : 0;
  return Array.from({ length: count }, (_, i) =>
    Math.fround(i < Math.floor(count / 2) || count === 1 ? start + step * i : end - step * (count - 1 - i)),
  );
}
