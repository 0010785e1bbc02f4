import { setTimeout as pause } from 'node:timers/promises';
import { type BatchTable, EditRecord, type MethodDescription } from '../../contract/index.ts';
import type { ImageCodec } from '../../engine/index.ts';
import type { BatchOptions, JobResult } from './run.ts';

/** A batch whose jobs take no network: noise of the seed, through the real way to the disk. Also used by the tests beside. */
export const generateMethod: MethodDescription = {
  id: 'generate',
  title: 'Generate',
  summary: 'Makes a picture.',
  inputs: { prompt: 'required', negative: 'optional', source: 'optional', mask: 'optional', sourcePrompt: 'optional' },
  params: [],
  primitives: [],
} as unknown as MethodDescription;

export function tableOf(rows: number, more: Partial<BatchTable> = {}): BatchTable {
  return {
    name: 'test.csv',
    base: { seed: 100, method: 'generate' },
    rows: Array.from({ length: rows }, (_, row) => ({ prompt: `picture {one|two|three} ${row}` })),
    media: [],
    wildcards: {},
    repeats: 1,
    export: { format: 'png', withMetadata: true },
    ...more,
  };
}

export async function fakeJob({
  request,
}: {
  readonly request: EditRecord['request'] | BatchTable['base'];
}): Promise<JobResult> {
  await pause(3);
  const seed = request.seed ?? 0;
  const data = Uint8Array.from({ length: 24 * 16 * 3 }, (_, index) => (index * (seed + 7)) % 256);
  const record = EditRecord.parse({
    schema: 'attune/1',
    app: { name: 'Attune', version: '0' },
    request: { params: {}, size: { width: 24, height: 16 }, steps: 1, guidance: 1, ...request },
    prompts: [],
    checkpoint: { name: 'none', family: 'none', files: [] },
    runtime: { provider: 'cpu', version: '0', precision: 'float32' },
    noise: 'none',
    sampler: { name: 'none', commonName: 'Euler', sigmas: [] },
    operations: [],
  });
  const map = { width: 2, height: 2, channels: 1 as const, data: Uint8Array.of(1, 2, 3, 4) };
  return {
    images: [{ width: 24, height: 16, channels: 3, data }],
    maps: request.maps ? [{ word: 'a', image: map }] : [],
    record,
    warnings: [],
  };
}

export function killOptions(folder: string, codec: ImageCodec): BatchOptions {
  return {
    table: tableOf(12, { base: { seed: 100, method: 'generate', maps: true } }),
    folder,
    methods: [generateMethod],
    check: () => {},
    codec,
    resume: false,
    explain: (error) => ({ kind: 'internal', message: String(error) }),
    runJob: ({ request }) => fakeJob({ request }),
  };
}
