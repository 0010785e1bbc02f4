import { afterAll, describe, expect, it } from 'vitest';
import { openTestEngine } from '../../test/embedded.ts';
import { columnsOf, encodePrompt, wordsOf } from './conditioning.ts';
import { influenceOfChange, influenceOfWord } from './influence.ts';

const engine = openTestEngine();
const model = engine.model('embedded/image');
afterAll(() => engine.close());

const PROMPT = 'a red star on the left and a blue car on the right, on sand';

describe('what a word writes into the text', () => {
  it('is nothing where prompts are equal', async () => {
    const prompt = await encodePrompt(model, PROMPT);
    expect(Math.max(...influenceOfChange(prompt, prompt).columns)).toBe(0);
  });

  it('is nothing before the word, all of its own columns, and some of those behind it', async () => {
    const prompt = await encodePrompt(model, PROMPT);
    const other = await encodePrompt(model, PROMPT.replace('star', 'house'));
    const { columns } = influenceOfChange(prompt, other);
    const [star = -1] = columnsOf(prompt, PROMPT.indexOf('star'), PROMPT.indexOf('star') + 4);
    expect([...columns.subarray(0, star)].every((value) => value === 0)).toBe(true);
    expect(columns[star]).toBe(1);
    expect(columns[star + 1]).toBeGreaterThan(0.01);
    expect(Math.max(...columns)).toBeLessThanOrEqual(1);
  });

  it('weighs the phrase of a word more than the phrase of another', async () => {
    const prompt = await encodePrompt(model, PROMPT);
    const words = wordsOf(prompt);
    const car = words.find(({ text }) => text === 'car');
    if (car === undefined) throw new Error('the prompt has a car');
    const { columns } = await influenceOfWord(model, prompt, car);
    const mean = (names: readonly string[]) => {
      const chosen = words.filter(({ text }) => names.includes(text)).flatMap((word) => [...word.columns]);
      return chosen.reduce((sum, column) => sum + (columns[column] ?? 0), 0) / chosen.length;
    };
    expect(mean(['car', 'right'])).toBeGreaterThan(mean(['star', 'left']));
    expect(mean(['star', 'left'])).toBe(0);
  });
});
