import { useEffect, useMemo, useState } from 'react';
import type { MediaInfo, Pixels } from '../../../contract/index.ts';
import { sentenceOf } from '../state/connection.ts';
import { useEditor } from '../state/editor.ts';
import { bitmapOf } from '../state/media.ts';
import { belongsHere } from '../state/runs.ts';
import { notify, type Session, useSession } from '../state/session.ts';
import { useView } from '../state/view.ts';
import { useHeatWord } from './heat.ts';
import { differenceOf, heatOf, rgbaOf } from './pixels.ts';
import type { Extent } from './placement.ts';

/** What can be drawn and knows its size. */
export type Drawable = ImageBitmap | OffscreenCanvas;

/** What there is to draw, before the layers and the comparison choose from it. */
export interface Scene {
  /** The size that everything is stretched to; null where there is no picture. */
  readonly picture: Extent | null;
  readonly source: Drawable | null;
  /** The result that is shown, or what the running job shows of its own. */
  readonly over: Drawable | null;
  readonly difference: Drawable | null;
  readonly heat: Drawable | null;
}

/** Everything that belongs on the canvas now. */
export function useScene(): Scene {
  const document = useEditor((editor) => editor.document);
  const entry = useSession(({ history }) => history.find(({ id }) => id === document.shown));
  const preview = useSession(previewFor);
  const source = useBitmap(document.source);
  const result = useBitmap(entry?.result ?? null);
  const previewImage = useMemo(() => (preview === null ? null : canvasOf(preview, rgbaOf(preview))), [preview]);
  const sized = document.source ?? entry?.result ?? preview;
  const width = sized?.width;
  const height = sized?.height;
  const picture = useMemo(
    () => (width === undefined || height === undefined ? null : { width, height }),
    [width, height],
  );
  const over = previewImage ?? result;
  return { picture, source, over, difference: useDifference(picture, source, over), heat: useHeat() };
}

/** What the running job shows, where it works on the picture that is open. */
function previewFor({ run, queue }: Session): Pixels | null {
  if (run === null || run.preview === null) return null;
  const job = queue.jobs.find((queued) => queued.job === run.job);
  if (job === undefined || job.batch !== undefined) return null;
  return belongsHere(job.job, job.request) ? run.preview : null;
}

function useBitmap(media: MediaInfo | null): ImageBitmap | null {
  const [loaded, setLoaded] = useState<{ readonly sha256: string; readonly bitmap: ImageBitmap }>();
  const link = useSession((session) => session.link);
  // A picture that could not be had is asked for again with the next connection.
  useEffect(() => {
    if (media === null || link !== 'open') return;
    let isLate = false;
    bitmapOf(media).then(
      (bitmap) => !isLate && setLoaded({ sha256: media.ref.sha256, bitmap }),
      (error: unknown) => !isLate && notify('error', sentenceOf(error)),
    );
    return () => {
      isLate = true;
    };
  }, [media, link]);
  return media !== null && loaded?.sha256 === media.ref.sha256 ? loaded.bitmap : null;
}

/** The map of the word that is looked at: of the running job, else of the result that is shown. */
function useHeat(): Drawable | null {
  const word = useHeatWord();
  const isRunning = useSession(({ run }) => run !== null);
  const running = useSession(({ run }) => (word === null ? undefined : run?.maps[word]));
  const shown = useEditor(({ document }) => document.shown);
  const kept = useSession(({ history }) =>
    isRunning || word === null
      ? undefined
      : history.find(({ id }) => id === shown)?.maps.find((map) => map.word === word)?.map,
  );
  const keptMap = useBitmap(kept ?? null);
  return useMemo(() => {
    if (running !== undefined) return canvasOf(running, heatOf(running.data, running.channels));
    if (keptMap === null) return null;
    const { data } = pixelsOf(keptMap, keptMap);
    return canvasOf(keptMap, heatOf(data, 4));
  }, [running, keptMap]);
}

function useDifference(picture: Extent | null, source: Drawable | null, over: Drawable | null): Drawable | null {
  const isWanted = useView((view) => view.compare === 'difference');
  return useMemo(() => {
    if (!isWanted || picture === null || source === null || over === null) return null;
    return canvasOf(picture, differenceOf(pixelsOf(source, picture).data, pixelsOf(over, picture).data));
  }, [isWanted, picture, source, over]);
}

function pixelsOf(image: Drawable, { width, height }: Extent): ImageData {
  const context = contextOf(new OffscreenCanvas(width, height), true);
  context.drawImage(image, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

function canvasOf({ width, height }: Extent, rgba: Uint8ClampedArray<ArrayBuffer>): OffscreenCanvas {
  const canvas = new OffscreenCanvas(width, height);
  contextOf(canvas).putImageData(new ImageData(rgba, width, height), 0, 0);
  return canvas;
}

function contextOf(canvas: OffscreenCanvas, isRead = false): OffscreenCanvasRenderingContext2D {
  const context = canvas.getContext('2d', { willReadFrequently: isRead });
  if (context === null) throw new Error('This browser gives no canvas to draw on.');
  return context;
}
