import type { ResolvedRequest, Size } from '../../contract/index.ts';
import { boundsOf, onEmpty, type Rectangle } from '../media/region.ts';
import { resample } from '../media/resample.ts';
import type { MethodOutcome } from '../methods/outcome.ts';
import type { Pixels } from '../ports.ts';
import type { PasteBack } from './deliver.ts';
import { framesToEdit, type MediaSizes, type RunMedia } from './media.ts';

/** The bounds of what masks of a region let change, in the picture's pixels. */
export function areaOfMasks(masks: readonly Pixels[], region: Rectangle): Rectangle | undefined {
  let [left, top, right, bottom] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0];
  for (const mask of masks) {
    const found = boundsOf(mask);
    if (found === undefined) continue;
    const [across, down] = [region.width / mask.width, region.height / mask.height];
    left = Math.min(left, Math.floor(region.x + found.x * across));
    top = Math.min(top, Math.floor(region.y + found.y * down));
    right = Math.max(right, Math.ceil(region.x + (found.x + found.width) * across));
    bottom = Math.max(bottom, Math.ceil(region.y + (found.y + found.height) * down));
  }
  return right === 0 ? undefined : { x: left, y: top, width: right - left, height: bottom - top };
}

/** What is handed out: the request's size, or the source's where a region of it is worked on. */
export function shownSize({ region, size }: ResolvedRequest, { source }: MediaSizes): Size {
  return region === undefined || source === undefined ? size : { width: source.width, height: source.height };
}

/** Where the worked region goes; undefined where the whole source is worked on. */
export function pasteBack(request: ResolvedRequest, { source, mask }: RunMedia): PasteBack | undefined {
  const { region } = request;
  if (region === undefined || source === undefined) return undefined;
  return { place: region, frames: framesToEdit(source, request), mask };
}

/** The masks of a method, at the picture's own size and place. */
export function masksOf(
  { masks }: MethodOutcome,
  region: PasteBack | undefined,
): { readonly masks?: readonly Pixels[] } {
  if (masks === undefined) return {};
  const [whole] = region?.frames ?? [];
  if (region === undefined || whole === undefined) return { masks };
  if (region.mask !== undefined) return { masks: [region.mask] };
  const { place } = region;
  return { masks: masks.map((mask) => onEmpty(whole, resample(mask, place.width, place.height), place)) };
}
