import i18n from 'i18next';
import type { EditRequest, HistoryEntry, MediaInfo, MediaRef, MethodDescription } from '../../../contract/index.ts';
import { encodeMask } from '../mask/codec.ts';
import { call, sentenceOf } from './connection.ts';
import { change, documentNow, openPicture, show } from './editor.ts';
import { bitmapOf } from './media.ts';
import { forgetMine, isMine, openedFor, rememberMine } from './mine.ts';
import { missingFor, requestOf, restoredFrom } from './request.ts';
import { notify, useSession } from './session.ts';
import { setView, useView } from './view.ts';

/** The painted mask, as the runs need it. */
export interface PaintedMask {
  isEmpty(): boolean;
  /** Stores it and gives its reference. */
  store(): Promise<MediaRef>;
}

let painted: PaintedMask;
export function joinPaintedMask(mask: PaintedMask): void {
  painted = mask;
}

export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** The painted mask in the store, where the method takes one and something is painted. */
export async function maskFor({ inputs }: MethodDescription): Promise<MediaRef | undefined> {
  const wantsMask = inputs.mask !== undefined && inputs.source !== undefined && !painted.isEmpty();
  return wantsMask ? painted.store() : undefined;
}

let isSubmitting = false;

/** Puts the document into the queue; one that is on its way there is not put in twice. */
export async function submitRun({ isFirst = false, seed }: { isFirst?: boolean; seed?: number } = {}): Promise<void> {
  const document = documentNow();
  const method = useSession.getState().methods.find(({ id }) => id === document.method);
  if (method === undefined || isSubmitting) return;
  if (missingFor(document, method, !painted.isEmpty()) !== undefined) return;
  isSubmitting = true;
  try {
    const mask = await maskFor(method);
    if (seed === undefined && !document.isSeedLocked) change('seed', { seed: randomSeed() });
    const request = { ...requestOf(documentNow(), method, mask), ...(seed !== undefined && { seed }) };
    setView({ heatWord: null });
    await submit(request, isFirst);
  } catch (error) {
    notify('error', sentenceOf(error));
  } finally {
    isSubmitting = false;
  }
}

async function submit(request: EditRequest, isFirst: boolean): Promise<void> {
  const opened = documentNow().source?.ref.sha256 ?? null;
  const { job } = await call('jobs.submit', { request, ...(isFirst && { isFirst }) });
  rememberMine(job, opened);
}

/** Four runs that differ in their seed alone. */
export async function submitVariations(): Promise<void> {
  for (let at = 0; at < 4; at++) await submitRun({ seed: randomSeed() });
}

/** Whether what a job makes belongs to the picture that is open: to its source, or to what was open when it was asked for. */
export function belongsHere(job: string, { source }: Pick<EditRequest, 'source'>): boolean {
  const now = documentNow().source?.ref.sha256 ?? null;
  return (source === undefined ? openedFor(job) : source.sha256) === now;
}

/** Shows a result that this window asked for where it belongs; elsewhere it says that it is there. */
export function showIfMine(entry: HistoryEntry): void {
  if (!isMine(entry.id)) return;
  const isHere = belongsHere(entry.id, entry.request);
  forgetMine(entry.id);
  for (const warning of entry.warnings) notify('warning', warning);
  if (isHere) {
    show({ shown: entry.id });
    if (useView.getState().compare === 'difference') setView({ compare: 'off' });
  } else
    notify('info', i18n.t('history.elsewhere', { prompt: entry.request.prompt }), {
      label: i18n.t('history.show'),
      run: () => void recall(entry),
    });
}

/** Shows a result and brings back everything that it was made with, its picture and its mask too. */
export async function recall(entry: HistoryEntry): Promise<void> {
  const { request } = entry;
  const settings = { ...restoredFrom(request, documentNow()), isSeedLocked: true, shown: entry.id };
  if (request.source === undefined) return change('recall', settings);
  try {
    const [source, mask] = await Promise.all([
      call('media.info', { ref: request.source }),
      request.mask && call('media.info', { ref: request.mask }).then(maskBytesOf),
    ]);
    openPicture('recall', source, settings, mask);
  } catch (error) {
    notify('error', sentenceOf(error));
  }
}

/** A stored mask as the journal has it. */
async function maskBytesOf(mask: MediaInfo): Promise<Uint8Array> {
  const bitmap = await bitmapOf(mask);
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser gives no canvas to read the mask from.');
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  return encodeMask({ width, height, data: Uint8Array.from({ length: width * height }, (_, at) => data[4 * at] ?? 0) });
}

/** Makes a result the picture that is edited next: what it was to show is what it shows now, and a region stays where it was set. */
export function continueFrom(entry: HistoryEntry): void {
  const { prompt } = entry.request;
  const { region, source } = documentNow();
  const isAlike = source?.width === entry.result.width && source.height === entry.result.height;
  openPicture('continue', entry.result, {
    sourcePrompt: prompt,
    prompt,
    shown: null,
    ...(isAlike && { region }),
  });
}

/** Runs a result's request again as it was. */
export async function runAgain({ request }: HistoryEntry, isFirst = false): Promise<void> {
  try {
    await submit(request, isFirst);
  } catch (error) {
    notify('error', sentenceOf(error));
  }
}
