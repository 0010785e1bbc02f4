import type { KeyboardEvent } from 'react';
import type { Point } from '../mask/brush.ts';
import { maskController } from '../state/mask.ts';
import { offered } from '../state/offered.ts';
import { useView } from '../state/view.ts';
import type { Gesture } from './gesture.ts';
import { setOverlay, useOverlay } from './overlay.ts';
import { toStage } from './placement.ts';
import { nudgeRegion } from './regiontool.ts';
import { panBy, useStage, zoomStep } from './stage.ts';
import { startGesture } from './tools.ts';

/** Steps of the arrow keys in screen pixels, and with Shift. */
export const STEP = 8;
export const LARGE_STEP = 48;
/** Room that the cursor keeps to the border of the stage. */
const ROOM = 40;

export const ARROWS: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -1, y: 0 },
  ArrowRight: { x: 1, y: 0 },
  ArrowUp: { x: 0, y: -1 },
  ArrowDown: { x: 0, y: 1 },
};

interface Drawing {
  readonly tool: 'brush' | 'eraser' | 'lasso' | 'rectangle';
  readonly gesture: Gesture;
  /** Where Enter was last pressed. */
  corner: Point;
}

let drawing: Drawing | undefined;

/** Gives up what the keys are drawing. */
export function escapeKeyboard(): void {
  drawing?.gesture.cancel();
  drawing = undefined;
}

/** Does what the hand does, by keys: arrows move a cursor or the picture, Enter presses and releases. */
export function onStageKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.target !== event.currentTarget) return;
  const { picture } = useStage.getState();
  if (picture === null) return;
  const arrow = ARROWS[event.key];
  if (arrow !== undefined && !event.altKey) move(arrow, event.shiftKey ? LARGE_STEP : STEP);
  else if (event.key === 'Enter' && isDrawing()) press(event);
  else if (event.key === 'Escape' && drawing !== undefined) escapeKeyboard();
  else if (event.key === '+' || event.key === '=') zoomStep(1);
  else if (event.key === '-') zoomStep(-1);
  else return;
  event.preventDefault();
}

/** Over a result, Enter belongs to it until the keys have moved a cursor. */
const isDrawing = () => offered() === undefined || useOverlay.getState().cursor !== null;

function move(arrow: Point, screenStep: number): void {
  const { picture, placement } = useStage.getState();
  if (picture === null) return;
  const { tool } = useView.getState();
  if (tool === 'region') {
    nudgeRegion({ x: 0, y: 0 }, { x: arrow.x * screenStep, y: arrow.y * screenStep });
    return;
  }
  if (tool === 'hand' || maskController.mask.data.length === 0) {
    panBy(-arrow.x * screenStep, -arrow.y * screenStep);
    return;
  }
  const step = Math.max(1, Math.round(screenStep / placement.scale));
  const from = cursorNow();
  const cursor = {
    x: Math.min(picture.width - 0.5, Math.max(0.5, from.x + arrow.x * step)),
    y: Math.min(picture.height - 0.5, Math.max(0.5, from.y + arrow.y * step)),
  };
  setOverlay({ cursor });
  keepInView(cursor);
  if (drawing !== undefined && drawing.tool !== 'lasso') drawing.gesture.move([cursor]);
}

function press(modifiers: { readonly altKey: boolean; readonly shiftKey: boolean }): void {
  const { tool } = useView.getState();
  if (tool === 'hand' || tool === 'region' || maskController.mask.data.length === 0) return;
  const at = cursorNow();
  setOverlay({ cursor: at });
  if (drawing === undefined || drawing.tool !== tool) {
    escapeKeyboard();
    const gesture = startGesture(tool, at, modifiers);
    if (gesture !== undefined && tool !== 'word') drawing = { tool, gesture, corner: at };
    return;
  }
  // A lasso goes on until its last corner is set twice.
  if (tool === 'lasso' && (at.x !== drawing.corner.x || at.y !== drawing.corner.y)) {
    drawing.gesture.move([at]);
    drawing.corner = at;
    return;
  }
  drawing.gesture.finish();
  drawing = undefined;
}

function cursorNow(): Point {
  const { cursor, pointer } = useOverlay.getState();
  const { picture } = useStage.getState();
  const at = cursor ?? pointer ?? { x: (picture?.width ?? 0) / 2, y: (picture?.height ?? 0) / 2 };
  return { x: Math.floor(at.x) + 0.5, y: Math.floor(at.y) + 0.5 };
}

function keepInView(cursor: Point): void {
  const { stage, placement } = useStage.getState();
  const { x, y } = toStage(placement, cursor);
  const missing = (at: number, side: number) => Math.max(0, ROOM - at) - Math.max(0, at - (side - ROOM));
  const dx = missing(x, stage.width);
  const dy = missing(y, stage.height);
  if (dx !== 0 || dy !== 0) panBy(dx, dy);
}
