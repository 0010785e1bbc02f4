import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openTokenizer } from '../engine/index.ts';

/**
 * Opens every tokenizer folder below a folder and reads prompts with it, in a process that may die of it. Prints a line for each: its name
 * and what became of it.
 */
const [root = ''] = process.argv.slice(2);
const PROMPTS = [
  '',
  'a red apple, on grass!',
  'a'.repeat(3000),
  ' '.repeat(3000),
  'ﬁ é 😀 Ａ\u0301\u0000\ufdfa <x> ##b',
  'aaaa '.repeat(500),
];
for (const name of readdirSync(root).sort()) {
  let ids = '';
  try {
    const tokenizer = openTokenizer(join(root, name), { kind: 'clip', maxTokens: 77 });
    for (const prompt of PROMPTS) ids = [...(await tokenizer.encode(prompt)).ids].join(' ');
    process.stdout.write(`${name}\tread\t${ids}\n`);
  } catch (error) {
    const isOurs = error instanceof Error && error.name === 'AttuneError';
    process.stdout.write(`${name}\t${isOurs ? 'refused' : 'broke'}\t${String(error).replaceAll(/\s+/g, ' ')}\n`);
  }
}
