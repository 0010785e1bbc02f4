import type { HistoryEntry } from '../../../contract/index.ts';
import { useEditor } from './editor.ts';
import { type Session, useSession } from './session.ts';

/** The result that lies over the picture it was made of, to be taken or left; undefined while a run goes on. */
function offeredIn({ history, run }: Pick<Session, 'history' | 'run'>): HistoryEntry | undefined {
  if (run !== null) return undefined;
  const { shown, source } = useEditor.getState().document;
  const entry = history.find(({ id }) => id === shown);
  return entry?.request.source !== undefined && entry.request.source.sha256 === source?.ref.sha256 ? entry : undefined;
}

export const offered = (): HistoryEntry | undefined => offeredIn(useSession.getState());

export function useOffered(): HistoryEntry | undefined {
  // Both decide; the document's part is read there.
  useEditor(({ document }) => `${document.shown} ${document.source?.ref.sha256}`);
  return useSession(offeredIn);
}
