import { valueAt } from '../base/tensor.ts';
import type { Progress } from '../denoise/progress.ts';
import { codingCalls } from '../latents/batches.ts';
import { decodeFrames } from '../latents/decode.ts';
import type { LatentSize } from '../latents/size.ts';
import type { OpenSpool } from '../latents/tiles.ts';
import { ChangeTally } from '../media/change.ts';
import { type Pasted, paste } from '../media/paste.ts';
import { cutOut, fadeEdges, putBack, type Rectangle } from '../media/region.ts';
import { resample } from '../media/resample.ts';
import type { MethodOutcome } from '../methods/outcome.ts';
import type { Model } from '../model/model.ts';
import type { Pixels } from '../ports.ts';

/** The part of a frame at the edge of the area in which edit and source are mixed, in pixels. */
const FEATHER_PX = 4;

/** Takes a frame as it is handed out, its index from 0, and the frame as the network made it. The next one is decoded when it has resolved. */
export type FrameSink = (frame: Pixels, index: number, unpasted: Pixels) => Promise<void> | void;

interface Delivery {
  readonly model: Model;
  readonly size: LatentSize;
  readonly outcome: MethodOutcome;
  readonly source: readonly Pixels[] | undefined;
  /** The part of larger frames that `source` is; its frames are pasted back there. */
  readonly region?: PasteBack | undefined;
  readonly onFrame: FrameSink;
  /** Opens where pieces of large frames wait; in memory unless given. */
  readonly openSpool: OpenSpool | undefined;
  readonly progress: Progress;
}

/** Where frames that were worked on as a part go. */
export interface PasteBack {
  readonly place: Rectangle;
  /** The frames as they were given. */
  readonly frames: readonly Pixels[];
  /** The user's mask, of the frames' size. */
  readonly mask?: Pixels | undefined;
}

/** Share of a region's shorter side over which it fades into the picture. */
const FADE = 1 / 16;

/**
 * Decodes the frames one after the other, each with the source pasted back outside its mask. Returns how many there were, how many
 * pixels changed outside (counted on what is handed out, and 0) and inside, and of an edit how much of its area changed and how strongly.
 */
export async function deliverFrames({
  model,
  size,
  outcome,
  source,
  region,
  onFrame,
  openSpool,
  progress,
}: Delivery): Promise<{ readonly count: number; readonly figures: Readonly<Record<string, number>> }> {
  progress.stage('decode', codingCalls(model, 'decode', size));
  const { latent, masks } = outcome;
  const hasLock = region !== undefined || (masks !== undefined && source !== undefined);
  let [count, changedOutside, changedInside] = [0, 0, 0];
  const change = new ChangeTally();
  for await (const decoded of decodeFrames(model, size, latent, { openSpool })) {
    const [mask, before] = [masks?.[count] ?? masks?.[0], source?.[count]];
    let frame = decoded;
    if (region !== undefined) {
      const pasted = pasteRegion(decoded, mask, region, count, change);
      frame = pasted.pixels;
      changedOutside += pasted.changedOutside;
      changedInside += pasted.changedInside;
    } else if (mask !== undefined && before !== undefined) {
      const pasted = paste({ source: before, edited: decoded, mask, feather: FEATHER_PX });
      change.add(before, pasted.pixels, mask);
      frame = pasted.pixels;
      changedOutside += pasted.changedOutside;
      changedInside += pasted.changedInside;
    } else if (before !== undefined) change.add(before, decoded, undefined);
    await onFrame(frame, count++, decoded);
    progress.throwIfCancelled();
  }
  const { share, strength } = change;
  return {
    count,
    figures: {
      ...(hasLock ? { changedOutside, changedInside } : {}),
      ...(share === undefined || strength === undefined ? {} : { changedShare: share, changeStrength: strength }),
    },
  };
}

/** Scales a frame back to the pixels of its region and blends it in; outside the region every byte is the source's. */
function pasteRegion(
  decoded: Pixels,
  found: Pixels | undefined,
  { place, frames, mask }: PasteBack,
  index: number,
  change: ChangeTally,
): Pasted {
  const whole = valueAt(frames, index);
  const before = cutOut(whole, place);
  const edited = resample(decoded, place.width, place.height);
  const scale = place.width / decoded.width;
  const allowed = mask === undefined ? found && resample(found, place.width, place.height) : cutOut(mask, place);
  const faded = fadeEdges(
    allowed ?? filled(place),
    place,
    whole,
    Math.round(FADE * Math.min(place.width, place.height)),
  );
  const pasted = paste({ source: before, edited, mask: faded, feather: Math.max(1, Math.round(FEATHER_PX * scale)) });
  change.add(before, pasted.pixels, allowed);
  return { ...pasted, pixels: putBack(whole, pasted.pixels, place) };
}

function filled({ width, height }: Rectangle): Pixels {
  return { width, height, channels: 1, data: new Uint8Array(width * height).fill(255) };
}
