import { describe, expect, it } from 'vitest';
import { nearest } from './spelling.ts';

describe('the nearest spelling', () => {
  it.each([
    ['--prmopt', '--prompt'],
    ['gen', 'generate'],
    ['GENERATE', 'generate'],
    ['xyzzy', undefined],
    ['', undefined],
  ])('of %j is %j', (typed, expected) => {
    expect(nearest(typed, ['--prompt', 'generate', 'inspect'])).toBe(expected);
  });
});
