import type { Row, Section } from './run.ts';
import type { Score } from './score.ts';
import type { Column } from './tasks/task.ts';

/** Of each family of alternatives the one with the best score on seen cases; the others stay in the JSON. */
export function bestOfFamilies(rows: readonly Row[]): readonly Row[] {
  return rows.filter((row) => {
    const { family } = row.method;
    if (family === undefined) return true;
    const rivals = rows.filter((other) => other.method.family === family);
    return rivals.reduce((best, other) => (other.seen.score > best.seen.score ? other : best)) === row;
  });
}

const HEAD: readonly Column[] = [
  { name: 'success', title: 'success', unit: 'share' },
  { name: 'second', title: '2nd judge', unit: 'share' },
];
const TAIL: readonly Column[] = [
  { name: 'preservedDb', title: 'kept dB', unit: 'dB' },
  { name: 'score', title: 'score', unit: 'share' },
];
const UNSEEN: readonly Column[] = [
  { name: 'success', title: 'success', unit: 'share' },
  { name: 'second', title: '2nd judge', unit: 'share' },
  { name: 'preservedDb', title: 'kept dB', unit: 'dB' },
  { name: 'score', title: 'score', unit: 'share' },
];

/** Lines of one section, for a terminal or a text file. */
export function sectionLines(section: Section): readonly string[] {
  const { task, sourceKind, passedOver, seen, unseen } = section;
  const rows = bestOfFamilies(section.rows);
  const keeps = rows.some(({ seen: score }) => score.preservedDb !== undefined);
  const shown = (column: Column) => keeps || (column.name !== 'preservedDb' && column.name !== 'score');
  const left = [...HEAD, ...task.columns, ...TAIL].filter(shown);
  const right = UNSEEN.filter(shown);
  const name = Math.max(8, ...rows.map(({ method }) => method.name.length));
  const wide = ({ title }: Column) => Math.max(7, title.length) + 2;
  const heads = (columns: readonly Column[]) => columns.map((column) => column.title.padStart(wide(column))).join('');
  const cells = (columns: readonly Column[], score: Score) =>
    columns.map((column) => cell(column, score).padStart(wide(column))).join('');
  const of = { files: 'rendered scenes read from files', own: "the model's own pictures", none: 'captions' }[
    sourceKind
  ];
  return [
    `${task.id} ${task.title}; ${of}; success: ${task.success}`,
    `  ${''.padEnd(name)}  ${`seen, ${seen.length} cases, ${passedOver.seen} passed over`.padEnd(heads(left).length - 2)}  |  unseen, ${unseen.length}, ${passedOver.unseen} passed over`,
    `  ${'method'.padEnd(name)}${heads(left)}  |${heads(right)}`,
    ...rows.map((row) => `  ${row.method.name.padEnd(name)}${cells(left, row.seen)}  |${cells(right, row.unseen)}`),
  ];
}

function cell({ name, unit }: Column, score: Score): string {
  const own: Readonly<Record<string, number | undefined>> = {
    ...score.figures,
    success: score.success,
    second: score.second,
    preservedDb: score.preservedDb,
    score: score.score,
  };
  const value = own[name];
  if (value === undefined || score.cases === 0) return '-';
  if (unit === 'dB') return value.toFixed(1);
  return value.toFixed(unit === 'ratio' ? 3 : 2);
}

/** Everything of the sections as plain data, with every member of a family. */
export function sectionsAsData(sections: readonly Section[]): unknown {
  return sections.map(({ task, sourceKind, rows, passedOver }) => ({
    task: task.id,
    title: task.title,
    source: sourceKind,
    passedOver,
    rows: rows.map(({ method, seen, unseen, kinds }) => ({
      method: method.name,
      kind: method.kind,
      seen,
      unseen,
      kinds,
    })),
  }));
}
