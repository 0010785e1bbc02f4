import { AttuneError } from '../base/errors.ts';
import { type EncodedPrompt, type PromptToken, splitWords, wordAt } from './prompt.ts';

/** What the native tokenizer says of one prompt; offsets count Unicode code points. */
export interface RawEncoding {
  readonly ids: readonly number[];
  readonly pieces: readonly string[];
  readonly offsets: readonly (readonly number[])[];
  /** 1 for the marks that frame the prompt. */
  readonly marks: readonly number[];
}

/**
 * Cuts, frames and pads an encoding to `length` positions and places its pieces in the prompt.
 * @throws AttuneError 'request-invalid' when `length` leaves no room for the marks
 */
export function assemble(
  text: string,
  raw: RawEncoding,
  length: number,
  paddingId: number,
  unknownId: number | undefined,
): EncodedPrompt {
  const leading = raw.marks.indexOf(0);
  const front = leading === -1 ? Math.min(1, raw.ids.length) : leading;
  const bodyCount = raw.marks.filter((mark) => mark === 0).length;
  const back = raw.ids.length - front - bodyCount;
  const room = length - front - back;
  if (room < 0) {
    throw new AttuneError(
      'request-invalid',
      `A text length of ${length} leaves no room for the ${front + back} marks around a prompt.`,
      {
        field: 'textTokens',
      },
    );
  }
  const kept = Math.min(bodyCount, room);
  const words = splitWords(text);
  const units = codeUnitOffsets(text);
  const pieces: PromptToken[] = [];
  const cutWords = new Set<number>();
  const unknownWords = new Set<number>();
  for (let i = 0; i < bodyCount; i++) {
    const range = trimRange(text, units, raw.offsets[front + i] ?? []);
    const word = wordAt(words, range.start, range.end);
    const id = raw.ids[front + i] ?? paddingId;
    if (i >= kept) {
      if (word !== -1) cutWords.add(word);
      continue;
    }
    if (id === unknownId && word !== -1) unknownWords.add(word);
    pieces.push({ index: front + i, id, piece: raw.pieces[front + i] ?? '', ...range, word });
  }
  const ids = new Int32Array(length).fill(paddingId);
  ids.set(raw.ids.slice(0, front + kept));
  ids.set(raw.ids.slice(front + bodyCount), front + kept);
  const cut = words.filter((_, index) => cutWords.has(index));
  return {
    text,
    ids,
    used: front + kept + back,
    tokens: pieces,
    words,
    cut,
    unknown: words.filter((_, index) => unknownWords.has(index)),
    ...(bodyCount > kept ? { truncated: truncationNote(text, cut, kept) } : {}),
  };
}

function truncationNote(text: string, cut: EncodedPrompt['cut'], kept: number): string {
  const [first, last] = [cut[0], cut[cut.length - 1]];
  const lost = first === undefined || last === undefined ? '' : text.slice(first.start, last.end);
  const shown = lost.length > 120 ? `${lost.slice(0, 117)}...` : lost;
  return `The prompt is longer than the ${kept} pieces this text encoder reads; it did not see "${shown}".`;
}

/** Index in UTF-16 code units of every code point, and the text's length at the end. */
function codeUnitOffsets(text: string): Int32Array {
  const offsets = new Int32Array(text.length + 1).fill(text.length);
  let point = 0;
  let unit = 0;
  for (const character of text) {
    offsets[point++] = unit;
    unit += character.length;
  }
  return offsets;
}

/** The range in code units, without white space at either end (some tokenizers count the space before a word to it). */
function trimRange(text: string, units: Int32Array, offset: readonly number[]): { start: number; end: number } {
  let start = units[offset[0] ?? 0] ?? text.length;
  let end = units[offset[1] ?? 0] ?? text.length;
  while (start < end && /\s/.test(text.charAt(start))) start++;
  while (end > start && /\s/.test(text.charAt(end - 1))) end--;
  return { start, end };
}
