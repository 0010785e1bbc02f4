import { AttuneError } from '../base/errors.ts';
import { noiseSource } from '../base/noise.ts';
import { valueAt } from '../base/tensor.ts';
import { type Conditioning, wordsOf } from '../conditioning/conditioning.ts';
import { type Influence, influenceOfWord } from '../conditioning/influence.ts';
import { unknownWarnings } from '../conditioning/unknown.ts';
import type { LatentSize } from '../latents/size.ts';
import type { Plane } from '../media/pixels.ts';
import { resizeBilinear } from '../media/resize.ts';
import type { Model } from '../model/model.ts';
import { flowView } from '../sampling/flowview.ts';
import { renoise } from '../sampling/steps.ts';
import { findWords } from '../text/prompt.ts';
import { openPasses } from './passes.ts';
import type { Progress } from './progress.ts';
import { schedule } from './schedule.ts';

/** Characters of a prompt. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** Where the network looks for a word. */
export interface WordPlace {
  /** One of each latent frame, of the frames' size: share of the text attention that falls on the word, from the least (0) of all to the most (1). */
  readonly maps: readonly Plane[];
  /** The largest share, 0..1, before the maps were scaled. */
  readonly peak: number;
}

/**
 * Noise level at which the picture is looked at. Mean IoU of the masks with the objects' true areas, 36 objects of 24 sprite scenes: .889
 * at .15, .889 at .25, .888 with .5 added; one draw is as good as two.
 */
const LOOK = 0.25;
/** Steps of the schedule in which a diffusion model's nearest level is looked for. */
const LOOK_STEPS = 50;
/** Stream of the noise; selecting takes no seed, so that a word always gives the same mask. */
const SEED = 0;

/**
 * Runs the denoiser once on the noised source under `condition`, guidance 1, and reads out the share of each image token's text attention
 * that falls on what the word wrote into the text (`conditioning/influence.ts`); mean over heads and layers.
 * @param clean [total frames, channels, rows, columns]
 * @throws AttuneError 'request-invalid', field `prompt`: the prompt lacks the word; field `word`: the model does not know or does not reach it
 */
export async function placeOfWord(
  model: Model,
  size: LatentSize,
  clean: Float32Array,
  { condition, word }: { readonly condition: Conditioning; readonly word: string },
  progress: Progress,
): Promise<WordPlace> {
  const influence = await influenceOf(model, condition, word);
  const passes = await openPasses(model, size, {
    branches: [{ name: 'source', condition, guidance: 1 }],
    watched: [{ branch: 'source', words: [{ word, influence }] }],
  });
  progress.stage('denoise');
  const noise = noiseSource(SEED, clean.length, 'selection')(0);
  const level = flowView(schedule(model, size, LOOK_STEPS)).nearest(LOOK);
  await passes.run({
    latents: [level.state(renoise(clean, noise, level.sigma))],
    timestep: level.timestep,
  });
  await progress.step(1, 1);
  const { height, width } = passes.sizes.tokens.image;
  const shares = Array.from({ length: size.latentFrames }, (_, frame) => passes.share('source', 0, frame));
  const planes = shares.map((share) => toFrame(share, { height, width }, size));
  const [least, most] = rangeOf(planes);
  return {
    maps: planes.map((data) => ({ width: size.width, height: size.height, data: stretched(data, least, most) })),
    peak: rangeOf(shares)[1],
  };
}

/** A token map as pixels of the frame: bilinear, padding cut off. */
function toFrame(share: Float32Array, grid: { height: number; width: number }, size: LatentSize): Float32Array {
  const padded = resizeBilinear(share, grid, { height: size.paddedHeight, width: size.paddedWidth });
  return Float32Array.from({ length: size.width * size.height }, (_, i) =>
    valueAt(padded, Math.floor(i / size.width) * size.paddedWidth + (i % size.width)),
  );
}

/** Every occurrence of the word or phrase counts. */
async function influenceOf(model: Model, condition: Conditioning, word: string): Promise<Influence> {
  const found = findWords(condition.prompt, word);
  if (found.length === 0)
    throw new AttuneError(
      'request-invalid',
      `The prompt "${condition.prompt}" does not contain "${word}"; select a word of the prompt, or leave the prompt out.`,
      { field: 'prompt' },
    );
  const spoken = wordsOf(condition).filter((word) => isInside(word, found));
  if (spoken.every((word) => isInside(word, condition.unknown)))
    throw new AttuneError(
      'request-invalid',
      unknownWarnings(model, [condition])[0] ??
        `The prompt was cut before "${word}"; select a word nearer its beginning.`,
      { field: 'word' },
    );
  const columns = new Float32Array(condition.tokenCount);
  for (const place of found) {
    const influence = await influenceOfWord(model, condition, place);
    influence.columns.forEach((value, column) => {
      columns[column] = Math.max(valueAt(columns, column), value);
    });
  }
  return { columns };
}

const isInside = (word: Range, ranges: readonly Range[]) =>
  ranges.some(({ start, end }) => start <= word.start && word.end <= end);

/** The least and the largest of all values. */
export function rangeOf(planes: readonly Float32Array[]): readonly [number, number] {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const plane of planes)
    for (const value of plane) {
      least = Math.min(least, value);
      most = Math.max(most, value);
    }
  return [least, most];
}

/** Scaled so that `least` is 0 and `most` 1; zeros where they are equal. */
export function stretched(values: Float32Array, least: number, most: number): Float32Array {
  return values.map((value) => (most > least ? (value - least) / (most - least) : 0));
}
