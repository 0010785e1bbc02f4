import type { Point } from '../mask/brush.ts';

/** A tool in use, from the press to the release. Points are in picture pixels. */
export interface Gesture {
  move(points: readonly Point[]): void;
  finish(): void;
  cancel(): void;
}
