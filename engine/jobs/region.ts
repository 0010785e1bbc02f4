import type { EditRequest, Placement, Region, Size } from '../../contract/index.ts';
import { AttuneError } from '../base/errors.ts';
import { multipleOf } from '../latents/size.ts';
import type { Rectangle } from '../media/region.ts';
import type { Model } from '../model/model.ts';
import type { MediaSizes, SourceSize } from './media.ts';

/**
 * The work region: the part of a source that is scaled to the checkpoint's size, edited, scaled back and pasted in. So a picture of any size
 * can be edited with any checkpoint, and outside the region not a pixel changes.
 */

/** A source with so many times the pixels that a checkpoint was trained on is still worked on as a whole. */
const WORKED_WHOLE = 2.25;
/** Context around an area, as a share of its longer side, on every side. */
const CONTEXT = 0.5;
/** Widest and tallest shape of a region that is placed by itself. */
const LONGEST = 2;

/** What of a request says where an edit works. */
export type RegionAsked = Pick<EditRequest, 'region' | 'size' | 'megapixels'>;

/** `auto`, or X,Y,WIDTH,HEIGHT in pixels of the picture; undefined for anything else. */
export function regionFromText(text: string): EditRequest['region'] {
  const trimmed = text.trim().toLowerCase();
  if (trimmed === 'auto') return 'auto';
  const numbers = /^(\d{1,5}) *, *(\d{1,5}) *, *(\d{1,5}) *, *(\d{1,5})$/.exec(trimmed)?.slice(1).map(Number);
  const [x, y, width, height] = numbers ?? [];
  if (x === undefined || y === undefined || width === undefined || height === undefined) return undefined;
  return { x, y, width, height };
}

/**
 * Where the region of a request lies; undefined where the source is worked on as a whole.
 * @param area where the edit is known to act: the bounds of the mask, or of what was found
 * @throws AttuneError 'request-invalid', field `region`, where it leaves the picture or holds nothing of the area
 */
function placeRegion(
  { region, size, megapixels }: RegionAsked,
  source: SourceSize,
  area: Rectangle | undefined,
  model: Model,
): Region | undefined {
  if (typeof region === 'object') return overArea(withinPicture(region, source), area);
  const isAsked = region === 'auto' || megapixels !== undefined;
  if (!isAsked && (size !== undefined || worksWhole(source, model))) return undefined;
  return area === undefined ? { x: 0, y: 0, width: source.width, height: source.height } : around(area, source, model);
}

/** @throws AttuneError 'request-invalid', field `region`, for one that leaves the picture */
export function withinPicture(region: Region, { width, height }: Size): Region {
  if (region.x + region.width <= width && region.y + region.height <= height) return region;
  throw new AttuneError(
    'request-invalid',
    `The region of ${region.width}x${region.height} at ${region.x}, ${region.y} leaves the picture of ${width}x${height}.`,
    { field: 'region' },
  );
}

function overArea(region: Region, area: Rectangle | undefined): Region {
  if (area === undefined) return region;
  const isApart = (start: number, length: number, other: number, otherLength: number) =>
    start + length <= other || other + otherLength <= start;
  if (!isApart(region.x, region.width, area.x, area.width) && !isApart(region.y, region.height, area.y, area.height))
    return region;
  throw new AttuneError(
    'request-invalid',
    'The mask lies outside the region, so nothing could change. Move the region over it, or leave one of them out.',
    { field: 'region' },
  );
}

function worksWhole({ width, height }: SourceSize, model: Model): boolean {
  const { defaults, denoiser, autoencoder } = model;
  const side = denoiser.maxLatentSide * autoencoder.spatialCompression;
  const padded = (length: number) => Math.ceil(length / multipleOf(model)) * multipleOf(model);
  const fits = padded(width) <= side && padded(height) <= side;
  // The positions of a network tell what it takes; where they are computed for any size, memory and quality are the limit.
  return fits && (Number.isFinite(side) || width * height <= WORKED_WHOLE * defaults.width * defaults.height);
}

/** A rectangle with context around an area, not too thin, inside the picture. */
function around(area: Rectangle, picture: SourceSize, model: Model): Region {
  const margin = Math.max(CONTEXT * Math.max(area.width, area.height), 2 * multipleOf(model));
  const [wide, high] = [area.width + 2 * margin, area.height + 2 * margin];
  const across = span(area.x, area.width, Math.max(wide, high / LONGEST), picture.width);
  const down = span(area.y, area.height, Math.max(high, wide / LONGEST), picture.height);
  return { x: across.start, y: down.start, width: across.length, height: down.length };
}

/** A stretch of this length around another one, moved into 0..whole. */
function span(start: number, inner: number, wished: number, whole: number) {
  const length = Math.min(whole, Math.round(wished));
  const centred = Math.round(start + inner / 2 - length / 2);
  return { start: Math.min(whole - length, Math.max(0, centred)), length };
}

/** Shapes that people ask for, wide ones and the square. */
const SHAPES = [
  [1, 1],
  [5, 4],
  [4, 3],
  [3, 2],
  [16, 9],
  [2, 1],
] as const;

/** Sizes that suit a checkpoint, wide and tall: what regions of these shapes are worked on at. */
export function regionSizes(model: Model): readonly Size[] {
  const wide = SHAPES.map(([width, height]) => workingSize({ width, height }, model));
  const tall = wide.map(({ width, height }) => ({ width: height, height: width }));
  return [...new Map([...wide, ...tall].map((size) => [`${size.width}x${size.height}`, size])).values()];
}

/**
 * Where a request works in a source, and at which size.
 * @throws AttuneError as `placeRegion`
 */
export function placementOf(
  asked: RegionAsked,
  { source, area }: Pick<MediaSizes, 'source' | 'area'>,
  model: Model,
): Placement {
  const region = source && placeRegion(asked, source, area, model);
  const { width, height } =
    asked.size ?? (region && workingSize(region, model, asked.megapixels)) ?? source ?? model.defaults;
  return { ...(region && { region }), size: { width, height } };
}

/**
 * The size at which a region is worked on: its shape, whole tokens, about as many pixels as were asked for, else as the checkpoint was
 * trained on; no side beyond the positions of its network.
 */
function workingSize({ width, height }: Size, model: Model, megapixels?: number): Size {
  const { defaults, denoiser, autoencoder } = model;
  const multiple = multipleOf(model);
  const most = denoiser.maxLatentSide * autoencoder.spatialCompression;
  const scale = Math.min(
    Math.sqrt((megapixels === undefined ? defaults.width * defaults.height : megapixels * 1e6) / (width * height)),
    most / Math.max(width, height),
  );
  const side = (length: number) => Math.max(multiple, Math.round((length * scale) / multiple) * multiple);
  return { width: Math.min(most, side(width)), height: Math.min(most, side(height)) };
}
