import type { AttuneError } from '../../engine/base/errors.ts';
import { malformed, quote } from '../../engine/checkpoint/refusal.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';

/** Channels that the convolution `name` of 3 x 3 pixels gives and takes. Throws 'checkpoint-malformed' where it has another shape. */
export function kernelOf(
  weights: WeightSource,
  name: string,
  file: string,
): { readonly out: number; readonly into: number } {
  const [out = 0, into = 0, rows, columns, ...more] = weights.get(`${name}.weight`).shape;
  if (out < 1 || into < 1 || rows !== 3 || columns !== 3 || more.length > 0) throw otherKernel(weights, name, file);
  return { out, into };
}

/** The refusal of a convolution that the network cannot have. */
export function otherKernel(weights: WeightSource, name: string, file: string): AttuneError {
  const tensor = `${name}.weight`;
  const shape = weights.get(tensor).shape.join(', ');
  return malformed(file, `The tensor ${quote(tensor)} has the shape [${shape}], which no such upscaler has`, {
    tensor,
  });
}
