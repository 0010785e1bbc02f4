import { expect, it } from 'vitest';
import { resizeBilinear } from './resize.ts';

const of = (...values: number[]) => Float32Array.of(...values);

it('resizes bilinearly between the centres of cells and repeats the edges', () => {
  const [from, to] = [
    { height: 1, width: 2 },
    { height: 2, width: 4 },
  ];
  expect(resizeBilinear(of(1, 3), from, to)).toEqual(of(1, 1.5, 2.5, 3, 1, 1.5, 2.5, 3));
  expect(resizeBilinear(of(7), { height: 1, width: 1 }, { height: 2, width: 2 })).toEqual(of(7, 7, 7, 7));
});
