import type { WeightSource } from '../../engine/checkpoint/weights.ts';

/** What training scripts put before the names of a network's tensors. */
const PREFIXES = ['params_ema.', 'params.', 'model_state_dict.', 'module.'];

/** The weights under the names of the network itself, whatever was put before all of them. */
export function plainNames(weights: WeightSource): WeightSource {
  const prefix = PREFIXES.find(
    (start) => weights.names.length > 0 && weights.names.every((name) => name.startsWith(start)),
  );
  return prefix === undefined ? weights : renamed(weights, (name) => name.slice(prefix.length));
}

/** The weights with each tensor under the name that `rename` gives it. */
export function renamed(weights: WeightSource, rename: (name: string) => string): WeightSource {
  const stored = new Map(weights.names.map((name) => [rename(name), name]));
  // A name that is not there is asked for as it is, so that the refusal names what is missing.
  const own = (name: string): string => stored.get(name) ?? name;
  return {
    names: [...stored.keys()],
    has: (name) => stored.has(name),
    shape: (name) => (stored.has(name) ? weights.shape(own(name)) : undefined),
    get: (name) => weights.get(own(name)),
    read: (name) => weights.read(own(name)),
    readInt64: (name) => weights.readInt64(own(name)),
  };
}
