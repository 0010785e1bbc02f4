import { create } from 'zustand';
import type { Point } from '../mask/brush.ts';

/** What is drawn over the picture while a tool is used, in picture pixels. */
export interface Overlay {
  /** Where the pointer is; null while it is elsewhere. */
  readonly pointer: Point | null;
  /** Where the keyboard's own cursor is; null before it is used, and again after the pointer moved. */
  readonly cursor: Point | null;
  /** The lasso or rectangle that is being drawn. */
  readonly figure: readonly Point[];
}

export const useOverlay = create<Overlay>(() => ({ pointer: null, cursor: null, figure: [] }));

export const setOverlay = useOverlay.setState;
