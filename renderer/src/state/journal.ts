import { decodeFrame, encodeFrame, FrameError } from '../../../transport/index.ts';
import type { Command, Document } from './document.ts';
import { amended, EMPTY_UNDO, pushed, type UndoList } from './undo.ts';

/** What is written down as it happens; read again in order, it gives the document, its mask and every step of undo. */
export type JournalEntry =
  | { readonly type: 'snapshot'; readonly document: Document; readonly mask: Uint8Array; readonly undo: UndoList }
  | { readonly type: 'do'; readonly command: Command }
  | { readonly type: 'amend'; readonly command: Command }
  | { readonly type: 'undo' }
  | { readonly type: 'redo' };

/** What the mask needs to be replayed; see `mask/`. */
export interface MaskReplay {
  /** Takes a whole mask with its size, as `save` gave it. */
  load(mask: Uint8Array): void;
  apply(patch: Uint8Array, direction: 'undo' | 'redo'): void;
  /** The whole mask, for a snapshot. */
  save(): Uint8Array;
}

export interface Restored {
  readonly document: Document;
  readonly undo: UndoList;
}

export const encodeEntry = (entry: JournalEntry): Uint8Array => encodeFrame(entry);

/** Replays a journal. Entries that cannot be read end it: what came before them stands. */
export function replay(entries: readonly Uint8Array[], start: Document, mask: MaskReplay): Restored {
  let state: Restored = { document: start, undo: EMPTY_UNDO };
  for (const bytes of entries) {
    const entry = readEntry(bytes);
    if (entry === undefined) break;
    state = replayed(state, entry, mask);
  }
  return state;
}

function readEntry(bytes: Uint8Array): JournalEntry | undefined {
  try {
    return decodeFrame(bytes) as JournalEntry; // written by encodeEntry of this or an earlier version
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

function replayed({ document, undo }: Restored, entry: JournalEntry, mask: MaskReplay): Restored {
  switch (entry.type) {
    case 'snapshot':
      mask.load(entry.mask);
      return { document: { ...document, ...entry.document }, undo: entry.undo };
    case 'do':
      return { document: applied(document, entry.command, 'redo', mask), undo: pushed(undo, entry.command) };
    case 'amend':
      return { document: applied(document, entry.command, 'redo', mask), undo: amended(undo, entry.command) };
    case 'undo':
      return undone({ document, undo }, mask) ?? { document, undo };
    case 'redo':
      return redone({ document, undo }, mask) ?? { document, undo };
  }
}

/** The document after a command, or before it; the mask follows. */
export function applied(document: Document, command: Command, direction: 'undo' | 'redo', mask: MaskReplay): Document {
  if (command.kind === 'mask') {
    mask.apply(command.patch, direction);
    return document;
  }
  if (command.kind === 'open') mask.load(direction === 'undo' ? command.maskBefore : command.maskAfter);
  return { ...document, ...(direction === 'undo' ? command.before : command.after) };
}

/** One step back; undefined where there is none. */
export function undone({ document, undo }: Restored, mask: MaskReplay): Restored | undefined {
  const command = undo.commands[undo.done - 1];
  if (command === undefined) return undefined;
  return { document: applied(document, command, 'undo', mask), undo: { ...undo, done: undo.done - 1 } };
}

/** One step forward again; undefined where there is none. */
export function redone({ document, undo }: Restored, mask: MaskReplay): Restored | undefined {
  const command = undo.commands[undo.done];
  if (command === undefined) return undefined;
  return { document: applied(document, command, 'redo', mask), undo: { ...undo, done: undo.done + 1 } };
}
