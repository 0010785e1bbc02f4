import { describe, expect, it } from 'vitest';
import { AttuneError, asOutOfMemory, isOutOfMemory } from '../index.ts';
import type { MemoryPart, MemoryPlan, MemoryStage } from './memory.ts';
import { ranOut, tooLarge } from './outofmemory.ts';

const GB = 1e9;

/** A stage over nothing that was kept: what it needs, and how much of that grows with the size. */
const part = (stage: MemoryStage, component: string, own: number, sized: number): MemoryPart => ({
  ...{ stage, component, keptBytes: 0 },
  ...{ peakBytes: own * GB, ownBytes: own * GB, sizedBytes: sized * GB },
});

function planOf(...parts: readonly MemoryPart[]): MemoryPlan {
  const most = (values: readonly number[]) => Math.max(...values);
  return {
    ...{ mappedBytes: 0, privateBytes: 0, parts },
    peakBytes: most(parts.map(({ peakBytes }) => peakBytes)),
    leastBytes: most(parts.map(({ ownBytes, sizedBytes }) => ownBytes - sizedBytes)),
  };
}

const picture = { width: 1024, height: 1024, frames: 1 };
const text = part('condition', 'text_encoder_3', 9.6, 0);
const step = part('denoise', 'transformer', 6, 5);

describe('a job that does not fit', () => {
  it('is told with the text encoder where that is the cost, for which no size is small enough', () => {
    const error = tooLarge(planOf(text, step), picture, 4 * GB);
    expect(error).toMatchObject({ kind: 'memory-exceeded', where: { field: 'checkpoint' } });
    expect(error.message).toBe(
      'This job needs about 9.6 GB of memory, most of it for the text encoder text_encoder_3, and 4.0 GB are free. No smaller size helps: any needs 9.6 GB. Close other programs, or choose a checkpoint that is smaller or stored in fewer bits.',
    );
  });

  it('is told with the size where a smaller one fits, and of a clip with its length', () => {
    const error = tooLarge(planOf(part('condition', 'text_encoder', 1, 0), step), picture, 4 * GB);
    expect(error).toMatchObject({ where: { field: 'size' } });
    expect(error.message).toMatch(/most of it for the transformer, .*smaller size than 1024x1024, or close/);
    expect(tooLarge(planOf(step), { ...picture, frames: 49 }, 4 * GB).message).toContain('1024x1024 or fewer frames,');
  });
});

describe('memory that runs out in a run', () => {
  const job = { memory: planOf(text, step, part('decode', 'vae', 1, 0.9)), size: picture };

  it('names the network, what it needs, and what helps there', () => {
    expect(ranOut({ ...job, network: 'text_encoder_3' }).message).toBe(
      'Memory ran out in the text encoder text_encoder_3, which needs about 9.6 GB whatever the size. Close other programs, or choose a checkpoint that is smaller or stored in fewer bits.',
    );
    expect(ranOut({ ...job, network: 'vae' })).toMatchObject({
      where: { field: 'size' },
      message:
        'Memory ran out in the VAE, which needs about 1.0 GB at 1024x1024. Ask for a smaller size than 1024x1024, or close other programs.',
    });
  });

  it('says how it showed, and what is not known it leaves out', () => {
    const how = 'The process ended.';
    expect(ranOut({ ...job, network: 'transformer' }, how).message).toMatch(
      /^The process ended\. It was running the tra/,
    );
    expect(ranOut({ network: 'vae' }, how).message).toMatch(/^The process ended\. It was running the VAE\. Close/);
    expect(ranOut({}).message).toMatch(/^Memory ran out\. Close/);
  });
});

it('memory that ran out is known by its words, whoever says them', () => {
  const words = [
    'std::bad_alloc',
    'Non-zero status code returned while running MatMul node. Failed to allocate memory for requested buffer of size 4096',
    'Array buffer allocation failed',
    'CUDA failure 2: out of memory',
    'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory',
    'memory allocation of 123 bytes failed',
    'ENOMEM: not enough memory, read',
  ];
  for (const message of words) {
    expect(isOutOfMemory(new Error(message)), message).toBe(true);
    expect(isOutOfMemory(new AttuneError('runtime-failed', 'It failed.', {}, new Error(message))), message).toBe(true);
    expect(asOutOfMemory(message)).toMatchObject({ kind: 'memory-exceeded' });
  }
  for (const other of [new Error('a shape does not fit'), new RangeError('Invalid typed array length: -1'), undefined])
    expect(asOutOfMemory(other)).toBeUndefined();
});
