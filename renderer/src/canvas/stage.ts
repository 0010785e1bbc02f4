import { create } from 'zustand';
import type { Point } from '../mask/brush.ts';
import { setView, useView } from '../state/view.ts';
import { type Extent, fitted, kept, nextZoom, type Placement, zoomed } from './placement.ts';

/** The stage on screen and where the picture lies in it. */
export interface Stage {
  readonly stage: Extent;
  readonly picture: Extent | null;
  readonly placement: Placement;
  /** Whether the picture follows the size of the stage. */
  readonly isFitted: boolean;
}

export const useStage = create<Stage>(() => ({
  stage: { width: 1, height: 1 },
  picture: null,
  placement: { scale: 1, x: 0, y: 0 },
  isFitted: true,
}));

const get = useStage.getState;

export const setStageSize = (stage: Extent): void => place({ stage });

/** Another picture is fitted; a picture of the same size stays where it is. */
export function setPicture(picture: Extent | null): void {
  const { picture: before } = get();
  if (before?.width === picture?.width && before?.height === picture?.height) return;
  place({ picture, isFitted: true });
}

export const fit = (): void => place({ isFitted: true });

/** Zooms; without a point, about the middle of the stage. */
export function zoomTo(zoom: number, about?: Point): void {
  const { stage, placement } = get();
  const middle = { x: stage.width / 2, y: stage.height / 2 };
  place({ placement: zoomed(placement, zoom, about ?? middle), isFitted: false });
}

export const zoomStep = (direction: 1 | -1): void => zoomTo(nextZoom(get().placement.scale, direction));

export function panBy(x: number, y: number): void {
  const { placement } = get();
  place({ placement: { scale: placement.scale, x: placement.x + x, y: placement.y + y }, isFitted: false });
}

function place(change: Partial<Stage>): void {
  const { stage, picture, placement, isFitted } = { ...get(), ...change };
  const next = picture === null ? placement : isFitted ? fitted(picture, stage) : kept(placement, picture, stage);
  useStage.setState({ stage, picture, placement: next, isFitted });
  if (useView.getState().zoom !== next.scale) setView({ zoom: next.scale });
}
