import { expect, it } from 'vitest';
import { wordsOf } from './promptwords.ts';

it('takes the words of a prompt, each once, without weights and marks', () => {
  expect(wordsOf('A (red:1.2) ball, a T-shirt & 3 Äpfel; RED.')).toEqual(['red', 'ball', 'T-shirt', 'Äpfel']);
  expect(wordsOf(' 12, (:) ')).toEqual([]);
});
