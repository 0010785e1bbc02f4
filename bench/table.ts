import type { Bar, Figure, Unit } from './benchmark.ts';
import { type Summary, summarise } from './statistics.ts';

/** A figure with its statistics; what `--json` prints. */
export interface ReportedFigure {
  readonly label: string;
  readonly unit: Unit;
  readonly wall: Summary;
  readonly cpu?: Summary;
  readonly bar?: Bar;
  /** Absent without a bar. */
  readonly verdict?: Verdict;
}

/**
 * `met by cpu`: the wall clock is above the bar and the processor time of all threads is not, so other work on the machine was waited
 * for; alone, a run takes no longer than its processor time.
 */
export type Verdict = 'met' | 'met by cpu' | 'MISSED';

export function reportFigure({ label, unit, values, cpu, bar }: Figure): ReportedFigure {
  const wall = summarise(values);
  const processor = cpu === undefined ? undefined : summarise(cpu);
  return {
    label,
    unit,
    wall,
    ...(processor === undefined ? {} : { cpu: processor }),
    ...(bar === undefined ? {} : { bar, verdict: verdictOf(bar, wall, processor) }),
  };
}

function verdictOf({ atMost, by }: Bar, wall: Summary, cpu: Summary | undefined): Verdict {
  const meets = (clock: Summary | undefined) => clock !== undefined && clock.median <= atMost;
  if (by === 'cpu') return meets(cpu) ? 'met' : 'MISSED';
  if (meets(wall)) return 'met';
  return meets(cpu) ? 'met by cpu' : 'MISSED';
}

const HEADINGS = ['', 'unit', 'n', 'min', 'median', 'max', 'spread', 'cpu min', 'cpu median', 'cpu max', 'bar', ''];

/** The figures of one benchmark as lines of text; all columns but the first two end flush right. */
export function tableOf(figures: readonly ReportedFigure[]): readonly string[] {
  const rows = [HEADINGS, ...figures.map(cells)];
  const widths = HEADINGS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
}

function cells({ label, unit, wall, cpu, bar, verdict }: ReportedFigure): readonly string[] {
  const show = (value: number | undefined) => (value === undefined ? '' : number(value, unit));
  return [
    label,
    unit,
    String(wall.count),
    show(wall.min),
    show(wall.median),
    show(wall.max),
    `${Math.round(100 * wall.spread)} %`,
    show(cpu?.min),
    show(cpu?.median),
    show(cpu?.max),
    bar === undefined ? '' : `${cpu === undefined ? '' : `${bar.by} `}<= ${number(bar.atMost, unit)}`,
    verdict ?? '',
  ];
}

function number(value: number, unit: Unit): string {
  if (unit === 'count') return String(value);
  if (unit === 'MiB') return value.toFixed(0);
  return value.toFixed(3);
}
