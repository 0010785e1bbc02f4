import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { useTranslation } from 'react-i18next';
import { setView, useView } from '../state/view.ts';
import type { Extent } from './placement.ts';
import { OWN_POINTER } from './pointers.ts';
import { useStage } from './stage.ts';

const STEPS: Readonly<Record<string, number>> = {
  ArrowLeft: -0.01,
  ArrowDown: -0.01,
  ArrowRight: 0.01,
  ArrowUp: 0.01,
  PageDown: -0.1,
  PageUp: 0.1,
  Home: -1,
  End: 1,
};

/** The divider between before and after: drawn with the pointer or moved with the arrow keys. */
export function CompareSlider({ picture }: { readonly picture: Extent }) {
  const { t } = useTranslation();
  const position = useView((view) => view.comparePosition);
  const { scale, x } = useStage((stage) => stage.placement);
  const divider = useRef<HTMLDivElement>(null);
  const width = picture.width * scale;
  const moveTo = (share: number) => setView({ comparePosition: Math.min(1, Math.max(0, share)) });
  const onPointerMove = (event: PointerEvent) => {
    const stage = divider.current?.parentElement;
    if (event.buttons === 0 || !stage) return;
    moveTo((event.clientX - stage.getBoundingClientRect().left - x) / width);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    moveTo(Math.round((position + step) * 100) / 100);
  };
  const share = Math.round(position * 100);
  return (
    <div
      ref={divider}
      className="canvas-divider"
      role="slider"
      tabIndex={0}
      aria-label={t('canvas.divider')}
      aria-orientation="horizontal"
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={share}
      aria-valuetext={t('canvas.dividerAt', { share })}
      style={{ transform: `translateX(${x + width * position}px)` }}
      {...{ [OWN_POINTER]: '' }}
      onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={onPointerMove}
      onKeyDown={onKeyDown}
    >
      <span className="canvas-side canvas-side-before" aria-hidden>
        {t('canvas.before')}
      </span>
      <span className="canvas-divider-grip" aria-hidden />
      <span className="canvas-side canvas-side-after" aria-hidden>
        {t('canvas.after')}
      </span>
    </div>
  );
}
