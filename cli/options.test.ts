import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMANDS } from './commands/index.ts';
import { UsageError } from './errors.ts';
import { type Grammar, parseCommandLine, readNumber } from './options.ts';

const grammar: Grammar = {
  name: 'edit',
  arguments: [{ name: 'IN', required: true, summary: 'the picture' }],
  options: [
    { name: 'prompt', short: 'p', type: 'text', value: 'TEXT', summary: 's' },
    { name: 'seed', short: 's', type: 'text', value: 'N', summary: 's' },
    { name: 'param', type: 'list', value: 'NAME=VALUE', summary: 's' },
    { name: 'force', type: 'flag', summary: 's' },
  ],
};
const parse = (...argv: string[]) => parseCommandLine(argv, grammar);

describe('a command line', () => {
  it('takes options before, between and after arguments, long, short and with an equals sign', () => {
    const values = parse('--seed=5', 'in.png', '-p', 'a cat', '--param', 'a=1', '--force', '--param', 'b=2');
    expect(values.arguments).toEqual(['in.png']);
    expect([values.text('seed'), values.text('prompt'), values.list('param')]).toEqual(['5', 'a cat', ['a=1', 'b=2']]);
    expect([values.has('force'), values.has('json')]).toEqual([true, false]);
  });

  it('takes values that look like options, numbers below zero, and - as an argument', () => {
    const values = parse('-', '--prompt', '--a dash', '--seed', '-1');
    expect([values.arguments, values.text('prompt'), values.text('seed')]).toEqual([['-'], '--a dash', '-1']);
    expect(parse('--', '--in.png').arguments).toEqual(['--in.png']);
    expect(parse('in.png', '--prompt', '').text('prompt')).toBe('');
    expect(parse('in.png', '--prompt=-s').text('prompt')).toBe('-s');
  });

  it.each([
    [['in.png', '--promt', 'x'], 'attune edit has no option --promt. Did you mean --prompt?'],
    [['in.png', '--zebra'], 'attune edit has no option --zebra. See "attune edit --help".'],
    [['in.png', '-x'], 'attune edit has no option -x. See "attune edit --help".'],
    [['in.png', '--prompt'], '--prompt needs a value: --prompt TEXT.'],
    [['in.png', '--prompt', '--seed', '5'], '--prompt needs a value: --prompt TEXT.'],
    [['in.png', '-p', '-s', '5'], '-p needs a value: -p TEXT.'],
    [['in.png', '--force=yes'], '--force takes no value.'],
    [['in.png', '--seed', '1', '--seed', '2'], '--seed is given twice; give it once.'],
    [['in.png', 'a', 'cat'], '"a" is one argument too many; put texts with spaces in quotes.'],
    [[], 'IN is missing: the picture. See "attune edit --help".'],
  ])('refuses %j with a sentence', (argv, sentence) => {
    expect(() => parse(...argv)).toThrow(new UsageError(sentence));
  });

  it('checks numbers by range and kind', () => {
    expect(parse('x', '--seed', '1e3').integer('seed', 0, 2000)).toBe(1000);
    expect(() => parse('x', '--seed', '1.5').integer('seed', 0, 9)).toThrow(/whole number from 0 to 9/);
    for (const text of ['', 'x', '0x10', 'Infinity', 'NaN', '1_0', ' 1', '99']) {
      expect(() => parse('x', '--seed', text).number('seed', 0, 9), text).toThrow(UsageError);
    }
  });

  it('is parsed or refused with a UsageError, whatever it is', () => {
    const word = fc.oneof(
      fc.string(),
      fc.constantFrom('--prompt', '--seed', '-p', '--', '--force', '--param=1', '-sp', '--__proto__', '--constructor'),
    );
    fc.assert(
      fc.property(fc.array(word), (argv) => {
        try {
          parse(...argv);
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('numbers', () => {
  it('are those that JavaScript prints', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => readNumber(String(value)) === value),
    );
  });
});

describe('the commands', () => {
  it('have options with a summary each, and no name or letter twice', () => {
    for (const { name, options } of COMMANDS) {
      const names = options.flatMap((option) => [option.name, ...(option.short === undefined ? [] : [option.short])]);
      expect(new Set(names).size, name).toBe(names.length);
      for (const option of options) expect(option.summary, `${name} --${option.name}`).toMatch(/^\S.{5,}[^.]$/);
    }
  });
});
