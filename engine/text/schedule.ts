/** Bounds of an edit as shares of the run, 0..1. */
export type Window = readonly [start: number, end: number];

/** A window for all tokens and others for the tokens of some words. */
export interface WordSchedule {
  readonly everywhere: Window;
  readonly words: readonly { readonly tokens: readonly number[]; readonly window: Window }[];
}

/**
 * Prompt-to-Prompt's per-word schedule: [steps + 1, length] of 0 and 1, row-major; row t says which columns are edited at
 * step t. A bound b stands for step floor(b (steps + 1)).
 */
export function wordScheduleTable({ everywhere, words }: WordSchedule, steps: number, length: number): Float32Array {
  const rows = steps + 1;
  const table = new Float32Array(rows * length);
  const fill = (column: number, [start, end]: Window) => {
    const first = Math.floor(start * rows);
    const last = Math.floor(end * rows);
    for (let row = 0; row < rows; row++) table[row * length + column] = row >= first && row < last ? 1 : 0;
  };
  for (let column = 0; column < length; column++) fill(column, everywhere);
  for (const { tokens, window } of words) for (const token of tokens) fill(token, window);
  return table;
}

/** Whether a share-of-the-run window is open at a step: [floor(start n), floor(end n)). */
export function isOpen([start, end]: Window, step: number, steps: number): boolean {
  return step >= Math.floor(start * steps) && step < Math.floor(end * steps);
}
