import { type Found, untoldBy, valueIs } from './comfyfound.ts';
import type { GraphNode, Input } from './comfygraph.ts';

/** Nodes that make one text of others, as far as their rules are known: ComfyUI's own and the most used extensions'. */
type Read = (input: Input | undefined) => Found;

interface Join {
  /** Names of the texts, in their order. */
  readonly parts: RegExp;
  readonly delimiter: readonly string[];
  readonly otherwise: string;
  /** Whether empty texts take no delimiter. */
  readonly skipsEmpty: boolean;
  readonly trims: boolean;
}

const plainJoin = { delimiter: ['delimiter', 'separator'], otherwise: '', skipsEmpty: false, trims: false };

const JOINS: ReadonlyMap<string, Join> = new Map<string, Join>([
  ['StringConcatenate', { ...plainJoin, parts: /^string_[ab]$/ }],
  ['JoinStrings', { ...plainJoin, parts: /^string[12]$/, otherwise: ' ' }],
  ['JoinStringMulti', { ...plainJoin, parts: /^string_\d{1,3}$/, otherwise: ' ' }],
  ['CR Text Concatenate', { ...plainJoin, parts: /^text[12]$/ }],
  ['ConcatStringSingle', { ...plainJoin, parts: /^string_[ab]$/ }],
  ['easy promptConcat', { ...plainJoin, parts: /^prompt[12]$/ }],
  // Of the WAS suite, and of others who took its name.
  ['Text Concatenate', { ...plainJoin, parts: /^text_[a-z]$/, otherwise: ', ', skipsEmpty: true, trims: true }],
  ['Text Concatenate (JPS)', { ...plainJoin, parts: /^text\d$/, skipsEmpty: true }],
]);

/** Types that join texts by rules that are not known here. */
const LOOKS_JOINED = /concat|\bjoin|combine text|text combine|append/i;

/** The text that a node makes of other texts; undefined for a node of another kind. */
export function joinedText(node: GraphNode, slot: number, read: Read): Found | undefined {
  const join = JOINS.get(node.type);
  if (join !== undefined) return joined(node, join, read);
  switch (node.type) {
    case 'StringFunction|pysssss':
      return stringFunction(node, read);
    case 'StringReplace':
      return combined(
        ['string', 'find', 'replace'].map((name) => node.inputs.get(name)),
        read,
        replaced,
      );
    case 'StringTrim':
      return trimmed(node, read);
    case 'ImpactWildcardProcessor':
      // What its words were drawn to is written into the graph before it runs.
      return populated(node, read);
    case 'SDXLPromptStyler':
    case 'SDXLPromptStylerbyMileHigh':
      return styled(node, slot, read);
  }
  return LOOKS_JOINED.test(node.type) ? untoldBy(node, textsIn(node, read)) : undefined;
}

/** What a wildcard node drew; undefined where the graph holds the template alone. */
export function populated(node: GraphNode, read: Read): Found {
  const found = read(node.inputs.get('populated_text'));
  if (found.is === 'value' && String(found.value).trim() !== '') return found;
  const template = read(node.inputs.get('wildcard_text'));
  return untoldBy(node, template.is === 'value' ? String(template.value) : undefined);
}

function joined(node: GraphNode, join: Join, read: Read): Found {
  const names = [...node.inputs.keys()].filter((name) => join.parts.test(name)).toSorted(byNumber);
  const delimiterName = join.delimiter.find((name) => node.inputs.has(name));
  const delimiter = delimiterName === undefined ? valueIs(join.otherwise) : read(node.inputs.get(delimiterName));
  if (delimiter.is === 'untold') return delimiter;
  if (delimiter.is === 'value' && String(delimiter.value).length > MAX_DELIMITER) return TOO_LONG;
  const between = delimiter.is === 'value' ? String(delimiter.value).replaceAll('\\n', '\n') : join.otherwise;
  return combined(
    names.map((name) => node.inputs.get(name)),
    read,
    (texts) => {
      const kept = join.trims ? texts.map((text) => text.trim()) : texts;
      return (join.skipsEmpty ? kept.filter((text) => text !== '') : kept).join(between);
    },
  );
}

