import { Diff, History, Image, Maximize, Minus, Plus, SquareSplitHorizontal } from 'lucide-react';
import { useEffect } from 'react';
import { useTranslation } from 'react-i18next';
import { keysText } from '../actions/actions.ts';
import { useMaskCoverage } from '../state/mask.ts';
import { setView, useView } from '../state/view.ts';
import { IconButton } from '../ui/controls.tsx';
import { holdSource } from './compare.ts';
import type { Extent } from './placement.ts';
import { fit, zoomStep, zoomTo } from './stage.ts';

/** How large the picture is and is shown, and how it is compared with its source. */
export function StatusLine({ picture, canCompare }: { readonly picture: Extent | null; readonly canCompare: boolean }) {
  const { t } = useTranslation();
  const coverage = useMaskCoverage();
  const tool = useView((view) => view.tool);
  return (
    <div className="canvas-status">
      <span className="canvas-size">
        {picture !== null && t('canvas.size', { width: picture.width, height: picture.height })}
        {picture !== null && coverage > 0 && ` · ${t('canvas.coverage', { share: shareText(coverage) })}`}
      </span>
      <span className="canvas-hint">{picture !== null && t(`canvas.hint.${tool}`)}</span>
      {canCompare && <CompareButtons />}
      {picture !== null && <ZoomButtons />}
    </div>
  );
}

const shareText = (share: number) => (share < 0.01 ? '<1' : String(Math.round(share * 100)));

function ZoomButtons() {
  const { t } = useTranslation();
  const zoom = useView((view) => view.zoom);
  const percent = zoom < 0.1 ? (zoom * 100).toFixed(1) : Math.round(zoom * 100);
  return (
    <fieldset className="canvas-zoom" aria-label={t('canvas.zoom')}>
      <IconButton label={t('canvas.zoomOut')} onClick={() => zoomStep(-1)}>
        <Minus size={16} aria-hidden />
      </IconButton>
      <button
        type="button"
        className="canvas-percent"
        aria-label={t('canvas.zoomIs', { percent })}
        onClick={() => zoomTo(1)}
      >
        {percent}%
      </button>
      <IconButton label={t('canvas.zoomIn')} onClick={() => zoomStep(1)}>
        <Plus size={16} aria-hidden />
      </IconButton>
      <IconButton label={t('canvas.fit')} keys={keysText('fit')} onClick={fit}>
        <Maximize size={16} aria-hidden />
      </IconButton>
    </fieldset>
  );
}

function CompareButtons() {
  const { t } = useTranslation();
  const compare = useView((view) => view.compare);
  // What is held down must not stay down when the button goes.
  useEffect(() => () => holdSource(false), []);
  const mode = (id: 'off' | 'slider' | 'difference', Icon: typeof Image) => (
    <IconButton
      label={t(`canvas.compare.${id}`)}
      keys={id === 'off' ? keysText('compare') : undefined}
      isPressed={compare === id}
      onClick={() => setView({ compare: id })}
    >
      <Icon size={16} aria-hidden />
    </IconButton>
  );
  return (
    <fieldset className="canvas-compare" aria-label={t('canvas.compare.title')}>
      {mode('off', Image)}
      {mode('slider', SquareSplitHorizontal)}
      <IconButton
        label={t('canvas.compare.hold')}
        keys="\"
        isPressed={compare === 'hold'}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          holdSource(true);
        }}
        onLostPointerCapture={() => holdSource(false)}
        onKeyDown={({ key }) => (key === ' ' || key === 'Enter') && holdSource(true)}
        onKeyUp={() => holdSource(false)}
        onBlur={() => holdSource(false)}
      >
        <History size={16} aria-hidden />
      </IconButton>
      {mode('difference', Diff)}
    </fieldset>
  );
}
