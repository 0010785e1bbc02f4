import type { HistoryEntry } from '../../../contract/index.ts';
import type { Document } from './document.ts';
import { useEditor } from './editor.ts';
import { useSession } from './session.ts';

/** The result that is looked at: the shown one, else the one that the open picture is, when it is edited further. */
export function exportableOf(
  { shown, source }: Pick<Document, 'shown' | 'source'>,
  history: readonly HistoryEntry[],
): HistoryEntry | undefined {
  return (
    history.find(({ id }) => id === shown) ?? history.find(({ result }) => result.ref.sha256 === source?.ref.sha256)
  );
}

export function useExportable(): HistoryEntry | undefined {
  const document = useEditor((editor) => editor.document);
  return useSession(({ history }) => exportableOf(document, history));
}
