/** Bounds of an edit as shares of the run, 0..1. */
export type Window = readonly [start: number, end: number];

/** Whether a share-of-the-run window is open at a step: [floor(start n), floor(end n)). */
export function isOpen([start, end]: Window, step: number, steps: number): boolean {
  return step >= Math.floor(start * steps) && step < Math.floor(end * steps);
}
