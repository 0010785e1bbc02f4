/** Batches: tables of jobs that run into a folder, whatever happens in between. */
export { columnOf, planBatch } from './expand.ts';
export { type BatchService, openBatches } from './handlers.ts';
export { folderRows, matrixRows, parseRows, type Row } from './rows.ts';
export { type BatchOutcome, type BatchProgress, type JobResult, runBatch, seedOfBatch } from './run.ts';
