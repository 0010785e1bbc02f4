import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { AttuneShell, ExportOptions, HistoryEntry } from '../../../contract/index.ts';
import { tryCall } from '../state/connection.ts';
import { useExportable } from '../state/exportable.ts';
import { notify, useSession } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';
import { Button, Dialog } from '../ui/controls.tsx';
import { saveBytes } from '../ui/save.ts';
import { DEFAULT_EXPORT, ExportFields } from './ExportFields.tsx';

/** The shown result as a file. */
export function ExportDialog() {
  const { t } = useTranslation();
  const isOpen = useView(({ dialog }) => dialog === 'export');
  const entry = useExportable();
  return (
    <Dialog
      title={t('export.title')}
      isOpen={isOpen && entry !== undefined}
      closeLabel={t('app.close')}
      onClose={() => setView({ dialog: null })}
    >
      {entry !== undefined && <ExportForm entry={entry} />}
    </Dialog>
  );
}

function ExportForm({ entry }: { readonly entry: HistoryEntry }) {
  const { t } = useTranslation();
  const withMetadata = useSession(({ settings }) => settings?.withMetadata ?? true);
  const [options, setOptions] = useState<ExportOptions>({ ...DEFAULT_EXPORT, withMetadata });
  const save = async () => {
    const shell = window.attuneShell;
    const saved = shell === undefined ? await download(entry, options) : await saveWith(shell, entry, options);
    if (saved === undefined) return;
    setView({ dialog: null });
    notify('info', [t('export.saved', { name: saved.name }), ...saved.notices].join(' '));
  };
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <ExportFields options={options} onChange={setOptions} />
      <div className="form-end">
        <Button tone="primary" type="submit">
          {t('export.save')}
        </Button>
      </div>
    </form>
  );
}

interface Saved {
  readonly name: string;
  readonly notices: readonly string[];
}

/** A browser puts files where its user wants them. */
async function download({ id }: HistoryEntry, options: ExportOptions): Promise<Saved | undefined> {
  const file = await tryCall('export', { id, options });
  if (file !== undefined) saveBytes(file.name, file.type, file.bytes);
  return file;
}

/** The desktop application asks for the place and writes the file there itself. */
async function saveWith(shell: AttuneShell, { id }: HistoryEntry, options: ExportOptions): Promise<Saved | undefined> {
  const named = await tryCall('export.name', { id, options });
  const chosen = named === undefined ? null : await shell.chooseSave(named.name);
  return chosen === null ? undefined : tryCall('export.save', { id, options, grant: chosen.grant });
}
