import { describe, expect, it } from 'vitest';
import { alternate, ratioFigure, timed, timeFigure } from './measure.ts';

describe('alternate', () => {
  it('warms up, takes turns and turns round', async () => {
    const order: string[] = [];
    const contender = (name: string) => ({ name, run: async () => order.push(name) });
    const samples = await alternate([contender('a'), contender('b')], 3);
    expect(order.join('')).toBe('ab' + 'ab' + 'ba' + 'ab');
    expect([...samples.keys()]).toEqual(['a', 'b']);
    expect(samples.get('a')).toHaveLength(3);
  });
});

describe('timed', () => {
  it('gives the result and both clocks', async () => {
    const { result, wall, cpu } = await timed(async () => {
      await new Promise((done) => setTimeout(done, 30));
      return 7;
    });
    expect(result).toBe(7);
    expect(wall).toBeGreaterThan(0.02);
    expect(cpu).toBeGreaterThanOrEqual(0);
  });
});

it('figures carry both clocks', () => {
  const samples = [
    { wall: 2, cpu: 3 },
    { wall: 4, cpu: 3 },
  ];
  const base = [
    { wall: 1, cpu: 2 },
    { wall: 4, cpu: 6 },
  ];
  expect(timeFigure('t', samples)).toEqual({ label: 't', unit: 's', values: [2, 4], cpu: [3, 3] });
  const bar = { atMost: 1, by: 'cpu' } as const;
  expect(ratioFigure('r', samples, base, bar)).toEqual({
    label: 'r',
    unit: 'ratio',
    values: [2, 1],
    cpu: [1.5, 0.5],
    bar,
  });
});
