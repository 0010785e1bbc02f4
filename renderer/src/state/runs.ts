import type { HistoryEntry, MediaRef, MethodDescription } from '../../../contract/index.ts';
import { call, tryCall } from './connection.ts';
import { change, documentNow, openPicture } from './editor.ts';
import { documentFrom, requestOf } from './request.ts';
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

/** Jobs of this window whose result is shown when it comes. */
const mine = new Set<string>();

export const randomSeed = (): number => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;

/** The painted mask in the store, where the method takes one and something is painted. */
export async function maskFor({ inputs }: MethodDescription): Promise<MediaRef | undefined> {
  const wantsMask = inputs.mask !== undefined && inputs.source !== undefined && !painted.isEmpty();
  return wantsMask ? painted.store() : undefined;
}

/** Puts the document into the queue. */
export async function submitRun({ isFirst = false, seed }: { isFirst?: boolean; seed?: number } = {}): Promise<void> {
  const document = documentNow();
  const method = useSession.getState().methods.find(({ id }) => id === document.method);
  if (method === undefined) return;
  try {
    const mask = await maskFor(method);
    if (seed === undefined && !document.isSeedLocked) change('seed', { seed: randomSeed() });
    const request = { ...requestOf(documentNow(), method, mask), ...(seed !== undefined && { seed }) };
    setView({ heatWord: null });
    const { job } = await call('jobs.submit', { request, ...(isFirst && { isFirst }) });
    mine.add(job);
  } catch (error) {
    notify('error', error instanceof Error ? error.message : String(error));
  }
}

/** Four runs that differ in their seed alone. */
export async function submitVariations(): Promise<void> {
  for (let at = 0; at < 4; at++) await submitRun({ seed: randomSeed() });
}

/** Shows a result that this window asked for. */
export function showIfMine(entry: HistoryEntry): void {
  const { source } = documentNow();
  if (!mine.delete(entry.id)) return;
  for (const warning of entry.warnings) notify('warning', warning);
  if (entry.request.source !== undefined && entry.request.source.sha256 !== source?.ref.sha256) return;
  change('result', { shown: entry.id });
  if (useView.getState().compare === 'difference') setView({ compare: 'off' });
}

/** Shows a result and brings back everything that it was made with. */
export async function recall(entry: HistoryEntry): Promise<void> {
  const { request } = entry;
  const settings = { ...documentFrom(request), isSeedLocked: true, shown: entry.id };
  const { source } = documentNow();
  if (request.source === undefined || request.source.sha256 === source?.ref.sha256) return change('recall', settings);
  const info = await tryCall('media.info', { ref: request.source });
  if (info !== undefined) openPicture('recall', info, settings);
}

/** Makes a result the picture that is edited next. */
export function continueFrom(entry: HistoryEntry): void {
  openPicture('continue', entry.result, { sourcePrompt: entry.request.prompt, prompt: '', shown: null });
}

/** Runs a result's request again as it was. */
export async function runAgain(entry: HistoryEntry, isFirst = false): Promise<void> {
  const submitted = await tryCall('jobs.submit', { request: entry.request, ...(isFirst && { isFirst }) });
  if (submitted !== undefined) mine.add(submitted.job);
}
