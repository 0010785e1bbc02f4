import { decodeFrame, encodeFrame, FrameError } from '../../../transport/index.ts';
import type { Command, Document } from './document.ts';
import { amended, EMPTY_UNDO, pushed, type UndoList } from './undo.ts';

/** What is written down as it happens; read again in order, it gives the document, its mask and every step of undo. */
export type JournalEntry =
  | { readonly type: 'snapshot'; readonly document: Document; readonly mask: Uint8Array; readonly undo: UndoList }
  | { readonly type: 'do'; readonly command: Command }
  | { readonly type: 'amend'; readonly command: Command }
  /** What is looked at changed, which is no step of undo. */
  | { readonly type: 'show'; readonly fields: Partial<Document> }
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

interface State {
  readonly document: Document;
  readonly undo: UndoList;
}

export interface Restored extends State {
  /** Whether every entry was read: if not, what follows must not be written behind those that were not. */
  readonly isWhole: boolean;
}

export const encodeEntry = (entry: JournalEntry): Uint8Array => encodeFrame(entry);

/** Replays a journal. An entry that cannot be read ends it, up to the next snapshot: what came before stands. */
export function replay(entries: readonly Uint8Array[], start: Document, mask: MaskReplay): Restored {
  let state: State = { document: start, undo: EMPTY_UNDO };
  let isBroken = false;
  let isWhole = true;
  for (const bytes of entries) {
    const entry = readEntry(bytes);
    const next: State | undefined =
      entry === undefined || (isBroken && entry.type !== 'snapshot') ? undefined : tried(state, entry, mask);
    isBroken = next === undefined;
    if (next === undefined) isWhole = false;
    else state = next;
  }
  return { ...state, isWhole };
}

const TYPES: Readonly<Record<JournalEntry['type'], true>> = {
  snapshot: true,
  do: true,
  amend: true,
  show: true,
  undo: true,
  redo: true,
};

function readEntry(bytes: Uint8Array): JournalEntry | undefined {
  try {
    const entry = decodeFrame(bytes) as Partial<JournalEntry> | null; // written by encodeEntry of this or another version
    return Object.hasOwn(TYPES, entry?.type ?? '') ? (entry as JournalEntry) : undefined; // a type of this version
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}

/** Undefined for an entry whose content is not what its type says. */
function tried(state: State, entry: JournalEntry, mask: MaskReplay): State | undefined {
  try {
    return replayed(state, entry, mask);
  } catch {
    return undefined;
  }
}

function replayed({ document, undo }: State, entry: JournalEntry, mask: MaskReplay): State {
  switch (entry.type) {
    case 'snapshot':
      mask.load(entry.mask);
      return { document: { ...document, ...entry.document }, undo: entry.undo };
    case 'do':
      return { document: applied(document, entry.command, 'redo', mask), undo: pushed(undo, entry.command) };
    case 'amend':
      return { document: applied(document, entry.command, 'redo', mask), undo: amended(undo, entry.command) };
    case 'show':
      return { document: { ...document, ...entry.fields }, undo };
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
export function undone({ document, undo }: State, mask: MaskReplay): State | undefined {
  const command = undo.commands[undo.done - 1];
  if (command === undefined) return undefined;
  return { document: applied(document, command, 'undo', mask), undo: { ...undo, done: undo.done - 1 } };
}

/** One step forward again; undefined where there is none. */
export function redone({ document, undo }: State, mask: MaskReplay): State | undefined {
  const command = undo.commands[undo.done];
  if (command === undefined) return undefined;
  return { document: applied(document, command, 'redo', mask), undo: { ...undo, done: undo.done + 1 } };
}
