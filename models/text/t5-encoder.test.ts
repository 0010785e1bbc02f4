import { describe, expect, it } from 'vitest';
import { indexTensor } from '../../engine/base/tensor.ts';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph } from '../../test/run-network.ts';
import { tinyT5, writeNetwork } from '../../test/tiny-networks.ts';
import { relativeBucket, t5Encoder } from './t5-encoder.ts';

const open = (network = tinyT5()) => t5Encoder.open(openComponent(writeNetwork(network)));

describe.skipIf(noFixtures)('T5 against the reference (skipped without ../shared/fixtures)', () => {
  it('t5: position bias, hidden states, with and without a mask', async () => {
    const results = await runNetwork(fixture('t5'), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('T5', () => {
  it('puts distances into buckets: exact, then logarithmic, then one for all that are far', () => {
    const buckets = (positions: readonly number[]) => positions.map((position) => relativeBucket(position, 32, 128));
    expect(buckets([0, -1, -7, -8, -11, -12, -16, -23, -64, -127, -128, -10_000])).toEqual([
      0, 1, 7, 8, 8, 9, 10, 11, 14, 15, 15, 15,
    ]);
    for (const distance of [1, 7, 8, 40, 127, 5_000])
      expect(relativeBucket(distance, 32, 128)).toBe(16 + relativeBucket(-distance, 32, 128));
  });

  it('does not let masked tokens be seen', async () => {
    const encoder = open();
    const run = async (ids: readonly number[], mask: readonly number[]) =>
      numbersOf(
        (
          await runGraph((g) => ({ last: encoder.build(g, { batch: 1, tokens: 4, masked: true }).last }), {
            ids: indexTensor(ids, [1, 4]),
            mask: indexTensor(mask, [1, 4]),
          })
        ).last,
      ).slice(0, 2 * encoder.width);
    expect(await run([3, 4, 5, 6], [1, 1, 0, 0])).toEqual(await run([3, 4, 11, 12], [1, 1, 0, 0]));
    expect(await run([3, 4, 5, 6], [1, 1, 1, 1])).not.toEqual(await run([3, 4, 11, 12], [1, 1, 1, 1]));
  });

  it('runs the ungated form, and the embedding table under its other name', async () => {
    const encoder = open(tinyT5({ gated: false, table: 'encoder.embed_tokens.weight' }));
    const { last } = await runGraph((g) => ({ last: encoder.build(g, { batch: 1, tokens: 3 }).last }), {
      ids: indexTensor([3, 4, 5], [1, 3]),
    });
    expect(numbersOf(last).every(Number.isFinite)).toBe(true);
  });

  it('names a feed-forward it does not know', () => {
    const network = tinyT5();
    expect(() => open({ ...network, config: { ...network.config, feed_forward_proj: 'gated-mish' } })).toThrow(
      expect.objectContaining({
        kind: 'checkpoint-unsupported',
        where: expect.objectContaining({ field: 'feed_forward_proj' }),
      }),
    );
  });
});
