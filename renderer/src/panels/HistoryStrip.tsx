import { Download, FileText, ImagePlus, RotateCw, Trash2 } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../contract/index.ts';
import { removeResult, show, useEditor } from '../state/editor.ts';
import { continueFrom, recall, runAgain } from '../state/runs.ts';
import { useSession } from '../state/session.ts';
import { setView } from '../state/view.ts';
import { IconButton } from '../ui/controls.tsx';
import { ResultStrip } from './ResultStrip.tsx';

/** Every picture, newest first. A click shows it and brings back everything that it was made with. */
export function HistoryStrip() {
  const { t } = useTranslation();
  const history = useSession((session) => session.history).filter(({ result }) => result.frames === undefined);
  const shown = useEditor(({ document }) => document.shown);
  const entry = history.find(({ id }) => id === shown);
  return (
    <ResultStrip
      title={t('history.title')}
      empty={t('history.empty')}
      entries={history}
      shown={shown}
      labelOf={({ request: { prompt, seed } }) => t('history.result', { prompt, seed })}
      onShow={(chosen) => void (chosen === undefined ? show({ shown: null }) : recall(chosen))}
    >
      {entry !== undefined && <EntryButtons entry={entry} />}
    </ResultStrip>
  );
}

function EntryButtons({ entry }: { readonly entry: HistoryEntry }) {
  const { t } = useTranslation();
  const { changedOutside, changedShare, totalMs } = entry.figures;
  return (
    <div className="row">
      <span className="hint">
        {changedOutside !== undefined && `${t('history.outside', { count: changedOutside })} · `}
        {changedShare !== undefined && `${t('history.changed', { share: Math.round(100 * changedShare) })} · `}
        {totalMs !== undefined && `${(totalMs / 1000).toFixed(1)} s`}
      </span>
      <IconButton label={t('history.redo')} onClick={() => void runAgain(entry)}>
        <RotateCw size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.continue')} onClick={() => continueFrom(entry)}>
        <ImagePlus size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.record')} onClick={() => setView({ dialog: 'record' })}>
        <FileText size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.export')} onClick={() => setView({ dialog: 'export' })}>
        <Download size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('history.remove')} onClick={() => removeResult(entry.id)}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
    </div>
  );
}
