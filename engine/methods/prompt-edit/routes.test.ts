import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine } from '../../../test/embedded.ts';
import { encodePrompt } from '../../conditioning/conditioning.ts';
import { openBranches } from '../../denoise/branches.ts';
import { planRoutes, routeAmounts } from './routes.ts';

const engine = openTestEngine();
afterAll(() => engine.close());
const model = engine.model('embedded/image');

/** Which batch rows the routes bind at the first step, by kind of row. */
async function boundRows() {
  const [source, target, negative] = [
    await encodePrompt(model, 'a red apple, on grass'),
    await encodePrompt(model, 'a blue apple, on grass'),
    await encodePrompt(model, ''),
  ];
  const routes = planRoutes(source, target, { crossReplaceSteps: 1, selfReplaceSteps: 1, replaced: 'own' });
  const branches = await openBranches(model, {
    branches: [
      { name: 'source', condition: source, guidance: 1 },
      { name: 'target', condition: target, negative, guidance: 3 },
    ],
    operations: () => routes.operations,
    frames: 1,
    height: 4,
    width: 4,
  });
  const values = routeAmounts(routes, branches, 0, 4);
  const rowsOf = (name: string) => {
    const tensor = values[name];
    if (tensor?.dtype !== 'float32') throw new Error(`there is no ${name}`);
    const length = tensor.data.length / branches.rows.length;
    return branches.rows.map((_, row) =>
      tensor.data.slice(row * length, (row + 1) * length).some((weight) => weight > 0),
    );
  };
  return {
    kinds: branches.rows.map(({ branch, kind }) => `${branches.branches[branch]?.name} ${kind}`),
    words: rowsOf('words-route.weight'),
    layout: rowsOf('layout-route.weight'),
  };
}

describe('the routes of an edit', () => {
  it("bind shared words to the target's positive row alone, and the layout to its negative row too", async () => {
    const { kinds, words, layout } = await boundRows();
    const bound = (rows: readonly boolean[]) => kinds.filter((_, row) => rows[row]);
    expect(bound(words)).toEqual(['target positive']);
    expect(bound(layout).sort()).toEqual(['target negative', 'target positive']);
  });
});
