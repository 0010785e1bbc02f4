import { Download } from 'lucide-react';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { HistoryEntry } from '../../../../contract/index.ts';
import { call, sentenceOf } from '../../state/connection.ts';
import { notify, useSession } from '../../state/session.ts';
import { Button, SelectField } from '../../ui/controls.tsx';
import { saveBytes } from '../../ui/save.ts';
import { framesOf } from '../../video/frames.ts';

const FORMATS = ['mp4', 'webm', 'webp', 'gif'] as const;

/** The shown video as a file: films by this window's own codecs, animations by the service. */
export function VideoExport({ entry }: { readonly entry: HistoryEntry }) {
  const { t } = useTranslation();
  const [format, setFormat] = useState<(typeof FORMATS)[number]>('mp4');
  const [isBusy, setBusy] = useState(false);
  const withMetadata = useSession((session) => session.settings?.withMetadata ?? true);
  const save = async () => {
    setBusy(true);
    try {
      const isFilm = format === 'mp4' || format === 'webm';
      const { name, type, bytes, notices } = isFilm
        ? { ...(await filmOf(entry, format, withMetadata)), notices: [] }
        : await call('export.video', { id: entry.id, format, withMetadata });
      await saveFile(name, type, bytes);
      for (const notice of notices) notify('info', notice);
    } catch (error) {
      notify('error', sentenceOf(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <section className="controls" aria-label={t('video.export')}>
      <h2>{t('video.export')}</h2>
      <SelectField
        id="video-format"
        label={t('video.format')}
        value={format}
        choices={FORMATS.map((value) => ({ value, title: t(`video.${value}`), summary: '' }))}
        onChange={(value) => setFormat(value as typeof format)} // one of the choices above
      />
      <Button disabled={isBusy} onClick={() => void save()}>
        <Download size={16} aria-hidden />
        {t(isBusy ? 'video.saving' : 'video.save')}
      </Button>
    </section>
  );
}

/** A browser puts files where its user wants them; the desktop application asks for the place and writes the file there itself. */
async function saveFile(name: string, type: string, bytes: Uint8Array): Promise<void> {
  const shell = window.attuneShell;
  if (shell === undefined) return saveBytes(name, type, bytes);
  const chosen = await shell.chooseSave(name);
  if (chosen !== null) await call('export.saveFile', { name, bytes, grant: chosen.grant });
}

async function filmOf(entry: HistoryEntry, format: 'mp4' | 'webm', withMetadata: boolean) {
  // Loaded when it is first needed: it is larger than the rest of the editor.
  const { encodeFilm } = await import('../../video/film.ts');
  const tags = withMetadata ? await call('export.tags', { id: entry.id }) : undefined;
  const { name } = await call('export.name', { id: entry.id, options: { format: 'webp', withMetadata } });
  return {
    name: name.replace(/\.webp$/, `.${format}`),
    type: `video/${format}`,
    bytes: await encodeFilm(await framesOf(entry.result), format, tags),
  };
}
