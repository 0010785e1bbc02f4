import { AttuneError, nearest } from '../../../engine/index.ts';
import { type Part, parseWords, refuse } from './parse.ts';

/** Lines of lists by the lists' names. */
export type WordLists = Readonly<Record<string, readonly string[]>>;

const MAX_LINES = 100_000;
const MAX_LINE = 20_000;

/** Lines of all lists that a name stands for: `*` and `?` are any characters but `/`, `**` is any. */
export function linesOf(name: string, lists: WordLists): readonly string[] {
  const known = found.get(lists) ?? new Map<string, readonly string[]>();
  const lines = known.get(name) ?? readLines(name, lists);
  found.set(lists, known.set(name, lines));
  return lines;
}

/** A batch asks for the same few names a hundred thousand times. */
const found = new WeakMap<WordLists, Map<string, readonly string[]>>();

function readLines(name: string, lists: WordLists): readonly string[] {
  const names = matching(name, Object.keys(lists));
  const lines = names.length === 1 ? (lists[names[0] ?? ''] ?? []) : names.flatMap((known) => lists[known] ?? []);
  if (lines.length === 0) throw noLines(name, lists);
  if (lines.length > MAX_LINES)
    throw refuse(`names the list __${name}__, which has ${lines.length} lines, and ${MAX_LINES} are read; split it`);
  return lines;
}

/** Throws 'request-invalid' for a line that is too long to be words of a prompt. */
export function checkLine(line: string, name: string): string {
  if (line.length <= MAX_LINE) return line;
  throw refuse(`names the list __${name}__, which has a line of ${line.length} characters; a prompt has ${MAX_LINE}`);
}

/** Names among `known` that a name in a prompt stands for, in order. */
export function matching(name: string, known: readonly string[]): readonly string[] {
  const plain = name.replaceAll('\\', '/');
  if (!/[*?]/.test(plain)) return known.includes(plain) ? [plain] : [];
  const source = plain.replace(/\*\*|[*?]|[.+^${}()|[\]\\]/g, (sign) => GLOB[sign] ?? `\\${sign}`);
  const pattern = new RegExp(`^${source}$`, 'u');
  return known.filter((candidate) => pattern.test(candidate)).toSorted();
}

const GLOB: Readonly<Record<string, string>> = { '**': '.*', '*': '[^/]*', '?': '[^/]' };

/**
 * Names of lists in a prompt, those in options that may never be chosen with them. A part that a variable gives is `*`. A prompt that
 * cannot be read names none: what is wrong with it is told where its words are chosen.
 */
export function listsNamed(prompt: string): readonly string[] {
  if (!prompt.includes('__')) return [];
  const names = new Set<string>();
  const walk = (parts: readonly Part[]): void => {
    for (const part of parts)
      switch (part.kind) {
        case 'text':
          break;
        case 'choice':
          for (const option of part.options) walk(option.parts);
          break;
        case 'braces':
        case 'set':
          walk(part.parts);
          break;
        case 'use':
          walk(part.otherwise ?? []);
          break;
        case 'list':
          names.add(part.name.map((piece) => (piece.kind === 'text' ? piece.text : '**')).join(''));
          for (const [, value] of part.values) for (const name of listsNamed(value)) names.add(name);
          break;
      }
  };
  try {
    walk(parseWords(prompt));
  } catch (error) {
    if (!(error instanceof AttuneError)) throw error;
  }
  return [...names];
}

function noLines(name: string, lists: WordLists): AttuneError {
  const close = nearest(name, Object.keys(lists));
  const way = close === undefined ? `add a list of that name (${name}.txt)` : `did you mean __${close}__`;
  return refuse(`names the list __${name}__, of which there are no lines; ${way}`);
}
