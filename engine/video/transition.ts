import { combine } from '../sampling/steps.ts';
import type { Segment } from './segments.ts';

/**
 * Text states of a segment: those of its prompt, or the straight mean (1-s) from + s to of its two neighbours (DiTCtrl's transition
 * conditioning). `states` are the encoder's, one array a prompt, of equal length.
 */
export function segmentStates({ from, to, share }: Segment, states: readonly Float32Array[]): Float32Array {
  const [first, second] = [states[from], states[to]];
  if (first === undefined || second === undefined)
    throw new RangeError(`there are no states of the prompts ${from} and ${to}`);
  return share === 0 || from === to ? first : combine(first, 1 - share, second, share);
}
