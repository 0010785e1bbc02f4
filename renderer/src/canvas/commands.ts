import { create } from 'zustand';
import type { CanvasHandle } from '../actions/actions.ts';
import { maskController } from '../state/mask.ts';
import { escapeKeyboard } from './keyboard.ts';
import { escapePointer } from './pointers.ts';
import { fit, zoomTo } from './stage.ts';

/** How far growing, shrinking and feathering go, in picture pixels. */
export const useMaskAmount = create<{ readonly amount: number }>(() => ({ amount: 4 }));

/** What buttons and keys outside the canvas tell it. */
export const canvasHandle: CanvasHandle = {
  fit,
  zoomTo: (zoom) => zoomTo(zoom),
  maskCommand: (command) => maskController.command(command, useMaskAmount.getState().amount),
  escape() {
    escapePointer();
    escapeKeyboard();
  },
};
