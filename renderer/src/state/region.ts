import { create } from 'zustand';
import type { CallParams, ModelInfo, Placement, Region } from '../../../contract/index.ts';
import { call } from './connection.ts';
import { change, documentNow, useEditor } from './editor.ts';
import { maskController } from './mask.ts';
import { useSession } from './session.ts';

/** Where a run would work in the picture that is open. */
export interface RegionState {
  /** The frame while it is dragged, which is no change of the document yet. */
  readonly draft: Region | null;
  /** Where the engine would work, and at which size; null while it is not known, and where nothing is edited. */
  readonly placement: Placement | null;
}

export const useRegion = create<RegionState>(() => ({ draft: null, placement: null }));

export const setDraft = (draft: Region | null): void => useRegion.setState({ draft });

/** Sets the region as a step of undo; null: it is placed by itself. */
export function setRegion(region: Region | null): void {
  change('region', { region });
  setDraft(null);
}

/** Where a painted mask lets the picture change; undefined without one. */
export function paintedArea(): Region | undefined {
  const box = maskController.bounds;
  if (box === undefined) return undefined;
  return { x: box.left, y: box.top, width: box.right - box.left, height: box.bottom - box.top };
}

/** Shapes that the model works well in: its own sizes. */
export const shapesOf = (model: ModelInfo | undefined) => model?.defaults?.regionSizes ?? [];

/** What tells where a run would work; undefined where no picture would be edited. */
function question(): { readonly asked: CallParams<'place'>; readonly sha256: string } | undefined {
  const { source, checkpoint, method, region } = documentNow();
  const { methods, models, link } = useSession.getState();
  const inputs = methods.find(({ id }) => id === method)?.inputs;
  const isRunnable = models.find(({ ref }) => ref === checkpoint)?.isRunnable === true;
  if (source === null || link !== 'open' || inputs?.source === undefined || !isRunnable) return undefined;
  const { width, height } = source;
  const wanted = useRegion.getState().draft ?? region;
  const painted = inputs.mask === undefined ? undefined : paintedArea();
  return {
    asked: {
      checkpoint,
      source: { width, height },
      ...(wanted !== null && { region: wanted }),
      ...(painted && { painted }),
    },
    sha256: source.ref.sha256,
  };
}

let answered: string | undefined;
let isAsking = false;

/** Asks the engine where a run would work: one question at a time, the newest next. */
async function ask(): Promise<void> {
  const now = question();
  const key = JSON.stringify(now);
  if (now === undefined || now.sha256 !== placedIn) {
    placedIn = now?.sha256;
    answered = undefined;
    if (useRegion.getState().placement !== null) useRegion.setState({ placement: null });
  }
  if (now === undefined || isAsking || key === answered) return;
  isAsking = true;
  // What cannot be placed is told by the line of the estimate.
  const placement = await call('place', now.asked).catch(() => null);
  isAsking = false;
  answered = key;
  if (question()?.sha256 === now.sha256) useRegion.setState({ placement });
  void ask();
}

/** The picture that the placement is of. */
let placedIn: string | undefined;

/** Keeps the placement the same as document, mask and model. Called once. */
export function startRegion(): void {
  const again = () => void ask();
  useEditor.subscribe(({ document }, before) => document !== before.document && again());
  useRegion.subscribe(({ draft }, before) => draft !== before.draft && again());
  useSession.subscribe(({ link, models }, before) => (link !== before.link || models !== before.models) && again());
  maskController.subscribe(again);
}
