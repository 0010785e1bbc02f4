import { join, resolve } from 'node:path';
import type { BatchPlan, RunEvent } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import type { BatchOutcome, BatchProgress } from '../../service/batch/index.ts';
import type { Outcome, Output } from '../command.ts';
import { JobsReport } from '../progress.ts';
import type { StatusHost } from '../statusline.ts';

const SHOWN = 20;

/** Progress of a batch on stderr: the running job with its steps; failures always. */
export class BatchReport {
  readonly #host: StatusHost;
  readonly #progress: JobsReport | undefined;

  constructor(host: StatusHost, isQuiet: boolean) {
    this.#host = host;
    this.#progress = isQuiet ? undefined : new JobsReport(host);
  }

  readonly onProgress = ({ job, total, status, error, etaMs }: BatchProgress): void => {
    if (status === 'failed') {
      this.#progress?.clear();
      this.#host.writeErr(`attune: job ${job + 1} of ${total} failed: ${error?.message ?? ''}\n`);
    } else if (status === 'running') this.#progress?.begins(`job ${job + 1} of ${total}`, etaMs);
  };

  readonly onEvent = (event: RunEvent): void => this.#progress?.onEvent(event);

  end(): void {
    this.#progress?.end();
  }
}

/** What a batch has to say at its end. Throws 'cancelled' when it was stopped. */
export function batchOutcome({ state, total, done, failed, jobs }: BatchOutcome, folder: string): Outcome {
  if (state === 'cancelled')
    throw new AttuneError(
      'cancelled',
      `The batch was stopped with ${done} of ${total} jobs done; go on with "attune batch --resume -o ${folder}".`,
    );
  const outputs = jobs.flatMap(({ status, file, sha256, bytes, size, record }): Output[] =>
    status === 'done' && sha256 !== undefined && bytes !== undefined
      ? [
          {
            kind: 'image',
            path: resolve(folder, file),
            ...(size ?? record?.request.size ?? { width: 0, height: 0 }),
            bytes,
            sha256,
          },
        ]
      : [],
  );
  const failures = jobs.filter(({ status }) => status === 'failed');
  return {
    ok: failed === 0,
    outputs,
    figures: { total, done, failed },
    lines: [
      `${folder}: ${done} of ${total} jobs done${failed === 0 ? '' : `, ${failed} failed; --resume tries them again`}`,
      `${join(folder, 'manifest.csv')} lists them`,
      ...failures.slice(0, SHOWN).map(({ row, error }) => `  row ${row + 1}: ${error?.message ?? ''}`),
      ...(failures.length > SHOWN ? [`  and ${failures.length - SHOWN} more`] : []),
      ...warningLines(jobs),
    ],
    details: {
      jobs: jobs.map(({ job, row, status, file, error, warnings }) => ({
        job,
        row,
        status,
        file,
        ...(error && { error }),
        ...(warnings && { warnings }),
      })),
    },
  };
}

/** What the results have to say, each sentence once with the rows that it is about. */
function warningLines(jobs: BatchOutcome['jobs']): readonly string[] {
  const rowsOf = new Map<string, Set<number>>();
  for (const { row, warnings = [] } of jobs)
    for (const warning of warnings) rowsOf.set(warning, (rowsOf.get(warning) ?? new Set()).add(row + 1));
  const lines = [...rowsOf].map(([warning, rows]) => {
    const first = [...rows].slice(0, SHOWN).join(', ');
    return `  row${rows.size === 1 ? '' : 's'} ${first}${rows.size > SHOWN ? ', ...' : ''}: ${warning}`;
  });
  return [...lines.slice(0, SHOWN), ...(lines.length > SHOWN ? [`  and ${lines.length - SHOWN} more warnings`] : [])];
}

/** What a dry run says. */
export function planOutcome({ total, jobs, problems }: BatchPlan): Outcome {
  return {
    ok: problems.length === 0,
    outputs: [],
    figures: { total, problems: problems.length },
    lines: [
      `${total} jobs`,
      ...jobs
        .slice(0, SHOWN)
        .map(({ file, request }) => `  ${file}: ${request.method}, seed ${request.seed}, ${request.prompt}`),
      ...(total > SHOWN ? [`  and ${total - SHOWN} more`] : []),
      ...problems.slice(0, SHOWN).map(({ message }) => `  ${message}`),
    ],
    details: { plan: { total, jobs, problems } },
  };
}
