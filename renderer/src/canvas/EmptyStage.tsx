import { ImagePlus } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { choosePicture, openSample } from '../actions/open.ts';
import { greeting } from '../state/connection.ts';
import { useSession } from '../state/session.ts';
import { Button } from '../ui/controls.tsx';

/** What an editor without a picture offers; dropping and pasting work everywhere in the window. */
export function EmptyStage() {
  const { t } = useTranslation();
  const isOpen = useSession(({ link }) => link === 'open');
  const sample = isOpen ? greeting()?.sample : undefined;
  return (
    <div className="canvas-empty">
      <ImagePlus size={40} strokeWidth={1.5} aria-hidden />
      <h2>{t('canvas.empty.title')}</h2>
      <p className="canvas-hint">{t('canvas.empty.how')}</p>
      <div className="canvas-empty-buttons">
        <Button tone="primary" disabled={!isOpen} onClick={() => void choosePicture()}>
          {t('canvas.empty.open')}
        </Button>
        {sample !== undefined && <Button onClick={() => openSample(sample)}>{t('canvas.empty.sample')}</Button>}
      </div>
    </div>
  );
}
