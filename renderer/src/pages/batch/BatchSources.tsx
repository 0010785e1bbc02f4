import { FileSpreadsheet, Images } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseFiles } from '../../actions/open.ts';
import { addFiles, addPrompts } from '../../state/batchtable.ts';
import { Button } from '../../ui/controls.tsx';

const PICTURES = 'image/png,image/jpeg,image/webp,image/avif,image/tiff';
const TABLES = '.csv,.tsv,.json,.jsonl,.txt';

/** Where rows come from. */
export function BatchSources() {
  const { t } = useTranslation();
  const [prompts, setPrompts] = useState('');
  const choose = async (accept: string) => addFiles(await chooseFiles(accept), t('batch.defaultName'));
  const add = async () => {
    if (await addPrompts(prompts)) setPrompts('');
  };
  return (
    <section className="batch-sources" aria-label={t('batch.rowsFrom')}>
      <div className="row">
        <Button onClick={() => void choose(PICTURES)}>
          <Images size={16} aria-hidden />
          {t('batch.pictures')}
        </Button>
        <Button onClick={() => void choose(TABLES)}>
          <FileSpreadsheet size={16} aria-hidden />
          {t('batch.table')}
        </Button>
      </div>
      <div className="field">
        <label htmlFor="batch-prompts">{t('batch.matrix')}</label>
        <textarea
          id="batch-prompts"
          className="text"
          rows={2}
          value={prompts}
          placeholder="a {red|green} apple on {grass|sand}"
          aria-describedby="batch-prompts-hint"
          onChange={({ target }) => setPrompts(target.value)}
        />
        <div className="row">
          <p className="hint grow" id="batch-prompts-hint">
            {t('batch.matrixHint')}
          </p>
          <Button disabled={prompts.trim() === ''} onClick={() => void add()}>
            {t('batch.addMatrix')}
          </Button>
        </div>
      </div>
    </section>
  );
}
