import type { MediaInfo, Pixels } from '../../../contract/index.ts';
import { rgbaOf } from '../canvas/pixels.ts';
import { call } from '../state/connection.ts';

/** The frames of a stored clip, ready to be drawn. */
export interface ClipFrames {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly frames: readonly ImageBitmap[];
}

const cache = new Map<string, Promise<ClipFrames>>();
const KEPT = 4;

/** Decodes a clip of the store; the last few stay. Throws Error with a sentence where this browser cannot. */
export function framesOf(info: MediaInfo): Promise<ClipFrames> {
  const { sha256 } = info.ref;
  const known = cache.get(sha256) ?? decode(info);
  cache.delete(sha256);
  cache.set(sha256, known);
  known.catch(() => cache.delete(sha256));
  for (const [key, old] of cache) {
    if (cache.size <= KEPT) break;
    cache.delete(key);
    old.then(
      ({ frames }) => {
        for (const frame of frames) frame.close();
      },
      () => {},
    );
  }
  return known;
}

async function decode({ ref, width, height, fps = 8 }: MediaInfo): Promise<ClipFrames> {
  if (!('ImageDecoder' in globalThis))
    throw new Error('This browser cannot show single frames of a clip; use the desktop application, Chrome or Edge.');
  const { bytes, type } = await call('media.get', { sha256: ref.sha256 });
  const decoder = new ImageDecoder({ data: bytes as Uint8Array<ArrayBuffer>, type });
  await decoder.tracks.ready;
  const count = decoder.tracks.selectedTrack?.frameCount ?? 0;
  const frames: ImageBitmap[] = [];
  for (let frameIndex = 0; frameIndex < count; frameIndex++) {
    const { image } = await decoder.decode({ frameIndex });
    frames.push(await createImageBitmap(image));
    image.close();
  }
  decoder.close();
  return { width, height, fps, frames };
}

/** Frames of a clip of the store as RGB. Throws as `framesOf`. */
export async function pixelsOf(info: MediaInfo, start: number, count: number): Promise<readonly Pixels[]> {
  const { width, height, frames } = await framesOf(info);
  const canvas = new OffscreenCanvas(width, height);
  return frames.slice(start, start + count).map((frame) => readPixels(canvas, frame));
}

/** A picture of a canvas's size as RGB, its colours as they are. */
export function readPixels(canvas: OffscreenCanvas, picture: CanvasImageSource): Pixels {
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives no canvas to read frames from.');
  const { width, height } = canvas;
  context.drawImage(picture, 0, 0);
  const { data: rgba } = context.getImageData(0, 0, width, height);
  const data = new Uint8Array(width * height * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    data[to] = rgba[from] ?? 0;
    data[to + 1] = rgba[from + 1] ?? 0;
    data[to + 2] = rgba[from + 2] ?? 0;
  }
  return { width, height, channels: 3, data };
}

/** Draws pixels into a canvas of their size. */
export function drawPixels(context: CanvasRenderingContext2D, pixels: Pixels): void {
  context.putImageData(new ImageData(rgbaOf(pixels), pixels.width, pixels.height), 0, 0);
}
