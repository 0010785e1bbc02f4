/** Batches: tables of jobs that run into a folder, whatever happens in between. */
export type { Archive } from './archive.ts';
export { requestCheck } from './check.ts';
export { columnOf } from './columns.ts';
export { decodeText } from './encoding.ts';
export { mediaKey } from './expand.ts';
export { type BatchService, openBatches } from './handlers.ts';
export { openPlanner } from './planner.ts';
export { MAX_JOBS, type Row } from './row.ts';
export { folderRows, matrixRows } from './rows.ts';
export { type BatchOutcome, type BatchProgress, batchIn, type JobResult, runBatch } from './run.ts';
export { parseTable } from './table.ts';
export { listsNamed, matching } from './words/lists.ts';
