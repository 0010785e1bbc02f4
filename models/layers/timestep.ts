import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';

/** Longest period of the sinusoids, in timesteps. */
const MAX_PERIOD = 10_000;

/**
 * Sinusoids of a timestep as diffusers' `get_timestep_embedding(flip_sin_to_cos=True, downscale_freq_shift=0)` makes them:
 * timestep [B] float32 -> [B, channels] = [cos(t f), sin(t f)] with f_i = MAX_PERIOD^(-i / half).
 *
 * Every stage is rounded to float32 as in the reference: at t = 1000 the rounding of t f moves an entry by up to 6e-5,
 * so exact sinusoids would be further from what the network was trained with.
 */
export function timestepSinusoids(g: GraphBuilder, timestep: Value, channels: number): Value {
  const half = channels / 2;
  const step = Math.fround(-Math.log(MAX_PERIOD));
  const frequencies = Float32Array.from({ length: half }, (_, i) =>
    Math.exp(Math.fround(Math.fround(step * i) / half)),
  );
  const [batch = 0] = timestep.shape;
  const angles = g.mul(g.reshape(timestep, [batch, 1]), g.constant('float32', [1, half], frequencies));
  return g.concat([g.cos(angles), g.sin(angles)], 1);
}
