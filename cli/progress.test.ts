import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JobsReport, ProgressReport } from './progress.ts';
import { duration } from './statusline.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function hosted({ hasTerminal, columns }: { readonly hasTerminal: boolean; readonly columns?: number }) {
  const lines: string[] = [];
  const host = { hasTerminal, columns, writeErr: (text: string) => void lines.push(text), now: () => Date.now() };
  return { lines, host };
}

function reporter(hasTerminal: boolean, columns?: number) {
  const { lines, host } = hosted({ hasTerminal, ...(columns !== undefined && { columns }) });
  const report = new ProgressReport(host);
  return {
    lines,
    report,
    step(step: number, ms: number) {
      vi.advanceTimersByTime(ms);
      report.onEvent({ kind: 'step', step, of: 10, etaMs: (10 - step) * ms });
    },
  };
}

describe('progress where nobody sees it move', () => {
  it('is a line at each stage, and of the steps now and then', () => {
    const { lines, step, report } = reporter(false);
    report.onEvent({ kind: 'stage', stage: 'open' });
    report.onEvent({ kind: 'stage', stage: 'condition' });
    report.onEvent({ kind: 'stage', stage: 'denoise' });
    for (let at = 1; at <= 10; at++) step(at, 2000);
    report.end();
    expect(lines).toEqual([
      'attune: opening the model\n',
      'attune: reading the prompt\n',
      'attune: working\n',
      'attune: step 3 of 10, about 14 s left\n',
      'attune: step 6 of 10, about 8.0 s left\n',
      'attune: step 9 of 10, about 2.0 s left\n',
    ]);
  });

  it('speaks by itself every ten seconds while nothing is told, with the time so far or what is left', () => {
    const { lines, report } = reporter(false);
    report.onEvent({ kind: 'stage', stage: 'condition' });
    report.onEvent({ kind: 'part', part: 1, of: 3, network: 'text_encoder' });
    vi.advanceTimersByTime(24_000);
    report.onEvent({ kind: 'part', part: 2, of: 3, network: 'text_encoder_2', etaMs: 48_000 });
    vi.advanceTimersByTime(12_000);
    report.end();
    vi.advanceTimersByTime(60_000);
    expect(lines).toEqual([
      'attune: reading the prompt\n',
      'attune: reading the prompt, part 1 of 3, 10 s so far\n',
      'attune: reading the prompt, part 1 of 3, 20 s so far\n',
      'attune: reading the prompt, part 2 of 3, about 42 s left\n',
    ]);
  });

  it('is one line for all stages of a job among many, until it takes long', () => {
    const { lines, host } = hosted({ hasTerminal: false });
    const report = new JobsReport(host);
    for (const job of [1, 2]) {
      report.begins(`job ${job} of 2`, job === 1 ? undefined : 30_000);
      report.onEvent({ kind: 'stage', stage: 'open' });
      report.onEvent({ kind: 'stage', stage: 'condition' });
    }
    vi.advanceTimersByTime(12_000);
    report.end();
    expect(lines).toEqual(['attune: job 1 of 2\n', 'attune: job 2 of 2: reading the prompt, about 20 s left\n']);
  });
});

describe('progress on a terminal', () => {
  it('is one moving line, gone at the end', () => {
    const { lines, step, report } = reporter(true);
    step(5, 100);
    expect(lines).toEqual(['\r\x1b[K████████████░░░░░░░░░░░░ step 5 of 10, about 0.5 s left']);
    report.end();
    report.end();
    expect(lines.slice(1)).toEqual(['\r\x1b[K']);
  });

  it('counts on while nothing is told', () => {
    const { lines, report } = reporter(true);
    report.onEvent({ kind: 'stage', stage: 'decode' });
    vi.advanceTimersByTime(3500);
    report.end();
    expect(lines.map((line) => line.replace('\r\x1b[K', ''))).toEqual([
      'making the picture',
      'making the picture',
      'making the picture, 2.0 s so far',
      'making the picture, 3.0 s so far',
      '',
    ]);
  });

  it.each([1, 8, 20, 30, 40, 60, 200])('never fills a line of %i columns, so that it does not wrap', (columns) => {
    const { lines, step, report } = reporter(true, columns);
    report.onEvent({ kind: 'stage', stage: 'search' });
    report.onEvent({ kind: 'part', part: 2, of: 3, network: 'transformer' });
    for (let at = 1; at <= 10; at++) step(at, 200_000);
    report.end();
    for (const line of lines) expect(line.replace('\r\x1b[K', '').length).toBeLessThanOrEqual(Math.max(1, columns - 1));
    expect(lines.filter((line) => line.endsWith(','))).toEqual([]);
    expect(lines.some((line) => line.includes('step 10 of 10'))).toBe(columns >= 20);
    expect(lines.some((line) => line.includes('░'))).toBe(columns >= 40);
  });
});

it('durations are said as people do', () => {
  expect([40, 9940, 12_300, 59_900, 185_000, 7_500_000].map(duration)).toEqual([
    ...['0.0 s', '9.9 s', '12 s', '60 s', '3 min 5 s', '2 h 5 min'],
  ]);
});
