import { describe, expect, it } from 'vitest';
import { reportFigure, tableOf } from './table.ts';

describe('reportFigure', () => {
  it('judges by the clock its bar names', () => {
    const figure = { label: 'x', unit: 'ratio', values: [1.2, 1.3, 1.4], cpu: [1.01, 1.02, 1.03] } as const;
    expect(reportFigure({ ...figure, bar: { atMost: 1.05, by: 'cpu' } }).verdict).toBe('met');
    expect(reportFigure({ ...figure, bar: { atMost: 1, by: 'cpu' } }).verdict).toBe('MISSED');
    expect(reportFigure({ ...figure, values: [1], bar: { atMost: 1, by: 'cpu' } }).verdict).toBe('MISSED');
    expect(reportFigure(figure)).not.toHaveProperty('verdict');
  });

  it('says when only waiting for other work missed a bar', () => {
    const busy = { label: 'x', unit: 's', values: [3], cpu: [0.9], bar: { atMost: 1, by: 'wall' } } as const;
    expect(reportFigure(busy).verdict).toBe('met by cpu');
    expect(reportFigure({ ...busy, cpu: [1.1] }).verdict).toBe('MISSED');
    expect(reportFigure({ ...busy, values: [1] }).verdict).toBe('met');
  });

  it('does not take a cpu bar for met without processor times', () => {
    expect(reportFigure({ label: 'x', unit: 's', values: [0], bar: { atMost: 1, by: 'cpu' } }).verdict).toBe('MISSED');
  });
});

describe('tableOf', () => {
  const lines = tableOf([
    reportFigure({ label: 'a step', unit: 's', values: [1, 2, 4], cpu: [1, 1, 1] }),
    reportFigure({ label: 'private', unit: 'MiB', values: [12.4], bar: { atMost: 100, by: 'wall' } }),
    reportFigure({ label: 'slow', unit: 's', values: [9], bar: { atMost: 5, by: 'wall' } }),
  ]);

  it('has a line a figure below its headings', () => {
    expect(lines).toHaveLength(4);
    expect(lines[1]?.split(/ {2,}/)).toEqual([
      'a step',
      's',
      '3',
      '1.000',
      '2.000',
      '4.000',
      '150 %',
      '1.000',
      '1.000',
      '1.000',
    ]);
    expect(lines[2]).toMatch(/ 12 +12 +12 +0 % +<= 100 +met$/);
    expect(lines[3]).toMatch(/MISSED$/);
  });

  it('keeps its columns below each other', () => {
    expect(lines[0]?.indexOf('median')).toBe((lines[1]?.indexOf('2.000') ?? 0) - 1);
  });
});
