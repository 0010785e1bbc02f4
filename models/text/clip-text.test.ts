import { describe, expect, it } from 'vitest';
import { indexTensor } from '../../engine/base/tensor.ts';
import { openComponent } from '../../engine/checkpoint/folder.ts';
import { GraphBuilder } from '../../engine/graph/builder.ts';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { fixture, noFixtures } from '../../test/fixtures.ts';
import { runNetwork } from '../../test/parity/networks.ts';
import { numbersOf, runGraph } from '../../test/run-network.ts';
import { tinyClip, writeNetwork } from '../../test/tiny-networks.ts';
import { clipText } from './clip-text.ts';

const open = (network = tinyClip()) => clipText.open(openComponent(writeNetwork(network)));
const WIDTH = 16;

/** Final states [T, WIDTH] and the pooled vector of one prompt, without projection. */
async function encode(eosTokenId: number, ids: readonly number[]): Promise<{ last: number[]; pooled: number[] }> {
  const encoder = open(tinyClip({ eosTokenId, projects: false }));
  const results = await runGraph(
    (g) => {
      const { last, pooled } = encoder.build(g, { batch: 1, tokens: ids.length });
      return pooled === undefined ? { last } : { last, pooled };
    },
    { ids: indexTensor(ids, [1, ids.length]) },
  );
  return { last: numbersOf(results.last), pooled: numbersOf(results.pooled) };
}

describe.skipIf(noFixtures)('CLIP against the reference (skipped without ../shared/fixtures)', () => {
  it.each(['clip-l', 'clip-g'])('%s: hidden states, pooled and projected', async (name) => {
    const results = await runNetwork(fixture(name), { runtime: createOnnxRuntime() });
    expect(results).toEqual([expect.objectContaining({ status: 'PASS' })]);
  });
});

describe('CLIP', () => {
  it.each([
    ['the first of the highest ids where the config says 2', 2, [1, 5, 2, 19, 7, 19], 3],
    ['the first end-of-text id otherwise', 7, [1, 19, 7, 4, 7, 7], 2],
    ['the first token where there is no end-of-text id', 7, [1, 19, 3, 4, 5, 5], 0],
  ])('pools at %s', async (_, eosTokenId, ids, position) => {
    const { last, pooled } = await encode(eosTokenId, ids);
    expect(pooled).toEqual(last.slice(position * WIDTH, (position + 1) * WIDTH));
  });

  it('reads only backwards: a later word changes no earlier state', async () => {
    const before = await encode(2, [1, 5, 3, 19]);
    const after = await encode(2, [1, 5, 3, 8]);
    expect(after.last.slice(0, 3 * WIDTH)).toEqual(before.last.slice(0, 3 * WIDTH));
    expect(after.last).not.toEqual(before.last);
  });

  it('refuses a prompt beyond its positions and an activation it does not know', () => {
    expect(() => open().build(new GraphBuilder(), { batch: 1, tokens: 10 })).toThrow(
      expect.objectContaining({ kind: 'request-invalid' }),
    );
    const network = tinyClip();
    expect(() => open({ ...network, config: { ...network.config, hidden_act: 'mish' } })).toThrow(
      expect.objectContaining({
        kind: 'checkpoint-unsupported',
        where: expect.objectContaining({ field: 'hidden_act' }),
      }),
    );
  });
});
