import { Copy } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { useExportable } from '../state/exportable.ts';
import { notify } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { Button, Dialog } from '../ui/controls.tsx';

/** Everything that the shown result was made with, and what was measured. */
export function RecordDialog() {
  const { t } = useTranslation();
  const isOpen = useView(({ dialog }) => dialog === 'record');
  const entry = useExportable();
  const text = entry === undefined ? '' : JSON.stringify({ record: entry.record, figures: entry.figures }, null, 2);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    notify('info', t('history.copied'));
  };
  return (
    <Dialog
      title={t('history.record')}
      isOpen={isOpen && entry !== undefined}
      closeLabel={t('app.close')}
      onClose={() => setView({ dialog: null })}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard */}
      <section className="record scroll" tabIndex={0} aria-label={t('history.record')}>
        {text}
      </section>
      <div className="form-end">
        <Button onClick={() => void copy()}>
          <Copy size={16} aria-hidden />
          {t('history.copyRecord')}
        </Button>
      </div>
    </Dialog>
  );
}
