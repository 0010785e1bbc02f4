import type { MediaInfo, Pixels } from '../../../contract/index.ts';
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
      ({ frames }) => frames.forEach((frame) => frame.close()),
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

/** Draws pixels into a canvas of their size. */
export function drawPixels(context: CanvasRenderingContext2D, { width, height, channels, data }: Pixels): void {
  const image = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    const [r, g, b] =
      channels === 1
        ? [data[i], data[i], data[i]]
        : [data[i * channels], data[i * channels + 1], data[i * channels + 2]];
    image.data.set([r ?? 0, g ?? 0, b ?? 0, 255], i * 4);
  }
  context.putImageData(image, 0, 0);
}
