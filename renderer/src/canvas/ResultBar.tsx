import { Check, RefreshCw, X } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { accept, again, discard, keysText } from '../actions/actions.ts';
import { useOffered } from '../state/offered.ts';
import { Button } from '../ui/controls.tsx';
import { OWN_POINTER } from './pointers.ts';

/** What can be done with the result that lies over the picture. */
export function ResultBar() {
  const { t } = useTranslation();
  if (useOffered() === undefined) return null;
  return (
    <fieldset className="canvas-result" aria-label={t('canvas.result.title')} {...{ [OWN_POINTER]: '' }}>
      <Button tone="primary" onClick={accept}>
        <Check size={16} aria-hidden />
        {t('canvas.result.accept')}
        <kbd aria-hidden>{keysText('accept')}</kbd>
      </Button>
      <Button tone="quiet" onClick={discard}>
        <X size={16} aria-hidden />
        {t('canvas.result.discard')}
        <kbd aria-hidden>{keysText('discard')}</kbd>
      </Button>
      <Button tone="quiet" onClick={again}>
        <RefreshCw size={16} aria-hidden />
        {t('canvas.result.again')}
        <kbd aria-hidden>{keysText('again')}</kbd>
      </Button>
    </fieldset>
  );
}
