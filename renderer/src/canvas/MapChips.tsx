import { Eye, EyeOff } from 'lucide-react';
import { useTranslation } from 'react-i18next';
import { keysText } from '../actions/actions.ts';
import { setView, useView } from '../state/view.ts';
import { IconButton } from '../ui/controls.tsx';
import { useHeatWord, useNamedWords } from './heat.ts';
import { OWN_POINTER } from './pointers.ts';

/** The words whose maps there are: a look by pointer or focus, a click to keep one over the picture. */
export function MapChips() {
  const { t } = useTranslation();
  const words = useNamedWords();
  const { hasLiveMaps, pinnedWord } = useView();
  const heated = useHeatWord();
  if (words.length === 0) return null;
  return (
    <fieldset className="canvas-maps" aria-label={t('canvas.maps')} {...{ [OWN_POINTER]: '' }}>
      <span className="canvas-maps-title" aria-hidden>
        {t('canvas.maps')}
      </span>
      {words.map((word) => (
        <button
          key={word}
          type="button"
          className={word === heated ? 'canvas-chip looked' : 'canvas-chip'}
          aria-pressed={word === pinnedWord}
          onPointerEnter={() => setView({ heatWord: word })}
          onPointerLeave={() => setView({ heatWord: null })}
          onFocus={() => setView({ heatWord: word })}
          onBlur={() => setView({ heatWord: null })}
          onClick={() => setView({ pinnedWord: word === pinnedWord ? null : word })}
        >
          {word}
        </button>
      ))}
      <IconButton
        label={t('canvas.liveMaps')}
        keys={keysText('liveMaps')}
        isPressed={hasLiveMaps}
        onClick={() => setView({ hasLiveMaps: !hasLiveMaps })}
      >
        {hasLiveMaps ? <Eye size={16} aria-hidden /> : <EyeOff size={16} aria-hidden />}
      </IconButton>
    </fieldset>
  );
}
