import { describe, expect, it } from 'vitest';
import { duration, ProgressReport } from './progress.ts';

function reporter(hasTerminal: boolean) {
  const lines: string[] = [];
  let now = 0;
  const report = new ProgressReport({ hasTerminal, writeErr: (text) => void lines.push(text), now: () => now });
  return {
    lines,
    report,
    step(step: number, ms: number) {
      now += ms;
      report.onEvent({ kind: 'step', step, of: 10, etaMs: (10 - step) * ms });
    },
  };
}

describe('progress', () => {
  it('is a line now and then where nobody sees it move', () => {
    const { lines, step, report } = reporter(false);
    report.onEvent({ kind: 'stage', stage: 'open' });
    for (let at = 1; at <= 10; at++) step(at, 2000);
    report.end();
    expect(lines).toEqual([
      'attune: step 3 of 10, about 14 s left\n',
      'attune: step 6 of 10, about 8.0 s left\n',
      'attune: step 9 of 10, about 2.0 s left\n',
    ]);
  });

  it('is one moving line on a terminal, gone at the end', () => {
    const { lines, step, report } = reporter(true);
    step(5, 100);
    expect(lines).toEqual(['\r\x1b[K████████████░░░░░░░░░░░░ step 5 of 10, about 0.5 s left']);
    report.end();
    report.end();
    expect(lines.slice(1)).toEqual(['\r\x1b[K']);
  });

  it('says durations as people do', () => {
    expect([40, 9940, 12_300, 59_900, 185_000].map(duration)).toEqual(['0.0 s', '9.9 s', '12 s', '60 s', '3 min 5 s']);
  });
});
