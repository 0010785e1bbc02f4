import type { CheckpointReport, ComponentReport } from './inspect.ts';

/** A report as lines of text: what the checkpoint is, what it is made of, what is missing, what it will need. */
export function reportLines(report: CheckpointReport): readonly string[] {
  const { memory } = report;
  const needs = [`${size(memory.mappedBytes)} mapped from its files`, `about ${size(memory.privateBytes)} private`];
  if (memory.usual !== undefined)
    needs.push(
      `at most about ${size(memory.usual.peakBytes)} while a picture of ${memory.usual.width}x${memory.usual.height} is made`,
    );
  else if (memory.activationBytes !== undefined) needs.push(`about ${size(memory.activationBytes)} for a run`);
  return [
    `${report.path}: ${report.title}`,
    ...report.components.map((component) => componentLine(component, report.faults.length === 0)),
    `  ${report.parameters.toLocaleString('en')} parameters, ${size(report.bytesOnDisk)} on disk`,
    `  memory: ${needs.join(', ')}`,
    ...(report.vocabulary === undefined ? [] : [vocabularyLine(report.vocabulary)]),
    ...report.missing.map(
      ({ file, tensor, field }) => `  missing: ${[tensor ?? field ?? [], file].flat().join(' in ')}`,
    ),
    ...report.faults.map(({ message }) => `  fault: ${message}`),
    ...(report.advice === undefined ? [] : [`  ${report.advice}`]),
  ];
}

function vocabularyLine(counts: NonNullable<CheckpointReport['vocabulary']>): string {
  const known = Object.entries(counts).map(([kind, count]) => `${count} ${count === 1 ? kind.slice(0, -1) : kind}`);
  return `  words: it knows ${known.join(', ')}`;
}

function componentLine(component: ComponentReport, isSound: boolean): string {
  const { name, className, detectedClass, family, dtypes, parameters, otherWeights } = component;
  const title = detectedClass ?? className ?? 'unknown';
  const notes = [
    ...(family === undefined ? [] : [`family ${family}`]),
    ...(family === undefined && parameters > 0 && isSound ? ['not a network that this version runs'] : []),
    ...(detectedClass !== undefined && className !== undefined && detectedClass !== className
      ? [`its config says ${className}`]
      : []),
    ...(parameters > 0
      ? [`${parameters.toLocaleString('en')} parameters`, Object.keys(dtypes).sort().join(' + ')]
      : []),
    ...(otherWeights.length > 0
      ? [`other weights: ${otherWeights.map((path) => path.replace(/^.*[\\/]/, '')).join(', ')}`]
      : []),
  ];
  return `  ${name}: ${[title, ...notes].join(', ')}`;
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${Math.ceil(bytes / 1e3)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
