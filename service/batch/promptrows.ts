import { columnOf, didYouMean, paramOf } from './columns.ts';
import { type Row, refuseTable, rowOf, spokenLines } from './row.ts';

const OPTIONS = ['prompt', 'negative_prompt', 'seed', 'steps', 'cfg_scale', 'width', 'height'];

/**
 * Rows of a prompt a line. A line that begins with an option is read as A1111's script "Prompts from file or textbox" does:
 * `--prompt "a cat" --steps 20`. Throws 'request-invalid' naming the line.
 */
export function promptRows(name: string, text: string): Row[] {
  return spokenLines(text).map(({ line, number }) =>
    /^--[a-z]/i.test(line) ? optionRow(line, `${name}, line ${number},`) : { prompt: line },
  );
}

function optionRow(line: string, where: string): Row {
  const cells = new Map<string, string>();
  const words = shellWords(line, where);
  for (let at = 0; at < words.length; ) {
    const option = words[at++]?.replace(/^--/, '') ?? '';
    const field = paramOf(option) === undefined ? columnOf(option) : option;
    if (field === undefined) {
      const hint = didYouMean(option, OPTIONS) || ` There are ${OPTIONS.map((known) => `--${known}`).join(', ')}.`;
      throw refuseTable(where, `has --${option}, which has no use here.${hint}`.replace(/\.$/, ''));
    }
    const values: string[] = [];
    while (at < words.length && !words[at]?.startsWith('--')) values.push(words[at++] ?? '');
    if (values.length === 0) throw refuseTable(where, `has --${option} without a value`);
    if (cells.has(field)) throw refuseTable(where, `has --${option} twice`);
    cells.set(field, values.join(' '));
  }
  return rowOf([...cells]);
}

/** Words as a shell splits them: quotes keep spaces, a backslash keeps the next character. */
function shellWords(line: string, where: string): readonly string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (character === '\\' && quote !== "'" && at + 1 < line.length) word = (word ?? '') + (line[++at] ?? '');
    else if (quote !== '' && character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) {
      quote = character;
      word ??= '';
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (quote !== '') throw refuseTable(where, `opens ${quote} and does not close it`);
  return word === undefined ? words : [...words, word];
}
