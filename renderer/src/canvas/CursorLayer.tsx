import type { Point } from '../mask/brush.ts';
import { useView } from '../state/view.ts';
import { useOverlay } from './overlay.ts';
import { toStage } from './placement.ts';
import { useStage } from './stage.ts';

/** The brush under the pointer, the keyboard's cursor, and the figure that is being drawn. Every line is dark with light on it. */
export function CursorLayer() {
  const { pointer, cursor, figure } = useOverlay();
  const placement = useStage((stage) => stage.placement);
  const tool = useView((view) => view.tool);
  const at = (point: Point) => toStage(placement, point);
  const isBrush = tool === 'brush' || tool === 'eraser';
  const brushAt = cursor ?? pointer;
  return (
    <svg className="canvas-cursor" aria-hidden="true" data-testid="cursor">
      {figure.length > 0 && <Figure points={figure.map(at)} isRectangle={tool === 'rectangle'} />}
      {isBrush && brushAt !== null && <BrushCircles centre={at(brushAt)} scale={placement.scale} />}
      {cursor !== null && <Cross {...at(cursor)} />}
    </svg>
  );
}

function BrushCircles({ centre: { x, y }, scale }: { readonly centre: Point; readonly scale: number }) {
  const { brushSize, brushFeather } = useView();
  const radius = Math.max(1, (brushSize / 2) * scale);
  const inner = radius * (1 - brushFeather);
  return (
    <>
      {['canvas-line-dark', 'canvas-line-light'].map((line) => (
        <g key={line} className={line}>
          <circle cx={x} cy={y} r={radius} />
          {brushFeather > 0 && inner > 2 && <circle className="canvas-line-dotted" cx={x} cy={y} r={inner} />}
        </g>
      ))}
    </>
  );
}

function Cross({ x, y }: Point) {
  return ['canvas-line-dark', 'canvas-line-light'].map((line) => (
    <path key={line} className={line} d={`M${x - 10} ${y}h7m6 0h7M${x} ${y - 10}v7m0 6v7`} />
  ));
}

function Figure({ points, isRectangle }: { readonly points: readonly Point[]; readonly isRectangle: boolean }) {
  const [a, b = a] = points;
  if (a === undefined || b === undefined) return null;
  const d = isRectangle
    ? `M${a.x} ${a.y}H${b.x}V${b.y}H${a.x}Z`
    : `M${points.map(({ x, y }) => `${x} ${y}`).join('L')}Z`;
  return ['canvas-line-dark', 'canvas-line-light canvas-line-dashed'].map((line) => (
    <path key={line} className={line} d={d} />
  ));
}
