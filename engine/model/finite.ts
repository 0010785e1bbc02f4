import { AttuneError } from '../base/errors.ts';

/**
 * What a network gave, if all of it are numbers. One NaN in a latent becomes a black picture or an unchanged one that looks like a
 * result; this says instead what went wrong. `network` is named as a user knows it, `folder` is the checkpoint's.
 * Throws 'runtime-failed' with the ways out.
 */
export function finite(values: Float32Array, network: string, folder: string): Float32Array {
  // A product with 0 is 0 for every number and NaN for NaN and infinity: one pass without a branch.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += (values[i] ?? 0) * 0;
  if (sum === 0) return values;
  throw new AttuneError(
    'runtime-failed',
    `The ${network} of ${folder} gave values that are not numbers, so there is no picture. Its weights are damaged, or overflow in the precision they are stored in: download it again, or take its files in another precision (bf16 or f32).`,
    { file: folder },
  );
}
