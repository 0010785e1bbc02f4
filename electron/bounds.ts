import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Rectangle } from 'electron';

/** Where the window was when it was last closed. */
export interface Place {
  readonly bounds: Rectangle;
  readonly isMaximized: boolean;
}

/** Least part of the window, on either side, that has to be on a screen: enough to take hold of it. */
const MIN_SEEN = 120;

const fileIn = (folder: string) => join(folder, 'window.json');

/** Undefined where nothing is remembered, or where none of today's screens shows it. */
export function rememberedPlace(folder: string, screens: readonly Rectangle[]): Place | undefined {
  try {
    const known: unknown = JSON.parse(readFileSync(fileIn(folder), 'utf8'));
    return isPlace(known) && screens.some((screen) => isSeen(known.bounds, screen)) ? known : undefined;
  } catch {
    // The first start, or a file that something else wrote.
    return undefined;
  }
}

/** Never fails: a place that cannot be remembered is no reason to keep a window open. Not async: the window is about to go. */
export function rememberPlace(folder: string, { bounds, isMaximized }: Place): void {
  const file = fileIn(folder);
  try {
    writeFileSync(`${file}.tmp`, JSON.stringify({ bounds, isMaximized }));
    renameSync(`${file}.tmp`, file);
  } catch {
    // A full or read-only disk.
  }
}

function isPlace(value: unknown): value is Place {
  if (typeof value !== 'object' || value === null || !('bounds' in value) || !('isMaximized' in value)) return false;
  const { bounds, isMaximized } = value;
  if (typeof bounds !== 'object' || bounds === null || typeof isMaximized !== 'boolean') return false;
  const numbers = bounds as Readonly<Record<string, unknown>>;
  return ['x', 'y', 'width', 'height'].every((name) => Number.isSafeInteger(numbers[name]));
}

function isSeen(window: Rectangle, screen: Rectangle): boolean {
  const along = (from: number, size: number, screenFrom: number, screenSize: number) =>
    Math.min(from + size, screenFrom + screenSize) - Math.max(from, screenFrom);
  return (
    along(window.x, window.width, screen.x, screen.width) >= MIN_SEEN &&
    along(window.y, window.height, screen.y, screen.height) >= MIN_SEEN
  );
}
