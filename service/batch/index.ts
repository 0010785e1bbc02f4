/** Batches: tables of jobs that run into a folder, whatever happens in between. */
export { columnOf, planBatch } from './expand.ts';
export { type BatchService, type BatchServiceOptions, openBatches } from './handlers.ts';
export type { ManifestEntry } from './manifest.ts';
export { folderRows, matrixRows, parseRows, productRows, type Row } from './rows.ts';
export {
  type BatchOptions,
  type BatchOutcome,
  type BatchProgress,
  type JobResult,
  runBatch,
  seedOfBatch,
} from './run.ts';
