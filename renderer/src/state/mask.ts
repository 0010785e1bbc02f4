import { useSyncExternalStore } from 'react';
import type { MediaRef } from '../../../contract/index.ts';
import { emptyMaskBytes } from '../mask/codec.ts';
import { MaskController } from '../mask/controller.ts';
import { call } from './connection.ts';
import { joinMask, maskChanged } from './editor.ts';
import { joinPaintedMask } from './runs.ts';

/** The mask of the picture that is edited. */
export const maskController = new MaskController(maskChanged);

/** Mean of the mask, 0..1; 0 exactly where nothing is painted. */
export const useMaskCoverage = (): number =>
  useSyncExternalStore(maskController.subscribe, () => maskController.coverage);

/** Another number after every finished change of the mask. */
export const useMaskVersion = (): number =>
  useSyncExternalStore(maskController.subscribe, () => maskController.version);

/** Joins the mask to the document, to its journal and to the runs. Called once, before the journal is read. */
export function startMask(): void {
  joinMask(
    {
      load: (mask) => maskController.load(mask),
      apply: (patch) => maskController.apply(patch),
      save: () => maskController.save(),
    },
    emptyMaskBytes,
  );
  joinPaintedMask({ isEmpty: () => maskController.coverage === 0, store: storeMask });
}

let stored: { readonly version: number; readonly ref: Promise<MediaRef> } | undefined;

/** Stores the mask once, however many runs use it. */
function storeMask(): Promise<MediaRef> {
  const { version, finished } = maskController;
  if (stored?.version === version) return stored.ref;
  const { width, height, data } = finished;
  const ref = call('media.putPixels', { name: 'mask.png', pixels: { width, height, channels: 1, data } }).then(
    (info) => info.ref,
  );
  stored = { version, ref };
  // The next run tries again.
  ref.catch(() => {
    if (stored?.ref === ref) stored = undefined;
  });
  return ref;
}
