import { describe, expect, it } from 'vitest';
import { ratios, summarise } from './statistics.ts';

describe('summarise', () => {
  it('finds the middle of an odd and of an even count, in any order', () => {
    expect(summarise([3, 1, 2])).toEqual({ count: 3, min: 1, median: 2, max: 3, spread: 1 });
    expect(summarise([4, 1, 2, 3]).median).toBe(2.5);
    expect(summarise([7])).toEqual({ count: 1, min: 7, median: 7, max: 7, spread: 0 });
  });

  it('leaves its argument in order', () => {
    const values = [10, 9, 1];
    summarise(values);
    expect(values).toEqual([10, 9, 1]);
  });

  it('has no spread around nothing', () => expect(summarise([0, 0]).spread).toBe(0));

  it.each([[[]], [[1, Number.NaN]], [[Number.POSITIVE_INFINITY]]])('refuses %j', (values) => {
    expect(() => summarise(values)).toThrow(RangeError);
  });
});

describe('ratios', () => {
  it('pairs the rounds', () => expect(ratios([2, 9], [1, 3])).toEqual([2, 3]));
  it('refuses unequal counts', () => expect(() => ratios([1], [1, 2])).toThrow(RangeError));
});
