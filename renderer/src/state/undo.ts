import type { Command, Document } from './document.ts';

/** Commands that were done, and how many of them are not undone. */
export interface UndoList {
  readonly commands: readonly Command[];
  readonly done: number;
}

export const EMPTY_UNDO: UndoList = { commands: [], done: 0 };

/** Steps that are kept. */
export const MAX_COMMANDS = 500;

/** Adds a command after the ones that are done; what was undone is gone. */
export function pushed({ commands, done }: UndoList, command: Command): UndoList {
  const kept = [...commands.slice(0, done), command].slice(-MAX_COMMANDS);
  return { commands: kept, done: kept.length };
}

/** Whether a change of the same field continues the last command, as typing does. */
export function continues({ commands, done }: UndoList, command: Command): boolean {
  const last = commands[done - 1];
  if (done !== commands.length || last?.kind !== 'set' || command.kind !== 'set' || last.label !== command.label)
    return false;
  const keys = Object.keys(command.after);
  return keys.length === 1 && Object.keys(last.after).join() === keys.join();
}

/** The last command with the newer value. */
export function amended({ commands, done }: UndoList, command: Command): UndoList {
  const last = commands[done - 1];
  if (last?.kind !== 'set' || command.kind !== 'set') return { commands, done };
  return { commands: [...commands.slice(0, done - 1), { ...last, after: command.after }], done };
}

/** The fields of `document` that `after` would change, as they are now. */
export function fieldsBefore(document: Document, after: Partial<Document>): Partial<Document> {
  return Object.fromEntries(Object.keys(after).map((key) => [key, document[key as keyof Document]])); // keys of a Partial<Document>
}
