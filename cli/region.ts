import {
  type EditRequest,
  MAX_MEGAPIXELS,
  MIN_MEGAPIXELS,
  type Region,
  type ResolvedRequest,
} from '../contract/index.ts';
import { regionFromText } from '../engine/index.ts';
import type { OptionSpec, Values } from './options.ts';
import { UsageError } from './usage.ts';

/** Options of commands that edit a picture or clip. */
export const REGION_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'region',
    type: 'text',
    value: 'auto|X,Y,W,H',
    summary:
      'the part of a picture that is edited, in its pixels; auto is around the mask or what is found. Without it the whole, and auto where that is beyond the checkpoint',
  },
  {
    name: 'megapixels',
    type: 'text',
    value: 'N',
    summary: "millions of pixels that the region is scaled to; without it, the checkpoint's own",
  },
];

/** The part of a source that is edited, and the size it is scaled to. */
export function readRegion(values: Values): Pick<EditRequest, 'region' | 'megapixels'> {
  const text = values.text('region');
  const region = text === undefined ? undefined : regionFromText(text);
  if (text !== undefined && region === undefined)
    throw new UsageError(`--region takes auto or X,Y,WIDTH,HEIGHT in pixels, e.g. 100,200,640,480, not "${text}".`);
  const megapixels = values.number('megapixels', MIN_MEGAPIXELS, MAX_MEGAPIXELS);
  return { ...(region !== undefined && { region }), ...(megapixels !== undefined && { megapixels }) };
}

export const regionText = ({ x, y, width, height }: Region): string => `${width}x${height} at ${x}, ${y}`;

/** Where an edit ran and where its result went; undefined where the whole was worked on as it is. */
export function regionLine(
  { region, size }: ResolvedRequest,
  pasted: { readonly width: number; readonly height: number },
): string | undefined {
  if (region === undefined) return undefined;
  const [ran, back] = [size, pasted].map(({ width, height }) => `${width}x${height}`);
  return `region ${regionText(region)}: ran at ${ran}, pasted back at ${back}`;
}
