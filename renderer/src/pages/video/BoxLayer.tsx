import { type PointerEvent, useState } from 'react';
import { type Box, clipped, isEmpty } from '../../mask/box.ts';

type Point = readonly [number, number];

/** The box of a clip's frames that may change, drawn over the player; a drag draws another. Its numbers are in the panel, for the keyboard. */
export function BoxLayer({
  box,
  width,
  height,
  onChange,
}: {
  readonly box: Box;
  /** Of the clip, in pixels. */
  readonly width: number;
  readonly height: number;
  readonly onChange: (box: Box) => void;
}) {
  const [drawn, setDrawn] = useState<{ readonly from: Point; readonly to: Point } | null>(null);
  const drawnBox = drawn && clipped(around(drawn.from, drawn.to), { width, height });
  const { left, top, right, bottom } = drawnBox ?? box;
  const inside = `M${left} ${top}H${right}V${bottom}H${left}Z`;
  return (
    <svg
      className="player-box"
      viewBox={`0 0 ${width} ${height}`}
      aria-hidden
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        const from = pointOf(event);
        setDrawn({ from, to: from });
      }}
      onPointerMove={(event) => drawn !== null && setDrawn({ ...drawn, to: pointOf(event) })}
      onPointerUp={() => {
        setDrawn(null);
        if (drawnBox !== null && !isEmpty(drawnBox)) onChange(drawnBox);
      }}
      onPointerCancel={() => setDrawn(null)}
    >
      <path className="player-box-outside" d={`M0 0H${width}V${height}H0Z${inside}`} fillRule="evenodd" />
      <path className="player-box-edge" d={inside} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}

/** Where a pointer is, in pixels of the clip. */
function pointOf({ currentTarget, clientX, clientY }: PointerEvent<SVGSVGElement>): Point {
  const { x, y } = new DOMPoint(clientX, clientY).matrixTransform(currentTarget.getScreenCTM()?.inverse());
  return [x, y];
}

const around = ([x, y]: Point, [u, v]: Point): Box => ({
  left: Math.min(x, u),
  top: Math.min(y, v),
  right: Math.max(x, u),
  bottom: Math.max(y, v),
});
