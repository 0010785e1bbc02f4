import type { Point } from '../mask/brush.ts';
import { fillPolygon, fillRectangle } from '../mask/shapes.ts';
import { maskController } from '../state/mask.ts';
import { type Tool, useView } from '../state/view.ts';
import type { Gesture } from './gesture.ts';
import { setOverlay } from './overlay.ts';
import { regionGesture } from './regiontool.ts';
import { clickRegion } from './words.ts';

export interface Modifiers {
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/** Starts what the tool does at a point; undefined where that is done at once. */
export function startGesture(tool: Tool, start: Point, { altKey, shiftKey }: Modifiers): Gesture | undefined {
  // Shift too: Alt with a drag belongs to the window manager on many Linux desktops.
  const isRemoved = altKey || shiftKey;
  const value = isRemoved ? 0 : 255;
  switch (tool) {
    case 'brush':
    case 'eraser':
      return stroke(tool, start);
    case 'lasso':
      return figure(
        start,
        ({ points, add }) => points.push(...add),
        (points) => maskController.change('lasso', (mask) => fillPolygon(mask, points, value)),
      );
    case 'rectangle':
      return figure(
        start,
        ({ points, add }) => points.splice(1, 1, ...add.slice(-1)),
        ([a = start, b = start]) => maskController.change('rectangle', (mask) => fillRectangle(mask, a, b, value)),
      );
    case 'word':
      void clickRegion(start, isRemoved);
      return undefined;
    case 'region':
      return regionGesture(start, altKey);
    case 'hand':
      return undefined;
  }
}

const MEASURE = 'attune:brush';
/** Measures that are kept for whoever reads them. */
const MAX_MEASURES = 5000;
let measures = 0;

/** Times what one event of a stroke takes until its pixels are on the canvas. */
function measured(work: () => void): void {
  const start = performance.now();
  work();
  performance.measure(MEASURE, { start, end: performance.now() });
  measures += 1;
}

function extendBy(points: readonly Point[]): void {
  for (const point of points) maskController.extend(point);
}

function stroke(tool: 'brush' | 'eraser', start: Point): Gesture {
  if (measures > MAX_MEASURES) {
    performance.clearMeasures(MEASURE);
    measures = 0;
  }
  const { brushSize: size, brushFeather: feather } = useView.getState();
  measured(() => maskController.begin(tool, { size, feather, isEraser: tool === 'eraser' }, start));
  return {
    move: (points) => measured(() => extendBy(points)),
    finish: () => maskController.end(),
    cancel: () => maskController.cancel(),
  };
}

function figure(
  start: Point,
  take: (figure: { readonly points: Point[]; readonly add: readonly Point[] }) => void,
  finish: (points: readonly Point[]) => void,
): Gesture {
  const points = [start];
  const show = () => setOverlay({ figure: [...points] });
  show();
  return {
    move(add) {
      take({ points, add });
      show();
    },
    finish() {
      setOverlay({ figure: [] });
      finish(points);
    },
    cancel: () => setOverlay({ figure: [] }),
  };
}
