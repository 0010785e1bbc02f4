import { AttuneError } from '../base/errors.ts';
import { parseConfig } from '../checkpoint/config.ts';
import { refusal } from '../checkpoint/refusal.ts';
import { readSafetensors } from '../checkpoint/safetensors.ts';
import { weightSource } from '../checkpoint/weights.ts';
import type { NetworkFamily, Upscaler, UpscalerSizes } from '../family.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { resample } from '../media/resample.ts';
import type { Sessions } from '../model/sessions.ts';
import type { Pixels } from '../ports.ts';
import { type TileRange, tileRanges } from './tiles.ts';

/** An upscaler of a file, opened down to the header. */
export interface OpenUpscaler {
  /** Tells this state of the file from others. */
  readonly key: string;
  readonly network: Upscaler;
}

/** Most pixels along the kept part of a tile, and bytes that a run may take. */
const TILE = 192;
const TILE_BYTES = 256 * 1024 * 1024;
/** Least kept pixels: below, most of the work would be done for margins. */
const LEAST_TILE = 32;

/** The most pixels of a result, as of every picture that is opened. */
const MAX_PIXELS = 100_000_000;

/**
 * Opens a `.safetensors` file of an upscaler. Throws 'checkpoint-unsupported' for a file of something else, otherwise as `readSafetensors` and
 * `weightSource`, naming file and tensor.
 */
export function openUpscaler(file: string, families: readonly NetworkFamily<Upscaler>[]): OpenUpscaler {
  const opened = readSafetensors(file);
  const weights = weightSource([opened], file);
  // Such files have no config: the shapes of the tensors say all.
  const files = { config: parseConfig('{}', file), weights };
  const family = families.find((known) => known.detect(files));
  if (family === undefined)
    throw refusal(
      'checkpoint-unsupported',
      file,
      `It is no upscaler that Attune runs: ${families.map(({ title }) => title).join(', ')}. Choose the .safetensors file of one.`,
      { field: 'network' },
    );
  return { key: `${opened.realPath}@${opened.modifiedMs}`, network: family.open(files) };
}

/** Throws 'request-invalid' for a factor that the network cannot give, or for a result that would be too large. */
export function checkUpscale(
  { network }: OpenUpscaler,
  { width, height }: Pick<Pixels, 'width' | 'height'>,
  scale: number,
) {
  if (!(scale >= 1 && scale <= network.scale))
    throw new AttuneError(
      'request-invalid',
      `This upscaler enlarges by up to ${network.scale}, not by ${scale}. Choose a factor from 1 to ${network.scale}.`,
      { field: 'scale' },
    );
  if (width * height * network.scale ** 2 > MAX_PIXELS)
    throw new AttuneError(
      'request-invalid',
      `${width}x${height} enlarged by ${network.scale} is more than ${MAX_PIXELS / 1e6} megapixels. Scale it down or crop it first.`,
      { field: 'scale' },
    );
}

/**
 * A picture enlarged by `scale`, 1 to the network's own factor; what is between comes from the network's factor, reduced. Transparency is
 * enlarged without the network. In tiles: beside picture and result one tile is in memory. `onTile` is told after each.
 */
export async function upscale(
  { key, network }: OpenUpscaler,
  picture: Pixels,
  scale: number,
  sessions: Sessions,
  onTile: (done: number, of: number) => Promise<void> | void = () => {},
): Promise<Pixels> {
  const { multiple, margin } = network;
  const { width, height } = picture;
  const [fullWidth, fullHeight] = [upTo(width, multiple), upTo(height, multiple)];
  const sizes = tileSizes(network, picture);
  const rows = tileRanges(fullHeight, sizes.height, margin, multiple);
  const columns = tileRanges(fullWidth, sizes.width, margin, multiple);
  const use = { network: 'upscaler', variant: `${key}:${sizes.height}x${sizes.width}` };
  const session = await sessions.get(use, { weights: 'private' }, () => {
    const g = new GraphBuilder();
    g.output('result', network.build(g, sizes));
    return g.build();
  });
  const large = blank(width * network.scale, height * network.scale);
  let done = 0;
  for (const row of rows)
    for (const column of columns) {
      const frames = tileOf(picture, row.start, column.start, sizes);
      const { result } = await session.run({ frames });
      if (result?.dtype !== 'float32') throw new RangeError('an upscaler gives float32');
      keep(result.data, large, { row, column, scale: network.scale, sizes });
      await onTile(++done, rows.length * columns.length);
    }
  const target = { width: Math.round(width * scale), height: Math.round(height * scale) };
  return withAlpha(resample(large, target.width, target.height), picture);
}

