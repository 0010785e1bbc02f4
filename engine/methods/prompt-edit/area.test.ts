import { describe, expect, it } from 'vitest';
import { editedLatent } from './area.ts';

const size = { columns: 16, rows: 12 };
const [rows, columns] = [6, 8];

/** Maps on 6 x 8 tokens that are 1 at the given tokens. */
function mapsAt(change: readonly number[], attention: readonly number[]): Parameters<typeof editedLatent>[0] {
  const map = (tokens: readonly number[]) =>
    Float32Array.from({ length: rows * columns }, (_, i) => Number(tokens.includes(i)));
  return { change: map(change), attention: map(attention), rows, columns };
}

/** Tokens of which every latent pixel is set; a token must be set as a whole. */
function tokensOf(area: Float32Array): number[] {
  const tokens: number[] = [];
  for (let token = 0; token < rows * columns; token++) {
    const [top, left] = [Math.floor(token / columns) * 2, (token % columns) * 2];
    const values = [0, 1].flatMap((y) => [0, 1].map((x) => area[(top + y) * size.columns + left + x]));
    expect(new Set(values).size).toBe(1);
    if (values[0] === 1) tokens.push(token);
  }
  return tokens;
}

/** Two rows of three tokens, away from the border. */
const block = [18, 19, 20, 26, 27, 28];

describe('the area of an edit', () => {
  it('is where the chosen map is above its threshold, in whole tokens', () => {
    const area = (threshold: number) =>
      editedLatent(mapsAt(block, []), size, { maskSource: 'change', threshold, dilation: 0 });
    expect(tokensOf(area(0.6))).toEqual(block);
    expect(tokensOf(area(0.9))).toEqual([19, 27]);
  });

  it('grows by whole tokens and stays inside the picture', () => {
    const corner = editedLatent(mapsAt([0], []), size, { maskSource: 'change', threshold: 0.9, dilation: 1 });
    expect(tokensOf(corner)).toEqual([0, 1, 8, 9]);
  });

  it('takes the other map, or both, when asked', () => {
    const maps = mapsAt([19, 20], [20, 21]);
    const area = (maskSource: 'change' | 'attention' | 'both') =>
      tokensOf(editedLatent(maps, size, { maskSource, threshold: 0.9, dilation: 0 }));
    expect(area('change')).toEqual([11, 12, 19, 20, 27, 28]);
    expect(area('attention')).toEqual([12, 13, 20, 21, 28, 29]);
    expect(area('both')).toEqual([11, 12, 13, 19, 20, 21, 27, 28, 29]);
  });

  it('is empty where nothing differs', () => {
    expect(tokensOf(editedLatent(mapsAt([], []), size, { maskSource: 'change', threshold: 0.3, dilation: 2 }))).toEqual(
      [],
    );
  });
});
