import { createHash } from 'node:crypto';
import type { BatchTable, MethodDescription } from '../../contract/index.ts';
import { type Expansion, expandTable, type RequestCheck } from './expand.ts';

/** The jobs of a table, and what tells whether a resumed batch is the one that began. */
export interface Prepared extends Expansion {
  /** Over everything that decides the results; a changed table has another. */
  readonly fingerprint: string;
}

export function prepareTable(table: BatchTable, methods: readonly MethodDescription[], check?: RequestCheck): Prepared {
  const { jobs, problems } = expandTable(table, methods, check);
  const hash = createHash('sha256');
  // As JSON of [export, jobs], a job at a time.
  hash.update(`[${JSON.stringify(table.export)},[`);
  for (const [index, job] of jobs.entries()) hash.update(`${index === 0 ? '' : ','}${JSON.stringify(job)}`);
  return { jobs, problems, fingerprint: hash.update(']]').digest('hex') };
}
