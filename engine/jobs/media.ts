import type { ResolvedRequest, Size } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { checkMask } from '../media/pixels.ts';
import { boundsOf, cutOut, type Rectangle } from '../media/region.ts';
import { resample } from '../media/resample.ts';
import type { Pixels } from '../ports.ts';

/** Frames one after the other, RGB, all of one size; of a long clip only a part may be here. */
export interface Clip {
  readonly frames: readonly Pixels[];
  /** How many are shown a second. */
  readonly fps: number;
  /** Index in the whole clip of the first of them; default 0. */
  readonly first?: number;
}

export interface RunMedia {
  /** What is edited: a picture, RGB or RGBA, or a clip; any size. */
  readonly source?: Pixels | Clip;
  /** One channel, white = may change, of the source's size; holds for every frame. */
  readonly mask?: Pixels;
}

/** What of a source is known before its pixels are needed; without a number of frames it is a picture. */
export interface SourceSize extends Size {
  readonly frames?: number;
  readonly fps?: number;
}

export interface MediaSizes {
  readonly source?: SourceSize;
  readonly mask?: Size;
  /** Where the mask lets pixels change; absent: anywhere. */
  readonly area?: Rectangle;
}

/** The frames of a source; a picture is one. */
export function framesOfSource(source: Pixels | Clip): readonly Pixels[] {
  return 'frames' in source ? source.frames : [source];
}

/** The frames that a request edits. */
export function framesToEdit(
  source: Pixels | Clip,
  { frames = 1, startFrame = 0 }: Pick<ResolvedRequest, 'frames' | 'startFrame'>,
): readonly Pixels[] {
  const at = startFrame - ('frames' in source ? (source.first ?? 0) : 0);
  return framesOfSource(source).slice(at, at + frames);
}

/** Throws 'request-invalid' for a clip without a frame, and 'media-invalid' for a mask that does not fit its source. */
export function sizesOfMedia({ source, mask }: RunMedia): MediaSizes {
  const sizes: MediaSizes = mask === undefined ? {} : maskSizes(mask);
  if (source === undefined) return sizes;
  const [first] = framesOfSource(source);
  if (first === undefined) throw new AttuneError('request-invalid', 'The clip has no frame.', { field: 'source' });
  if (mask !== undefined) checkMask(mask, first);
  const { width, height } = first;
  if (!('frames' in source)) return { ...sizes, source: { width, height } };
  return { ...sizes, source: { width, height, frames: (source.first ?? 0) + source.frames.length, fps: source.fps } };
}

function maskSizes(mask: Pixels): MediaSizes {
  const area = boundsOf(mask);
  const size = { width: mask.width, height: mask.height };
  return area === undefined ? { mask: size } : { mask: size, area };
}

/** The frames that are edited and the mask, their region alone, at the request's size; what has another size is scaled because the request asked for it. */
export function fitMedia(
  { source, mask }: RunMedia,
  request: ResolvedRequest,
): { readonly source?: readonly Pixels[]; readonly mask?: Pixels } {
  const { size, region } = request;
  const { width, height } = size;
  const fit = (picture: Pixels) => resample(region === undefined ? picture : cutOut(picture, region), width, height);
  return {
    ...(source === undefined ? {} : { source: framesToEdit(source, request).map(fit) }),
    ...(mask === undefined ? {} : { mask: fit(mask) }),
  };
}
