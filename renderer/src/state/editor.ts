import { create } from 'zustand';
import type { CallResult, MediaInfo } from '../../../contract/index.ts';
import { call, tryCall } from './connection.ts';
import { type Command, type Document, EMPTY_DOCUMENT } from './document.ts';
import { applied, encodeEntry, type JournalEntry, type MaskReplay, redone, replay, undone } from './journal.ts';
import { amended, continues, EMPTY_UNDO, fieldsBefore, pushed, type UndoList } from './undo.ts';

/** The document with its undo list. Every change goes through this file, is undone through it and written to the journal by it. */
export interface Editor {
  readonly document: Document;
  readonly undo: UndoList;
  /** Whether everything is in the journal. */
  readonly isSaved: boolean;
}

export const useEditor = create<Editor>(() => ({ document: EMPTY_DOCUMENT, undo: EMPTY_UNDO, isSaved: true }));

/** Entries after which the journal is written anew from a snapshot. */
const COMPACT_AFTER = 400;
/** Typing within this time is one step of undo. */
const TYPING_MS = 1200;

let mask: MaskReplay;
let emptyMask: (width: number, height: number) => Uint8Array;
let unsaved: Uint8Array[] = [];
let writing: Promise<void> | undefined;
let sinceSnapshot = 0;
let lastSetMs = 0;

/** Joins the mask's pixels to the document; called once at start. */
export function joinMask(replayOf: MaskReplay, empty: (width: number, height: number) => Uint8Array): void {
  mask = replayOf;
  emptyMask = empty;
}

export const documentNow = (): Document => useEditor.getState().document;

/** Changes fields of the document as one step of undo; quick changes of one field under the same label are one step. */
export function change(label: string, after: Partial<Document>): void {
  const { document, undo } = useEditor.getState();
  const keys = Object.keys(after) as (keyof Document)[]; // keys of a Partial<Document>
  if (keys.every((key) => Object.is(document[key], after[key]))) return;
  const command: Command = { kind: 'set', label, before: fieldsBefore(document, after), after };
  const isTyping = continues(undo, command) && performance.now() - lastSetMs < TYPING_MS;
  lastSetMs = performance.now();
  useEditor.setState({
    document: { ...document, ...after },
    undo: isTyping ? amended(undo, command) : pushed(undo, command),
  });
  write({ type: isTyping ? 'amend' : 'do', command });
}

/** Changes what is looked at: no step of undo, and what was undone can still be done again. It is there after a restart. */
export function show(fields: Pick<Document, 'shown'> | Pick<Document, 'video'>): void {
  useEditor.setState(({ document }) => ({ document: { ...document, ...fields } }));
  write({ type: 'show', fields });
}

/** Takes a result out of the history as one step of undo. */
export function removeResult(id: string): void {
  const { document, undo } = useEditor.getState();
  const { video } = document;
  const after: Partial<Document> = {
    ...(document.shown === id && { shown: null }),
    ...(video.shown === id && { video: { ...video, shown: null } }),
  };
  const command: Command = { kind: 'remove', label: 'remove', id, before: fieldsBefore(document, after), after };
  useEditor.setState({ document: { ...document, ...after }, undo: pushed(undo, command) });
  write({ type: 'do', command });
  void tryCall('history.remove', { id });
}

/** Takes in what a tool painted; the pixels have changed already. */
export function maskChanged(label: string, patch: Uint8Array): void {
  const command: Command = { kind: 'mask', label, patch };
  useEditor.setState(({ undo }) => ({ undo: pushed(undo, command) }));
  write({ type: 'do', command });
}

/** Opens another picture with a whole mask, an empty one if it is left out, and a region placed by itself; undo brings the old one back with its mask. */
export function openPicture(
  label: string,
  source: MediaInfo,
  more: Partial<Document> = {},
  maskAfter: Uint8Array = emptyMask(source.width, source.height),
): void {
  const { document, undo } = useEditor.getState();
  const after: Partial<Document> = { shown: null, region: null, ...more, source };
  const command: Command = {
    kind: 'open',
    label,
    before: fieldsBefore(document, after),
    after,
    maskBefore: mask.save(),
    maskAfter,
  };
  useEditor.setState({ document: applied(document, command, 'redo', mask), undo: pushed(undo, command) });
  write({ type: 'do', command });
}

/** Begins with a picture: nothing came before it that undo could bring back. */
export function beginWith(source: MediaInfo, more: Partial<Document>): void {
  const document = { ...EMPTY_DOCUMENT, ...more, source };
  mask.load(emptyMask(source.width, source.height));
  useEditor.setState({ document, undo: EMPTY_UNDO });
  write({ type: 'snapshot', document, mask: mask.save(), undo: EMPTY_UNDO });
}

export const undo = (): string | undefined => step('undo');
export const redo = (): string | undefined => step('redo');

/** @returns the label of what was undone or done again */
function step(direction: 'undo' | 'redo'): string | undefined {
  const { document, undo: list } = useEditor.getState();
  const command = list.commands[direction === 'undo' ? list.done - 1 : list.done];
  const state = (direction === 'undo' ? undone : redone)({ document, undo: list }, mask);
  if (state === undefined) return undefined;
  lastSetMs = 0;
  useEditor.setState(state);
  write({ type: direction });
  if (command?.kind === 'remove')
    void tryCall(direction === 'undo' ? 'history.restore' : 'history.remove', { id: command.id });
  return command?.label;
}

/** Reads the journal of the last time. @returns whether there was one */
export async function restore(): Promise<boolean> {
  const entries: Uint8Array[] = [];
  for (let after: number | undefined = 0; after !== undefined; ) {
    const page: CallResult<'journal.read'> = await call('journal.read', { after });
    entries.push(...page.entries);
    after = page.next;
  }
  if (entries.length === 0) return false;
  const { isWhole, ...restored } = replay(entries, EMPTY_DOCUMENT, mask);
  // Behind an entry that cannot be read nothing would be found again: the next one is a snapshot.
  sinceSnapshot = isWhole ? entries.length : COMPACT_AFTER;
  useEditor.setState({ ...restored, isSaved: true });
  return restored.document.source !== null;
}

function write(entry: JournalEntry): void {
  unsaved.push(encodeEntry(entry));
  useEditor.setState({ isSaved: false });
  flush();
}

/** Writes down what is not yet written; called again after a connection was lost. */
export function flush(): void {
  if (writing !== undefined || unsaved.length === 0) return;
  writing = writeAll().finally(() => {
    writing = undefined;
  });
}

async function writeAll(): Promise<void> {
  try {
    while (unsaved.length > 0) {
      const entries = unsaved;
      unsaved = [];
      try {
        await append(entries);
      } catch (error) {
        unsaved = [...entries, ...unsaved];
        throw error;
      }
    }
    useEditor.setState({ isSaved: true });
  } catch {
    // Not connected: what is unsaved is kept and goes out with the next connection.
  }
}

async function append(entries: Uint8Array[]): Promise<void> {
  if (sinceSnapshot + entries.length <= COMPACT_AFTER) {
    await call('journal.append', { entries });
    sinceSnapshot += entries.length;
    return;
  }
  // Taken now, so that it holds everything up to here; what comes later is still unsaved.
  const { document, undo: list } = useEditor.getState();
  unsaved = [];
  await call('journal.replace', {
    entries: [encodeEntry({ type: 'snapshot', document, mask: mask.save(), undo: list })],
  });
  sinceSnapshot = 1;
}
