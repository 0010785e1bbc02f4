import type { Config } from '../../engine/checkpoint/config.ts';
import { countLayers } from '../../engine/checkpoint/detect.ts';
import { malformed, quote } from '../../engine/checkpoint/refusal.ts';
import type { WeightRef, WeightSource } from '../../engine/checkpoint/weights.ts';

/**
 * The tensor `name`, a float tensor of exactly `shape`: the one place where what a config promises is held against the file.
 * Throws 'checkpoint-incomplete' when it is absent, 'checkpoint-malformed' when its shape is another or it holds
 * whole numbers.
 */
export function parameter(weights: WeightSource, name: string, shape: readonly number[]): WeightRef {
  const found = weights.get(name);
  if (found.dtype === 'I64')
    throw malformed(found.file, `The tensor ${quote(name)} holds whole numbers (I64) where a float type is expected`, {
      tensor: name,
      field: 'dtype',
    });
  if (found.shape.length !== shape.length || shape.some((extent, axis) => extent !== found.shape[axis]))
    throw malformed(
      found.file,
      `The tensor ${quote(name)} has the shape [${found.shape.join(', ')}] where the config asks for [${shape.join(', ')}]`,
      { tensor: name },
    );
  return found;
}

/**
 * The count of modules that the config's `field` gives, refused when the weights hold more of `prefix`.0, `prefix`.1, ...: layers left
 * out silently would give pictures that are wrong and look plausible. (Too few show as absent tensors.)
 */
export function layerCount(
  config: Config,
  field: string,
  fallback: number,
  weights: WeightSource,
  prefix: string,
): number {
  const count = config.optionalInteger(field, { min: 1, max: 1_000 }) ?? fallback;
  const stored = countLayers(weights, prefix);
  if (stored <= count) return count;
  throw malformed(
    config.file,
    `The field "${field}" is ${count}, but the weights hold ${stored} layers ${quote(prefix)}`,
    {
      field,
    },
  );
}