/** About what enlarging takes besides the picture: one tile, the result, and the result at another factor. */
export function upscaleBytes({ network }: OpenUpscaler, picture: Pick<Pixels, 'width' | 'height'>): number {
  const result = 3 * picture.width * picture.height * network.scale ** 2;
  return network.activationBytes(tileSizes(network, picture)) + 2 * result;
}

/** The largest tile whose run takes no more than it may, and no larger than the picture. */
function tileSizes(network: Upscaler, { width, height }: Pick<Pixels, 'width' | 'height'>): UpscalerSizes {
  const { multiple, margin } = network;
  const sizesOf = (kept: number) => {
    const size = upTo(kept + 2 * margin, multiple);
    return { batch: 1, height: Math.min(size, upTo(height, multiple)), width: Math.min(size, upTo(width, multiple)) };
  };
  let kept = TILE;
  while (kept > LEAST_TILE && network.activationBytes(sizesOf(kept)) > TILE_BYTES) kept -= 16;
  return sizesOf(kept);
}

const upTo = (length: number, multiple: number): number => Math.ceil(length / multiple) * multiple;

const blank = (width: number, height: number): Pixels => ({
  width,
  height,
  channels: 3,
  data: new Uint8Array(width * height * 3),
});

/** Input of the network: the tile's pixels in 0..1, [1,3,H,W]; beyond the picture its edge goes on. */
function tileOf(
  { width, height, channels, data }: Pixels,
  top: number,
  left: number,
  sizes: { readonly height: number; readonly width: number },
) {
  const values = new Float32Array(3 * sizes.height * sizes.width);
  for (let c = 0, at = 0; c < 3; c++)
    for (let y = 0; y < sizes.height; y++) {
      const row = Math.min(height - 1, top + y) * width;
      for (let x = 0; x < sizes.width; x++, at++) {
        const pixel = (row + Math.min(width - 1, left + x)) * channels;
        values[at] = data[pixel + (channels === 1 ? 0 : c)]! / 255;
      }
    }
  return { dtype: 'float32' as const, dims: [1, 3, sizes.height, sizes.width], data: values };
}

/** Writes the kept part of a tile's result [1,3,sH,sW] into the whole. */
function keep(
  result: Float32Array,
  large: Pixels,
  tile: {
    readonly row: TileRange;
    readonly column: TileRange;
    readonly scale: number;
    readonly sizes: { readonly height: number; readonly width: number };
  },
): void {
  const { row, column, scale, sizes } = tile;
  const [tileHeight, tileWidth] = [sizes.height * scale, sizes.width * scale];
  const [bottom, right] = [Math.min(row.keepEnd * scale, large.height), Math.min(column.keepEnd * scale, large.width)];
  for (let y = row.keepStart * scale; y < bottom; y++)
    for (let x = column.keepStart * scale; x < right; x++) {
      const from = (y - row.start * scale) * tileWidth + x - column.start * scale;
      const to = (y * large.width + x) * 3;
      for (let c = 0; c < 3; c++) {
        const value = Math.round(result[c * tileHeight * tileWidth + from]! * 255);
        large.data[to + c] = Math.min(255, Math.max(0, value));
      }
    }
}

/** The colours with the source's transparency at their size; a source of one channel has one again. */
function withAlpha(colours: Pixels, source: Pixels): Pixels {
  if (source.channels === 3) return colours;
  const { width, height } = colours;
  if (source.channels === 1) {
    // The three channels saw the same; the middle one stands for them.
    const data = Uint8Array.from({ length: width * height }, (_, at) => colours.data[3 * at + 1]!);
    return { width, height, channels: 1, data };
  }
  const alpha = resample(
    {
      width: source.width,
      height: source.height,
      channels: 1,
      data: Uint8Array.from({ length: source.width * source.height }, (_, at) => source.data[4 * at + 3]!),
    },
    width,
    height,
  );
  const data = new Uint8Array(width * height * 4);
  for (let at = 0; at < width * height; at++) {
    data.set(colours.data.subarray(3 * at, 3 * at + 3), 4 * at);
    data[4 * at + 3] = alpha.data[at]!;
  }
  return { width, height, channels: 4, data };
}
