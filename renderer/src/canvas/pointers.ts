import type { Point } from '../mask/brush.ts';
import { maskController } from '../state/mask.ts';
import { useView } from '../state/view.ts';
import type { Gesture } from './gesture.ts';
import { setOverlay } from './overlay.ts';
import { toPicture } from './placement.ts';
import { panBy, useStage, zoomTo } from './stage.ts';
import { startGesture } from './tools.ts';

/** Parts of the stage that take the pointer for themselves carry this attribute. */
export const OWN_POINTER = 'data-own-pointer';
/** A line of a wheel that counts in lines. */
const LINE = 16;
const PEN_ERASER = 32;

let escapeGesture: () => void = () => {};
/** Gives up what the pointer is drawing. */
export const escapePointer = (): void => escapeGesture();

/** Listens to mouse, pen and touch on the stage; returns the function that ends it. */
export function attachPointers(stage: HTMLElement): () => void {
  const down = new Map<number, Point>();
  let gesture: Gesture | undefined;
  /** The pointer that draws. */
  let drawing: number | undefined;
  let isPanning = false;
  let isSpaceDown = false;
  let isPenDown = false;
  let corner = stage.getBoundingClientRect();

  const inStage = ({ clientX, clientY }: MouseEvent): Point => ({ x: clientX - corner.left, y: clientY - corner.top });
  const inPicture = (event: MouseEvent): Point => toPicture(useStage.getState().placement, inStage(event));
  const giveUp = () => {
    gesture?.cancel();
    gesture = undefined;
    drawing = undefined;
  };
  escapeGesture = giveUp;

  const onDown = (event: PointerEvent) => {
    if (event.target instanceof Element && event.target.closest(`[${OWN_POINTER}]`) !== null) return;
    if (useStage.getState().picture === null) return;
    // A hand that rests beside the pen draws nothing and takes nothing back.
    if (event.pointerType === 'touch' && isPenDown) return;
    if (event.pointerType === 'pen') {
      isPenDown = true;
      down.clear();
      giveUp();
    }
    corner = stage.getBoundingClientRect();
    stage.setPointerCapture(event.pointerId);
    down.set(event.pointerId, inStage(event));
    setOverlay({ cursor: null });
    if (down.size > 1) return giveUp();
    const { tool } = useView.getState();
    const hasMask = maskController.mask.data.length > 0;
    isPanning = event.button === 1 || isSpaceDown || tool === 'hand' || !hasMask;
    if (isPanning) stage.dataset.panning = '';
    else if ((event.buttons & PEN_ERASER) !== 0) gesture = startGesture('eraser', inPicture(event), event);
    else if (event.button === 0) gesture = startGesture(tool, inPicture(event), event);
    drawing = gesture === undefined ? undefined : event.pointerId;
  };

  const onMove = (event: PointerEvent) => {
    const before = down.get(event.pointerId);
    if (before === undefined) {
      corner = stage.getBoundingClientRect();
      return setOverlay({ pointer: inPicture(event), cursor: null });
    }
    const now = inStage(event);
    if (down.size > 1) pinch(event.pointerId, before, now);
    else if (isPanning) panBy(now.x - before.x, now.y - before.y);
    else if (gesture !== undefined && event.pointerId === drawing) {
      const events = event.getCoalescedEvents();
      gesture.move((events.length === 0 ? [event] : events).map(inPicture));
    }
    down.set(event.pointerId, now);
    setOverlay({ pointer: inPicture(event) });
  };

  const pinch = (moved: number, before: Point, now: Point) => {
    const other = [...down].find(([id]) => id !== moved)?.[1];
    if (other === undefined) return;
    const distance = (point: Point) => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
    panBy((now.x - before.x) / 2, (now.y - before.y) / 2);
    const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 };
    zoomTo(useStage.getState().placement.scale * (distance(now) / distance(before)), middle);
  };

  const onUp = (event: PointerEvent) => {
    if (event.pointerType === 'pen') isPenDown = false;
    if (!down.delete(event.pointerId)) return;
    isPanning = false;
    delete stage.dataset.panning;
    // What was drawn stays, also where the system took the pointer away.
    const finished = gesture;
    gesture = undefined;
    drawing = undefined;
    finished?.finish();
  };

  const onLeave = () => setOverlay({ pointer: null });

  const onWheel = (event: WheelEvent) => {
    if (useStage.getState().picture === null) return;
    event.preventDefault();
    corner = stage.getBoundingClientRect();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE : 1;
    const x = event.deltaX * unit;
    const y = event.deltaY * unit;
    // A pinch on a touchpad comes as a wheel with Ctrl, in small numbers; a wheel in large ones.
    if (event.ctrlKey || event.metaKey) {
      const factor = Math.exp(-Math.max(-60, Math.min(60, y)) * 0.008);
      zoomTo(useStage.getState().placement.scale * factor, inStage(event));
    } else if (event.shiftKey && x === 0) panBy(-y, 0);
    else panBy(-x, -y);
    setOverlay({ pointer: inPicture(event) });
  };

  const onKey = (event: KeyboardEvent) => {
    if (event.code !== 'Space') return;
    const isFree = document.activeElement === document.body || document.activeElement === stage;
    isSpaceDown = event.type === 'keydown' && isFree;
    if (isSpaceDown) {
      event.preventDefault();
      stage.dataset.grab = '';
    } else delete stage.dataset.grab;
  };
  const onBlur = () => {
    isSpaceDown = false;
    delete stage.dataset.grab;
  };
  // Else the middle button would start the browser's own scrolling.
  const onMouseDown = (event: MouseEvent) => event.button === 1 && event.preventDefault();

  const end = new AbortController();
  const { signal } = end;
  stage.addEventListener('pointerdown', onDown, { signal });
  stage.addEventListener('pointermove', onMove, { signal });
  stage.addEventListener('pointerup', onUp, { signal });
  stage.addEventListener('pointercancel', onUp, { signal });
  stage.addEventListener('lostpointercapture', onUp, { signal });
  stage.addEventListener('pointerleave', onLeave, { signal });
  stage.addEventListener('wheel', onWheel, { signal, passive: false });
  stage.addEventListener('mousedown', onMouseDown, { signal });
  window.addEventListener('keydown', onKey, { signal });
  window.addEventListener('keyup', onKey, { signal });
  window.addEventListener('blur', onBlur, { signal });
  return () => {
    end.abort();
    giveUp();
  };
}