const byNumber = new Intl.Collator('en', { numeric: true }).compare;

/** All texts or none: with one missing, what is left is another prompt. */
function combined(
  inputs: readonly (Input | undefined)[],
  read: Read,
  make: (texts: readonly string[]) => string | undefined,
): Found {
  const found = inputs.map(read);
  const told = found.flatMap((part) => (part.is === 'value' ? [String(part.value)] : []));
  const missing = found.find((part) => part.is === 'untold');
  if (missing?.is === 'untold') return { ...missing, ...hintOf(told) };
  // Joins of joins double a text with every node.
  if (told.reduce((sum, text) => sum + text.length, 0) > MAX_TEXT) return TOO_LONG;
  const text = make(found.map((part) => (part.is === 'value' ? String(part.value) : '')));
  return text === undefined || text.length > MAX_TEXT ? TOO_LONG : valueIs(text);
}

const MAX_TEXT = 1 << 18;
const MAX_DELIMITER = 1000;
const TOO_LONG: Found = { is: 'untold', by: 'texts that are longer than any prompt' };

/** undefined where the result would be too long. */
function replaced([text = '', find = '', replacement = '']: readonly string[]): string | undefined {
  if (find === '') return text;
  const pieces = text.split(find);
  return pieces.length * replacement.length > MAX_TEXT ? undefined : pieces.join(replacement);
}

/** Of pythongosssss' scripts: appended, or with a part replaced. */
function stringFunction(node: GraphNode, read: Read): Found {
  const action = read(node.inputs.get('action'));
  const tidy = read(node.inputs.get('tidy_tags'));
  if (action.is !== 'value' || action.value !== 'append') return untoldBy(node, textsIn(node, read));
  const isTidy = tidy.is === 'value' && tidy.value === 'yes';
  return combined(
    ['text_a', 'text_b', 'text_c'].map((name) => node.inputs.get(name)),
    read,
    (texts) => texts.filter((text) => text !== '').join(isTidy ? ', ' : ''),
  );
}

function trimmed(node: GraphNode, read: Read): Found {
  const mode = read(node.inputs.get('mode'));
  const text = read(node.inputs.get('string'));
  if (text.is !== 'value') return text;
  const value = String(text.value);
  const side = mode.is === 'value' ? String(mode.value).toLowerCase() : 'both';
  return valueIs(side === 'left' ? value.trimStart() : side === 'right' ? value.trimEnd() : value.trim());
}

/** A style adds words that lie in the extension's own files; its first one adds none. */
function styled(node: GraphNode, slot: number, read: Read): Found {
  const style = read(node.inputs.get('style'));
  const text = read(node.inputs.get(slot === 0 ? 'text_positive' : 'text_negative'));
  if (text.is !== 'value') return text;
  const isPlain = style.is === 'value' && /^(?:base|none|sai-base|no style)$/i.test(String(style.value));
  return isPlain ? text : untoldBy(node, String(text.value));
}

/** What stands there of a text, as much as a sentence takes. */
function hintOf(texts: readonly string[]): { hint?: string } {
  const hint = texts
    .filter((text) => text.trim() !== '')
    .slice(0, MAX_HINTS)
    .map((text) => text.slice(0, MAX_HINT))
    .join(' ... ');
  return hint === '' ? {} : { hint };
}

const MAX_HINTS = 20;
const MAX_HINT = 1000;

function textsIn(node: GraphNode, read: Read): string | undefined {
  const texts = [...node.inputs].flatMap(([name, input]) => {
    if (!/text|string|prompt|^[a-z]$|^\w{1,10}\d$/i.test(name)) return [];
    const found = read(input);
    return found.is === 'value' && typeof found.value === 'string' && found.value.trim() !== '' ? [found.value] : [];
  });
  return hintOf(texts).hint;
}
