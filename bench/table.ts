import type { Figure, Unit } from './benchmark.ts';
import { type Summary, summarise } from './statistics.ts';

/** A figure with its statistics; what `--json` prints. */
export interface ReportedFigure {
  readonly label: string;
  readonly unit: Unit;
  readonly wall: Summary;
  readonly cpu?: Summary;
  readonly bar?: Figure['bar'];
  /** Absent without a bar. */
  readonly met?: boolean;
}

export function reportFigure({ label, unit, values, cpu, bar }: Figure): ReportedFigure {
  const wall = summarise(values);
  const processor = cpu === undefined ? undefined : summarise(cpu);
  const judged = bar?.by === 'cpu' && processor !== undefined ? processor : wall;
  return {
    label,
    unit,
    wall,
    ...(processor === undefined ? {} : { cpu: processor }),
    ...(bar === undefined ? {} : { bar, met: judged.median <= bar.atMost }),
  };
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

function cells({ label, unit, wall, cpu, bar, met }: ReportedFigure): readonly string[] {
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
    met === undefined ? '' : met ? 'met' : 'MISSED',
  ];
}

function number(value: number, unit: Unit): string {
  if (unit === 'count') return String(value);
  if (unit === 'MiB') return value.toFixed(0);
  return value.toFixed(3);
}
