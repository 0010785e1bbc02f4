import { expect, it } from 'vitest';
import type { RunEvent } from '../../contract/index.ts';
import type { MemoryPlan, MemoryStage } from '../../engine/index.ts';
import { Doing } from './doing.ts';

const GB = 1e9;
const part = (stage: MemoryStage, component: string, own: number, sized: number) => ({
  ...{ stage, component, keptBytes: 0 },
  ...{ peakBytes: own * GB, ownBytes: own * GB, sizedBytes: sized * GB },
});
const parts = [
  part('condition', 'text_encoder', 0.3, 0),
  part('condition', 'text_encoder_3', 9, 0),
  part('denoise', 'transformer', 6, 5),
  part('decode', 'vae', 2, 2),
];
const memory: MemoryPlan = { mappedBytes: 0, privateBytes: 0, peakBytes: 9 * GB, leastBytes: 9 * GB, parts };
const shape = { size: { width: 512, height: 384 }, frames: 1 };

const exit = { isCrash: true, isOutOfMemory: true, sentence: 'The system ended it.' };
const said = { what: 'That happened twice.', way: 'Try again.' };
const stage = (name: RunEvent & { kind: 'stage' }) => name;

function lost(...events: readonly RunEvent[]) {
  const doing = new Doing();
  doing.hear({ kind: 'begin', job: '1', shape, memory });
  for (const event of events) doing.hear({ kind: 'event', job: '1', event });
  return doing.lostBy(exit, said).message;
}

it('a runner that ran out of memory is told with the network that it ran, and what helps there', () => {
  const reading = stage({ kind: 'stage', stage: 'condition' });
  expect(lost(reading, { kind: 'part', part: 2, of: 2, network: 'text_encoder_3' })).toBe(
    'The system ended it. That happened twice. It was running the text encoder text_encoder_3, which needs about 9.0 GB whatever the size. Close other programs, or choose a checkpoint that is smaller or stored in fewer bits.',
  );
  const working = stage({ kind: 'stage', stage: 'denoise' });
  expect(lost(reading, { kind: 'part', part: 1, of: 2, network: 'text_encoder' }, working)).toMatch(
    /It was running the transformer, which needs about 6\.0 GB at 512x384\. Ask for a smaller size than 512x384/,
  );
  expect(lost(working, { kind: 'stage', stage: 'decode' })).toMatch(
    /It was running the VAE, which needs about 2\.0 GB/,
  );
  expect(lost({ kind: 'stage', stage: 'open' })).toMatch(/^The system ended it\. That happened twice\. Close other/);
});

it('one that ended otherwise is told as how it ended, and what to try', () => {
  const error = new Doing().lostBy({ ...exit, isOutOfMemory: false, sentence: 'It ended (SIGSEGV).' }, said);
  expect(error).toMatchObject({
    kind: 'runtime-failed',
    message: 'It ended (SIGSEGV). That happened twice. Try again.',
  });
});
