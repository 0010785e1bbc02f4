import { describe, expect, it } from 'vitest';
import { stretchFrames, thresholdMap } from './subjectplace.ts';

describe('stretchFrames', () => {
  it('stretches each frame by itself, whatever the frames around it hold', () => {
    const [bright, dim] = [
      [1, 2, 3],
      [10, 20, 30],
    ];
    const stretched = stretchFrames(Float32Array.of(...(bright ?? []), ...(dim ?? [])), 2);
    [0, 0.5, 1, 0, 0.5, 1].forEach((value, i) => {
      expect(stretched[i]).toBeCloseTo(value, 5);
    });
    expect(Array.from(thresholdMap(stretched, 0.5 - 1e-3))).toEqual([0, 1, 1, 0, 1, 1]);
  });

  it('finds nothing in a frame that is the same everywhere', () => {
    expect(Array.from(stretchFrames(Float32Array.of(2, 2, 2), 1))).toEqual([0, 0, 0]);
  });

  it('counts a value at the threshold as inside, as float32', () => {
    expect(thresholdMap(Float32Array.of(0.3), 0.3)[0]).toBe(1);
  });
});
