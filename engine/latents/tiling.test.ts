import { describe, expect, it } from 'vitest';
import { SeamBlender, seamWeights, tileStarts } from './tiling.ts';

describe('tiling', () => {
  it('covers every cell, keeps the overlap and ends exactly at the edge', () => {
    for (const [length, tile, overlap] of [
      [100, 32, 8],
      [33, 32, 8],
      [64, 32, 0],
      [17, 32, 8],
    ] as const) {
      const starts = tileStarts(length, tile, overlap);
      expect((starts.at(-1) ?? 0) + Math.min(tile, length)).toBe(length);
      for (let i = 1; i < starts.length; i++) {
        expect((starts[i - 1] ?? 0) + tile - (starts[i] ?? 0)).toBeGreaterThanOrEqual(overlap);
      }
    }
  });

  it('gives back a plane that was cut into tiles, whatever the overlap', () => {
    const [channels, height, width, tile] = [2, 21, 30, 12];
    const plane = Float32Array.from({ length: channels * height * width }, (_, i) => Math.sin(i));
    const blender = new SeamBlender(channels, height, width);
    for (const top of tileStarts(height, tile, 5)) {
      for (const left of tileStarts(width, tile, 5)) {
        const piece = new Float32Array(channels * tile * tile);
        for (let c = 0; c < channels; c++)
          for (let y = 0; y < tile; y++)
            for (let x = 0; x < tile; x++)
              piece[(c * tile + y) * tile + x] = plane[(c * height + top + y) * width + left + x] ?? Number.NaN;
        blender.add(piece, top, left, seamWeights(tile, top > 0 ? 5 : 0, 5), seamWeights(tile, left > 0 ? 5 : 0, 5));
      }
    }
    const blended = blender.result();
    for (let i = 0; i < plane.length; i++) expect(blended[i]).toBeCloseTo(plane[i] ?? Number.NaN, 5);
  });

  it('hides a step between two tiles behind a monotone ramp', () => {
    const blender = new SeamBlender(1, 1, 12);
    const row = seamWeights(1, 0, 0);
    blender.add(new Float32Array(8).fill(0), 0, 0, row, seamWeights(8, 0, 4));
    blender.add(new Float32Array(8).fill(1), 0, 4, row, seamWeights(8, 4, 0));
    const blended = Array.from(blender.result());
    expect(blended.slice(0, 4)).toEqual([0, 0, 0, 0]);
    expect(blended.slice(8)).toEqual([1, 1, 1, 1]);
    for (let i = 1; i < 12; i++) expect((blended[i] ?? 0) - (blended[i - 1] ?? 0)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...blended.slice(1).map((value, i) => value - (blended[i] ?? 0)))).toBeLessThan(0.25);
  });
});
