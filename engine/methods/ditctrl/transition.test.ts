import { expect, it } from 'vitest';
import { segmentStates } from './transition.ts';

const [first, second] = [Float32Array.of(0, 4), Float32Array.of(2, 0)];

it('takes the states of one prompt as they are and means of two', () => {
  expect(segmentStates({ start: 0, from: 1, to: 1, share: 0 }, second, second)).toBe(second);
  expect(Array.from(segmentStates({ start: 0, from: 0, to: 1, share: 0.25 }, first, second))).toEqual([0.5, 3]);
});
