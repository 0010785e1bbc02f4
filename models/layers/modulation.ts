import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import type { Layers } from './layers.ts';

/**
 * The chunks of an adaptive norm's linear: conditioning [B, E], already through SiLU (which the reference applies in every norm;
 * it is the same vector each time) -> `chunks` values of [B, 1, width]; the width is E unless told otherwise.
 */
export function modulationChunks(
  net: Layers,
  name: string,
  conditioning: Value,
  chunks: number,
  width = conditioning.shape[1] ?? 0,
): readonly Value[] {
  const { g } = net;
  const [batch = 0] = conditioning.shape;
  const all = net.linear(`${name}.linear`, conditioning, chunks * width);
  return g.split(g.reshape(all, [batch, chunks, width]), 1, chunks);
}

/** norm * (1 + scale) + shift. norm: [B, T, D]; shift, scale: [B, 1, D]. */
export function modulate(g: GraphBuilder, norm: Value, shift: Value, scale: Value): Value {
  return g.add(g.mul(norm, g.add(scale, g.scalar(1))), shift);
}

/** x + gate * change. x, change: [B, T, D]; gate: [B, 1, D]. */
export function gatedResidual(g: GraphBuilder, x: Value, gate: Value, change: Value): Value {
  return g.add(x, g.mul(gate, change));
}
