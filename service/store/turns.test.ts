import { expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** Work that ends when it is told, and what of it is under way. */
function works(turns: Turns) {
  const running = new Set<string>();
  const ends = new Map<string, () => void>();
  return {
    running,
    begin: (name: string, cost: number) =>
      turns.take(cost, async () => {
        running.add(name);
        await new Promise<void>((end) => ends.set(name, end));
        running.delete(name);
        if (name.startsWith('bad')) throw new Error(name);
      }),
    async end(name: string) {
      ends.get(name)?.();
      await new Promise((done) => setImmediate(done));
    },
  };
}

it('work runs side by side within the budget, and in its order beyond it', async () => {
  const { running, begin, end } = works(new Turns(10));
  const all = [begin('a', 6), begin('b', 4), begin('c', 8), begin('d', 1)];
  await end('');
  expect([...running]).toEqual(['a', 'b']);
  await end('b');
  expect([...running]).toEqual(['a']); // d would fit, but c came first
  await end('a');
  expect([...running]).toEqual(['c', 'd']);
  await Promise.all([end('c'), end('d'), ...all]);
});

it('what costs more than the budget runs alone, and what fails gives its turn back', async () => {
  const { running, begin, end } = works(new Turns(10));
  const [first, large, last] = [begin('bad', 1), begin('large', 50), begin('last', 1)];
  await end('');
  expect([...running]).toEqual(['bad']);
  const failed = expect(first).rejects.toThrow('bad');
  await end('bad');
  await failed;
  expect([...running]).toEqual(['large']);
  await end('large');
  expect([...running]).toEqual(['last']);
  await Promise.all([end('last'), large, last]);
});
