import { useTranslation } from 'react-i18next';
import { addFiles } from '../state/batchtable.ts';
import { BatchList } from './batch/BatchList.tsx';
import { BatchOutput } from './batch/BatchOutput.tsx';
import { BatchRows } from './batch/BatchRows.tsx';
import { BatchSources } from './batch/BatchSources.tsx';
import { BatchWildcards } from './batch/BatchWildcards.tsx';

/** One table of jobs: where its rows come from, the rows, what comes out, and the batches that run. */
export function BatchPage() {
  const { t } = useTranslation();
  return (
    <main
      className="page batch-page"
      id="main"
      onDrop={(event) => {
        const files = [...event.dataTransfer.files];
        if (files.length === 0) return;
        event.preventDefault();
        event.stopPropagation();
        void addFiles(files, t('batch.defaultName'));
      }}
    >
      <div className="batch-main scroll">
        <div className="page-head">
          <div>
            <h1>{t('batch.title')}</h1>
            <p className="hint">{t('batch.intro')}</p>
          </div>
        </div>
        <BatchSources />
        <BatchRows />
        <BatchWildcards />
      </div>
      <aside className="batch-side scroll" aria-label={t('batch.output')}>
        <BatchOutput />
        <BatchList />
      </aside>
    </main>
  );
}
