/** How long a prompt of a timeline lasts and where it lies; counts are of frames of the video, as the engine divides it (`ditctrl`). */
export interface Division {
  /** Frames that the model makes at once. */
  readonly tile: number;
  /** Frames that neighbouring windows share. */
  readonly overlap: number;
  /** Windows between two prompts. */
  readonly transitions: number;
}

/** A stretch of the timeline. */
export interface Stretch {
  /** Of which prompt, by its place; a transition lies between this and the next one. */
  readonly prompt: number;
  readonly kind: 'prompt' | 'transition';
  /** First frame, and the one behind the last. */
  readonly start: number;
  readonly end: number;
}

/** Six thirteenths of what the model makes at once, as the published method shares. */
export const defaultOverlap = (tile: number): number => Math.round((6 / 13) * tile);

/** The length nearest to `frames` that windows can have: one, and then one advance more each time. */
export function snapped(frames: number, { tile, overlap }: Division): number {
  const advance = tile - overlap;
  return tile + Math.max(0, Math.round((frames - tile) / advance)) * advance;
}

/** Stretches of a timeline and its whole length. Where windows overlap, the border is in the middle of what they share. */
export function layOut(
  lengths: readonly number[],
  division: Division,
): { readonly stretches: readonly Stretch[]; readonly total: number } {
  const { tile, overlap, transitions } = division;
  const advance = tile - overlap;
  const stretches: Stretch[] = [];
  let window = 0;
  const windows: { readonly prompt: number; readonly kind: Stretch['kind']; readonly first: number; last: number }[] =
    [];
  lengths.forEach((frames, prompt) => {
    const count = 1 + Math.max(0, Math.ceil((frames - tile) / advance));
    windows.push({ prompt, kind: 'prompt', first: window, last: window + count - 1 });
    window += count;
    if (prompt === lengths.length - 1 || transitions === 0) return;
    windows.push({ prompt, kind: 'transition', first: window, last: window + transitions - 1 });
    window += transitions;
  });
  const total = tile + Math.max(0, window - 1) * advance;
  for (const { prompt, kind, first, last } of windows) {
    const start = first === 0 ? 0 : first * advance + Math.floor(overlap / 2);
    const end = last === window - 1 ? total : (last + 1) * advance + Math.floor(overlap / 2);
    stretches.push({ prompt, kind, start, end });
  }
  return { stretches, total: lengths.length === 0 ? 0 : total };
}
