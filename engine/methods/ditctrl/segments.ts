import { AttuneError } from '../../base/errors.ts';
import { valueAt } from '../../base/tensor.ts';

/** What one window of a long video shows: a prompt, or a mean of two neighbours. */
export interface Segment {
  /** First latent frame of its window. */
  readonly start: number;
  /** Prompts it lies between; equal where it shows one prompt alone. */
  readonly from: number;
  readonly to: number;
  /** Share of `to`, 0..1. */
  readonly share: number;
}

/** Windows of `tile` latent frames, each overlapping the one before. */
export interface SegmentPlan {
  readonly tile: number;
  readonly overlap: number;
  /** Latent frames of the whole video: tile + (segments - 1)(tile - overlap). */
  readonly frames: number;
  readonly segments: readonly Segment[];
}

export interface SegmentWishes {
  readonly prompts: number;
  /** Latent frames the network makes at once. */
  readonly tile: number;
  /** Latent frames that neighbouring windows share. */
  readonly overlap: number;
  /** Windows between two prompts, which show a mean of both. */
  readonly transitions: number;
  /** Further windows, 0 where none are named: of each prompt between the first and the last, or of every prompt by its place. */
  readonly extra: number | readonly number[];
}

/**
 * DiTCtrl's division of a long video (arXiv 2412.18597, section 3.3; official code `generate_conditioning_parts`): P prompts, b
 * transition windows between neighbours and m further windows of each middle prompt make P + b(P-1) + m max(P-2, 0) windows. Counts
 * are of latent frames, whatever number of frames the autoencoder makes of each.
 * @throws AttuneError 'request-invalid' for counts that are no whole numbers or windows that do not advance
 */
export function planSegments({ prompts, tile, overlap, transitions, extra }: SegmentWishes): SegmentPlan {
  whole('prompts', prompts, 1);
  whole('tile', tile, 1);
  whole('overlap', overlap, 0);
  whole('transitions', transitions, 0);
  if (overlap >= tile)
    throw new AttuneError(
      'request-invalid',
      `Windows of ${tile} latent frames cannot overlap by ${overlap}; take less than ${tile}.`,
      { field: 'overlap' },
    );
  const extraOf = (prompt: number) => {
    if (typeof extra !== 'number') return extra[prompt] ?? 0;
    return prompt > 0 && prompt < prompts - 1 ? extra : 0;
  };
  const shown: Omit<Segment, 'start'>[] = [];
  for (let prompt = 0; prompt < prompts; prompt++) {
    whole('extra', extraOf(prompt), 0);
    for (let i = 0; i <= extraOf(prompt); i++) shown.push({ from: prompt, to: prompt, share: 0 });
    if (prompt === prompts - 1) break;
    for (let j = 1; j <= transitions; j++) shown.push({ from: prompt, to: prompt + 1, share: j / (transitions + 1) });
  }
  const advance = tile - overlap;
  return {
    tile,
    overlap,
    frames: tile + (shown.length - 1) * advance,
    segments: shown.map((segment, at) => ({ ...segment, start: at * advance })),
  };
}

/** The window in whose middle a latent frame lies most: its index. */
export function nearestWindow({ segments, tile }: SegmentPlan, frame: number): number {
  const distance = (start: number) => Math.abs(frame - start - (tile - 1) / 2);
  return segments.reduce(
    (best, { start }, at) => (distance(start) < distance(valueAt(segments, best).start) ? at : best),
    0,
  );
}

function whole(field: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new AttuneError('request-invalid', `"${field}" must be a whole number from ${least}, not ${value}.`, { field });
}
