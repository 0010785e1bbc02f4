import { describe, expect, it } from 'vitest';
import { createOnnxRuntime } from '../../native/runtime.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { RuntimeSession, TensorRuntime } from '../ports.ts';
import { SessionCache } from './sessions.ts';

/** A runtime that only counts: what is alive, in the order of its making. */
function countingRuntime() {
  const alive: string[] = [];
  const runtime: TensorRuntime = {
    provider: 'none',
    version: 'none',
    async createSession(model) {
      const name = new TextDecoder().decode(model.bytes);
      if (name === 'bad') throw new Error('cannot be loaded');
      alive.push(name);
      const session: RuntimeSession = {
        inputNames: [],
        outputNames: [],
        run: async () => ({}),
        release: async () => void alive.splice(alive.indexOf(name), 1),
      };
      return session;
    },
  };
  return { alive, runtime };
}
const mapped = { weights: 'mapped' } as const;

describe('the sessions', () => {
  const setup = (capacity: number) => {
    const { alive, runtime } = countingRuntime();
    const built: string[] = [];
    const cache = new SessionCache(runtime, capacity);
    const get = (key: string) =>
      cache.get({ network: 'vae', variant: key }, mapped, () => {
        built.push(key);
        return { bytes: new TextEncoder().encode(key), weightsRoot: '/' };
      });
    return { alive, built, cache, get };
  };

  it('are built once a key, also when asked for twice at once', async () => {
    const { built, get } = setup(4);
    const [a, b] = await Promise.all([get('a'), get('a')]);
    expect(a).toBe(b);
    expect(await get('a')).toBe(a);
    expect(built).toEqual(['a']);
  });

  it('are given back when others have been used since', async () => {
    const { alive, built, cache, get } = setup(2);
    await get('a');
    await get('b');
    await get('a');
    await get('c');
    expect(alive).toEqual(['a', 'c']);
    expect(cache.size).toBe(2);
    await get('b');
    expect(alive).toEqual(['c', 'b']);
    expect(built).toEqual(['a', 'b', 'c', 'b']);
  });

  it('that failed are not remembered, and make no room', async () => {
    const { alive, built, cache, get } = setup(2);
    await get('a');
    await expect(get('bad')).rejects.toThrow('cannot be loaded');
    await expect(get('bad')).rejects.toThrow('cannot be loaded');
    expect(built.filter((key) => key === 'bad')).toHaveLength(2);
    await get('b');
    expect(alive).toEqual(['a', 'b']);
    expect(cache.size).toBe(2);
  });

  it('that fail while others arrive leave these alone', async () => {
    const { get, cache } = setup(1);
    const [bad, good] = await Promise.allSettled([get('bad'), get('good')]);
    expect([bad?.status, good?.status]).toEqual(['rejected', 'fulfilled']);
    expect(cache.size).toBe(1);
  });

  it('are all given back by release, and built anew after it', async () => {
    const { alive, built, cache, get } = setup(4);
    await get('a');
    const pending = get('b');
    await cache.release();
    await pending;
    expect(alive).toEqual([]);
    expect(cache.size).toBe(0);
    await get('a');
    expect(built).toEqual(['a', 'b', 'a']);
  });

  it('of the real runtime: a graph that cannot be encoded is refused every time, and a sound one under the same key works', async () => {
    const cache = new SessionCache(createOnnxRuntime({ threads: 1 }));
    const use = { network: 'vae', variant: 'k' };
    const fail = () => {
      throw new RangeError('a shape does not fit');
    };
    await expect(cache.get(use, mapped, fail)).rejects.toThrow('a shape does not fit');
    const session = await cache.get(use, mapped, () => {
      const g = new GraphBuilder();
      g.output('y', g.neg(g.input('x', 'float32', [2])));
      return g.build();
    });
    const { y } = await session.run({ x: { dtype: 'float32', dims: [2], data: Float32Array.of(1, -2) } });
    expect(Array.from(y?.data ?? [], Number)).toEqual([-1, 2]);
    await cache.release();
  });
});
