import { describe, expect, it } from 'vitest';
import type { Pixels } from '../ports.ts';
import { ChangeTally } from './change.ts';

const grey = (value: number, channels: 1 | 3 | 4 = 3): Pixels => ({
  width: 20,
  height: 10,
  channels,
  data: new Uint8Array(200 * channels).fill(value),
});

describe('how much an edit changed', () => {
  it('is the share that looks different, and how far the hundredth goes that changed most', () => {
    const after = grey(100);
    after.data.fill(200, 0, 3 * 20);
    after.data.fill(110, 3 * 20, 3 * 100);
    const tally = new ChangeTally();
    tally.add(grey(100), after, undefined);
    expect(tally.share).toBe(0.1);
    expect(tally.strength).toBeCloseTo(100 / 255, 5);
  });

  it('is counted where the mask lets pixels change, over all frames and whatever the transparency', () => {
    const mask = grey(0, 1);
    mask.data.fill(255, 0, 50);
    const after = grey(100);
    after.data.fill(255, 3 * 50);
    const tally = new ChangeTally();
    tally.add(grey(100, 4), after, mask);
    expect([tally.share, tally.strength]).toEqual([0, 0]);
    tally.add(grey(100, 4), grey(180), mask);
    expect(tally.share).toBe(0.5);
  });

  it('is not known without an area', () => {
    const tally = new ChangeTally();
    tally.add(grey(0), grey(9), grey(0, 1));
    expect([tally.share, tally.strength]).toEqual([undefined, undefined]);
  });
});
