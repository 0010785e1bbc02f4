import { join } from 'node:path';
import type { EditRequest } from '../contract/index.ts';
import {
  type CodingModel,
  decodeFrames,
  type Engine,
  encodeFrames,
  latentOf,
  latentSizeOf,
  openEngine,
  type Pixels,
  type RunMedia,
  type RunOptions,
  type RunResult,
} from '../engine/index.ts';
import * as families from '../models/registry.ts';
import { createOnnxRuntime } from '../native/runtime.ts';

/** The engine on the real runtime with the checkpoint that ships, and pictures to edit that no file is needed for. */

export const EMBEDDED = join(import.meta.dirname, '..', 'models', 'embedded');

export function openTestEngine(threads: number | 'all' = 1, embedded = EMBEDDED, hubCache?: string): Engine {
  return openEngine({
    runtime: createOnnxRuntime(threads === 'all' ? {} : { threads }),
    families,
    places: { embedded, ...(hubCache === undefined ? {} : { hubCache }) },
    version: '0.0.0-test',
    clock: () => performance.now(),
  });
}

type Asked = Partial<EditRequest> & Pick<EditRequest, 'method'>;

/** A request with everything that a test does not care about filled in. */
export function requestOf(asked: Asked): EditRequest {
  return { checkpoint: 'embedded/image', prompt: 'a red apple on the left, on grass', seed: 1, steps: 4, ...asked };
}

export function runAsked(
  engine: Engine,
  asked: Asked,
  media: RunMedia = {},
  options: RunOptions = {},
): Promise<RunResult> {
  return engine.run(requestOf(asked), media, options);
}

type SizedCodingModel = CodingModel & Parameters<typeof latentSizeOf>[0];

/** Frames through the autoencoder and back, padded and cropped. */
export async function codedClip(model: SizedCodingModel, clip: readonly Pixels[]): Promise<readonly Pixels[]> {
  const [first] = clip;
  if (first === undefined) return [];
  const size = latentSizeOf(model, { width: first.width, height: first.height, frames: clip.length });
  const frames: Pixels[] = [];
  const latent = latentOf(size, await encodeFrames(model, size, clip));
  for await (const frame of decodeFrames(model, size, latent)) frames.push(frame);
  return frames;
}

/** As `codedClip`, of a picture. */
export async function codedAlone(model: SizedCodingModel, picture: Pixels): Promise<Pixels> {
  const [coded] = await codedClip(model, [picture]);
  if (coded === undefined) throw new Error('no frame was decoded');
  return coded;
}

/** A disc on a gradient: smooth places, an edge, and no two rows alike. */
export function discOf(width: number, height: number, channels: 3 | 4 = 3): Pixels {
  const data = new Uint8Array(width * height * channels).fill(255);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const isIn = Math.hypot(x - width * 0.4, y - height * 0.55) < Math.min(width, height) * 0.22;
      const sky = [80 + Math.round((60 * y) / height), 140 + Math.round((40 * x) / width), 230];
      for (let c = 0; c < 3; c++) data[(y * width + x) * channels + c] = (isIn ? [210, 40, 45] : sky)[c] ?? 0;
    }
  return { width, height, channels, data };
}

/** White inside the box [left, right) x [top, bottom), given as shares of the sides. */
export function boxMask(
  width: number,
  height: number,
  [left, top, right, bottom]: readonly [number, number, number, number] = [0.2, 0.3, 0.65, 0.85],
): Pixels {
  const data = Uint8Array.from({ length: width * height }, (_, pixel) => {
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    return x >= left && x < right && y >= top && y < bottom ? 255 : 0;
  });
  return { width, height, channels: 1, data };
}

/** Largest difference of two arrays of one length. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN));
    most = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(most, difference);
  }
  return most;
}
