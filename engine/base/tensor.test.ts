import { describe, expect, it } from 'vitest';
import { cutAxis, floatTensor, joinAxis } from './tensor.ts';

const whole = floatTensor(
  Float32Array.from({ length: 24 }, (_, i) => i),
  [2, 3, 4],
);

describe('cutAxis and joinAxis', () => {
  it('cut any axis and put it together again', () => {
    expect(Array.from(cutAxis(whole, 1, 1, 1).data)).toEqual([4, 5, 6, 7, 16, 17, 18, 19]);
    for (const [axis, extent] of whole.dims.entries()) {
      const parts = [cutAxis(whole, axis, 0, 1), cutAxis(whole, axis, 1, extent - 1)];
      expect(joinAxis(parts, axis)).toEqual(whole);
    }
  });

  it('refuse what is not there or does not fit', () => {
    expect(() => cutAxis(whole, 0, 1, 2)).toThrow(RangeError);
    expect(() => joinAxis([whole, cutAxis(whole, 2, 0, 1)], 1)).toThrow(RangeError);
  });
});
