import { combine } from '../../sampling/steps.ts';
import type { Segment } from './segments.ts';

/**
 * Text states of a segment: those of its prompt, or the straight mean (1-s) from + s to of its two neighbours (DiTCtrl's transition
 * conditioning). The states are the encoder's, of equal length.
 */
export function segmentStates({ from, to, share }: Segment, first: Float32Array, second: Float32Array): Float32Array {
  return share === 0 || from === to ? first : combine(first, 1 - share, second, share);
}
