import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { BatchState, BatchTable, HistoryEntry, QueuedJob } from '../../contract/index.ts';
import { MIGRATIONS } from './migrations.ts';

/** What the rows hold, as JSON Schema; bytes do not occur in them. */
const schemas = [QueuedJob, HistoryEntry, BatchState, BatchTable].map((schema) =>
  z.toJSONSchema(schema, { io: 'input' }),
);
const form = createHash('sha256').update(JSON.stringify(schemas)).digest('hex').slice(0, 16);

it('the version of the store moves with the contract of its rows', () => {
  expect(
    MIGRATIONS.at(-1)?.form,
    `What jobs, results or batches hold has changed: append { sql: '', form: '${form}' } to MIGRATIONS, or a step that brings older rows up to date.`,
  ).toBe(form);
});
