/** A prompt with the frame at which it begins, where the text says one. */
export interface TimedPrompt {
  readonly prompt: string;
  readonly frame?: number;
}

/**
 * Prompts one after the other as people write them: `A | B | C`; lines; and prompts by frame, `0: A, 16: B`, `"0": "A", "16": "B"` (also
 * as a JSON object), which are put in order. An empty text has none.
 */
export function readPrompts(text: string): readonly TimedPrompt[] {
  const trimmed = text.trim();
  const byFrame = readByFrame(trimmed);
  if (byFrame !== undefined) return byFrame;
  const parts = trimmed.includes('|') ? trimmed.split('|') : trimmed.split(/\r?\n/);
  return parts
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((prompt) => ({ prompt }));
}

/** A frame number, in quotes or not, at the start of the text, a line, or behind a comma; then its colon. */
const MARK = /(?:^|[,{\n])\s*"?(\d{1,6})"?\s*:\s*/g;

function readByFrame(text: string): readonly TimedPrompt[] | undefined {
  const marks = [...text.matchAll(MARK)];
  if (marks.length === 0 || text.slice(0, marks[0]?.index).replace('{', '').trim() !== '') return undefined;
  const prompts = marks.map((mark, at) => {
    const end = marks[at + 1]?.index ?? text.length;
    const raw = text.slice(mark.index + mark[0].length, end).trim();
    return { frame: Number(mark[1]), prompt: unquoted(at === marks.length - 1 ? raw.replace(/[},\s]+$/, '') : raw) };
  });
  const named = prompts.filter(({ prompt }) => prompt !== '').sort((a, b) => a.frame - b.frame);
  return named.length === 0 ? undefined : named;
}

function unquoted(text: string): string {
  const bare = text.replace(/,$/, '').trim();
  const inner = /^"(.*)"$/s.exec(bare)?.[1];
  return (inner === undefined ? bare : inner.replaceAll('\\"', '"')).trim();
}

/** Lengths from where prompts begin: each lasts until the next one, the last as long as the model makes at once. */
export function lengthsOf(prompts: readonly TimedPrompt[], tile: number): readonly number[] {
  return prompts.map(({ frame }, at) => {
    const next = prompts[at + 1]?.frame;
    return frame === undefined || next === undefined ? tile : Math.max(tile, next - frame);
  });
}
