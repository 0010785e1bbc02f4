import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchTable } from '../../contract/index.ts';
import { AttuneError } from '../../engine/index.ts';
import { readFileWithin } from '../../native/files.ts';
import { columnOf, decodeText, listsNamed, matching } from '../../service/batch/index.ts';

const MAX_LIST_BYTES = 16 * 1024 * 1024;

export interface WordLists {
  readonly wildcards: BatchTable['wildcards'];
  readonly notices: readonly string[];
}

/**
 * The lists that a table's prompts name, and those that their lines name: others in the folder are not read. Lines that are empty or
 * begin with `#` do not count.
 */
export async function readWordLists(
  folder: string | undefined,
  { rows, base }: Pick<BatchTable, 'rows' | 'base'>,
  encoding: string | undefined,
): Promise<WordLists> {
  if (folder === undefined) return { wildcards: {}, notices: [] };
  const files = await readdir(folder, { recursive: true }).catch((error: unknown) => {
    throw new AttuneError(
      'file-failed',
      `${folder} cannot be read as a folder of word lists.`,
      { file: folder },
      error,
    );
  });
  const known = new Map(
    files
      .filter((name) => name.endsWith('.txt'))
      .toSorted()
      .map((name) => [name.slice(0, -4).replaceAll('\\', '/'), join(folder, name)]),
  );
  const lists = new Map<string, string[]>();
  const notices: string[] = [];
  const asked = new Set<string>();
  const pending = new Set(promptsOf(rows, base).flatMap(listsNamed));
  for (const name of pending) {
    for (const list of matching(name, [...known.keys()])) {
      if (asked.has(list)) continue;
      asked.add(list);
      const path = known.get(list) ?? '';
      const read = decodeText(await readFileWithin(path, MAX_LIST_BYTES), path, encoding);
      notices.push(...read.notes);
      const lines = linesOf(read.text);
      lists.set(list, lines);
      // The set grows while it is walked.
      for (const more of lines.flatMap(listsNamed)) pending.add(more);
    }
    const others = files.filter((file) => /\.(?:ya?ml|json)$/i.test(file));
    if (matching(name, [...known.keys()]).length === 0 && others.length > 0)
      notices.push(`Lists are read from .txt files; ${others.slice(0, 3).join(', ')} in ${folder} are not read.`);
  }
  return { wildcards: Object.fromEntries(lists), notices: [...new Set(notices)] };
}

const linesOf = (text: string) =>
  text
    .split(/\r\n|\n|\r/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));

function promptsOf(rows: BatchTable['rows'], base: BatchTable['base']): readonly string[] {
  const texts = new Set([base.prompt, base.sourcePrompt, base.negative].filter((text) => text !== undefined));
  for (const row of rows)
    for (const [column, cell] of Object.entries(row))
      if (cell.includes('__') && PROMPTS.has(columnOf(column) ?? '')) texts.add(cell);
  return [...texts];
}

const PROMPTS = new Set(['prompt', 'sourcePrompt', 'negative']);
