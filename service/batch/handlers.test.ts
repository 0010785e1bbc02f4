import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { unzipSync } from 'fflate';
import { expect, it } from 'vitest';
import type { BatchState } from '../../contract/index.ts';
import { openImageCodec } from '../../native/images.ts';
import { openBatches } from './handlers.ts';
import { fakeJob, generateMethod, tableOf } from './kill-job.ts';

it('starts, pauses, goes on and gives everything as a ZIP', async () => {
  const outputs = await mkdtemp(join(tmpdir(), 'attune-handlers-'));
  let last: BatchState | undefined;
  const service = openBatches({
    outputs,
    codec: openImageCodec(),
    methods: () => [generateMethod],
    check: () => {},
    explain: (error) => ({ kind: 'internal', message: String(error) }),
    runJob: (job) => fakeJob(job),
    store: { add: () => {}, update: () => {}, list: () => [] },
    tell: (state) => {
      last = state;
    },
  });
  await expect(service.start(tableOf(1, { rows: [{ nope: '1' }] }))).rejects.toThrow(/nope/);
  const { batch } = await service.start(tableOf(6));
  await expect.poll(() => last?.done).toBeGreaterThan(0);
  service.pause(batch);
  expect(last?.state).toBe('paused');
  service.resume(batch);
  await expect.poll(() => last?.state, { timeout: 20_000 }).toBe('finished');
  const { name, stream } = await service.archive(batch);
  expect(name).toMatch(/[.]zip$/);
  expect(Object.keys(unzipSync(new Uint8Array(await buffer(stream))))).toHaveLength(8);
  await expect(service.archive('nope')).rejects.toThrow(/no batch "nope"/);
  await service.close();
  await rm(outputs, { recursive: true });
});
