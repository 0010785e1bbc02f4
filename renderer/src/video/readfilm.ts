import { ALL_FORMATS, BlobSource, CanvasSink, Input } from 'mediabunny';
import type { Pixels, Size } from '../../../contract/index.ts';
import { filmTagsOf } from './filmtags.ts';
import { readPixels } from './frames.ts';

/** What of a film can be used at once. */
export interface FilmLimits {
  /** Larger frames are scaled down to fit, in their own proportions. */
  readonly fit: Size;
  /** A faster film is taken at this rate: frames a second. */
  readonly fps: number;
  /** Its beginning is taken. */
  readonly frames: number;
}

export interface ReadFilm {
  readonly frames: readonly Pixels[];
  readonly fps: number;
  /** As the file has it. */
  readonly whole: Size & { readonly fps: number; readonly seconds: number };
  /** Tags that say how it was made, ours or another tool's. */
  readonly tags?: Readonly<Record<string, string>>;
}

/** Sides that every network here divides: latents of 8 pixels, patches of two latents. */
const SIDE_STEP = 16;

/**
 * Frames of a film (MP4, MOV, WebM, Matroska) by the browser's own decoders. Throws Error with a sentence where the file is no film or
 * this browser has no decoder for it.
 */
export async function readFilm(file: File, limits: FilmLimits): Promise<ReadFilm> {
  const input = new Input({ source: new BlobSource(file), formats: ALL_FORMATS });
  try {
    const refuse = (why: string) => new Error(`${file.name} ${why}`);
    if (!(await input.canRead())) throw refuse('is no film that can be read here: MP4, MOV, WebM or Matroska.');
    const track = await input.getPrimaryVideoTrack();
    if (track === null) throw refuse('has no pictures.');
    if (!(await track.canDecode()))
      throw refuse(
        `is coded in a way (${(await track.getCodecParameterString()) ?? 'unknown'}) that this window cannot decode. Save it as MP4 with plain H.264, or as animated WebP.`,
      );
    const [width, height] = [await track.getDisplayWidth(), await track.getDisplayHeight()];
    const { averagePacketRate } = await track.computePacketStats();
    const [first, end] = [await track.getFirstTimestamp(), await track.computeDuration()];
    const whole = { width, height, fps: Math.round(averagePacketRate * 1000) / 1000, seconds: end - first };
    const fps = Math.min(whole.fps, limits.fps);
    const size = fitted(whole, limits.fit);
    const count = Math.max(1, Math.min(limits.frames, Math.round(whole.seconds * fps)));
    const sink = new CanvasSink(track, { ...size, fit: 'fill', poolSize: 2 });
    const canvas = new OffscreenCanvas(size.width, size.height);
    const frames: Pixels[] = [];
    // The middle of each frame's time, so that no rounding of timestamps shows one twice.
    const times = Array.from({ length: count }, (_, at) => first + (at + 0.5) / fps);
    for await (const wrapped of sink.canvasesAtTimestamps(times))
      if (wrapped !== null) frames.push(readPixels(canvas, wrapped.canvas));
    if (frames.length < 2) throw refuse('has fewer than two frames.');
    const tags = filmTagsOf(await input.getMetadataTags());
    return { frames, fps, whole, ...(tags && { tags }) };
  } finally {
    input.dispose();
  }
}

/** Never larger, and of sides that a network can take. */
function fitted({ width, height }: Size, fit: Size): Size {
  const scale = Math.min(1, Math.max(fit.width, fit.height) / Math.max(width, height));
  const side = (length: number) => Math.max(SIDE_STEP, Math.round((length * scale) / SIDE_STEP) * SIDE_STEP);
  return { width: side(width), height: side(height) };
}
